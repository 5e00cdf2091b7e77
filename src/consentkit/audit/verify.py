"""Does a stored log still say what was put into it? Recomputed from the stored bytes, entry by entry.

What this shows: rows that were changed, removed, moved or added after they were written. What it can't show: that the
file was written anew as a whole, or cut at its end together with its checkpoints. Only a checkpoint that was kept
somewhere else shows that, so the report says how far such a checkpoint vouches for the log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from consentkit.audit.findings import Finding, Findings, said_range
from consentkit.audit.tree import TreeWalk
from consentkit.errors import LogCorruptError
from consentkit.log.merkle import EMPTY_ROOT, entry_leaf
from consentkit.log.protocol import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.log.protocol import LogReader, RawDocument, RawEntry

PROGRESS_STEP = 10_000

_SMALLEST = -(2**63)
_DIGESTS = re.compile(rb'"policy_digest":"([0-9a-f]{64})","notice_digest":(?:null|"([0-9a-f]{64})")')
_CHECKPOINT = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a log found.

    `root` is the recomputed root of all entries, None if gaps have made it unknown. `findings` holds the first faults,
    `faults` counts all. `not_kept` names the policies and notices that entries refer to but the log does not hold.
    `witnessed` is the size up to which a checkpoint kept elsewhere vouches for the log, 0 without one.
    """

    url: str
    size: int
    root: bytes | None
    checkpoints: int
    documents: int
    findings: tuple[Finding, ...]
    faults: int
    not_kept: tuple[tuple[str, str], ...]
    witnessed: int

    @property
    def ok(self) -> bool:
        return self.faults == 0

    @property
    def checkpoint(self) -> str | None:
        """`SIZE:ROOT`, to be kept somewhere else and given to the next check. None for a log that has faults."""
        return f"{self.size}:{self.root.hex()}" if self.ok and self.root is not None else None


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in `SIZE:ROOT`, as an earlier report gave it. Raises `ValueError` for anything else."""
    match = _CHECKPOINT.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError("a checkpoint looks like 120:9f86d081... (a size, a colon, 64 hex characters)")
    return Checkpoint(int(match[1]), bytes.fromhex(match[2]), "")


def verify(
    reader: LogReader,
    *,
    expect: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check every entry, checkpoint and kept document of a log.

    `expect` is a checkpoint that was kept outside the log. `progress` is called now and then with the number of entries
    done and in all. Memory stays bounded whatever the size. Raises `LogError` if the log can't be read.
    """
    check = _Check(reader, expect)
    try:
        check.entries(progress)
        check.documents()
        for fault in reader.faults():
            check.findings.add("file", None, fault)
    except LogCorruptError as error:
        check.findings.add("file", error.sequence, str(error))
    return check.report()


class _Check:
    def __init__(self, reader: LogReader, expect: Checkpoint | None) -> None:
        self.findings = Findings()
        self._reader = reader
        self._expect = expect
        self._walk = TreeWalk(iter(()), self.findings, None)
        self._referred: set[tuple[str, str]] = set()
        self._kept: set[tuple[str, str]] = set()
        self._documents = 0

    def entries(self, progress: Callable[[int, int], None] | None) -> None:
        bounds = self._reader.bounds()
        checkpoints = self._reader.checkpoints(_SMALLEST, bounds.checkpoint)
        self._walk = walk = TreeWalk(checkpoints, self.findings, self._expect)
        last = -1 if bounds.last is None else bounds.last
        for row in self._reader.entries(last if bounds.first is None else bounds.first, last):
            self._entry(row)
            if progress is not None and walk.size % PROGRESS_STEP == 0:
                progress(walk.size, last + 1)
        walk.finish(bounds.checkpoint)

    def _entry(self, row: RawEntry) -> None:
        sequence, leaf, salt, payload = row
        walk = self._walk
        if sequence != walk.size:
            if sequence < 0:
                self.findings.add("entry", sequence, "numbers begin at 0; this entry was renumbered or added")
                return
            missing = said_range(walk.size, sequence - 1)
            self.findings.add("entry", walk.size, f"{missing} missing")
            walk.skip(sequence)
        if not isinstance(salt, bytes) or not isinstance(payload, bytes):
            recomputed = None
            self.findings.add("entry", sequence, "its salt or its bytes are missing or not bytes")
        else:
            recomputed = entry_leaf(salt, payload)
            if recomputed != leaf:
                self.findings.add("entry", sequence, "its leaf is not that of its salt and bytes")
            elif match := _DIGESTS.search(payload):
                self._refer(match)
        walk.add(leaf, recomputed)

    def _refer(self, match: re.Match[bytes]) -> None:
        policy, notice = match.groups()
        self._referred.add(("policy", policy.decode()))
        if notice is not None:
            self._referred.add(("notice", notice.decode()))

    def documents(self) -> None:
        for row in self._reader.documents():
            if row.number != self._documents:
                what = f"document {self._documents} is missing before document {row.number}"
                self.findings.add("document", None, what)
            self._documents = row.number + 1
            self._document(row)

    def _document(self, row: RawDocument) -> None:
        kind, digest, body = (value if isinstance(value, bytes) else b"" for value in row[1:])
        if kind not in {b"policy", b"notice"}:
            self.findings.add("document", None, f"document {row.number} is neither a policy nor a notice")
        elif sha256(body).hexdigest().encode() != digest:
            what = f"document {row.number} ({kind.decode()}) does not have the digest it is stored under"
            self.findings.add("document", None, what)
        else:
            self._kept.add((kind.decode(), digest.decode()))

    def report(self) -> Report:
        walk, findings = self._walk, self.findings
        return Report(
            url=self._reader.url,
            size=walk.size,
            root=walk.root if walk.size else EMPTY_ROOT,
            checkpoints=walk.checkpoints,
            documents=len(self._kept),
            findings=tuple(findings.kept),
            faults=findings.total,
            not_kept=tuple(sorted(self._referred - self._kept)),
            witnessed=self._expect.size if self._expect and walk.met else 0,
        )
