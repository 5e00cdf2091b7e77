"""`consentkit init` writes a policy, a schema and a secret once, and harms nothing when run again."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from consentkit.cli.main import main
from consentkit.cli.presets import PRESETS
from consentkit.policy.check import parse_policy
from consentkit.policy.yaml_tree import read_tree


def init(folder: Path, *options: str) -> Result:
    """Run the command in `folder`."""
    return CliRunner().invoke(main, ["init", str(folder), *options])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of `folder` with its bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_policy_without_problems(tmp_path: Path, preset: str) -> None:
    """What init writes loads, has no warning but about regimes, and fits the schema beside it."""
    assert init(tmp_path, "--preset", preset).exit_code == 0
    text = (tmp_path / "consent.yaml").read_text(encoding="utf-8")
    policy, found = parse_policy(text, "consent.yaml", environ={})
    assert {problem.path.split(".")[0] for problem in found} <= {"regimes"}
    assert policy.site.name == "My site"
    schema = json.loads((tmp_path / "consent.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(read_tree(text).root.value(), schema)


def test_the_first_line_points_editors_to_the_schema(tmp_path: Path) -> None:
    """The modeline names the file that is written beside the policy."""
    init(tmp_path)
    first = (tmp_path / "consent.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=consent.schema.json"
    assert (tmp_path / "consent.schema.json").is_file()


def test_the_secret_is_private_and_never_shown(tmp_path: Path) -> None:
    """.env is readable by its owner alone, holds a strong secret, and the output doesn't."""
    result = init(tmp_path)
    name, _, secret = (tmp_path / ".env").read_text().strip().partition("=")
    assert name == "CONSENTKIT_SECRET_KEY"
    assert len(secret) >= 43
    assert secret not in result.output
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_the_lines_to_add_are_printed(tmp_path: Path) -> None:
    """The output holds the lines for Starlette and FastAPI and for any ASGI app, ready to be pasted."""
    output = init(tmp_path).output
    assert "from consentkit import ConsentMiddleware" in output
    assert 'app.add_middleware(ConsentMiddleware, policy="consent.yaml")' in output
    assert 'app = ConsentMiddleware(app, policy="consent.yaml")' in output
    compile('app = ConsentMiddleware(app, policy="consent.yaml")', "pasted", "exec")


def test_a_second_run_changes_no_byte(tmp_path: Path) -> None:
    """Run twice, with other answers, every file is as it was, and the exit code is 0."""
    (tmp_path / ".git").mkdir()
    init(tmp_path)
    before = contents(tmp_path)
    again = init(tmp_path, "--preset", "us", "--name", "Other")
    assert contents(tmp_path) == before
    assert again.exit_code == 0
    assert again.output.count("left alone") == 4


def test_what_was_there_before_is_kept(tmp_path: Path) -> None:
    """Own files are kept as they are; .env only gains the secret, at its end."""
    (tmp_path / "consent.yaml").write_text("mine")
    (tmp_path / ".env").write_text("A=1\n# CONSENTKIT_SECRET_KEY=\nCONSENTKIT_SECRET_KEY=")
    assert init(tmp_path).exit_code == 0
    assert (tmp_path / "consent.yaml").read_text() == "mine"
    kept, added = (tmp_path / ".env").read_text().rsplit("\n", 2)[:2]
    assert kept == "A=1\n# CONSENTKIT_SECRET_KEY=\nCONSENTKIT_SECRET_KEY="
    assert added.startswith("CONSENTKIT_SECRET_KEY=")
    assert len(added) > 60


def test_a_readable_env_file_is_warned_about(tmp_path: Path) -> None:
    """A .env that others may read stays as it is, and the owner is told."""
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".env").chmod(0o644)
    assert "chmod 600" in init(tmp_path).output


def test_private_files_are_ignored_in_a_repository_alone(tmp_path: Path) -> None:
    """In a git repository .gitignore gains what it lacks; elsewhere none is written."""
    plain, repository = tmp_path / "plain", tmp_path / "repo"
    init(plain)
    assert not (plain / ".gitignore").exists()
    (repository / ".git").mkdir(parents=True)
    (repository / ".gitignore").write_text("*.pyc\n.env")
    init(repository)
    assert (repository / ".gitignore").read_text() == "*.pyc\n.env\nconsent.db*\n"


@pytest.mark.parametrize("url", ["javascript:1", "https://a.example/x", "https://a}b"])
def test_answers_that_make_no_policy_write_nothing(tmp_path: Path, url: str) -> None:
    """A wrong --url ends with 2, and no file is left behind."""
    result = init(tmp_path / "new", "--url", url)
    assert result.exit_code == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ['A "B" \\ C: {x} #1', "$url ${name} %s", "Café ☕"])
def test_any_name_comes_through(tmp_path: Path, name: str) -> None:
    """A site's name may hold quotes, backslashes, braces, hashes and dollars."""
    assert init(tmp_path, "--name", name).exit_code == 0
    assert parse_policy((tmp_path / "consent.yaml").read_bytes(), "x", environ={})[0].site.name == name


def test_a_place_that_cannot_be_written_ends_with_two(tmp_path: Path) -> None:
    """Exit code 2 and the name of what could not be written."""
    (tmp_path / "file").write_text("")
    result = init(tmp_path / "file" / "folder")
    assert result.exit_code == 2
    assert "could not write" in result.output
