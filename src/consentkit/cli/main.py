"""The command `consentkit`. Commands are imported when they are used, so that each starts quickly."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

_COMMANDS = {
    "check": "consentkit.cli.check:check",
    "gates": "consentkit.cli.gates:gates",
    "init": "consentkit.cli.init:init",
    "keygen": "consentkit.cli.keygen:keygen",
    "log": "consentkit.cli.log:log",
    "schema": "consentkit.cli.schema:schema",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in order."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        return cast("click.Command", getattr(import_module(module), attribute))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="consentkit", message="%(package)s %(version)s")
def main() -> None:
    """Ask, record and enforce visitors' privacy choices at the server.

    Exit codes: 0 fine, 1 found a problem, 2 could not do it.

    \b
    Example:
        consentkit init
        consentkit check
    """
