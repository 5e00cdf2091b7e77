"""What may be stored a little later: deferred refusals, kept documents and daily counts.

It is bounded, because the log may be down for long while visitors go on refusing.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from consentkit.log.protocol import DocumentKind
from consentkit.log.record import Record

MAX_DEFERRED = 10_000
MAX_DOCUMENTS = 1_000
MAX_COUNTERS = 10_000
COUNT_SECONDS = 1.0
DROPPED = "refusal-not-kept"

Document = tuple[DocumentKind, str, bytes]
Counts = Counter[tuple[str, str]]

_logger = logging.getLogger("consentkit.log")


@dataclass(slots=True)
class Pending:
    """One portion of the backlog, on its way into the log."""

    records: list[Record] = field(default_factory=list[Record])
    documents: list[Document] = field(default_factory=list[Document])
    counts: Counts = field(default_factory=Counter[tuple[str, str]])

    def __bool__(self) -> bool:
        return bool(self.records or self.documents or self.counts)


class Backlog:
    """The waiting work of one process. All methods may be called from any thread, and none of them waits."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pending = Pending()
        self._since = 0.0
        self._known: set[tuple[str, str]] = set()

    def defer(self, record: Record, day: str) -> bool:
        """Keep a refusal; False if there are too many already, which is then counted under `DROPPED`."""
        with self._guard:
            self._begin()
            if len(self._pending.records) < MAX_DEFERRED:
                self._pending.records.append(record)
                return True
            self._add(day, DROPPED, 1)
        _logger.error(
            "too many refusals wait for the consent log; the record of one is lost, the refusal itself stands"
        )
        return False

    def keep(self, kind: DocumentKind, digest: str, body: bytes) -> bool:
        """Keep a document to be stored; False if it is known already."""
        if (kind, digest) in self._known:
            return False
        check_digest(kind, digest, body)
        with self._guard:
            if len(self._pending.documents) >= MAX_DOCUMENTS:
                return False
            if len(self._known) >= MAX_COUNTERS:
                self._known.clear()
            self._begin()
            self._known.add((kind, digest))
            self._pending.documents.append((kind, digest, body))
        return True

    def waiting_documents(self, kind: DocumentKind) -> dict[str, bytes]:
        with self._guard:
            return {digest: body for of, digest, body in self._pending.documents if of == kind}

    def count(self, day: str, what: str, n: int = 1) -> bool:
        """Add `n` to a daily number; True if it is the first thing that waits."""
        with self._guard:
            first = not self._pending.counts
            self._begin()
            # A name that no database could take would keep everything else from being stored with it.
            self._add(day, what.encode("utf-8", "replace").decode(), n)
            return first

    def take(self, records: int) -> Pending:
        """Everything that waits, but no more than `records` of the deferred ones."""
        with self._guard:
            taken, self._pending = self._pending, Pending(records=self._pending.records[records:])
        del taken.records[records:]
        return taken

    def give_back(self, taken: Pending) -> None:
        """Put a portion back that could not be stored, in front of what has come since."""
        with self._guard:
            self._pending.records[:0] = taken.records
            self._pending.documents[:0] = taken.documents
            self._pending.counts.update(taken.counts)

    def due(self) -> float | None:
        """When the backlog should be stored, on the monotonic clock: counts may gather a while.

        None: nothing waits.
        """
        with self._guard:
            if not self._pending:
                return None
            urgent = self._pending.records or self._pending.documents
            return self._since if urgent else self._since + COUNT_SECONDS

    def _begin(self) -> None:
        if not self._pending:
            self._since = monotonic()

    def _add(self, day: str, what: str, n: int) -> None:
        if (day, what) in self._pending.counts or len(self._pending.counts) < MAX_COUNTERS:
            self._pending.counts[day, what] += n


def check_digest(kind: DocumentKind, digest: str, body: bytes) -> None:
    """Raise `ValueError` unless `digest` is the hex SHA-256 of `body`."""
    if sha256(body).hexdigest() != digest:
        raise ValueError(f"the {kind} does not have the SHA-256 {digest}")
