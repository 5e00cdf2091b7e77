"""`consentkit keygen`: a secret key, fit to sign cookies."""

from __future__ import annotations

import secrets

import click

_BYTES = 32


def new_secret() -> str:
    """A fresh secret of 256 random bits, as 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


@click.command()
def keygen() -> None:
    """Print one new secret key for CONSENTKIT_SECRET_KEY.

    To replace a key, put the new one after the old, with a comma between: the last signs, all are still read.

    \b
    Example:
        export CONSENTKIT_SECRET_KEY="$(consentkit keygen)"
    """
    click.echo(new_secret())
