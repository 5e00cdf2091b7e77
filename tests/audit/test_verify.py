"""Tests of the check of a log: whatever is changed is found, at its place; what can't be found is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from consentkit.audit.findings import MAX_FINDINGS
from consentkit.audit.verify import Report, parse_checkpoint, verify
from consentkit.errors import LogCorruptError
from consentkit.log.merkle import Frontier, checkpoint_seal, entry_leaf
from consentkit.log.protocol import Checkpoint, RawCheckpoint, RawDocument, RawEntry
from tests.audit.conftest import BATCHES
from tests.audit.rows import Rows

SIZE = sum(BATCHES)


def flips(value: Any) -> Iterator[Any]:
    """The value with each of its bits flipped in turn; 64 bits of a number."""
    if isinstance(value, int):
        yield from ((value ^ (1 << bit)) - (1 << 64 if bit == 63 else 0) for bit in range(64))
        return
    for bit in range(len(value) * 8):
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def places(report: Report) -> set[int | None]:
    """The sequence numbers that a report names."""
    return {found.sequence for found in report.findings}


def kept(rows: Rows) -> Checkpoint:
    """The checkpoint a person would have kept of this log."""
    return parse_checkpoint(str(verify(rows).checkpoint))


def test_untouched(rows: Rows) -> None:
    """The log as it was written has no faults, and its checkpoint is the last one stored."""
    report = verify(rows)
    assert (report.ok, report.size, report.checkpoints, report.documents) == (True, SIZE, len(BATCHES), 2)
    assert report.checkpoint == f"{SIZE}:{rows.checkpoint[-1].root.hex()}"
    assert report.not_kept == ()
    assert report.witnessed == 0


def test_empty_log() -> None:
    """A log without entries has no faults and the root of the empty tree."""
    report = verify(Rows([], [], []))
    assert report.ok
    assert report.checkpoint == "0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("at", [0, 25, SIZE - 1])
@pytest.mark.parametrize("column", RawEntry._fields)
def test_every_bit_of_an_entry(rows: Rows, at: int, column: str) -> None:
    """Each bit of each stored column of an entry, flipped alone, is told at that very number."""
    changes = 0
    for value in flips(getattr(rows.entry[at], column)):
        if any(row.sequence == value for row in rows.entry):
            continue  # no database lets two rows have one number
        assert at in places(verify(rows.change("entry", at, column, value)))
        changes += 1
    assert changes >= 58


@pytest.mark.parametrize("column", ["leaf", "salt", "payload"])
def test_flip_in_every_entry(rows: Rows, column: str) -> None:
    """One flipped bit in any entry is told there and nowhere else."""
    for at in range(SIZE):
        value = next(flips(getattr(rows.entry[at], column)))
        assert places(verify(rows.change("entry", at, column, value))) == {at}


@pytest.mark.parametrize("at", [0, 3, len(BATCHES) - 1])
@pytest.mark.parametrize("column", RawCheckpoint._fields)
def test_every_bit_of_a_checkpoint(rows: Rows, at: int, column: str) -> None:
    """Each bit of each stored column of a checkpoint, flipped alone, is told as a fault of checkpoints."""
    sizes = {row.size for row in rows.checkpoint}
    for value in flips(getattr(rows.checkpoint[at], column)):
        if column != "size" or value not in sizes:
            report = verify(rows.change("checkpoint", at, column, value))
            assert not report.ok
            assert column == "size" or rows.checkpoint[at].size - 1 in places(report)


@pytest.mark.parametrize("column", RawDocument._fields)
def test_every_bit_of_a_document(rows: Rows, column: str) -> None:
    """Each bit of a kept policy or notice, and of what it is stored under, is told when flipped."""
    for at in (0, 1):
        for value in flips(getattr(rows.document[at], column)):
            if column != "number" or value != 1 - at:
                assert not verify(rows.change("document", at, column, value)).ok


@pytest.mark.parametrize("column", ["leaf", "salt", "payload"])
@pytest.mark.parametrize("value", [None, "text", 5, 1.5, b"", bytes(31)])
def test_other_types(rows: Rows, column: str, value: object) -> None:
    """A value of another type or length is told at its entry."""
    assert 25 in places(verify(rows.change("entry", 25, column, value)))


@pytest.mark.parametrize("column", ["root", "frontier", "time", "seal"])
@pytest.mark.parametrize("value", [None, "text", 5, b"", bytes(31)])
def test_other_types_in_a_checkpoint(rows: Rows, column: str, value: object) -> None:
    """A checkpoint value of another type or length is told, and nothing fails over it."""
    report = verify(rows.change("checkpoint", 3, column, value))
    assert rows.checkpoint[3].size - 1 in places(report)


def test_missing_entry(rows: Rows) -> None:
    """Each single entry that is removed is told as missing at its number, and entries elsewhere are not blamed."""
    for at in range(SIZE):
        changed = rows.copy()
        del changed.entry[at]
        report = verify(changed)
        assert at in places(report)
        assert {found.sequence for found in report.findings if found.where == "entry"} == {at}


def test_missing_checkpoint(rows: Rows) -> None:
    """Each single checkpoint that is removed is told."""
    for at in range(len(BATCHES)):
        changed = rows.copy()
        del changed.checkpoint[at]
        assert not verify(changed).ok


def test_missing_document(rows: Rows) -> None:
    """A removed document before another is told as missing; removed at the end, as not held by the log."""
    changed = rows.copy()
    del changed.document[0]
    assert "document 0 is missing" in verify(changed).findings[0].what
    changed = rows.copy()
    del changed.document[1]
    assert [kind for kind, _ in verify(changed).not_kept] == [rows.document[1].kind.decode()]


@pytest.mark.parametrize("cut", [1, 2, 20, 50, SIZE])
def test_cut_end(rows: Rows, cut: int) -> None:
    """Entries cut from the end are told where the end should go on, as long as the checkpoints are there."""
    changed = rows.copy()
    del changed.entry[SIZE - cut :]
    report = verify(changed)
    assert SIZE - cut in places(report)
    assert report.checkpoint is None


@pytest.mark.parametrize("commits", [1, 3, len(BATCHES) - 1])
def test_cut_end_with_its_checkpoints(rows: Rows, commits: int) -> None:
    """Cut together with its checkpoints, a log looks whole; a checkpoint kept elsewhere shows the cut."""
    outside = kept(rows)
    changed = rows.copy()
    del changed.checkpoint[-commits:]
    size = changed.checkpoint[-1].size
    del changed.entry[size:]
    assert verify(changed).ok
    report = verify(changed, expect=outside)
    assert "the end was cut off" in report.findings[0].what
    assert report.findings[0].sequence == size


def test_swapped_entries(rows: Rows) -> None:
    """Two entries that change places are told, within a commit and across, though each is whole in itself."""
    for one, two in ((2, 3), (2, 30), (0, SIZE - 1)):
        changed = rows.copy()
        first, second = changed.entry[one], changed.entry[two]
        changed.entry[one] = second._replace(sequence=one)
        changed.entry[two] = first._replace(sequence=two)
        report = verify(changed)
        assert not report.ok
        assert all(found.where == "checkpoint" for found in report.findings)


def test_doubled_and_renumbered_entries(rows: Rows) -> None:
    """An entry copied over another one, and all entries moved up by one, are told."""
    changed = rows.copy()
    changed.entry[30] = changed.entry[29]._replace(sequence=30)
    assert not verify(changed).ok
    changed = rows.copy()
    changed.entry = [row._replace(sequence=row.sequence + 1) for row in rows.entry]
    assert 0 in places(verify(changed))


def test_added_entry(rows: Rows) -> None:
    """An entry that was added behind the last checkpoint is told."""
    changed = rows.copy()
    changed.entry.append(changed.entry[0]._replace(sequence=SIZE))
    report = verify(changed)
    assert places(report) == {SIZE}
    assert "after the last checkpoint" in report.findings[0].what


def test_replaced_entry_with_new_leaf(rows: Rows) -> None:
    """An entry that was replaced with its leaf is told by the checkpoint over it, which names the commit."""
    changed = rows.copy()
    salt, payload = bytes(32), b'{"v":1}'
    changed.entry[25] = RawEntry(25, entry_leaf(salt, payload), salt, payload)
    report = verify(changed)
    assert [found.where for found in report.findings] == ["checkpoint"]
    assert report.findings[0].sequence is not None
    assert "entries 22 to 36" in report.findings[0].what


def sealed_anew(rows: Rows) -> None:
    """Write all checkpoint rows anew over the leaves as they are, as one with the file could do."""
    frontier, seal = Frontier(), b""
    times = {row.size: row.time for row in rows.checkpoint}
    rows.checkpoint = []
    for row in rows.entry:
        frontier.append(row.leaf)
        if time := times.get(frontier.size):
            edge = frontier.to_bytes()
            seal = checkpoint_seal(seal, frontier.size, frontier.root(), edge, time)
            rows.checkpoint.append(RawCheckpoint(frontier.size, frontier.root(), edge, time, seal))


def rewritten(rows: Rows) -> Rows:
    """A log whose first choice was changed and all that follows written anew."""
    changed = rows.copy()
    salt, payload = rows.entry[0].salt, rows.entry[0].payload.replace(b'"custom"', b'"accept-all"')
    changed.entry[0] = RawEntry(0, entry_leaf(salt, payload), salt, payload)
    sealed_anew(changed)
    return changed


def test_frontier_that_does_not_lead_to_its_root(rows: Rows) -> None:
    """A frontier that was replaced together with its seal is still told: it does not make the root beside it."""
    changed = rows.copy()
    seal, last = rows.checkpoint[-2].seal, rows.checkpoint[-1]
    edge = bytes(len(last.frontier))
    seal = checkpoint_seal(seal, last.size, last.root, edge, last.time)
    changed.checkpoint[-1] = last._replace(frontier=edge, seal=seal)
    report = verify(changed)
    assert "contradict each other" in report.findings[0].what
    assert places(report) == {SIZE - 1}


def test_rewritten_log_needs_a_witness(rows: Rows) -> None:
    """The limit: a log written anew as a whole looks sound; only a checkpoint kept elsewhere tells."""
    changed = rewritten(rows)
    assert changed.entry[0] != rows.entry[0]
    assert verify(changed).ok
    report = verify(changed, expect=kept(rows))
    assert "the log was rewritten" in report.findings[0].what
    assert report.witnessed == 0


def test_witnessed(rows: Rows) -> None:
    """A kept checkpoint of any commit, even of the empty log, vouches for the log up to its size."""
    for row in rows.checkpoint:
        report = verify(rows, expect=Checkpoint(row.size, row.root, ""))
        assert (report.ok, report.witnessed) == (True, row.size)
    empty = parse_checkpoint("0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert verify(rows, expect=empty).ok
    assert not verify(rows, expect=Checkpoint(7, bytes(32), "")).ok


def test_checkpoint_between_commits(rows: Rows) -> None:
    """A kept checkpoint need not lie on a commit: any size is recomputed."""
    frontier = Frontier()
    for row in rows.entry[:17]:
        frontier.append(row.leaf)
    assert verify(rows, expect=Checkpoint(17, frontier.root(), "")).witnessed == 17


@pytest.mark.parametrize(
    "text", ["", "5", "5:", "5:abc", ":" + "0" * 64, "-1:" + "0" * 64, "5:" + "g" * 64, "٥:" + "0" * 64]
)
def test_not_a_checkpoint(text: str) -> None:
    """What is not SIZE:ROOT is refused with an example."""
    with pytest.raises(ValueError, match="a checkpoint looks like"):
        parse_checkpoint(text)


def test_bounded_findings(rows: Rows) -> None:
    """Any number of faults is counted, and only the first ones are kept."""
    changed = rows.copy()
    changed.entry = [row._replace(sequence=2 * row.sequence, salt=None) for row in rows.entry] * 20
    changed.entry = [row._replace(sequence=2 * at) for at, row in enumerate(changed.entry)]
    report = verify(changed)
    assert len(report.findings) == MAX_FINDINGS
    assert report.faults > 2_000


def test_storage_faults(rows: Rows) -> None:
    """What the storage itself finds wrong is part of the report, also when it can't be read on."""
    changed = rows.copy()
    changed.found = ["row 3 missing from index"]
    assert [str(found) for found in verify(changed).findings] == ["row 3 missing from index"]

    class Broken(Rows):
        def entries(self, first: int, last: int) -> Iterator[RawEntry]:
            yield from list(super().entries(first, last))[:5]
            raise LogCorruptError("malformed", sequence=5)

    report = verify(Broken(rows.entry, rows.checkpoint, rows.document))
    assert ("file", 5, "malformed") in [(found.where, found.sequence, found.what) for found in report.findings]


def test_progress(rows: Rows) -> None:
    """Progress is told with the number of entries done and in all."""
    many = Rows([row._replace(sequence=at) for at, row in enumerate(rows.entry * 200)], [], [])
    told: list[tuple[int, int]] = []
    verify(many, progress=lambda done, total: told.append((done, total)))
    assert told == [(10_000, 12_000)]
