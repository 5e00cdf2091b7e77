"""Tests of `consentkit log`."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consentkit.cli.log import log as command
from consentkit.log.sqlite import SqliteLog
from tests.log.records import make_record

POLICY = b"version: 1"
SHOWN = make_record(
    record_id="5a" * 16,
    policy_digest=sha256(POLICY).hexdigest(),
    site="https://news.example",
    region="e\x1b[31mu\u202e",
    idempotency="form-1",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of four records; the second one has control characters in a field."""
    log = SqliteLog(tmp_path_factory.mktemp("cli") / "consent.db")

    async def run() -> None:
        log.keep("policy", sha256(POLICY).hexdigest(), POLICY)
        for record in (make_record(), SHOWN, make_record(action="withdraw", notice_digest=None), make_record()):
            await log.append(record)
        await log.close()

    asyncio.run(run())
    return log.path


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    """A copy of that log."""
    return Path(shutil.copy(written, tmp_path / "consent.db"))


def run(*arguments: str, log: Path | str | None = None, **variables: str) -> Result:
    """The result of one command; `log` is a path or a URL."""
    url = f"sqlite:///{log}" if isinstance(log, Path) else log
    options = ["--log", url] if url else []
    return CliRunner().invoke(command, [*arguments, *options], env=variables)


def test_list(path: Path) -> None:
    """One line per record, the newest first, with control characters made visible."""
    result = run("list", log=path)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1", "0"]
    assert "\x1b" not in result.output
    assert "\\x1b[31mu\\u202e" in lines[2]
    assert "analytics no, marketing yes" in lines[0]


