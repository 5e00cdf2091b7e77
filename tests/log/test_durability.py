"""Tests that an acknowledged record is on the disk, and that a failing disk never makes the log lie."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from consentkit.errors import LogError, LogUnavailableError
from consentkit.log import schema
from consentkit.log.protocol import Entry
from consentkit.log.record import Record
from consentkit.log.sqlite import SqliteLog
from tests.log.records import make_record, verified
from tests.log.watched_disk import Disk, reachable, watched_disk

watching = pytest.mark.skipif(not reachable(), reason="this Python hides the functions of its SQLite")

FAULTS = {
    "read": sqlite3.SQLITE_IOERR_READ,
    "write": sqlite3.SQLITE_IOERR_WRITE,
    "sync": sqlite3.SQLITE_IOERR_FSYNC,
    "truncate": sqlite3.SQLITE_IOERR_TRUNCATE,
    "delete": sqlite3.SQLITE_IOERR_DELETE,
    "open": sqlite3.SQLITE_CANTOPEN,
}


def unsynced(calls: list[str]) -> set[str]:
    """The files that were written to and not synced afterwards."""
    waiting: set[str] = set()
    for call in calls:
        what, _, name = call.partition(" ")
        if what in {"write", "truncate"}:
            waiting.add(name)
        elif what == "sync":
            waiting.discard(name)
    return waiting


def answers_under_watch(path: Path) -> tuple[int, list[set[str]]]:
    """Append under watch; gives how often the disk was synced, and for each answer the files unsynced then."""
    log = SqliteLog(path)
    at_answer: list[set[str]] = []

    def tell(answer: asyncio.Future[Entry]) -> None:
        assert answer.result()
        at_answer.append(unsynced(disk.calls))

    async def run() -> None:
        for size in (1, 1, 30, 1):
            tasks = [asyncio.ensure_future(log.append(make_record())) for _ in range(size)]
            for task in tasks:
                task.add_done_callback(tell)
            await asyncio.gather(*tasks)
        await log.close()

    with watched_disk() as disk:
        asyncio.run(run())
    return sum(call.startswith("sync") for call in disk.calls), at_answer


@watching
@pytest.mark.parametrize("mode", ["TRUNCATE", "WAL"])
def test_synced_before_answered(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of every answer, everything SQLite has written to the log has been synced to the disk."""
    monkeypatch.setattr(schema, "journal_mode", lambda _: mode)
    syncs, at_answer = answers_under_watch(tmp_path / "consent.db")
    assert syncs >= 4
    # The index of a write-ahead log is made anew after a crash, and the file itself is synced before the log is reset.
    assert at_answer == [set()] * 33


@watching
def test_watching_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With syncing switched off, the test above would find unsynced files."""
    monkeypatch.setattr(
        schema, "assert_synchronous", lambda connection, _: connection.execute("PRAGMA synchronous=OFF")
    )
    syncs, at_answer = answers_under_watch(tmp_path / "consent.db")
    assert syncs == 0
    assert all(at_answer)


class Telling(sqlite3.Connection):
    """A connection that tells what it has finished."""

    done: list[str]

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *values)
        self.done.append(sql.split(" ", maxsplit=1)[0])
        return cursor


def test_committed_before_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer comes when SQLite has returned from the commit of that record, on any build of SQLite."""
    Telling.done = []

    def connect(path: Path, *, mode: str) -> sqlite3.Connection:
        assert mode == "rwc"
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Telling)

    monkeypatch.setattr(schema, "connect", connect)
    log = SqliteLog(tmp_path / "consent.db")

    async def run() -> None:
        for _ in range(5):
            Telling.done.clear()
            await log.append(make_record())
            done = [what for what in Telling.done if what in {"INSERT", "COMMIT"}]
            assert done[-3:] == ["INSERT", "INSERT", "COMMIT"]
        await log.close()

    asyncio.run(run())


def test_synchronous_is_asserted() -> None:
    """A connection that would not wait for the disk is refused, even if SQLite was built that way."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for level in ("OFF", "NORMAL"):
            connection.execute(f"PRAGMA synchronous={level}")
            with pytest.raises(LogError, match="synchronous"):
                schema.assert_synchronous(connection, "x")
        connection.execute("PRAGMA synchronous=EXTRA")
        schema.assert_synchronous(connection, "x")


def test_writer_runs_in_full(tmp_path: Path) -> None:
    """The writer's own connection has synchronous=FULL, secure_delete, and a journal that is safe here."""
    with closing(schema.connect(tmp_path / "x.db", mode="rwc")) as connection:
        schema.prepare_writer(connection, "x")
        values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "secure_delete")]
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert values == [2, 1]
    assert mode == schema.journal_mode(sqlite3.sqlite_version_info).lower()


def append_with(disk: Disk, log: SqliteLog, fail: Callable[[str], int]) -> tuple[Record, Entry | None, int]:
    """One append on a disk that fails as told; gives the record, its entry if acknowledged, and how often it failed."""
    fired = 0

    def failing(call: str) -> int:
        nonlocal fired
        code = fail(call)
        fired += bool(code)
        return code

    async def run() -> tuple[Record, Entry | None]:
        record = make_record()
        disk.calls.clear()
        disk.fail = failing
        try:
            entry = await log.append(record)
        except LogUnavailableError:
            entry = None
        disk.fail = lambda _: 0
        return record, entry

    record, entry = asyncio.run(run())
    return record, entry, fired


@watching
@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_every_call_of_an_append_fails(lasting: bool, full: bool, tmp_path: Path) -> None:
    """Each disk call of an append is made to fail, once or from there on: acknowledged records are stored, nothing else
    breaks, and the next append works without a restart."""
    log = SqliteLog(tmp_path / "consent.db")
    acknowledged: list[Record] = []
    fired = 0

    with watched_disk() as disk:
        asyncio.run(log.append(make_record()))
        asyncio.run(log.append(make_record()))
        calls = len(disk.calls)
        for at in range(calls):
            seen = 0

            def fail(call: str, at: int = at) -> int:
                nonlocal seen
                seen += 1
                if seen - 1 != at and not (lasting and seen - 1 > at):
                    return 0
                return sqlite3.SQLITE_FULL if full and call.startswith("write") else FAULTS[call.partition(" ")[0]]

            record, entry, times = append_with(disk, log, fail)
            fired += bool(times)
            acknowledged += [record] if entry else []
            record, entry, _ = append_with(disk, log, lambda _: 0)
            assert entry, f"no recovery after a fault at call {at}"
            acknowledged.append(record)
        asyncio.run(log.close())
    assert fired > 15
    assert verified(log).ok
    reader = log.reader()
    assert all(reader.starting_with(record.record_id, 1) for record in acknowledged)
    assert reader.faults() == []
    reader.close()
