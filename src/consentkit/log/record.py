"""One stored choice: what it holds, and the exact bytes that are kept and hashed.

A record copies all it proves and refers to nothing that can change, except the policy and the notice, which
are stored once by their digest. It holds no address, no browser name and no e-mail.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from consentkit.errors import LogCorruptError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Action = Literal["accept-all", "reject-all", "custom", "withdraw"]
Mechanism = Literal["form", "script", "api", "direct", "imported"]

ACTIONS: tuple[Action, ...] = get_args(Action)
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
FORMAT = 1

_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_OFFSET = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One choice of one visitor, as it goes into the log.

    `record_id` is 32 lower-case hex characters, new with each choice; `previous_id` is that of the same
    visitor's choice before. `time` is in UTC. `categories` and `services` say what was chosen,
    `policy_digest` and `notice_digest` (hex SHA-256) what it was about and what was shown. Two appends with
    the same `idempotency` key make one entry. Raises `ValueError` for a value of the wrong shape, so that
    nothing unreadable ever gets into the log.
    """

    record_id: str
    previous_id: str | None
    time: datetime
    site: str
    mechanism: Mechanism
    action: Action
    categories: Mapping[str, bool]
    services: Mapping[str, bool]
    regime: str
    region: str | None
    signals: tuple[str, ...]
    locale: str
    policy_digest: str
    notice_digest: str | None
    software: str
    idempotency: str | None = None

    def __post_init__(self) -> None:
        _require(_ID.fullmatch(self.record_id), "record_id", "32 lower-case hex characters")
        _require(self.previous_id is None or _ID.fullmatch(self.previous_id), "previous_id", "a record id")
        _require(self.time.utcoffset() == _NO_OFFSET, "time", "an aware time in UTC")
        _require(self.action in ACTIONS, "action", "one of " + ", ".join(ACTIONS))
        _require(self.mechanism in MECHANISMS, "mechanism", "one of " + ", ".join(MECHANISMS))
        _require(_DIGEST.fullmatch(self.policy_digest), "policy_digest", "64 lower-case hex characters")
        _require(
            self.notice_digest is None or _DIGEST.fullmatch(self.notice_digest),
            "notice_digest",
            "64 lower-case hex characters",
        )
        _require(self.idempotency is None or 0 < len(self.idempotency) <= 200, "idempotency", "1 to 200 characters")
        object.__setattr__(self, "categories", MappingProxyType(dict(sorted(self.categories.items()))))
        object.__setattr__(self, "services", MappingProxyType(dict(sorted(self.services.items()))))

    def canonical(self) -> bytes:
        """The bytes that are stored and hashed: ASCII JSON with a fixed key order.

        Nothing is ever serialised again to check it; these bytes are the record. `v` and `record_id` come
        first, so that a database can index the id where it stands and need not store it twice
        (`log/schema.py`).
        """
        fields = {
            "v": FORMAT,
            "record_id": self.record_id,
            "previous_id": self.previous_id,
            "time": format_time(self.time),
            "site": self.site,
            "mechanism": self.mechanism,
            "action": self.action,
            "categories": dict(self.categories),
            "services": dict(self.services),
            "regime": self.regime,
            "region": self.region,
            "signals": self.signals,
            "locale": self.locale,
            "policy_digest": self.policy_digest,
            "notice_digest": self.notice_digest,
            "software": self.software,
            "idempotency": self.idempotency,
        }
        return _ENCODER.encode(fields).encode("ascii")

    @classmethod
    def from_canonical(cls, data: bytes) -> Record:
        """The record in stored bytes. Keys written by a later version are passed over.

        Raises `LogCorruptError` if the bytes hold no record.
        """
        try:
            fields: dict[str, Any] = json.loads(data)
            return cls(
                record_id=fields["record_id"],
                previous_id=fields["previous_id"],
                time=datetime.fromisoformat(fields["time"]).astimezone(UTC),
                site=fields["site"],
                mechanism=fields["mechanism"],
                action=fields["action"],
                categories=fields["categories"],
                services=fields["services"],
                regime=fields["regime"],
                region=fields["region"],
                signals=tuple(fields["signals"]),
                locale=fields["locale"],
                policy_digest=fields["policy_digest"],
                notice_digest=fields["notice_digest"],
                software=fields["software"],
                idempotency=fields["idempotency"],
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise LogCorruptError(f"the stored bytes hold no readable record: {error!r}") from error


_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def new_record_id(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A new record id: 128 random bits as 32 hex characters, the same for nobody else."""
    return random_bytes(16).hex()


def format_time(time: datetime) -> str:
    """A UTC time as the log writes it: `2026-01-31T09:30:00.000000Z`, always 27 characters."""
    return time.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _require(holds: object, field: str, shape: str) -> None:
    if not holds:
        raise ValueError(f"{field} of a record must be {shape}")
