"""Tests of a log that can't be written: locked, full, in a bad place; and of its coming back."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consentkit.errors import LogError, LogUnavailableError
from consentkit.log import schema
from consentkit.log.filelock import file_lock, lock_path
from consentkit.log.sqlite import SqliteLog
from tests.log.records import fill, make_record, verified


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another connection holds the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_locked_database(tmp_path: Path) -> None:
    """While another process holds the database, an append gives up within 3 seconds, the event loop never waits, a
    deferred refusal is kept, and all works again without a restart."""
    log = SqliteLog(tmp_path / "consent.db")
    refusal = make_record(action="reject-all")
    longest = 0.0

    async def pulse() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)

    async def run() -> None:
        await fill(log, 1)
        beating = asyncio.create_task(pulse())
        with locked(log.path):
            begun = time.perf_counter()
            with pytest.raises(LogUnavailableError, match="locked"):
                await log.append(make_record())
            assert time.perf_counter() - begun < 3.2
            log.defer(refusal)
            log.count("signal:gpc")
        beating.cancel()
        assert (await log.append(make_record())).sequence >= 1
        await log.flush()
        assert await log.find(refusal.record_id)
        await log.close()

    asyncio.run(run())
    assert longest < 0.25
    assert (verified(log).size, verified(log).ok) == (3, True)


def test_deferred_comes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal deferred while the log is down is stored by itself once the log is back."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    log = SqliteLog(tmp_path / "consent.db")
    refusal = make_record(action="withdraw")

    async def run() -> None:
        await fill(log, 1)
        with locked(log.path):
            log.defer(refusal)
            with pytest.raises(LogUnavailableError):
                await log.flush()
        until = time.monotonic() + 8
        while await log.find(refusal.record_id) is None:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
        await log.close()

    asyncio.run(run())


def test_reading_under_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the database, reading is "unavailable" too; an empty file reads as an empty log."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    log = SqliteLog(tmp_path / "consent.db")

    async def run() -> None:
        log.path.touch()
        assert (await log.counts(), await log.kept("policy"), await log.head()) == ({}, {}, None)
        await fill(log, 1)
        with locked(log.path), pytest.raises(LogUnavailableError, match="locked"):
            await log.counts()
        with closing(log.reader()) as reader, locked(log.path), pytest.raises(LogUnavailableError, match="locked"):
            reader.bounds()
        await log.close()

    asyncio.run(run())


def test_lock_file_held(tmp_path: Path) -> None:
    """A process that sits on the lock file makes appends unavailable in time; their records are not stored later."""
    log = SqliteLog(tmp_path / "consent.db", patience=0.2)

    async def run() -> None:
        await fill(log, 1)
        with file_lock(lock_path(log.path)), pytest.raises(LogUnavailableError, match="in time"):
            await log.append(make_record())
        assert (await SqliteLog(log.path).append(make_record())).sequence == 1
        await log.close()

    asyncio.run(run())
    assert verified(log).size == 2


def test_disk_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk refuses appends and loses none that were acknowledged; freed space makes it work again."""
    log = SqliteLog(tmp_path / "consent.db")
    real, pages = schema.prepare_writer, 24

    def limited(connection: sqlite3.Connection, url: str) -> None:
        real(connection, url)
        connection.execute(f"PRAGMA max_page_count={pages}")

    monkeypatch.setattr(schema, "prepare_writer", limited)

    async def run() -> int:
        nonlocal pages
        stored = 0

        async def until_full() -> None:
            nonlocal stored
            while True:
                await log.append(make_record())
                stored += 1

        with pytest.raises(LogUnavailableError, match="full"):
            await until_full()
        with pytest.raises(LogUnavailableError, match="full"):
            await asyncio.gather(*(log.append(make_record()) for _ in range(50)))
        pages = 10_000
        await fill(log, 3)
        await log.close()
        return stored + 3

    stored = asyncio.run(run())
    assert stored > 5
    assert (verified(log).size, verified(log).ok) == (stored, True)


def test_bad_places(tmp_path: Path) -> None:
    """A place that can't hold a log is told when it is opened, by its path, and never as "unavailable"."""
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "text.db").write_bytes(b"this is no database at all, but it is long enough to be looked at" * 99)
    with closing(sqlite3.connect(tmp_path / "app.db")) as other:
        other.execute("CREATE TABLE users (id)")
    for name, reason in (
        ("none/consent.db", "no directory"),
        ("folder.db", "is a directory"),
        ("text.db", "not a database"),
        ("app.db", "another program"),
    ):
        log = SqliteLog(tmp_path / name)
        with pytest.raises(LogError, match=reason) as caught:
            asyncio.run(log.open())
        assert str(tmp_path / name) in str(caught.value)
        assert not isinstance(caught.value, LogUnavailableError)
        with pytest.raises(LogUnavailableError):
            asyncio.run(log.append(make_record()))
        asyncio.run(log.close())


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, who may write anywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_read_only_places(what: str) -> None:
    """A file or a folder that may not be written is told when the log is opened, by its path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = SqliteLog(folder / "consent.db")
        asyncio.run(log.append(make_record()))
        asyncio.run(log.close())
        for path, mode in ((log.path, 0o444), (lock_path(log.path), 0o666), (folder, 0o777)):
            path.chmod(mode)
        if what == "folder":
            log.path.chmod(0o666)
            folder.chmod(0o555)
        again = SqliteLog(log.path)
        with nobody(), pytest.raises(LogError, match=r"consent\.db") as caught:
            asyncio.run(again.open())
        assert not isinstance(caught.value, LogUnavailableError)
        asyncio.run(again.close())
        folder.chmod(0o777)


def test_file_taken_away(tmp_path: Path) -> None:
    """A log that is moved away while in use is not silently begun anew; put back, it goes on."""
    log = SqliteLog(tmp_path / "consent.db")
    away = tmp_path / "away.db"

    async def run() -> None:
        await fill(log, 2)
        log.path.rename(away)
        for _ in range(2):
            with pytest.raises(LogUnavailableError, match="moved or deleted"):
                await log.append(make_record())
        assert not log.path.exists()
        away.rename(log.path)
        assert (await log.append(make_record())).sequence == 2
        await log.close()

    asyncio.run(run())
    assert verified(log).ok


def test_broken_history_is_not_built_upon(tmp_path: Path) -> None:
    """A log whose end was cut off takes no more entries: the answer names the command that tells more."""
    log = SqliteLog(tmp_path / "consent.db")
    asyncio.run(fill(log, 3))
    with closing(sqlite3.connect(log.path)) as other:
        other.execute("DROP TRIGGER entry_keeps_delete")
        other.execute("DELETE FROM entry WHERE sequence = 2")
        other.commit()
    with pytest.raises(LogUnavailableError, match="consentkit log verify"):
        asyncio.run(log.append(make_record()))
    asyncio.run(log.close())


def test_close_under_lock(tmp_path: Path) -> None:
    """Closing takes less than 5 seconds even if another process holds the database."""
    log = SqliteLog(tmp_path / "consent.db")

    async def run() -> float:
        await fill(log, 1)
        with locked(log.path):
            log.defer(make_record())
            begun = time.perf_counter()
            await log.close()
            return time.perf_counter() - begun

    assert asyncio.run(run()) < 5
