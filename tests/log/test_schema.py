"""Tests of the tables of a SQLite log and of its connections."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from consentkit.errors import LogError
from consentkit.log import schema
from consentkit.log.sqlite import SqliteLog
from tests.log.records import fill, make_record, verified

SOURCES = Path(schema.__file__).parents[1]


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 0), "TRUNCATE"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_journal_by_version(version: tuple[int, ...], mode: str) -> None:
    """WAL is used only where the WAL-reset bug is fixed."""
    assert schema.journal_mode(version) == mode


@pytest.mark.parametrize("mode", ["TRUNCATE", "WAL"])
def test_both_journals_work(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log can be written with either journal, and changed over from one to the other."""
    path = tmp_path / "consent.db"
    for each in (mode, "TRUNCATE", "WAL"):
        monkeypatch.setattr(schema, "journal_mode", lambda _, each=each: each)
        log = SqliteLog(path)
        asyncio.run(fill(log, 20))
        asyncio.run(log.close())
        with closing(sqlite3.connect(path)) as other:
            assert (other.execute("PRAGMA journal_mode").fetchone()[0] == "wal") == (each == "WAL")
    assert (verified(log).ok, verified(log).size) == (True, 60)


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    """A log of a newer version is neither written nor read, and the message says to upgrade."""
    log = SqliteLog(tmp_path / "consent.db")
    asyncio.run(fill(log, 1))
    asyncio.run(log.close())
    with closing(sqlite3.connect(log.path)) as other:
        other.execute("PRAGMA user_version=99")
    with pytest.raises(LogError, match="newer consentkit"):
        asyncio.run(SqliteLog(log.path).open())
    with pytest.raises(LogError, match="newer consentkit"):
        log.reader()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET salt = NULL",
        "DELETE FROM entry",
        "UPDATE checkpoint SET time = ''",
        "DELETE FROM checkpoint",
        "UPDATE document SET body = x''",
        "DELETE FROM document",
    ],
)
def test_append_only(statement: str, tmp_path: Path) -> None:
    """An honest mistake with an SQL prompt does not change the log."""
    log = SqliteLog(tmp_path / "consent.db")
    log.keep("policy", sha256(b"p").hexdigest(), b"p")
    asyncio.run(fill(log, 2))
    asyncio.run(log.close())
    with closing(sqlite3.connect(log.path)) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)


def test_one_number_one_entry(tmp_path: Path) -> None:
    """Sequence number, record id, key and checkpoint size are each unique by the database itself."""
    log = SqliteLog(tmp_path / "consent.db")
    asyncio.run(log.append(make_record(idempotency="k")))
    asyncio.run(log.close())
    with closing(sqlite3.connect(log.path)) as other:
        leaf, salt, payload = other.execute("SELECT leaf, salt, payload FROM entry").fetchone()
        for sequence, data in ((0, b"x"), (1, payload), (1, payload.replace(payload[20:30], b"0" * 10))):
            with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
                other.execute(
                    "INSERT INTO entry (sequence, leaf, salt, payload) VALUES (?, ?, ?, ?)",
                    (sequence, leaf, salt, data),
                )
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            other.execute("INSERT INTO checkpoint SELECT * FROM checkpoint")


def test_a_path_with_signs(tmp_path: Path) -> None:
    """A path with a question mark, a percent sign, a space and letters of other scripts names that very file."""
    folder = tmp_path / "a%20b #é"
    folder.mkdir()
    log = SqliteLog(folder / "what?.db")
    asyncio.run(fill(log, 1))
    asyncio.run(log.close())
    assert log.path.is_file()
    assert verified(log).size == 1


def test_only_sqlite_opens_the_database() -> None:
    """No code of ours opens a file in the log package, but for the lock beside it and the list of mounts."""
    opening = re.compile(r"\bopen\(|\.(?:read|write)_(?:text|bytes)\(|\bos\.open\(")
    found = [
        f"{path.name}: {line.strip()}"
        for folder in ("log", "audit")
        for path in sorted((SOURCES / folder).glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if opening.search(line) and "def open(" not in line
    ]
    assert found == [
        "filelock.py: handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)",
        'place.py: return _MOUNTS.read_text(encoding="utf-8", errors="replace")',
    ]
