"""How records and the findings of a check are put into words, tables and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consentkit.audit.query import Listed, Shown
    from consentkit.audit.verify import Report
    from consentkit.log.record import Record

_UNREADABLE = "this entry can't be read; run `consentkit log verify`"
_ACTIONS = {
    "accept-all": "accepted everything",
    "reject-all": "refused everything that can be refused",
    "custom": "chose item by item",
    "withdraw": "withdrew an earlier consent",
}
_MECHANISMS = {
    "form": "by the form in the page",
    "script": "by the script in the page",
    "api": "by an API call",
    "direct": "by a request without the notice's token",
    "imported": "imported from elsewhere",
}


def plain(text: str) -> str:
    """`text` with everything escaped that a terminal could take for a command or that can't be seen."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def record_json(sequence: int, record: Record | None) -> dict[str, Any]:
    """One record for a script: its stored fields, and its sequence number."""
    fields = json.loads(record.canonical()) if record else {"unreadable": True}
    return {"sequence": sequence} | fields


def list_line(one: Listed) -> str:
    """One record as one line."""
    if one.record is None:
        return f"{one.sequence:>7}  {_UNREADABLE}"
    record = one.record
    return plain(
        f"{one.sequence:>7}  {record.time:%Y-%m-%d %H:%M:%S}Z  {record.record_id}  {record.action:<10}  "
        f"{record.mechanism:<8}  {record.region or '-'}  {record.locale}  {_said(record.categories)}"
    )


def list_table(listed: list[Listed]) -> Table:
    """Records as a table for a terminal."""
    table = Table("No", "Time (UTC)", "Record", "Action", "How", "Region", "Language", "Categories")
    for one in listed:
        record = one.record
        if record is None:
            table.add_row(str(one.sequence), "", Text(_UNREADABLE, style="red"))
            continue
        cells = [
            str(one.sequence),
            f"{record.time:%Y-%m-%d %H:%M:%S}",
            record.record_id[:8],
            record.action,
            record.mechanism,
            record.region or "-",
            record.locale,
            _said(record.categories),
        ]
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def shown_lines(shown: Shown) -> Iterator[str]:
    """One record in plain language, field by field."""
    record = shown.entry.record
    if record is None:
        yield _UNREADABLE
        return
    for name, value in _facts(record, shown):
        yield f"{name:<12} {plain(value)}"


def _facts(record: Record, shown: Shown) -> Iterator[tuple[str, str]]:
    entry = shown.entry
    yield "record", record.record_id
    yield "before it", record.previous_id or "none: the first choice known of this visitor"
    yield "time", f"{record.time:%Y-%m-%d %H:%M:%S.%f} UTC"
    yield "site", record.site
    yield "action", f"{record.action}: the visitor {_ACTIONS[record.action]}"
    yield "how", f"{record.mechanism}: {_MECHANISMS[record.mechanism]}"
    yield "categories", _said(record.categories)
    yield "services", _said(record.services) or "none asked one by one"
    yield "regime", record.regime
    yield "region", record.region or "unknown"
    yield "signals", ", ".join(record.signals) or "none"
    yield "language", record.locale
    yield "policy", f"{record.policy_digest} ({_kept(shown.policy_kept)})"
    yield "notice", _notice(record, shown)
    yield "software", record.software
    if record.idempotency:
        yield "form key", record.idempotency
    yield "position", f"entry {entry.sequence}, {_covered(shown)}"
    yield "leaf", entry.leaf.hex()
    if shown.intact:
        yield "intact", "yes: the stored bytes make this leaf"
    else:
        yield "intact", "NO: the stored bytes do not make this leaf; run `consentkit log verify`"


def _notice(record: Record, shown: Shown) -> str:
    if record.notice_digest is None:
        return "none: the request carried no valid notice token"
    return f"{record.notice_digest} ({_kept(shown.notice_kept)})"


def _kept(kept: bool) -> str:
    return "stored in this log" if kept else "MISSING: this log does not hold the document"


def _covered(shown: Shown) -> str:
    if shown.covered_by is None:
        return "under no checkpoint"
    return f"under the checkpoint of size {shown.covered_by}"


def _said(choices: Mapping[str, bool]) -> str:
    return ", ".join(f"{name} {'yes' if allowed else 'no'}" for name, allowed in choices.items())


def report_json(report: Report) -> dict[str, Any]:
    """The outcome of a check for a script."""
    return {
        "log": report.url,
        "ok": report.ok,
        "entries": report.size,
        "checkpoints": report.checkpoints,
        "documents": report.documents,
        "root": report.root.hex() if report.root else None,
        "checkpoint": report.checkpoint,
        "witnessed": report.witnessed,
        "problems": [
            {"where": found.where, "sequence": found.sequence, "what": found.what} for found in report.findings
        ],
        "problems_in_all": report.faults,
        "documents_not_kept": [{"kind": kind, "digest": digest} for kind, digest in report.not_kept],
    }


def report_lines(report: Report) -> Iterator[str]:
    """The outcome of a check in plain language."""
    for found in report.findings:
        yield plain(f"problem {found}")
    if report.faults > len(report.findings):
        yield f"... and {report.faults - len(report.findings)} more problems"
    for kind, digest in report.not_kept:
        yield f"note: entries refer to the {kind} {digest}, which this log does not hold"
    yield (
        f"{report.size} entries, {report.checkpoints} checkpoints, {report.documents} kept documents: "
        + ("everything fits." if report.ok else f"{report.faults} problems.")
    )
    if not report.ok:
        return
    yield from _vouched(report)
    yield f"Keep this line on another machine: {report.checkpoint}"
    yield f"Next time: consentkit log verify --expect {report.checkpoint}"


def _vouched(report: Report) -> Iterator[str]:
    if report.witnessed:
        yield f"The checkpoint you kept vouches for the first {report.witnessed} entries."
        yield f"The tail cannot be vouched for after size {report.witnessed}."
        return
    yield "Not witnessed: this check knows of no checkpoint that has left this machine."
    yield (
        f"The tail cannot be vouched for after size {report.size}: entries may have been cut off there, "
        "and a log that was written anew as a whole would look the same."
    )
