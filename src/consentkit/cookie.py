"""The consent cookie and the notice token: compact payloads under itsdangerous signatures, one salt per purpose.

The cookie holds the visitor's choice and nothing else. Layout before base64, big-endian:

    version 1 byte · mechanism 1 byte · issued-at 4 bytes · flags 1 byte · record id 16 bytes (a grant only) ·
    per category: identity, aged, verdict 2 bytes · age in days 2 bytes (if aged) · digest 3 bytes (unless denied) ·
    service count 1 byte and 3 bytes each (if only some services are granted)

A refusal carries no record id and the day instead of the second.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final, cast

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from itsdangerous.signer import SigningAlgorithm

from consentkit.errors import CookieError, SecretKeyError

MECHANISMS: tuple[str, ...] = ("form", "script", "api", "direct", "imported")
DAY: Final = 86_400
_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBIB")
_ENTRY: Final = struct.Struct(">H")
_HAS_RECORD: Final = 1
_AGED: Final = 4
_MAX_AGE: Final = 65_535
_RECORD_BYTES: Final = 16
_DIGEST_BYTES: Final = 3
_SERVICE_BYTES: Final = 3
_MAX_COOKIE: Final = 1500
_MIN_SECRET: Final = 32
_MIN_DISTINCT: Final = 5
_CACHED: Final = 2048
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


class Verdict(IntEnum):
    """What a choice says of one category."""

    DENIED = 0
    GRANTED = 1
    #: Some services granted, the others refused.
    PARTIAL = 2
    #: Some services granted; the category itself is still to be asked about.
    OPEN = 3


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """The verdict on one category, the digest of what was shown, and for `PARTIAL` and `OPEN` the granted services.

    `age` is how many days before the cookie it was said: a later choice about something else never prolongs it.
    """

    verdict: Verdict
    digest: bytes = b""
    services: frozenset[bytes] = frozenset()
    age: int = 0


@dataclass(frozen=True, slots=True)
class StoredChoice:
    """What a consent cookie says. `issued_at` in unix seconds; `record_id` as hex, only where something is granted."""

    issued_at: int
    mechanism: str
    categories: Mapping[int, CategoryChoice] = field(default_factory=dict[int, CategoryChoice])
    record_id: str | None = None

    def said_at(self, entry: CategoryChoice) -> int:
        """When `entry` was said: the unix second of this choice, or for a carried one the start of its day."""
        return (self.issued_at // DAY - entry.age) * DAY if entry.age else self.issued_at

    @property
    def grants(self) -> bool:
        """Whether anything at all is granted."""
        return any(choice.verdict is not Verdict.DENIED for choice in self.categories.values())


def category_key(name: str) -> int:
    """A 13-bit identity of a category that survives reordering and removal of others."""
    return int.from_bytes(hashlib.sha256(b"category:" + name.encode()).digest()[:2], "big") >> 3


def service_key(name: str) -> bytes:
    """A 24-bit identity of a service that survives reordering and removal of others."""
    return hashlib.sha256(b"service:" + name.encode()).digest()[:_SERVICE_BYTES]


def read_secret_keys(given: object, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The keys, oldest first, from the argument or `CONSENTKIT_SECRET_KEY` (comma-separated).

    Raises `SecretKeyError` when there is none, or one has fewer than 32 bytes or 5 distinct characters: whoever can
    guess a key can write consent that was never given.
    """
    if given is None:
        given = [key.strip() for key in environ.get("CONSENTKIT_SECRET_KEY", "").split(",") if key.strip()]
    listed: list[object] = [given] if not isinstance(given, (list, tuple)) else list(cast("Sequence[object]", given))
    keys = [key for key in listed if isinstance(key, str)]
    if not listed:
        raise SecretKeyError("No secret key is set.")
    if len(keys) < len(listed):
        raise SecretKeyError("The secret key must be text, or a list of texts.")
    for key in keys:
        if len(key.encode()) < _MIN_SECRET:
            raise SecretKeyError(f"The secret key is weak: it has fewer than {_MIN_SECRET} bytes.")
        if len(set(key)) < _MIN_DISTINCT:
            raise SecretKeyError(f"The secret key is weak: it has fewer than {_MIN_DISTINCT} distinct characters.")
    return tuple(keys)


