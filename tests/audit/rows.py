"""The rows of a log in lists, so that a test can change any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from consentkit.log.protocol import Bounds, DocumentKind, LogReader, RawCheckpoint, RawDocument, RawEntry

ALL = 2**63 - 1


@dataclass
class Rows:
    """A `LogReader` over rows that may say anything."""

    entry: list[Any]
    checkpoint: list[Any]
    document: list[Any]
    url: str = "rows"
    found: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, reader: LogReader) -> Rows:
        """A copy of all rows of a log."""
        rows = cls(list(reader.entries(0, ALL)), list(reader.checkpoints(0, ALL)), list(reader.documents()), reader.url)
        reader.close()
        return rows

    def copy(self) -> Rows:
        return Rows(list(self.entry), list(self.checkpoint), list(self.document), self.url)

    def change(self, table: str, at: int, column: str, value: Any) -> Rows:
        """A copy with one value changed, sorted by number as a database would give it."""
        rows = self.copy()
        table_rows = getattr(rows, table)
        table_rows[at] = table_rows[at]._replace(**{column: value})
        table_rows.sort(key=lambda row: row[0])
        return rows

    def counts(self) -> dict[tuple[str, str], int]:
        return {}

    def bounds(self) -> Bounds:
        numbers = [row.sequence for row in self.entry]
        size = max((row.size for row in self.checkpoint), default=0)
        return Bounds(min(numbers, default=None), max(numbers, default=None), size)

    def entries(self, first: int, last: int) -> Iterator[RawEntry]:
        return (row for row in self.entry if first <= row.sequence <= last)

    def newest(self) -> Iterator[RawEntry]:
        return iter(self.entry[::-1])

    def starting_with(self, prefix: str, limit: int) -> list[RawEntry]:
        found = [
            row for row in self.entry if prefix.encode() in (row.payload if isinstance(row.payload, bytes) else b"")
        ]
        return found[:limit]

    def checkpoints(self, first: int, last: int) -> Iterator[RawCheckpoint]:
        return (row for row in self.checkpoint if first <= row.size <= last)

    def documents(self) -> Iterator[RawDocument]:
        return iter(self.document)

    def has_document(self, kind: DocumentKind, digest: str) -> bool:
        return any((row.kind, row.digest) == (kind.encode(), digest.encode()) for row in self.document)

    def faults(self) -> list[str]:
        return self.found

    def close(self) -> None:
        """Nothing to let go of."""
