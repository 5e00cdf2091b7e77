"""One writing connection to a SQLite log: a batch in, a transaction on the disk, the entries out."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consentkit.errors import LogCorruptError, LogError, LogUnavailableError
from consentkit.log import schema
from consentkit.log.filelock import file_lock, lock_path
from consentkit.log.merkle import EMPTY_ROOT, Frontier, checkpoint_seal, entry_leaf
from consentkit.log.place import unusable, warn_about_place
from consentkit.log.protocol import Entry, RawEntry
from consentkit.log.reader import read_entry
from consentkit.log.record import Record, format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from consentkit.log.backlog import Counts, Document
    from consentkit.log.writer import Batch, Outcome

SALT_SIZE = 32
ROWS = 200  # in one statement; older SQLite takes 999 values

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}

_LASTING = {
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}

_INSERT = "INSERT INTO entry (sequence, leaf, salt, payload) VALUES "
_REREAD = (
    "WITH given (sequence, leaf, salt, payload) AS (VALUES {}) SELECT count(*) FROM given AS g "
    "JOIN entry AS e ON e.sequence = g.sequence "
    "AND e.leaf = g.leaf AND e.salt = g.salt AND e.payload = g.payload"
)
_KNOWN = "SELECT sequence, leaf, salt, payload FROM entry WHERE record_id = ? OR idempotency = ? ORDER BY sequence"
_HEAD = "SELECT size, root, frontier, seal FROM checkpoint ORDER BY size DESC LIMIT 1"
_DOCUMENT = (
    "INSERT OR IGNORE INTO document (number, kind, digest, body) "
    "SELECT coalesce(max(number) + 1, 0), ?, ?, ? FROM document"
)
_COUNT = "INSERT INTO daily (day, what, n) VALUES (?, ?, ?) ON CONFLICT (day, what) DO UPDATE SET n = n + excluded.n"

Waiting = tuple[Record, bytes]


class SqliteSession:
    """Stores batches into one file. Belongs to one thread; opens the file with the first batch."""

    def __init__(
        self, path: Path, url: str, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._path = path
        self._url = url
        self._clock = clock
        self._random_bytes = random_bytes
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def store(self, collect: Callable[[], Batch]) -> list[Outcome]:
        """Store one batch in one transaction; it is on the disk when this returns."""
        try:
            with file_lock(lock_path(self._path)), _transaction(self._ready()) as connection:
                return self._write(connection, collect())
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._explained(error) from error

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _ready(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity != _identity(self._path):
            self.close()
        if self._connection is None:
            self._connection = self._opened()
            self._identity = _identity(self._path)
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        if self._identity is None:
            warn_about_place(self._path)
        elif not self._path.exists():
            raise LogUnavailableError(f"{self._path} was moved or deleted while in use; put it back", url=self._url)
        connection = schema.connect(self._path, mode="rwc" if self._identity is None else "rw")
        try:
            schema.prepare_writer(connection, self._url)
        except BaseException:
            connection.close()
            raise
        return connection

    def _explained(self, error: sqlite3.Error | OSError) -> LogError:
        reason = unusable(self._path)
        message = f"the consent log {self._path} can't be written: {reason or _said(error)}"
        if reason or not _may_pass(error):
            return LogError(message, url=self._url)
        return LogUnavailableError(message, url=self._url)

    def _write(self, connection: sqlite3.Connection, batch: Batch) -> list[Outcome]:
        outcomes = self._append(connection, batch.records())
        _keep(connection, batch.pending.documents)
        _count(connection, batch.pending.counts)
        return outcomes

    def _append(self, connection: sqlite3.Connection, records: list[Waiting]) -> list[Outcome]:
        if not records:
            return []
        frontier, seal = _head(connection, self._url)
        size = frontier.size
        try:
            connection.execute("SAVEPOINT fresh")
            outcomes: list[Outcome] = list(self._insert(connection, frontier, records))
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK TO fresh")
            outcomes = self._append_some(connection, frontier, records)
        if frontier.size > size:
            self._checkpoint(connection, frontier, seal)
        return outcomes

    def _append_some(self, connection: sqlite3.Connection, frontier: Frontier, records: list[Waiting]) -> list[Outcome]:
        """Append where some records are stored already, or twice in the batch: those get the first entry."""
        fresh: list[Waiting] = []
        places: dict[str, int] = {}
        answers: list[Outcome | int] = []
        for record, payload in records:
            known = _stored(connection, record) or _place(places, record)
            if known is None:
                known = len(fresh)
                fresh.append((record, payload))
                places |= dict.fromkeys(_names(record), known)
            first = fresh[known] if isinstance(known, int) else (known.record, known.payload)
            answers.append(self._clash(record) if _differs(record, payload, *first) else known)
        entries = self._insert(connection, frontier, fresh) if fresh else []
        return [entries[answer] if isinstance(answer, int) else answer for answer in answers]

    def _clash(self, record: Record) -> LogError:
        return LogError(f"the log has another record with the id {record.record_id}", url=self._url)

    def _insert(self, connection: sqlite3.Connection, frontier: Frontier, records: list[Waiting]) -> list[Entry]:
        first = frontier.size
        random = self._random_bytes(SALT_SIZE * len(records))
        salts = [random[at : at + SALT_SIZE] for at in range(0, len(random), SALT_SIZE)]
        entries = [
            Entry(first + at, record.record_id, record, entry_leaf(salt, payload), salt, payload)
            for at, (salt, (record, payload)) in enumerate(zip(salts, records, strict=True))
        ]
        for at in range(0, len(entries), ROWS):
            self._insert_rows(connection, entries[at : at + ROWS])
        for entry in entries:
            frontier.append(entry.leaf)
        return entries

    def _insert_rows(self, connection: sqlite3.Connection, entries: list[Entry]) -> None:
        # One statement for many rows: SQLite lets go of the interpreter's lock in each step, and a busy event
        # loop would make this thread wait for it again after every row.
        rows = ",".join(["(?,?,?,?)"] * len(entries))
        values = [value for e in entries for value in (e.sequence, e.leaf, e.salt, e.payload)]
        connection.execute(_INSERT + rows, values)
        (same,) = connection.execute(_REREAD.format(rows), values).fetchone()
        if same != len(entries):
            first = entries[0].sequence
            raise LogCorruptError(f"entries from {first} on were not stored as given", url=self._url, sequence=first)

    def _checkpoint(self, connection: sqlite3.Connection, frontier: Frontier, previous: bytes) -> None:
        time, root, edge = format_time(self._clock().astimezone(UTC)), frontier.root(), frontier.to_bytes()
        seal = checkpoint_seal(previous, frontier.size, root, edge, time.encode())
        connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", (frontier.size, root, edge, time, seal))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _head(connection: sqlite3.Connection, url: str) -> tuple[Frontier, bytes]:
    """The tree as another process may have left it.

    Raises `LogCorruptError` rather than build on a broken one.
    """
    row = connection.execute(_HEAD).fetchone()
    size, root, edge, seal = row or (0, EMPTY_ROOT, b"", b"")
    (last,) = connection.execute("SELECT max(sequence) FROM entry").fetchone()
    stored = 0 if last is None else last + 1
    if stored != size:
        raise LogCorruptError(
            f"{url} holds {stored} entries but its last checkpoint says {size}; run `consentkit log verify`",
            url=url,
            sequence=min(stored, size),
        )
    try:
        frontier = Frontier.from_bytes(size, edge)
    except (ValueError, TypeError) as error:
        raise LogCorruptError(f"the last checkpoint of {url} is damaged: {error}", url=url, sequence=size) from error
    if frontier.root() != root:
        raise LogCorruptError(f"the last checkpoint of {url} is damaged", url=url, sequence=size)
    return frontier, seal


def _stored(connection: sqlite3.Connection, record: Record) -> Entry | None:
    row = connection.execute(_KNOWN, (record.record_id, record.idempotency)).fetchone()
    return None if row is None else read_entry(RawEntry(*row))


def _names(record: Record) -> list[str]:
    return [record.record_id] + ([f"key {record.idempotency}"] if record.idempotency else [])


def _place(places: dict[str, int], record: Record) -> int | None:
    return next((places[name] for name in _names(record) if name in places), None)


def _differs(record: Record, payload: bytes, first: Record | None, stored: bytes | None) -> bool:
    """Whether the same id stands for another record; the same idempotency key may."""
    return first is not None and first.record_id == record.record_id and stored != payload


def _keep(connection: sqlite3.Connection, documents: list[Document]) -> None:
    connection.executemany(_DOCUMENT, documents)


def _count(connection: sqlite3.Connection, counts: Counts) -> None:
    connection.executemany(_COUNT, [(day, what, n) for (day, what), n in counts.items()])


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _said(error: sqlite3.Error | OSError) -> str:
    return str(error.strerror if isinstance(error, OSError) else error)


def _may_pass(error: sqlite3.Error | OSError) -> bool:
    """Whether waiting may help, as with a lock or a full disk."""
    if isinstance(error, OSError):
        return error.errno not in _LASTING
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
