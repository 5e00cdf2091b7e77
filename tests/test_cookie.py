"""The consent cookie and the notice token."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from consentkit.cookie import (
    CategoryChoice,
    CookieCodec,
    NoticeToken,
    StoredChoice,
    TokenCodec,
    Verdict,
    category_key,
    read_secret_keys,
    service_key,
)
from consentkit.errors import CookieError, SecretKeyError
from tests.conftest import OTHER_SECRET, SECRET

NOW = 1_790_000_123
RECORD = "0123456789abcdef0123456789abcdef"
FIVE = ("functional", "preferences", "analytics", "marketing", "community")


def granted(names: tuple[str, ...] = FIVE) -> StoredChoice:
    entries = {category_key(name): CategoryChoice(Verdict.GRANTED, b"abc") for name in names}
    return StoredChoice(NOW, "form", entries, RECORD)


def codec(*keys: str, site: str = "news.example") -> CookieCodec:
    return CookieCodec(keys or (SECRET,), site)


def test_every_verdict_comes_back_as_it_went_in() -> None:
    """A cookie read back says exactly what was written."""
    services = frozenset({service_key("youtube"), service_key("vimeo")})
    entries = {
        category_key("functional"): CategoryChoice(Verdict.DENIED),
        category_key("analytics"): CategoryChoice(Verdict.GRANTED, b"123"),
        category_key("marketing"): CategoryChoice(Verdict.PARTIAL, b"567", services),
        category_key("preferences"): CategoryChoice(Verdict.OPEN, b"9ab", frozenset({service_key("maps")})),
    }
    choice = StoredChoice(NOW, "script", entries, RECORD)
    assert codec().loads(codec().dumps(choice).encode()) == choice


def test_five_categories_fit_in_100_bytes_and_fifty_services_in_1_kb() -> None:
    """The cookie stays within its size for five granted categories and for fifty single services."""
    assert len(codec().dumps(granted())) <= 100
    aged = {key: replace(entry, age=age * 40) for age, (key, entry) in enumerate(granted().categories.items())}
    assert len(codec().dumps(replace(granted(), categories=aged))) <= 100
    many = frozenset(service_key(f"service-{number}") for number in range(10))
    entries = {category_key(name): CategoryChoice(Verdict.PARTIAL, b"abc", many) for name in FIVE}
    assert len(codec().dumps(StoredChoice(NOW, "form", entries, RECORD))) <= 1024


def test_a_refusal_holds_no_identifier_and_only_the_day() -> None:
    """A refusal's cookie is the same for everyone who refuses on one day."""
    entries = {category_key(name): CategoryChoice(Verdict.DENIED) for name in FIVE}
    morning = StoredChoice(NOW, "form", entries, RECORD)
    evening = replace(morning, issued_at=NOW + 3600, record_id="f" * 32)
    assert codec().dumps(morning) == codec().dumps(evening)
    read = codec().loads(codec().dumps(morning).encode())
    assert read.record_id is None
    assert read.issued_at % 86_400 == 0


def test_no_mutated_cookie_is_accepted() -> None:
    """Whatever is changed in a cookie, it is refused unless it is byte for byte the same."""
    chance = random.Random(7)
    good = codec().dumps(granted()).encode()
    reader = codec()
    alphabet = bytes(range(256))
    for _ in range(20_000):
        bad = bytearray(good)
        kind = chance.randrange(4)
        if kind == 0:
            bad[chance.randrange(len(bad))] = chance.choice(alphabet)
        elif kind == 1:
            del bad[chance.randrange(len(bad)) :]
        elif kind == 2:
            bad.insert(chance.randrange(len(bad) + 1), chance.choice(b"=+/ .-_Aa"))
        else:
            at = chance.randrange(len(bad))
            bad[at] ^= 1 << chance.randrange(8)
        if bytes(bad) != good:
            with pytest.raises(CookieError):
                reader.loads(bytes(bad))


@pytest.mark.parametrize("part", [0, 1])
def test_other_last_characters_that_decode_alike_are_refused(part: int) -> None:
    """Base64 has several spellings of one value; only ours is accepted, in payload and signature."""
    good = codec().dumps(granted())
    pieces = good.split(".")
    refused = 0
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != pieces[part][-1]:
            other = list(pieces)
            other[part] = pieces[part][:-1] + last
            with pytest.raises(CookieError):
                codec().loads(".".join(other).encode())
            refused += 1
    assert refused == 63


def test_keys_rotate() -> None:
    """An old key still reads while it is listed; the last key signs; a dropped key makes the cookie unreadable."""
    old = codec(SECRET).dumps(granted())
    both = codec(SECRET, OTHER_SECRET)
    assert both.loads(old.encode()) == granted()
    assert codec(OTHER_SECRET).loads(both.dumps(granted()).encode()) == granted()
    with pytest.raises(CookieError):
        codec(OTHER_SECRET).loads(old.encode())


def test_another_site_with_the_same_secret_refuses_the_cookie() -> None:
    """The site's id is part of the salt."""
    with pytest.raises(CookieError):
        codec(site="other.example").loads(codec().dumps(granted()).encode())


def test_each_purpose_has_its_own_salt() -> None:
    """A cookie is no notice token, and a token is no cookie."""
    tokens = TokenCodec((SECRET,), "news.example")
    token = tokens.dumps(NoticeToken("a" * 64, "b" * 64, "en", "eu"))
    with pytest.raises(CookieError):
        codec().loads(token.encode())
    assert tokens.loads(codec().dumps(granted())) is None
    assert tokens.loads(token) == NoticeToken("a" * 64, "b" * 64, "en", "eu")
    assert tokens.loads(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert tokens.loads("é" + token) is None


@pytest.mark.parametrize(
    "value", [b"", b".", b"{}", b'{"analytics": true}', b"eyJhbGciOiJub25lIn0.e30.", b"\xff\xfe", b"a" * 70_000]
)
def test_what_was_never_signed_is_refused(value: bytes) -> None:
    """JSON, unsigned tokens, garbage and giants are refused with our own error."""
    with pytest.raises(CookieError):
        codec().loads(value)


def test_forged_cookies_never_enter_the_cache() -> None:
    """Only what verified is remembered."""
    reader = codec()
    for number in range(50):
        with pytest.raises(CookieError):
            reader.loads(b"forged%d.sig" % number)
    assert reader.loads.cache_info().currsize == 0


@pytest.mark.parametrize("bad", [None, "", [], [""], "changeme", "x" * 31, "aaaa" * 20, "abcd" * 20])
def test_weak_secrets_are_refused(bad: Any) -> None:
    """Missing, short and monotonous keys are refused, and the message names the command that makes one."""
    with pytest.raises(SecretKeyError, match="consentkit keygen") as caught:
        read_secret_keys(bad, {})
    if isinstance(bad, str) and bad:
        assert bad not in str(caught.value)


def test_secrets_come_from_the_environment() -> None:
    """Without an argument the variable is read, comma-separated, oldest first."""
    assert read_secret_keys(None, {"CONSENTKIT_SECRET_KEY": f"{SECRET}, {OTHER_SECRET}"}) == (SECRET, OTHER_SECRET)
