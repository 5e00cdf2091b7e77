"""Records and logs for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consentkit.log.record import Record, new_record_id

if TYPE_CHECKING:
    from consentkit.audit.verify import Report
    from consentkit.log.protocol import ConsentLog

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def make_record(**changes: Any) -> Record:
    """A record with a new id; `changes` replaces fields."""
    fields: dict[str, Any] = {
        "record_id": new_record_id(),
        "previous_id": None,
        "time": NOON,
        "site": "https://news.example",
        "mechanism": "form",
        "action": "custom",
        "categories": {"necessary": True, "analytics": False, "marketing": True},
        "services": {"matomo": False, "adnet": True},
        "regime": "opt-in",
        "region": "eu",
        "signals": ("gpc",),
        "locale": "en",
        "policy_digest": "ab" * 32,
        "notice_digest": "cd" * 32,
        "software": "consentkit 0.1.0",
    }
    return Record(**(fields | changes))


async def fill(log: ConsentLog, count: int) -> list[Record]:
    """Append `count` records, one after the other."""
    records = [make_record() for _ in range(count)]
    for record in records:
        await log.append(record)
    return records


def verified(log: ConsentLog) -> Report:
    """The outcome of a full check of a log."""
    from consentkit.audit.verify import verify

    reader = log.reader()
    try:
        return verify(reader)
    finally:
        reader.close()
