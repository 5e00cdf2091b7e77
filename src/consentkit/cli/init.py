"""`consentkit init`: a first policy, a secret, and the lines to add. It changes nothing that is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from consentkit.cli.failure import CannotError
from consentkit.cli.keygen import new_secret
from consentkit.cli.presets import PRESETS, starter_policy
from consentkit.cli.schema import schema_text
from consentkit.errors import PolicyError
from consentkit.policy.check import parse_policy

SECRET_VARIABLE = "CONSENTKIT_SECRET_KEY"  # noqa: S105 - the name of the variable, not its value
_HAS_SECRET = re.compile(rf"^[ \t]*(export[ \t]+)?{SECRET_VARIABLE}[ \t]*=[ \t]*[^\s#]", re.MULTILINE)
_IGNORED = (".env", "consent.db*")
_NEXT = """
Add to a Starlette or FastAPI app:

    from consentkit import ConsentMiddleware

    app.add_middleware(ConsentMiddleware, policy="consent.yaml")

or around any ASGI app, outermost (recommended):

    from consentkit import ConsentMiddleware

    app = ConsentMiddleware(app, policy="consent.yaml")

Start it with the secret in the environment:

    set -a; . ./.env; set +a

Then declare your services in consent.yaml (there is no banner until one needs consent), and run:

    consentkit check"""


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="strictest",
    show_default=True,
    help="Which law to start from; `world` sets one regime per place.",
)
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The site's public address.")
@click.option("--name", default="My site", show_default=True, help="The site's name.")
def init(directory: Path, preset: str, url: str, name: str) -> None:
    """Write a commented consent.yaml into DIRECTORY, and make a secret in .env.

    Nothing that exists is overwritten: run it twice and the second run leaves all as it is.

    \b
    Example:
        consentkit init --preset eu --url https://news.example --name "News Example"
    """
    policy = starter_policy(preset, url, name)
    _refuse_bad_answers(policy)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_new(directory / "consent.yaml", policy)
        _write_new(directory / "consent.schema.json", schema_text())
        _keep_secret(directory / ".env")
        _ignore_private_files(directory)
    except OSError as error:
        raise CannotError(f"could not write {error.filename}: {error.strerror}") from None
    click.echo(_NEXT)


def _refuse_bad_answers(policy: str) -> None:
    try:
        parse_policy(policy, "consent.yaml", environ={})
    except PolicyError as error:
        told = "; ".join(problem.message for problem in error.problems)
        raise CannotError(f"--url or --name can't be used: {told}") from None


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"left alone: {path} is there already")
    else:
        click.echo(f"wrote: {path}")


def _keep_secret(path: Path) -> None:
    """Put a secret into the file at `path`, readable by its owner alone, unless one is there. Never printed."""
    there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if _HAS_SECRET.search(there):
        click.echo(f"left alone: {path} has a {SECRET_VARIABLE} already")
        return
    start = "\n" if there and not there.endswith("\n") else ""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(f"{start}{SECRET_VARIABLE}={new_secret()}\n")
    click.echo(f"{'added a secret to' if there else 'wrote a secret to'}: {path}")
    if path.stat().st_mode & 0o077:
        click.echo(f"take care: others on this machine may read {path}; run: chmod 600 {path}")


def _ignore_private_files(directory: Path) -> None:
    """Keep the secret and the log out of a git repository, if `directory` is in one."""
    if not any((parent / ".git").exists() for parent in (directory.resolve(), *directory.resolve().parents)):
        return
    path = directory / ".gitignore"
    there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    missing = [name for name in _IGNORED if name not in {line.strip() for line in there.splitlines()}]
    if not missing:
        click.echo(f"left alone: {path} lists {' and '.join(_IGNORED)} already")
        return
    start = "\n" if there and not there.endswith("\n") else ""
    with path.open("a", encoding="utf-8") as file:
        file.write(start + "".join(f"{name}\n" for name in missing))
    click.echo(f"added to {path}: {', '.join(missing)}")
