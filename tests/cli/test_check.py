"""`consentkit check` tells every problem with its place, and what visitors would be asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consentkit.cli.main import main

SKETCH = Path(__file__).parent.parent / "policy" / "sketch.yaml"
FINE = 'site: {url: "https://news.example", name: News}\nservices: {}\n'


@pytest.fixture(autouse=True)
def _no_site_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONSENTKIT_SITE_URL", raising=False)


def check(path: Path, text: str | None, *options: str) -> Result:
    """Run the command on a file with `text`."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["check", str(path), *options])


@pytest.mark.parametrize("options", [(), ("--strict",)])
def test_a_fine_policy_ends_with_zero(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Exit code 0, strict or not, and a sentence about the missing banner."""
    result = check(tmp_path / "c.yaml", FINE, *options)
    assert result.exit_code == 0
    assert "no problems" in result.output
    assert "Visitors are asked nothing" in result.output


def test_errors_end_with_one_and_stand_with_their_place(tmp_path: Path) -> None:
    """Exit code 1, one line for each error, as file:line:column: error:."""
    path = tmp_path / "c.yaml"
    result = check(path, FINE + "bannner: {}\nversion: 2\n")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith(f"{path}:3:1: error: bannner: unknown key")
    assert lines[1].startswith(f"{path}:4:10: error: version: 2 is not")
    assert lines[2] == f"{path}: 2 errors"


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_warnings_fail_only_when_strict(tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    """A warning alone ends with 0, and with 1 under --strict."""
    result = check(tmp_path / "c.yaml", FINE + "banner: {reopen: none}\n", *options)
    assert result.exit_code == code
    assert ":3:18: warning: banner.reopen: withdrawing must be as easy" in result.output
    assert "1 warning\n" in result.output


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_ends_with_two(tmp_path: Path, name: str) -> None:
    """Exit code 2 when there is nothing to check."""
    assert check(tmp_path / name, None).exit_code == 2


def test_json_says_the_same_to_a_script(tmp_path: Path) -> None:
    """--json gives one object with problems, places and the summary."""
    good = json.loads(check(tmp_path / "c.yaml", FINE, "--json").output)
    assert good["ok"] is True
    assert good["summary"]["banner"] is False
    bad = check(tmp_path / "c.yaml", FINE + "x: 1\n", "--json")
    problem = json.loads(bad.output)["problems"][0]
    assert (problem["line"], problem["column"], problem["level"], problem["path"]) == (3, 1, "error", "x")
    assert bad.exit_code == 1


def test_the_summary_says_who_is_asked_what_where() -> None:
    """Categories with their services, and per place how silence is read."""
    output = CliRunner().invoke(main, ["check", str(SKETCH)]).output
    assert "  marketing    youtube, adnet\n" in output
    assert "  necessary    session\n" in output
    assert "  EEA        eu          opt-in (silence is no)\n" in output
    assert "  GB         uk          functional: opt-in, analytics: opt-out, marketing: opt-in\n" in output
    assert "  unknown    strictest   opt-in (silence is no)\n" in output


def test_consent_yaml_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the file consent.yaml in this directory is checked, with the site's address set outside."""
    monkeypatch.chdir(tmp_path)
    Path("consent.yaml").write_text(FINE, encoding="utf-8")
    assert CliRunner().invoke(main, ["check"]).output.startswith("consent.yaml: no problems")
    monkeypatch.setenv("CONSENTKIT_SITE_URL", "ftp://x")
    assert "CONSENTKIT_SITE_URL" in CliRunner().invoke(main, ["check"]).output
