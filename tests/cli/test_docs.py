"""docs/cli.md names every command and every option."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from consentkit.cli.main import main
from consentkit.cli.presets import PRESETS

DOC = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below `group`, with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


ALL = dict(commands(main, "consentkit"))


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_option_is_documented(name: str) -> None:
    """A command has a heading, and each of its options stands in the document as code."""
    assert f"## `{name}" in DOC
    options = [opt for param in ALL[name].params if isinstance(param, click.Option) for opt in param.opts]
    assert [opt for opt in options if f"`{opt}`" not in DOC] == []


def test_every_preset_is_documented() -> None:
    """The starting points of init are all named."""
    assert [preset for preset in PRESETS if f"`{preset}`" not in DOC] == []