class _ShortHMAC(SigningAlgorithm):
    """HMAC-SHA-256 cut to 128 bits (RFC 2104 section 5), so that the cookie stays under 100 bytes."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[:16]


class PurposeSigner(Signer):
    """Signs with the last key, for one purpose on one site alone, and reads what any of the keys has signed."""

    def __init__(self, keys: Sequence[str], purpose: str, site_id: str) -> None:
        super().__init__(
            list(keys),
            salt=f"consentkit/{purpose}/{site_id}".encode(),
            sep=b".",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=_ShortHMAC(),
        )
        self._derived = tuple(self.derive_key(key) for key in reversed(self.secret_keys))

    def read(self, raw: bytes) -> bytes:
        """The payload in `raw`. Raises `CookieError` unless every byte is as it was signed.

        Signatures are compared as text: so none is good in more than one spelling. The payload's text is signed itself.
        """
        payload, _, signature = raw.rpartition(b".")
        for key in self._derived:
            expected = b2a_base64(self.algorithm.get_signature(key, payload), newline=False)
            if hmac.compare_digest(expected.rstrip(b"=").translate(_URL_SAFE), signature):
                return a2b_base64(payload.translate(_STANDARD) + b"===")
        raise CookieError("bad signature")


class CookieCodec:
    """Writes and reads consent cookies of one site."""

    def __init__(self, keys: Sequence[str], site_id: str) -> None:
        self._signer = PurposeSigner(keys, "cookie", site_id)
        # Only cookies that verified are remembered: an exception is never cached, so forgeries can't fill it.
        self.loads = lru_cache(maxsize=_CACHED)(self._loads)

    def dumps(self, choice: StoredChoice) -> str:
        """The cookie value for `choice`."""
        return self._signer.sign(base64_encode(_pack(choice))).decode("ascii")

    def _loads(self, raw: bytes) -> StoredChoice:
        """The choice in `raw`. Raises `CookieError` for anything this site did not sign, byte for byte."""
        if len(raw) > _MAX_COOKIE:
            raise CookieError("too long")
        return _unpack(self._signer.read(raw))


def _pack(choice: StoredChoice) -> bytes:
    issued = choice.issued_at if choice.grants else choice.issued_at - choice.issued_at % DAY
    record = bytes.fromhex(choice.record_id) if choice.record_id and choice.grants else b""
    head = _HEAD.pack(_VERSION, MECHANISMS.index(choice.mechanism), issued, _HAS_RECORD if record else 0)
    entries = (_pack_entry(key, entry) for key, entry in sorted(choice.categories.items()))
    return b"".join((head, record, *entries))


def _pack_entry(key: int, entry: CategoryChoice) -> bytes:
    data = _ENTRY.pack(key << 3 | (_AGED if entry.age else 0) | entry.verdict)
    if entry.age:
        data += _ENTRY.pack(min(entry.age, _MAX_AGE))
    if entry.verdict is not Verdict.DENIED:
        data += entry.digest
    if entry.verdict in (Verdict.PARTIAL, Verdict.OPEN):
        data += bytes([len(entry.services)]) + b"".join(sorted(entry.services))
    return data


def _unpack(data: bytes) -> StoredChoice:
    try:
        numbers: tuple[int, int, int, int] = _HEAD.unpack_from(data)
        version, mechanism, issued_at, flags = numbers
        if version != _VERSION:
            raise CookieError("unknown version")
        at = _HEAD.size
        record = data[at : at + _RECORD_BYTES].hex() if flags & _HAS_RECORD else None
        categories = _unpack_entries(data, at + _RECORD_BYTES if record else at)
        return StoredChoice(issued_at, MECHANISMS[mechanism], categories, record)
    except (struct.error, IndexError) as error:
        raise CookieError("cut short") from error


def _unpack_entries(data: bytes, at: int) -> dict[int, CategoryChoice]:
    categories: dict[int, CategoryChoice] = {}
    while at < len(data):
        (word,) = _ENTRY.unpack_from(data, at)
        verdict, at = word & 3, at + _ENTRY.size
        digest, services, age = b"", b"", 0
        if word & _AGED:
            (age,) = _ENTRY.unpack_from(data, at)
            at += _ENTRY.size
        if verdict:
            digest, at = data[at : at + _DIGEST_BYTES], at + _DIGEST_BYTES
        if verdict >= Verdict.PARTIAL:
            end = at + 1 + data[at] * _SERVICE_BYTES
            services, at = data[at + 1 : end], end
        categories[word >> 3] = _entry(verdict, digest, services, age)
    return categories


@lru_cache(maxsize=_CACHED)
def _entry(verdict: int, digest: bytes, services: bytes, age: int) -> CategoryChoice:
    """One category's part of a choice. Most visitors have said one of a few things."""
    cut = range(0, len(services), _SERVICE_BYTES)
    return CategoryChoice(Verdict(verdict), digest, frozenset(services[i : i + _SERVICE_BYTES] for i in cut), age)


@dataclass(frozen=True, slots=True)
class NoticeToken:
    """What a visitor was shown, for the hidden field of a form: digests as hex, locale and regime by name.

    `scope` is what the form asks about: names of categories, and of single services with a `+` before them. A choice
    made with this token speaks of nothing else.
    """

    notice_digest: str
    policy_digest: str
    locale: str
    regime: str
    scope: tuple[str, ...] = ()


class TokenCodec:
    """Writes and reads notice tokens of one site: the same bytes for every visitor, good until the keys rotate out."""

    def __init__(self, keys: Sequence[str], site_id: str) -> None:
        self._signer = PurposeSigner(keys, "notice", site_id)
        #: Changes with the key that signs, and so with the time until which tokens are good.
        self.fingerprint = self._signer.sign(b"").decode("ascii")

    def dumps(self, token: NoticeToken) -> str:
        """The field's value."""
        digests = bytes.fromhex(token.notice_digest) + bytes.fromhex(token.policy_digest)
        data = digests + " ".join((token.locale, token.regime, *token.scope)).encode()
        return self._signer.sign(base64_encode(data)).decode("ascii")

    def loads(self, raw: str) -> NoticeToken | None:
        """The token in `raw`, or None when this site didn't sign it."""
        if not raw.isascii() or len(raw) > _MAX_COOKIE:
            return None
        try:
            data = self._signer.read(raw.encode("ascii"))
        except CookieError:
            return None
        locale, regime, *scope = data[64:].decode("ascii").split(" ")
        return NoticeToken(data[:32].hex(), data[32:64].hex(), locale, regime, tuple(scope))
