"""Reading a SQLite log while others write it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from consentkit.errors import LogCorruptError, LogError, LogUnavailableError
from consentkit.log import schema
from consentkit.log.protocol import (
    Bounds,
    Checkpoint,
    DocumentKind,
    Entry,
    RawCheckpoint,
    RawDocument,
    RawEntry,
)
from consentkit.log.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTION = 2_000
SMALL_FILE = 64 * 1024 * 1024

_ENTRY = "SELECT sequence, leaf, salt, payload FROM entry "
_CHECKPOINT = "SELECT size, root, frontier, CAST(time AS BLOB), seal FROM checkpoint "
_DOCUMENT = "SELECT number, CAST(kind AS BLOB), CAST(digest AS BLOB), body FROM document "
_BOUNDS = (
    "SELECT (SELECT min(sequence) FROM entry), (SELECT max(sequence) FROM entry), "
    "(SELECT coalesce(max(size), 0) FROM checkpoint)"
)
_LARGEST = 2**63 - 1
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteReader:
    """A `LogReader` over the SQLite file `path`, which must exist. Belongs to one thread.

    The file is opened for writing where that is allowed, because SQLite may have to undo what a killed
    process left half done; the connection itself refuses to write. Raises `LogError` if the file can't be
    read as a log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        if not path.is_file():
            raise LogError(f"there is no consent log at {path}", url=self.url)
        self._connection = schema.connect(path, mode="rw")
        try:
            self._connection.execute("PRAGMA query_only=ON")
            empty = schema.check_identity(self._connection, self.url) == 0
        except sqlite3.Error as error:
            self._connection.close()
            kind = LogUnavailableError if getattr(error, "sqlite_errorcode", 0) & 0xFF in _HELD else LogError
            raise kind(f"{path} can't be read as a consent log: {error}", url=self.url) from error
        except LogError:
            self._connection.close()
            raise
        if empty:
            self._connection.close()
            raise LogError(f"{path} is an empty file, not a consent log", url=self.url)

    def close(self) -> None:
        self._connection.close()

    def bounds(self) -> Bounds:
        return Bounds(*self._all(_BOUNDS)[0])

    def size(self) -> int:
        """The number of entries, by the highest sequence number."""
        last = self.bounds().last
        return 0 if last is None else last + 1

    def head(self) -> Checkpoint | None:
        rows = self._all("SELECT size, root, time FROM checkpoint ORDER BY size DESC LIMIT 1")
        return Checkpoint(*rows[0]) if rows else None

    def entries(self, first: int, last: int) -> Iterator[RawEntry]:
        query = _ENTRY + "WHERE sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?"
        while first <= last:
            rows = self._all(query, first, last, PORTION)
            yield from map(RawEntry._make, rows)
            if len(rows) < PORTION:
                return
            first = rows[-1][0] + 1

    def newest(self) -> Iterator[RawEntry]:
        before = _LARGEST
        while rows := self._all(_ENTRY + "WHERE sequence < ? ORDER BY sequence DESC LIMIT ?", before, PORTION):
            yield from map(RawEntry._make, rows)
            before = rows[-1][0]

    def starting_with(self, prefix: str, limit: int) -> list[RawEntry]:
        query = _ENTRY + "WHERE record_id >= ? AND record_id < ? ORDER BY sequence LIMIT ?"
        return [RawEntry._make(row) for row in self._all(query, prefix, prefix + "g", limit)]

    def checkpoints(self, first: int, last: int) -> Iterator[RawCheckpoint]:
        query = _CHECKPOINT + "WHERE size BETWEEN ? AND ? ORDER BY size LIMIT ?"
        while rows := self._all(query, first, last, PORTION):
            yield from map(RawCheckpoint._make, rows)
            first = rows[-1][0] + 1

    def documents(self) -> Iterator[RawDocument]:
        after = -_LARGEST
        while rows := self._all(_DOCUMENT + "WHERE number > ? ORDER BY number LIMIT 1", after):
            yield from map(RawDocument._make, rows)
            after = rows[-1][0]

    def has_document(self, kind: DocumentKind, digest: str) -> bool:
        return bool(self._all("SELECT 1 FROM document WHERE kind = ? AND digest = ?", kind, digest))

    def kept(self, kind: DocumentKind) -> dict[str, bytes]:
        return dict(self._all("SELECT digest, body FROM document WHERE kind = ?", kind))

    def counts(self) -> dict[tuple[str, str], int]:
        well_formed = "typeof(day) = 'text' AND typeof(what) = 'text' AND typeof(n) = 'integer'"
        rows = self._all(f"SELECT day, what, n FROM daily WHERE {well_formed}")  # noqa: S608 - no value in it
        return {(day, what): n for day, what, n in rows}

    def faults(self) -> list[str]:
        """What SQLite finds wrong in its pages. Not asked of large files: it would hold them long."""
        (pages,), (page_size,) = self._all("PRAGMA page_count")[0], self._all("PRAGMA page_size")[0]
        if pages * page_size > SMALL_FILE:
            return []
        return [text for (text,) in self._all("PRAGMA integrity_check(20)") if text != "ok"]

    def _all(self, query: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.Error) -> LogError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        message = f"the consent log {self.path} can't be read: {error}"
        if code in _DAMAGED or "no such" in str(error):
            return LogCorruptError(message, url=self.url)
        return (LogUnavailableError if code in _HELD else LogError)(message, url=self.url)


def read_entry(row: RawEntry) -> Entry:
    """The entry in a stored row. Raises `LogCorruptError` if its bytes hold no record."""
    leaf, salt, payload = (value if isinstance(value, bytes) else None for value in row[1:])
    record = None if payload is None else Record.from_canonical(payload)
    return Entry(row.sequence, record.record_id if record else None, record, leaf or b"", salt, payload)
