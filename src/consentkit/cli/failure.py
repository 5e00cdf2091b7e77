"""How a command says that it could not do what it was asked."""

from __future__ import annotations

import click


class CannotError(click.ClickException):
    """Ends the command with a message and exit code 2."""

    exit_code = 2
