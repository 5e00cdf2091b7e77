"""The command as a whole: its name, its commands, and the two that only print."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from consentkit.cli.main import main


def test_version_is_the_package_version() -> None:
    """--version names the installed package."""
    assert CliRunner().invoke(main, ["--version"]).output == f"consentkit {version('consentkit')}\n"


@pytest.mark.parametrize("command", ["check", "init", "keygen", "schema", "log"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    """--help of each command ends with an example."""
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output


def test_an_unknown_command_ends_with_two() -> None:
    """What can't be done ends with 2."""
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2


def test_keygen_prints_one_strong_key_each_time() -> None:
    """At least 43 characters that need no quoting, never the same twice."""
    keys = {CliRunner().invoke(main, ["keygen"]).output for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}\n", key) for key in keys)


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    """The schema goes to standard output, or with --output to a file, and is the same."""
    printed = CliRunner().invoke(main, ["schema"]).output
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))
    path = tmp_path / "s.json"
    assert CliRunner().invoke(main, ["schema", "--output", str(path)]).exit_code == 0
    assert path.read_text(encoding="utf-8") == printed


def test_a_schema_that_cannot_be_written_ends_with_two(tmp_path: Path) -> None:
    """Exit code 2 when the file can't be written."""
    result = CliRunner().invoke(main, ["schema", "--output", str(tmp_path / "no" / "s.json")])
    assert result.exit_code == 2
    assert "could not write" in result.output