def test_list_as_table(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the records come as a table, and text of a record is never taken for a style."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    output = run("list", log=path).output
    assert "Record" in output
    assert "\\x1b[31mu" in output
    assert "─" in output


def test_list_options(path: Path) -> None:
    """A limit, an action, and JSON lines for scripts; the log may be named by the environment."""
    result = run("list", "--limit", "2", "--json", CONSENTKIT_LOG=f"sqlite:///{path}")
    assert [json.loads(line)["sequence"] for line in result.output.splitlines()] == [3, 2]
    assert [line.split()[0] for line in run("list", "--action", "withdraw", log=path).output.splitlines()] == ["2"]
    assert run("list", "--action", "reject-all", log=path).output == "no records\n"
    assert run("list", "--action", "other", log=path).exit_code == 2
    assert run("list", "--limit", "0", log=path).exit_code == 2


def test_show(path: Path) -> None:
    """Every field of a record in plain language, with what is stored of its policy and notice, and its place."""
    result = run("show", "5a5a5a5a", log=path)
    assert result.exit_code == 0
    for text in (
        "5a" * 16,
        "2026-03-01 12:00:00.250000 UTC",
        "custom: the visitor chose item by item",
        "form: by the form in the page",
        "adnet yes, matomo no",
        f"{SHOWN.policy_digest} (stored in this log)",
        f"{SHOWN.notice_digest} (MISSING",
        "entry 1, under the checkpoint of size 2",
        "form-1",
        "intact       yes",
    ):
        assert text in result.output
    assert "\x1b" not in result.output
    assert "carried no valid notice token" in run("show", "2", log=path).output


def test_show_as_json(path: Path) -> None:
    """For scripts: the stored fields as they are, with the facts about them."""
    shown = json.loads(run("show", "1", "--json", log=path).output)
    assert shown["record_id"] == SHOWN.record_id
    assert shown["region"] == SHOWN.region
    assert (shown["intact"], shown["policy_kept"], shown["notice_kept"], shown["covered_by"]) == (True, True, False, 2)


def test_show_what_is_not_there(path: Path) -> None:
    """An unknown name ends with code 2 and says so."""
    result = run("show", "ffffffff", log=path)
    assert result.exit_code == 2
    assert "no record ffffffff" in result.output


def damage(path: Path, statement: str) -> None:
    """Change the file as somebody with its password could."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table in ("entry", "checkpoint"):
            for what in ("update", "delete"):
                connection.execute(f"DROP TRIGGER {table}_keeps_{what}")
        connection.execute(statement)


def test_show_damaged(path: Path) -> None:
    """A record that no longer makes its leaf is shown with code 1; one that can't be read ends with code 1."""
    damage(path, "UPDATE entry SET salt = zeroblob(32) WHERE sequence = 1")
    result = run("show", "1", log=path)
    assert result.exit_code == 1
    assert "NO: the stored bytes do not make this leaf" in result.output
    assert json.loads(run("show", "1", "--json", log=path).output)["intact"] is False


def test_unreadable_record(path: Path) -> None:
    """A record that can't be read is told in the list, and showing it ends with code 1."""
    damage(path, "UPDATE entry SET payload = x'7b' WHERE sequence = 1")
    assert "can't be read" in run("list", log=path).output
    assert run("show", "1", log=path).exit_code == 1


def test_verify(path: Path) -> None:
    """A sound log ends with code 0, says how far it can be vouched for, and prints the checkpoint to keep."""
    result = run("verify", log=path)
    assert result.exit_code == 0
    assert "4 entries, 4 checkpoints, 1 kept documents: everything fits." in result.output
    assert "Not witnessed" in result.output
    assert "The tail cannot be vouched for after size 4" in result.output
    assert f"refer to the notice {SHOWN.notice_digest}, which this log does not hold" in result.output
    checkpoint = result.output.split("--expect ")[1].strip()
    witnessed = run("verify", "--expect", checkpoint, log=path)
    assert witnessed.exit_code == 0
    assert "vouches for the first 4 entries" in witnessed.output
    assert "Not witnessed" not in witnessed.output


def test_verify_damaged(path: Path) -> None:
    """A changed entry ends with code 1 and is named, in words and in JSON."""
    damage(path, "UPDATE entry SET payload = replace(payload, 'withdraw', 'accept-a') WHERE sequence = 2")
    damage_report = run("verify", "--json", log=path)
    report = json.loads(damage_report.output)
    assert damage_report.exit_code == 1
    assert (report["ok"], report["checkpoint"], report["problems"][0]["sequence"]) == (False, None, 2)
    result = run("verify", log=path)
    assert result.exit_code == 1
    assert "problem at 2:" in result.output
    assert "Keep this line" not in result.output


def test_verify_a_cut_log(path: Path) -> None:
    """A log cut at its end with its checkpoints ends with code 0 alone and with code 1 against a kept checkpoint."""
    checkpoint = json.loads(run("verify", "--json", log=path).output)["checkpoint"]
    damage(path, "DELETE FROM entry WHERE sequence > 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM checkpoint WHERE size > 2")
    alone = run("verify", log=path)
    assert alone.exit_code == 0
    assert "cannot be vouched for after size 2: entries may have been cut off there" in alone.output
    assert run("verify", "--expect", checkpoint, log=path).exit_code == 1


@pytest.mark.parametrize("arguments", [["list"], ["show", "1"], ["verify"]])
def test_nothing_to_read(arguments: list[str], tmp_path: Path) -> None:
    """A log that is not there, in memory, of another kind or badly named ends with code 2, and no file is made."""
    for url, reason in (
        (tmp_path / "none.db", "there is no consent log"),
        ("memory://", "ends with its process"),
        ("postgresql://me:hunter2@db/log", "later version"),
        ("consent.db", "without a scheme"),
    ):
        result = run(*arguments, log=url)
        assert result.exit_code == 2
        assert reason in result.output
        assert "hunter2" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_wrong_expectation(path: Path) -> None:
    """An expectation that is no checkpoint ends with code 2 and an example."""
    result = run("verify", "--expect", "five", log=path)
    assert result.exit_code == 2
    assert "looks like" in result.output


@pytest.mark.parametrize("arguments", [[], ["list"], ["show"], ["verify"]])
def test_help(arguments: list[str]) -> None:
    """The help of each command has an example and names the variable for the log."""
    output = run(*arguments, "--help").output
    assert "Example:" in output
    assert not arguments or "CONSENTKIT_LOG" in output
