"""Tests of the check on a real file that somebody has changed behind the log's back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consentkit.audit.verify import Report, verify
from consentkit.log.sqlite import SqliteLog

COLUMNS = {
    "entry": ["sequence", "leaf", "salt", "payload"],
    "checkpoint": ["size", "root", "frontier", "time", "seal"],
    "document": ["number", "kind", "digest", "body"],
}


@pytest.fixture
def path(log_path: Path, tmp_path: Path) -> Path:
    """A copy of the log that a test may damage."""
    return Path(shutil.copy(log_path, tmp_path / "consent.db"))


@contextmanager
def open_heart(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection without the triggers that keep the tables as they are."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def check(path: Path) -> Report:
    """What the check of a file finds."""
    reader = SqliteLog(path).reader()
    try:
        return verify(reader)
    finally:
        reader.close()


def test_all_columns_are_known(log_path: Path) -> None:
    """The tests below change every stored column of the evidence: there is none they do not know."""
    with closing(sqlite3.connect(log_path)) as connection:
        for table, columns in COLUMNS.items():
            assert [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] == columns


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]])
def test_flips_in_the_file(table: str, column: str, path: Path) -> None:
    """A bit flipped in any stored column of a real file is found, at its number if it is an entry's; undone, not."""
    key = COLUMNS[table][0]
    with open_heart(path) as connection:
        rows = connection.execute(f"SELECT {key}, {column}, typeof({column}) FROM {table}").fetchall()  # noqa: S608
        for at, (number, value, kind) in enumerate(rows[:: max(1, len(rows) // 8)]):
            data = value if isinstance(value, bytes) else str(value).encode()
            bit = (at * 97) % (len(data) * 8)
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            changed = number + 1000 + at if kind == "integer" else bytes(flipped)
            statement = f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {key} = ?"  # noqa: S608
            connection.execute(statement, (changed, number))
            report = check(path)
            assert not report.ok
            if table == "entry":
                assert number in {found.sequence for found in report.findings}
            now = changed if column == key else number
            connection.execute(statement, (value, now))
            assert check(path).ok


def test_damaged_index(path: Path) -> None:
    """An index that says something else than the table is found, though no entry is."""
    with open_heart(path) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(record_id)', '(leaf)') WHERE name = 'entry_record_id'"
        )
    report = check(path)
    assert {found.where for found in report.findings} == {"file"}


def test_damaged_pages(path: Path) -> None:
    """Overwritten pages are found and told, and never end the check with another error."""
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        broken = bytearray(data)
        broken[page * 4096 : page * 4096 + 200] = b"\xff" * 200
        path.write_bytes(broken)
        assert not check(path).ok


def test_dropped_table(path: Path) -> None:
    """A table that is gone is a fault of the file, not a crash."""
    with open_heart(path) as connection:
        connection.execute("DROP TABLE checkpoint")
    assert [found.where for found in check(path).findings] == ["file"]


def test_null_and_other_types(path: Path) -> None:
    """Values of other types in a real file are found at their entries."""
    with open_heart(path) as connection:
        connection.execute("UPDATE entry SET salt = NULL, payload = NULL WHERE sequence = 7")
        connection.execute("UPDATE entry SET payload = CAST(payload AS TEXT) WHERE sequence = 9")
        connection.execute("UPDATE entry SET leaf = 5 WHERE sequence = 11")
    assert {7, 9, 11} <= {found.sequence for found in check(path).findings}
