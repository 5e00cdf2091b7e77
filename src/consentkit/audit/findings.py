"""What an audit finds: a place in the log and a sentence, gathered without end but kept within bounds."""

from __future__ import annotations

from dataclasses import dataclass

MAX_FINDINGS = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a stored log.

    `where` names the kind of row (`entry`, `checkpoint`, `document`, `file`). `sequence` is the sequence number of the
    first entry it concerns, None where no entry is concerned.
    """

    where: str
    sequence: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.sequence is None else f"at {self.sequence}: {self.what}"


class Findings:
    """Gathers findings; keeps the first `MAX_FINDINGS` and counts the rest."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.total = 0

    def add(self, where: str, sequence: int | None, what: str) -> None:
        self.total += 1
        if len(self.kept) < MAX_FINDINGS:
            self.kept.append(Finding(where, sequence, what))


def said_range(first: int, last: int) -> str:
    """`entry 4` or `entries 4 to 7`."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"
