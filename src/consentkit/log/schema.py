"""The tables of a SQLite log, and how a connection to one is set up.

Nothing that is stored once is stored twice: `record_id` and `idempotency` are read out of the stored bytes by
SQLite, so there is no second copy that could say something else than what was hashed.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from consentkit.errors import LogError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x636B6974  # "ckit"
SCHEMA_VERSION = 1
BUSY_SECONDS = 2.0

_OLDEST_SQLITE = (3, 31, 0)  # generated columns

_TABLES = (
    """
    CREATE TABLE entry (
        sequence INTEGER PRIMARY KEY,
        leaf BLOB NOT NULL,
        salt BLOB,
        payload BLOB,
        record_id TEXT GENERATED ALWAYS AS (CAST(substr(payload, 21, 32) AS TEXT)) VIRTUAL,
        idempotency TEXT GENERATED ALWAYS AS (
            CASE WHEN json_valid(CAST(payload AS TEXT))
            THEN json_extract(CAST(payload AS TEXT), '$.idempotency') END
        ) VIRTUAL
    )
    """,
    "CREATE UNIQUE INDEX entry_record_id ON entry (record_id)",
    "CREATE UNIQUE INDEX entry_idempotency ON entry (idempotency) WHERE idempotency IS NOT NULL",
    """
    CREATE TABLE checkpoint (
        size INTEGER PRIMARY KEY,
        root BLOB NOT NULL,
        frontier BLOB NOT NULL,
        time TEXT NOT NULL,
        seal BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE document (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        digest TEXT NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (kind, digest)
    )
    """,
    """
    CREATE TABLE daily (
        day TEXT NOT NULL,
        what TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (day, what)
    ) WITHOUT ROWID
    """,
)

_APPEND_ONLY = """
CREATE TRIGGER {table}_keeps_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, 'the consent log is append-only'); END;
"""


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection to a log file. `mode` is `rwc` to make a missing file, `rw` to use one that is there.

    Nothing is read or made on disk yet; SQLite does that with the first statement.
    """
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def prepare_writer(connection: sqlite3.Connection, url: str) -> None:
    """Set up a connection that writes: safe journal, full sync, our tables.

    Raises `LogError` if it can't be ours.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise LogError(f"SQLite {sqlite3.sqlite_version} is too old for the consent log", url=url)
    check_identity(connection, url)
    connection.execute(f"PRAGMA journal_mode={journal_mode(sqlite3.sqlite_version_info)}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    assert_synchronous(connection, url)
    connection.execute("BEGIN IMMEDIATE")
    if check_identity(connection, url) == 0:
        _create(connection)
    # Writing the header, though nothing in it changes, shows now whether the place can be written at all.
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL where SQLite is free of the WAL-reset bug (sqlite.org/wal.html), else a rollback journal.

    TRUNCATE and not DELETE: with `synchronous=FULL` only the former syncs the end of a transaction to the
    disk.
    """
    fixed = version >= (3, 51, 3) or (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)
    return "WAL" if fixed else "TRUNCATE"


def assert_synchronous(connection: sqlite3.Connection, url: str) -> None:
    """Refuse a connection that does not sync to the disk before it says "stored"."""
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if level < 2:
        raise LogError(f"SQLite would not wait for the disk (synchronous={level}); the log needs FULL", url=url)


def check_identity(connection: sqlite3.Connection, url: str) -> int:
    """The schema version of the file, 0 for an empty one.

    Raises `LogError` for a file that is not ours or newer.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables == 0 and application in {0, APPLICATION_ID}:
        return 0
    if application != APPLICATION_ID:
        raise LogError(f"{url} is a database of another program; give the consent log a file of its own", url=url)
    if version > SCHEMA_VERSION:
        raise LogError(
            f"{url} was written by a newer consentkit (schema {version}, this one knows {SCHEMA_VERSION}); "
            "upgrade first",
            url=url,
        )
    return int(version)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    for table in ("entry", "checkpoint", "document"):
        for what in ("update", "delete"):
            connection.execute(_APPEND_ONLY.format(table=table, what=what))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
