"""Tests of one log under several processes: together, forked, killed."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from consentkit.log.sqlite import SqliteLog
from tests.log.records import verified

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("CONSENTKIT_KILLS", "40"))


def campaign(what: str, path: Path, *numbers: int, journal: str = "") -> list[str]:
    """What a program of `campaign.py` answers."""
    command = [sys.executable, "-m", "tests.log.campaign", what, str(path), *map(str, numbers)]
    variables = os.environ | {"JOURNAL": journal}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    answer: list[str] = json.loads(done.stdout.splitlines()[-1])
    return answer


def stored_ids(path: Path) -> list[str]:
    """The record ids in the order of their numbers."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sequence, record_id FROM entry ORDER BY sequence").fetchall()
    assert [sequence for sequence, _ in rows] == list(range(len(rows)))
    return [record_id for _, record_id in rows]


def sound(path: Path) -> bool:
    """Whether SQLite and our own check both find nothing wrong."""
    with closing(sqlite3.connect(path)) as connection:
        (told,) = connection.execute("PRAGMA integrity_check").fetchone()
    return told == "ok" and verified(SqliteLog(path)).ok


def test_four_processes(tmp_path: Path) -> None:
    """4 processes with 500 appends each leave 2,000 entries, numbered without a gap, in one history."""
    path = tmp_path / "consent.db"
    told = campaign("together", path, 4, 500)
    assert len(told) == 2_000
    assert sorted(stored_ids(path)) == sorted(told)
    assert sound(path)


def test_first_write_by_ten(tmp_path: Path) -> None:
    """10 processes that make the log at the same moment make one, not ten."""
    path = tmp_path / "consent.db"
    told = campaign("together", path, 10, 20)
    assert len(told) == 200
    assert sorted(stored_ids(path)) == sorted(told)
    assert sound(path)


def test_fork_after_first_use(tmp_path: Path) -> None:
    """After a fork both sides write on through connections of their own, the inherited one stays open, and what waited
    in the parent is stored once."""
    path = tmp_path / "consent.db"
    *told, status = campaign("forked", path)
    assert status == "exit 0"
    assert len(told) == 20
    assert sorted(stored_ids(path)) == sorted(told)
    assert list(asyncio.run(SqliteLog(path).counts()).values()) == [1]
    assert sound(path)


@pytest.mark.parametrize("journal", ["TRUNCATE", "WAL"])
def test_killed_at_any_moment(journal: str, tmp_path: Path) -> None:
    """Whatever moment a writing process is killed at, no acknowledged record is lost and the log stays sound.

    The number of kills can be set with CONSENTKIT_KILLS.
    """
    path = tmp_path / "consent.db"
    told = campaign("killed", path, KILLS, 20260301, journal=journal)
    assert len(told) > KILLS
    assert set(told) <= set(stored_ids(path))
    assert sound(path)


def test_without_the_file_lock(tmp_path: Path) -> None:
    """With the file lock taken out, SQLite's own locks still allow one history only; who loses has to try again."""
    path = tmp_path / "consent.db"
    told = campaign("unlocked", path, 3, 200)
    assert len(told) == 600
    assert sorted(stored_ids(path)) == sorted(told)
    assert sound(path)


def test_end_without_closing(tmp_path: Path) -> None:
    """A program that ends without closing its log has stored what was waiting."""
    path = tmp_path / "consent.db"
    program = (
        "from pathlib import Path; from consentkit.log.sqlite import SqliteLog\n"
        "from tests.log.records import make_record\n"
        f"log = SqliteLog(Path({str(path)!r})); log.count('x'); log.defer(make_record())"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert len(stored_ids(path)) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT what, n FROM daily").fetchall() == [("x", 1)]
