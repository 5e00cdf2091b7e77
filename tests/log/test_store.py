"""Tests of opening a log by its URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from consentkit.errors import ConfigurationError, LogError
from consentkit.log.memory import MemoryLog
from consentkit.log.protocol import ConsentLog
from consentkit.log.sqlite import SqliteLog
from consentkit.log.store import open_log, open_reader


def test_sqlite_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes name a file here, four one by its full path; opening makes nothing on disk."""
    monkeypatch.chdir(tmp_path)
    here, full = open_log("sqlite:///consent.db"), open_log(f"sqlite:///{tmp_path}/other.db")
    assert isinstance(here, SqliteLog)
    assert isinstance(full, SqliteLog)
    assert here.path == tmp_path / "consent.db"
    assert full.path == tmp_path / "other.db"
    assert full.url == f"sqlite:///{tmp_path}/other.db"
    assert list(tmp_path.iterdir()) == []


def test_memory_and_ready_logs() -> None:
    """`memory://` gives a log in memory, and a log is passed through."""
    log = open_log("memory://")
    assert isinstance(log, MemoryLog)
    assert open_log(log) is log
    assert isinstance(SqliteLog(Path("x.db")), ConsentLog)


def test_postgresql_is_announced_without_its_password() -> None:
    """A PostgreSQL URL is answered with "later", and its password is not repeated."""
    with pytest.raises(ConfigurationError, match="PostgreSQL comes with a later version") as caught:
        open_log("postgresql://me:hunter2@db/log")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "consent.db", "sqlite://", "sqlite:///", "sqlite://consent.db", "sqlite:///:memory:", "sqlite:///a.db?mode=ro",
     "sqlite:///a\0.db", "mysql://me:hunter2@db/log", "memory://x", "file:///x", 5, None],
)  # fmt: skip
def test_other_urls(url: Any) -> None:
    """Anything else is refused with the forms that are allowed."""
    with pytest.raises(ConfigurationError, match=re.escape("sqlite:///consent.db")) as caught:
        open_log(url)
    assert "hunter2" not in str(caught.value)


def test_reading_makes_nothing(tmp_path: Path) -> None:
    """Reading a log that is not there says so and makes no file."""
    with pytest.raises(LogError, match="there is no consent log"):
        open_reader(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(LogError, match="ends with its process"):
        open_reader("memory://")
    assert list(tmp_path.iterdir()) == []


def test_reading_something_else(tmp_path: Path) -> None:
    """An empty file and a file of another kind are no logs."""
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    other.write_bytes(b"not a database, though long enough to have a header of one" * 20)
    with pytest.raises(LogError, match="empty file"):
        open_reader(f"sqlite:///{empty}")
    with pytest.raises(LogError, match="can't be read as a consent log"):
        open_reader(f"sqlite:///{other}")
