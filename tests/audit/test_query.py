"""Tests of looking records up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from consentkit.audit.query import look_up, newest
from consentkit.errors import LogCorruptError, LogError
from consentkit.log.memory import MemoryLog
from consentkit.log.protocol import ConsentLog
from consentkit.log.sqlite import SqliteLog
from tests.audit.rows import Rows
from tests.log.records import fill, make_record


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> ConsentLog:
    """An empty log of each kind."""
    return MemoryLog() if request.param == "memory" else SqliteLog(tmp_path / "consent.db")


def test_newest_first(log: ConsentLog) -> None:
    """Records come the last one first, all of them or those of one action, over the bounds of a portion too."""

    async def run() -> None:
        await fill(log, 3)
        await log.append(make_record(action="withdraw"))
        await asyncio.gather(*(log.append(make_record()) for _ in range(2_100)))
        await log.close()

    asyncio.run(run())
    reader = log.reader()
    assert [listed.sequence for listed in newest(reader)] == list(range(2_103, -1, -1))
    assert [listed.sequence for listed in newest(reader, "withdraw")] == [3]
    reader.close()


def test_names_of_a_record(log: ConsentLog) -> None:
    """A record is found by its id, by the start of it, in capitals, and by its number; else it is said why not."""
    twins = [make_record(record_id=f"{'ab' * 8}{number:016x}") for number in (1, 2)]
    digits = make_record(record_id="12345678" + "c" * 24)

    async def run() -> None:
        for record in (*twins, digits):
            await log.append(record)
        await log.close()

    asyncio.run(run())
    reader = log.reader()
    for name in (twins[1].record_id, twins[1].record_id.upper(), "1", " 1 "):
        assert look_up(reader, name).entry.record == twins[1]
    assert look_up(reader, "12345678").entry.record == digits
    for name, reason in (
        ("abababab", "more than one"),
        ("ffffffff", "no record"),
        ("3", "names no record"),
        ("abc", "names no record"),
        ("%' OR 1=1", "names no record"),
        ("٣", "names no record"),
    ):
        with pytest.raises(LogError, match=reason):
            look_up(reader, name)
    reader.close()


def test_what_belongs_to_a_record(rows: Rows) -> None:
    """A found record says whether it is intact, whether its documents are kept and which checkpoint covers it."""
    shown = look_up(rows, "5")
    assert (shown.intact, shown.policy_kept, shown.notice_kept, shown.covered_by) == (True, True, True, 10)
    bare = Rows(rows.entry, rows.checkpoint[:1], [])
    shown = look_up(bare, "5")
    assert (shown.policy_kept, shown.notice_kept, shown.covered_by) == (False, False, None)
    damaged = rows.change("entry", 5, "salt", bytes(32))
    assert not look_up(damaged, "5").intact
    with pytest.raises(LogCorruptError):
        look_up(rows.change("entry", 5, "payload", b"{"), "5")
    with pytest.raises(LogCorruptError, match="no record"):
        look_up(rows.change("entry", 5, "payload", None), "5")


def test_unreadable_entries_are_listed(rows: Rows) -> None:
    """An entry that can't be read is not left out of a list, whatever is asked for."""
    damaged = rows.change("entry", 5, "payload", b"{")
    assert [listed.sequence for listed in newest(damaged, "withdraw")] == [5]
