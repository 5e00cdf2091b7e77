"""Policy texts that mark the place of a mistake with `¦`."""

from __future__ import annotations

from consentkit.errors import PolicyError, Problem
from consentkit.policy.check import parse_policy

MINIMAL = """\
site: {url: "https://news.example", name: News}
services: {}
"""


def places(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and the line and column of each mark."""
    found: list[tuple[int, int]] = []
    lines: list[str] = []
    for number, line in enumerate(marked.split("\n"), 1):
        parts = line.split("¦")
        found.extend((number, len("".join(parts[:count])) + 1) for count in range(1, len(parts)))
        lines.append("".join(parts))
    return "\n".join(lines), found


def problems(text: str | bytes) -> tuple[Problem, ...]:
    """Every error of `text`, or none."""
    try:
        parse_policy(text, "consent.yaml", environ={})
    except PolicyError as error:
        return error.problems
    return ()


def warnings(text: str) -> tuple[Problem, ...]:
    """Every warning about `text`, which must load."""
    return parse_policy(text, "consent.yaml", environ={})[1]
