"""`consentkit check`: what is wrong with a policy file, and what visitors would be asked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from consentkit.cli.failure import CannotError
from consentkit.cli.summary import summary, summary_lines
from consentkit.errors import PolicyError, Problem
from consentkit.policy.check import parse_policy
from consentkit.policy.load import read_policy_file
from consentkit.policy.models import Policy


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="consent.yaml")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors: exit code 1 when there is one.")
def check(file: Path, as_json: bool, strict: bool) -> None:
    """Check a policy FILE (default: consent.yaml) and say what visitors would be asked.

    Every problem is printed as file:line:column. Exit code 1: there is an error; 2: the file can't be read.

    \b
    Example:
        consentkit check consent.yaml --strict
    """
    policy, problems = _checked(file)
    failed = policy is None or (strict and bool(problems))
    if as_json:
        click.echo(json.dumps(_report(file, policy, problems, failed=failed), ensure_ascii=False, indent=2))
    else:
        _say(file, policy, problems)
    raise SystemExit(int(failed))


def _checked(file: Path) -> tuple[Policy | None, tuple[Problem, ...]]:
    try:
        text = read_policy_file(file)
    except PolicyError as error:
        raise CannotError(str(error)) from None
    try:
        return parse_policy(text, str(file))
    except PolicyError as error:
        return None, error.problems


def _report(file: Path, policy: Policy | None, problems: tuple[Problem, ...], *, failed: bool) -> dict[str, Any]:
    return {
        "file": str(file),
        "ok": not failed,
        "problems": [asdict(problem) for problem in problems],
        "summary": summary(policy) if policy else None,
    }


def _say(file: Path, policy: Policy | None, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(f"{file}:{problem.line}:{problem.column}: {problem.level}: {problem.message}")
    click.echo(f"{file}: {_count(problems)}")
    for line in summary_lines(policy) if policy else ():
        click.echo(line)


def _count(problems: tuple[Problem, ...]) -> str:
    levels = [problem.level for problem in problems]
    counted = [(levels.count("error"), "error"), (levels.count("warning"), "warning")]
    told = ", ".join(f"{number} {word}{'s' if number > 1 else ''}" for number, word in counted if number)
    return told or "no problems"
