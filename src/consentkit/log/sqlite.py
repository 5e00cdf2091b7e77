"""The consent log in a SQLite file: the default, for one server with any number of processes."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar

from consentkit.log.reader import SqliteReader, read_entry
from consentkit.log.session import SqliteSession
from consentkit.log.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consentkit.log.protocol import Checkpoint, DocumentKind, Entry
    from consentkit.log.record import Record

APPEND_SECONDS = 3.0

T = TypeVar("T")


class SqliteLog:
    """A `ConsentLog` in the SQLite file `path`.

    Making one touches nothing on disk; the first use does. After a fork each process has its own thread and
    connection. `clock` gives the time of checkpoints, `random_bytes` the salts; `patience` is how many
    seconds an append may take.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        patience: float = APPEND_SECONDS,
    ) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._clock = clock
        self._random_bytes = random_bytes
        self._patience = patience
        self._writers: dict[int, Writer] = {}

    def __repr__(self) -> str:
        return f"SqliteLog({self.url!r})"

    async def open(self) -> None:
        await self._writer().flush()

    async def close(self) -> None:
        writer = self._writers.get(os.getpid())
        if writer is not None:
            await writer.stop()

    async def append(self, record: Record) -> Entry:
        return await self._writer().append(record)

    def defer(self, record: Record) -> None:
        writer = self._writer()
        if writer.backlog.defer(record, self._today()):
            writer.wake()

    def keep(self, kind: DocumentKind, digest: str, body: bytes) -> None:
        writer = self._writer()
        if writer.backlog.keep(kind, digest, body):
            writer.wake()

    async def kept(self, kind: DocumentKind) -> dict[str, bytes]:
        stored: dict[str, bytes] = await self._read(lambda reader: reader.kept(kind), {})
        return stored | self._writer().backlog.waiting_documents(kind)

    def count(self, what: str, day: date | None = None, n: int = 1) -> None:
        writer = self._writer()
        if writer.backlog.count(day.isoformat() if day else self._today(), what, n):
            writer.wake()

    async def counts(self) -> dict[tuple[str, str], int]:
        return await self._read(SqliteReader.counts, {})

    async def flush(self) -> None:
        await self._writer().flush()

    async def find(self, record_id: str) -> Entry | None:
        def look_up(reader: SqliteReader) -> Entry | None:
            rows = reader.starting_with(record_id, 1)
            return read_entry(rows[0]) if rows else None

        return await self._read(look_up, None)

    async def head(self) -> Checkpoint | None:
        return await self._read(SqliteReader.head, None)

    def reader(self) -> SqliteReader:
        return SqliteReader(self.path)

    async def _read(self, read: Callable[[SqliteReader], T], nothing: T) -> T:
        def with_reader() -> T:
            if not self.path.exists() or self.path.stat().st_size == 0:
                return nothing
            with closing(self.reader()) as reader:
                return read(reader)

        return await asyncio.to_thread(with_reader)

    def _writer(self) -> Writer:
        # One per process. `setdefault` needs no lock, so a fork cannot leave one held.
        process = os.getpid()
        writer = self._writers.get(process)
        if writer is None:
            writer = self._writers.setdefault(process, Writer(self.url, self._new_session, self._patience))
        return writer

    def _new_session(self) -> SqliteSession:
        return SqliteSession(self.path, self.url, self._clock, self._random_bytes)

    def _today(self) -> str:
        return self._clock().astimezone(UTC).date().isoformat()
