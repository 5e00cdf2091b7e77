"""Walks along the entries of a log and holds every checkpoint row against the tree they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.audit.findings import Findings, said_range
from consentkit.log.merkle import HASH_SIZE, Frontier, checkpoint_seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.log.protocol import Checkpoint, RawCheckpoint


class TreeWalk:
    """The tree over the entries walked so far, and the checkpoint rows in step with it.

    A fault is told once: after it the walk goes on from the frontier that the checkpoint itself holds, so that later
    faults are still told apart. `met` says whether `expect`, a checkpoint kept elsewhere, was found in this tree; it is
    None as long as its size is not reached.
    """

    def __init__(self, checkpoints: Iterator[RawCheckpoint], findings: Findings, expect: Checkpoint | None) -> None:
        self.size = 0
        self.checkpoints = 0
        self.met: bool | None = None
        self._findings = findings
        self._expect = expect
        self._rows = checkpoints
        self._next = next(checkpoints, None)
        self._tree: Frontier | None = Frontier()
        # The same tree with the leaves as recomputed, from the first stored leaf that does not fit its entry.
        self._other: Frontier | None = None
        self._covered = 0
        self._seals: set[bytes] = {b""}
        self._arrive()

    @property
    def root(self) -> bytes | None:
        """The root of the tree so far; None if a gap has made it unknown."""
        return self._tree.root() if self._tree else None

    def add(self, leaf: object, recomputed: bytes | None) -> None:
        """Take the next entry: its stored leaf, and the one its bytes make (None if they are not bytes)."""
        if self._tree is not None:
            if leaf != recomputed and self._other is None:
                self._other = self._tree.copy()
            stored = leaf if isinstance(leaf, bytes) else b""
            self._tree.append(stored)
            if self._other is not None:
                self._other.append(recomputed or stored)
        self.size += 1
        self._arrive()

    def skip(self, size: int) -> None:
        """Entries are missing up to `size`; what the tree looks like there, only a checkpoint can say."""
        self._tree = self._other = None
        while self._next is not None and self._next.size < size:
            self.size = max(self.size, self._next.size)
            self._arrive()
        self._tree = self._other = None
        self.size = size
        self._arrive()

    def finish(self, checkpoint_size: int) -> None:
        """Look at the end: entries after the last checkpoint, checkpoints after the last entry."""
        if checkpoint_size > self.size:
            missing = said_range(self.size, checkpoint_size - 1)
            self._findings.add("entry", self.size, f"{missing} missing at the end: a checkpoint has them")
            self.skip(checkpoint_size)
        elif self._covered < self.size:
            tail = said_range(self._covered, self.size - 1)
            self._findings.add("entry", self._covered, f"{tail} stand after the last checkpoint")
        if self._expect is not None and self.met is None:
            self.met = False
            self._findings.add(
                "checkpoint",
                min(self.size, self._expect.size),
                f"the log has {self.size} entries, but the checkpoint you kept says {self._expect.size}: "
                "the end was cut off",
            )

    def _arrive(self) -> None:
        while self._next is not None and self._next.size <= self.size:
            self._check(self._next)
            self._next = next(self._rows, None)
        if self._expect is not None and self._expect.size == self.size and self.met is None:
            self._compare(self._expect)

    def _compare(self, expect: Checkpoint) -> None:
        trees = [tree for tree in (self._tree, self._other) if tree is not None]
        if not trees:
            return
        self.met = any(tree.root() == expect.root for tree in trees)
        if not self.met:
            self._findings.add(
                "checkpoint",
                max(0, self.size - 1),
                f"the first {self.size} entries are not those of the checkpoint you kept: the log was rewritten",
            )

    def _check(self, row: RawCheckpoint) -> None:
        self.checkpoints += 1
        faults = self._row_faults(row)
        frontier = _frontier(row)
        if frontier is None or frontier.root() != row.root:
            faults.append("its root and frontier contradict each other")
            frontier = None
        if row.size != self.size or row.size <= 0:
            faults.append("no log has such a size here")
        elif not self._agrees(row):
            faults.append(f"{said_range(self._covered, row.size - 1)} do not make its root")
            self._tree, self._other = frontier or self._tree, None
        self._tree = self._tree or frontier
        if faults:
            self._findings.add("checkpoint", row.size - 1, f"checkpoint {row.size}: {'; '.join(faults)}")
        self._covered = max(self._covered, row.size)

    def _agrees(self, row: RawCheckpoint) -> bool:
        trees = [tree for tree in (self._tree, self._other) if tree is not None]
        for tree in trees:
            if tree.root() == row.root:
                self._tree, self._other = tree, None
                return True
        return not trees

    def _row_faults(self, row: RawCheckpoint) -> list[str]:
        root, frontier, time, seal = row.root, row.frontier, row.time, row.seal
        if not (isinstance(root, bytes) and isinstance(frontier, bytes) and isinstance(time, bytes)):
            self._seals = {seal} if isinstance(seal, bytes) else set()
            return ["it is not readable"]
        seals = {checkpoint_seal(before, row.size, root, frontier, time) for before in self._seals}
        self._seals = seals | ({seal} if isinstance(seal, bytes) else set())
        return [] if seal in seals else ["it was changed, or the one before it was removed"]


def _frontier(row: RawCheckpoint) -> Frontier | None:
    if not isinstance(row.frontier, bytes) or not isinstance(row.root, bytes) or len(row.root) != HASH_SIZE:
        return None
    try:
        return Frontier.from_bytes(row.size, row.frontier)
    except ValueError:
        return None
