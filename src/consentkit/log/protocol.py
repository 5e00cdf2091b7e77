"""What every consent log offers, whatever it is stored in, and the values it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from consentkit.log.record import Record

DocumentKind = Literal["policy", "notice"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored record and its place in the tree.

    `sequence` counts from 0 without gaps. `salt` and `payload` are the bytes behind `leaf`; all of
    `record_id`, `record`, `salt` and `payload` are None once the entry is erased.
    """

    sequence: int
    record_id: str | None
    record: Record | None
    leaf: bytes
    salt: bytes | None
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The statement "the log has `size` entries and this root". `time` is UTC, as the log writes it."""

    size: int
    root: bytes
    time: str

    def __str__(self) -> str:
        return f"{self.size}:{self.root.hex()}"


class RawEntry(NamedTuple):
    """One row as it is stored.

    Nothing about it is trusted: a damaged file may hold any type in any column.
    """

    sequence: int
    leaf: object
    salt: object
    payload: object


class RawCheckpoint(NamedTuple):
    """One checkpoint row as it is stored."""

    size: int
    root: object
    frontier: object
    time: object
    seal: object


class RawDocument(NamedTuple):
    """One kept policy or notice as it is stored."""

    number: int
    kind: object
    digest: object
    body: object


class Bounds(NamedTuple):
    """How far a log reached at one moment: first and last sequence number, size in the last checkpoint."""

    first: int | None
    last: int | None
    checkpoint: int


class LogReader(Protocol):
    """Reads a stored log for the command line and for audits; changes nothing.

    It takes rows in small portions and holds no lock in between, so that a long check does not keep visitors'
    choices from being stored. Every method raises `LogError` if the log can't be read.
    """

    url: str

    def bounds(self) -> Bounds: ...

    def entries(self, first: int, last: int) -> Iterator[RawEntry]:
        """The rows from sequence number `first` to `last`, both included, in order."""
        ...

    def newest(self) -> Iterator[RawEntry]:
        """All rows, the last one first."""
        ...

    def starting_with(self, prefix: str, limit: int) -> list[RawEntry]:
        """Up to `limit` rows whose record id starts with `prefix`."""
        ...

    def checkpoints(self, first: int, last: int) -> Iterator[RawCheckpoint]:
        """The checkpoint rows from size `first` to `last`, both included, in order."""
        ...

    def documents(self) -> Iterator[RawDocument]: ...

    def has_document(self, kind: DocumentKind, digest: str) -> bool: ...

    def counts(self) -> dict[tuple[str, str], int]:
        """The daily numbers, by (ISO day, what)."""
        ...

    def faults(self) -> list[str]:
        """What the storage itself finds wrong with its pages and indexes."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class ConsentLog(Protocol):
    """The append-only log of choices. All methods may be called from any thread and any event loop."""

    url: str

    async def open(self) -> None:
        """Make the log ready to write, or raise `LogError` that names what is wrong with the place.

        `LogUnavailableError` means: not now (locked, full), but it may come back by itself.
        """
        ...

    async def close(self) -> None:
        """Store what still waits and let go of the log, within 5 seconds."""
        ...

    async def append(self, record: Record) -> Entry:
        """Store one record durably and return its entry.

        A second record with the same `idempotency` key, or the same record again, gives back the first entry.
        Raises `LogUnavailableError` if it could not be stored within about 3 seconds, and `LogError` if
        another record has the same id.
        """
        ...

    def defer(self, record: Record) -> None:
        """Keep a refusal that could not be stored now, and store it as soon as that works. Never raises."""
        ...

    def keep(self, kind: DocumentKind, digest: str, body: bytes) -> None:
        """Store a policy or a rendered notice once, under the hex SHA-256 of its bytes. Does not wait.

        Raises `ValueError` if `digest` is not that of `body`.
        """
        ...

    async def kept(self, kind: DocumentKind) -> dict[str, bytes]:
        """All kept documents of one kind, by digest."""
        ...

    def count(self, what: str, day: date | None = None, n: int = 1) -> None:
        """Add `n` to a daily number, for example `"signal:gpc"`.

        `day` is today in UTC if left out. Does not wait.
        """
        ...

    async def counts(self) -> dict[tuple[str, str], int]:
        """The daily numbers stored so far, by (ISO day, what)."""
        ...

    async def flush(self) -> None:
        """Store what `defer`, `keep` and `count` have left waiting.

        Raises `LogUnavailableError` if that fails.
        """
        ...

    async def find(self, record_id: str) -> Entry | None:
        """The entry of a record id, if the log has it."""
        ...

    async def head(self) -> Checkpoint | None:
        """The last checkpoint, None for an empty log."""
        ...

    def reader(self) -> LogReader:
        """A reader for audits. Raises `LogError` if there is nothing to read yet."""
        ...
