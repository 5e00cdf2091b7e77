"""`consentkit gates`: what the gates of a running site have held back, or would have."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consentkit.cli.log_source import json_option, log_option, reading
from consentkit.cli.log_text import plain
from consentkit.counters import Key, Outcome, daily_counts

_MEANINGS: dict[Outcome, str] = {
    "blocked": "held back",
    "reported": "would be held back, but its category is in report-only mode",
    "undeclared": "no service declares it, and it was let through",
    "blind": "the gate could not look into it, for this reason",
}


@click.command()
@log_option
@click.option("--days", type=click.IntRange(min=1, max=3660), default=7, show_default=True, help="Today included.")
@json_option
def gates(url: str, days: int, as_json: bool) -> None:
    """Show what the gates have held back or, in report-only mode, would have: by gate, outcome and name.

    Only names, hosts and numbers were counted, never values. A site hands its counts to the log every few seconds.

    \b
    Example:
        consentkit gates --days 30
        consentkit gates --log sqlite:////srv/news/consent.db --json
    """
    since = _today() - timedelta(days=days - 1)
    with reading(url) as reader:
        counts = daily_counts(reader.counts(), since)
    ordered = sorted(counts.items(), key=lambda item: (item[0][:2], -item[1], item[0][2]))
    if as_json:
        click.echo(json.dumps(_report(since, ordered), indent=2))
    elif not ordered:
        click.echo(f"nothing counted since {since}")
    else:
        _show(since, ordered)


def _today() -> date:
    return datetime.now(UTC).date()


def _report(since: date, counts: list[tuple[Key, int]]) -> dict[str, object]:
    rows = [{"gate": gate, "outcome": outcome, "name": name, "count": n} for (gate, outcome, name), n in counts]
    return {"since": since.isoformat(), "counts": rows}


def _show(since: date, counts: list[tuple[Key, int]]) -> None:
    console = Console()
    if console.is_terminal:
        table = Table("Gate", "Outcome", "Name", "Count", title=f"Since {since} (UTC)")
        for (gate, outcome, name), n in counts:
            table.add_row(*(Text(plain(cell)) for cell in (gate, outcome, name, str(n))))
        console.print(table)
    else:
        for (gate, outcome, name), n in counts:
            click.echo(plain(f"{gate:<12} {outcome:<10} {n:>8}  {name}"))
    found = {key[1] for key, _ in counts}
    for outcome, meaning in _MEANINGS.items():
        if outcome in found:
            click.echo(f"{outcome}: {meaning}")
