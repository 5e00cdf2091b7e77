"""Which log a command reads, and what becomes of one that can't be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from consentkit.cli.failure import CannotError
from consentkit.errors import ConfigurationError, LogCorruptError, LogError
from consentkit.log.store import open_reader

if TYPE_CHECKING:
    from collections.abc import Generator

    from consentkit.log.protocol import LogReader

log_option = click.option(
    "--log",
    "url",
    envvar="CONSENTKIT_LOG",
    default="sqlite:///consent.db",
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="The log to read.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@contextmanager
def reading(url: str) -> Generator[LogReader]:
    """A reader of the log at `url`. Ends the command with exit code 1 for a damaged log, 2 for one out of reach."""
    try:
        reader = open_reader(url)
        try:
            yield reader
        finally:
            reader.close()
    except LogCorruptError as error:
        raise click.ClickException(str(error)) from None
    except (LogError, ConfigurationError) as error:
        raise CannotError(str(error)) from None
