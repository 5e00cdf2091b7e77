"""The consent log in memory: for tests and trials. It ends with its process and proves nothing afterwards."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING

from consentkit.errors import LogError
from consentkit.log.backlog import check_digest
from consentkit.log.merkle import Frontier, checkpoint_seal, entry_leaf
from consentkit.log.protocol import (
    Bounds,
    Checkpoint,
    DocumentKind,
    Entry,
    RawCheckpoint,
    RawDocument,
    RawEntry,
)
from consentkit.log.record import Record, format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SALT_SIZE = 32


class MemoryLog:
    """A `ConsentLog` that keeps everything in this object. `clock` and `random_bytes` as for `SqliteLog`."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.url = "memory://"
        self._clock = clock
        self._random_bytes = random_bytes
        self._guard = threading.Lock()
        self._entries: list[Entry] = []
        self._checkpoints: list[RawCheckpoint] = []
        self._head: Checkpoint | None = None
        self._seal = b""
        self._documents: dict[tuple[DocumentKind, str], bytes] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._frontier = Frontier()
        self._by_id: dict[str, Entry] = {}
        self._by_key: dict[str, Entry] = {}

    async def open(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def flush(self) -> None:
        """Nothing ever waits."""

    async def append(self, record: Record) -> Entry:
        return self._append(record)

    def defer(self, record: Record) -> None:
        with suppress(LogError):  # never raises: the log has another record with this id, and that one stands
            self._append(record)

    def keep(self, kind: DocumentKind, digest: str, body: bytes) -> None:
        check_digest(kind, digest, body)
        with self._guard:
            self._documents.setdefault((kind, digest), body)

    async def kept(self, kind: DocumentKind) -> dict[str, bytes]:
        return {digest: body for (of, digest), body in self._documents.items() if of == kind}

    def count(self, what: str, day: date | None = None, n: int = 1) -> None:
        with self._guard:
            self._counts[(day or self._now().date()).isoformat(), what] += n

    async def counts(self) -> dict[tuple[str, str], int]:
        with self._guard:
            return dict(self._counts)

    async def find(self, record_id: str) -> Entry | None:
        return self._by_id.get(record_id)

    async def head(self) -> Checkpoint | None:
        return self._head

    def reader(self) -> MemoryReader:
        with self._guard:
            entries, checkpoints = list(self._entries), list(self._checkpoints)
            return MemoryReader(self.url, entries, checkpoints, dict(self._documents), dict(self._counts))

    def _append(self, record: Record) -> Entry:
        payload = record.canonical()
        with self._guard:
            known = self._by_id.get(record.record_id) or self._by_key.get(record.idempotency or "")
            if known is None:
                return self._store(record, payload)
        if known.record_id == record.record_id and known.payload != payload:
            raise LogError(f"the log has another record with the id {record.record_id}", url=self.url)
        return known

    def _store(self, record: Record, payload: bytes) -> Entry:
        salt = self._random_bytes(SALT_SIZE)
        entry = Entry(len(self._entries), record.record_id, record, entry_leaf(salt, payload), salt, payload)
        self._entries.append(entry)
        self._by_id[record.record_id] = entry
        if record.idempotency:
            self._by_key[record.idempotency] = entry
        self._frontier.append(entry.leaf)
        self._checkpoint()
        return entry

    def _checkpoint(self) -> None:
        size, root, edge = self._frontier.size, self._frontier.root(), self._frontier.to_bytes()
        time = format_time(self._now())
        self._seal = checkpoint_seal(self._seal, size, root, edge, time.encode())
        self._head = Checkpoint(size, root, time)
        self._checkpoints.append(RawCheckpoint(size, root, edge, time.encode(), self._seal))

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


class MemoryReader:
    """A `LogReader` over a copy of what a `MemoryLog` held at one moment."""

    def __init__(
        self,
        url: str,
        entries: list[Entry],
        checkpoints: list[RawCheckpoint],
        documents: dict[tuple[DocumentKind, str], bytes],
        counts: dict[tuple[str, str], int],
    ) -> None:
        self.url = url
        self._entries = [RawEntry(entry.sequence, entry.leaf, entry.salt, entry.payload) for entry in entries]
        self._ids = [entry.record_id for entry in entries]
        self._checkpoints = checkpoints
        self._documents = documents
        self._counts = counts

    def close(self) -> None:
        """Nothing to let go of."""

    def bounds(self) -> Bounds:
        size = len(self._entries)
        return Bounds(0, size - 1, size) if size else Bounds(None, None, 0)

    def entries(self, first: int, last: int) -> Iterator[RawEntry]:
        yield from self._entries[max(0, first) : last + 1]

    def newest(self) -> Iterator[RawEntry]:
        yield from reversed(self._entries)

    def starting_with(self, prefix: str, limit: int) -> list[RawEntry]:
        found = (row for row, name in zip(self._entries, self._ids, strict=True) if (name or "").startswith(prefix))
        return list(islice(found, limit))

    def checkpoints(self, first: int, last: int) -> Iterator[RawCheckpoint]:
        yield from self._checkpoints[max(0, first - 1) : max(0, last)]

    def documents(self) -> Iterator[RawDocument]:
        for number, ((kind, digest), body) in enumerate(self._documents.items()):
            yield RawDocument(number, kind.encode(), digest.encode(), body)

    def has_document(self, kind: DocumentKind, digest: str) -> bool:
        return (kind, digest) in self._documents

    def counts(self) -> dict[tuple[str, str], int]:
        return dict(self._counts)

    def faults(self) -> list[str]:
        return []
