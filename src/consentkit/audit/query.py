"""Looking things up in a stored log: the newest records, and one record with all that belongs to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentkit.errors import LogCorruptError, LogError
from consentkit.log.merkle import entry_leaf
from consentkit.log.reader import read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.log.protocol import DocumentKind, Entry, LogReader, RawEntry
    from consentkit.log.record import Action, Record

_PREFIX = re.compile(r"[0-9a-f]{8,32}")
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list. `record` is None if its bytes can't be read (or, later, were erased)."""

    sequence: int
    record: Record | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry with what belongs to it.

    `intact` says whether its bytes still make its leaf. `policy_kept` and `notice_kept` say whether the documents it
    refers to are in the log. `covered_by` is the size of the first checkpoint over it, None if there is none yet.
    """

    entry: Entry
    intact: bool
    policy_kept: bool
    notice_kept: bool
    covered_by: int | None


def newest(reader: LogReader, action: Action | None = None) -> Iterator[Listed]:
    """The entries of a log, the last one first; with `action` only those. Unreadable ones are part of it always."""
    for row in reader.newest():
        record = _record(row)
        if action is None or record is None or record.action == action:
            yield Listed(row.sequence, record)


def look_up(reader: LogReader, name: str) -> Shown:
    """The entry that `name` means: a record id, its first 8 or more characters, or a sequence number.

    Raises `LogError` if there is none or more than one, `LogCorruptError` if its bytes can't be read.
    """
    row = _row(reader, name.strip().lower())
    entry = read_entry(row)
    record = entry.record
    if record is None:
        raise LogCorruptError(f"entry {row.sequence} holds no record", url=reader.url, sequence=row.sequence)
    checkpoint = next(reader.checkpoints(row.sequence + 1, _LAST), None)
    return Shown(
        entry=entry,
        intact=_intact(entry),
        policy_kept=reader.has_document("policy", record.policy_digest),
        notice_kept=_kept(reader, "notice", record.notice_digest),
        covered_by=checkpoint.size if checkpoint else None,
    )


def _row(reader: LogReader, name: str) -> RawEntry:
    last = reader.bounds().last
    if name.isdecimal() and len(name) < 19 and last is not None and int(name) <= last:
        rows = list(reader.entries(int(name), int(name)))
    elif _PREFIX.fullmatch(name):
        rows = reader.starting_with(name, 2)
    else:
        raise LogError(
            f"{name!r} names no record: give a record id, its first 8 or more characters, or a sequence number",
            url=reader.url,
        )
    if not rows:
        raise LogError(f"there is no record {name} in {reader.url}", url=reader.url)
    if len(rows) > 1:
        raise LogError(f"more than one record id starts with {name}; give more of it", url=reader.url)
    return rows[0]


def _record(row: RawEntry) -> Record | None:
    try:
        return read_entry(row).record
    except LogCorruptError:
        return None


def _intact(entry: Entry) -> bool:
    return entry.salt is not None and entry.payload is not None and entry_leaf(entry.salt, entry.payload) == entry.leaf


def _kept(reader: LogReader, kind: DocumentKind, digest: str | None) -> bool:
    return digest is not None and reader.has_document(kind, digest)
