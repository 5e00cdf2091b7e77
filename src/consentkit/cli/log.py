"""`consentkit log`: read the consent log and check it. Nothing here ever writes to it or makes one."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from consentkit.audit.query import look_up, newest
from consentkit.audit.verify import PROGRESS_STEP, parse_checkpoint, verify
from consentkit.cli.failure import CannotError
from consentkit.cli.log_source import json_option, log_option, reading
from consentkit.cli.log_text import list_line, list_table, record_json, report_json, report_lines, shown_lines
from consentkit.log.record import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.audit.verify import Report
    from consentkit.log.protocol import Checkpoint, LogReader
    from consentkit.log.record import Action


@click.group()
def log() -> None:
    """Read the consent log and check that nobody has changed it.

    Exit codes: 0 fine, 1 found a problem, 2 could not do it.

    \b
    Example:
        consentkit log list --action withdraw
        consentkit log verify
    """


@log.command("list")
@log_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many records.")
@click.option("--action", type=click.Choice(ACTIONS), help="Only records of this kind.")
@json_option
def list_records(url: str, limit: int, action: Action | None, as_json: bool) -> None:
    """List the newest records, the last one first. With --json: one JSON object per line.

    \b
    Example:
        consentkit log list --log sqlite:////srv/news/consent.db --limit 5
    """
    with reading(url) as reader:
        listed = list(islice(newest(reader, action), limit))
    console = Console()
    if as_json:
        for one in listed:
            click.echo(json.dumps(record_json(one.sequence, one.record)))
    elif not listed:
        click.echo("no records")
    elif console.is_terminal:
        console.print(list_table(listed))
    else:
        for one in listed:
            click.echo(list_line(one))


@log.command()
@click.argument("name", metavar="ID")
@log_option
@json_option
def show(name: str, url: str, as_json: bool) -> None:
    """Show one record in full. ID is a record id, its first 8 or more characters, or a sequence number.

    Exit code 1: the record does not match its place in the tree any more.

    \b
    Example:
        consentkit log show 12
        consentkit log show 3f9ac04d --json
    """
    with reading(url) as reader:
        shown = look_up(reader, name)
    if as_json:
        facts = {
            "intact": shown.intact,
            "leaf": shown.entry.leaf.hex(),
            "policy_kept": shown.policy_kept,
            "notice_kept": shown.notice_kept,
            "covered_by": shown.covered_by,
        }
        click.echo(json.dumps(record_json(shown.entry.sequence, shown.entry.record) | facts, indent=2))
    else:
        for line in shown_lines(shown):
            click.echo(line)
    raise SystemExit(0 if shown.intact else 1)


@log.command("verify")
@log_option
@click.option(
    "--expect",
    metavar="SIZE:ROOT",
    help="A checkpoint that an earlier run printed and that you kept elsewhere.",
)
@json_option
def verify_log(url: str, expect: str | None, as_json: bool) -> None:
    """Recompute the whole log from its stored bytes and say where anything does not fit.

    Exit code 1: something does not fit. To notice that the end was cut off or all of it written anew, keep the
    SIZE:ROOT it prints on another machine and give it back with --expect.

    \b
    Example:
        consentkit log verify
        consentkit log verify --expect 120:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    expected = _expected(expect)
    with reading(url) as reader:
        report = _with_progress(reader, expected)
    if as_json:
        click.echo(json.dumps(report_json(report), indent=2))
    else:
        for line in report_lines(report):
            click.echo(line)
    raise SystemExit(0 if report.ok else 1)


def _expected(text: str | None) -> Checkpoint | None:
    try:
        return None if text is None else parse_checkpoint(text)
    except ValueError as error:
        raise CannotError(f"--expect: {error}") from None


def _with_progress(reader: LogReader, expected: Checkpoint | None) -> Report:
    console = Console(stderr=True)
    if not console.is_terminal:
        return verify(reader, expect=expected)
    with Progress(console=console, transient=True) as progress:
        return verify(reader, expect=expected, progress=_shown_on(progress))


def _shown_on(progress: Progress) -> Callable[[int, int], None]:
    task = progress.add_task("checking", total=None)

    def show_step(done: int, total: int) -> None:
        progress.update(task, completed=done, total=max(total, PROGRESS_STEP))

    return show_step
