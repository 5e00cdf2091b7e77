"""Tests of `consentkit gates`."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consentkit.cli import gates as module
from consentkit.counters import Key, log_name
from consentkit.log.sqlite import SqliteLog
from tests.log.records import make_record

TODAY = date(2026, 3, 10)
COUNTED: dict[tuple[Key, date], int] = {
    (("markup", "blocked", "youtube www.youtube.com"), date(2026, 3, 10)): 3,
    (("markup", "blocked", "youtube www.youtube.com"), date(2026, 3, 9)): 4,
    (("markup", "blocked", "stats"), date(2026, 3, 4)): 20,
    (("markup", "blocked", "stats"), date(2026, 3, 3)): 100,
    (("cookie", "reported", "_ga"), date(2026, 3, 10)): 1,
    (("set-cookie", "undeclared", "a\x1b[31m"), date(2026, 3, 10)): 1,
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with counts of some days, and with numbers that are no gate's."""
    monkeypatch.setattr(module, "_today", lambda: TODAY)
    log = SqliteLog(tmp_path / "consent.db")

    async def run() -> None:
        await log.append(make_record())
        log.count("signal:gpc", TODAY)
        for (key, day), times in COUNTED.items():
            log.count(log_name(key), day, times)
        await log.close()

    asyncio.run(run())
    return log.path


def run(*arguments: str, log: Path | str) -> Result:
    """The result of the command."""
    url = f"sqlite:///{log}" if isinstance(log, Path) else log
    return CliRunner().invoke(module.gates, [*arguments, "--log", url])


def test_counts_of_a_week_by_gate(path: Path) -> None:
    """One line for each gate, outcome and name, added up over the days, the highest number first."""
    result = run(log=path)
    assert result.exit_code == 0
    assert [line.split(maxsplit=3) for line in result.output.splitlines()[:4]] == [
        ["cookie", "reported", "1", "_ga"],
        ["markup", "blocked", "20", "stats"],
        ["markup", "blocked", "7", "youtube www.youtube.com"],
        ["set-cookie", "undeclared", "1", "a\\x1b[31m"],
    ]
    assert "report-only" in result.output
    assert "blind" not in result.output


def test_fewer_or_more_days(path: Path) -> None:
    """`--days` counts today as the first."""
    assert "stats" not in run("--days", "6", log=path).output
    assert "120" in run("--days", "8", log=path).output
    assert run("--days", "0", log=path).exit_code == 2


def test_for_a_script(path: Path) -> None:
    """`--json` gives an object with the first day and every number."""
    result = run("--json", "--days", "1", log=path)
    assert json.loads(result.output) == {
        "since": "2026-03-10",
        "counts": [
            {"gate": "cookie", "outcome": "reported", "name": "_ga", "count": 1},
            {"gate": "markup", "outcome": "blocked", "name": "youtube www.youtube.com", "count": 3},
            {"gate": "set-cookie", "outcome": "undeclared", "name": "a\x1b[31m", "count": 1},
        ],
    }


def test_on_a_terminal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the numbers come as a table, and a name is never taken for a style or a command."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO daily VALUES ('2026-03-10', 'gate:csp:blocked:[red]x[/red]', 1)")
    result = run(log=path)
    assert "Since 2026-03-04" in result.output
    assert "Outcome" in result.output
    assert "[red]x[/red]" in result.output
    assert "\x1b[31m" not in result.output


def test_nothing_counted(tmp_path: Path) -> None:
    """A log without counts is not an error."""
    log = SqliteLog(tmp_path / "consent.db")

    async def fill() -> None:
        await log.append(make_record())
        await log.close()

    asyncio.run(fill())
    result = run(log=log.path)
    assert result.exit_code == 0
    assert result.output.startswith("nothing counted since ")


def test_numbers_of_any_type_in_the_file(path: Path) -> None:
    """A damaged row is passed over."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO daily VALUES (x'00ff', x'00ff', 'many')")
        connection.execute("INSERT INTO daily VALUES ('2026-03-10', 'gate:csp:blocked:x', 'many')")
    result = run(log=path)
    assert result.exit_code == 0
    assert "many" not in result.output


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("memory://", "nothing to read"),
        ("sqlite:////nowhere/consent.db", "nowhere"),
        ("mysql://x", "does not know"),
    ],
)
def test_no_log_to_read(url: str, told: str) -> None:
    """What can't be read ends with code 2 and says why."""
    result = run(log=url)
    assert result.exit_code == 2
    assert told in result.output


def test_a_damaged_log(path: Path) -> None:
    """A file that is damaged ends with code 1."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE daily")
    assert run(log=path).exit_code == 1
