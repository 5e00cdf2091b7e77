"""A lock shared by the processes that write one log file.

It is taken on a small file beside the database, never on the database itself: closing a second handle of a
SQLite file takes SQLite's own locks away (sqlite.org/howtocorrupt.html, section 2.2). The kernel hands a
waiting lock over in turn, which SQLite's own busy handler does not.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def lock_path(database: Path) -> Path:
    """The lock file that belongs to a database file."""
    return database.with_name(database.name + "-lock")


@contextmanager
def file_lock(path: Path) -> Generator[None]:
    """Hold the lock for the length of a `with` block; waits for as long as another process holds it.

    The file is opened anew each time, so that a forked child seldom inherits a handle. Raises `OSError` if it
    can't be.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)
