"""From `consent.yaml` to a `Policy`, or to every fault of the file at once, each with its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from consentkit.errors import PolicyError, Problem
from consentkit.policy.fields import check_site_url
from consentkit.policy.messages import cleaned, sentence
from consentkit.policy.models import Policy
from consentkit.policy.places_in_file import Locator
from consentkit.policy.references import ReferenceFaults
from consentkit.policy.repair import repaired
from consentkit.policy.suggest import printable
from consentkit.policy.yaml_tree import MAX_BYTES, MAX_PROBLEMS, UnreadableError, read_tree

SITE_URL_VARIABLE = "CONSENTKIT_SITE_URL"
#: Enough to take out faults that only show once others are gone.
_ROUNDS = 8
_KEY_ERRORS = frozenset({"extra_forbidden", "missing"})
Loc = tuple[int | str, ...]


def load_policy(path: str | Path, *, environ: Mapping[str, str] = os.environ) -> Policy:
    """The policy in the file at `path`. `CONSENTKIT_SITE_URL` in `environ`, if set, replaces `site.url`.

    Raises `PolicyError` with every fault of the file, each with line and column.
    """
    return read_policy(read_policy_file(path), str(path), environ=environ)[0]


def read_policy_file(path: str | Path) -> bytes:
    """The bytes of a policy file, at most one more than a policy may have.

    Raises `PolicyError` if it can't be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = "there is no such file; `consentkit init` writes one"
    except IsADirectoryError:
        message = "this is a directory; name the file in it, for example consent.yaml"
    except PermissionError:
        message = "the file may not be read by this user; change its owner or mode"
    except (OSError, ValueError) as error:
        message = f"the file can't be read: {error}"
    raise PolicyError(path, (Problem(message),)) from None


def read_policy(text: str | bytes, source: str, *, environ: Mapping[str, str] = os.environ) -> tuple[Policy, Locator]:
    """The policy in `text`, and where its parts stand there. `source` is the name the faults are told under.

    Raises `PolicyError` with every fault at once.
    """
    try:
        tree = read_tree(text)
    except UnreadableError as error:
        raise PolicyError(source, (error.problem,)) from None
    locator = Locator(tree.root)
    data, faults = _with_site_url(tree.root.value(), environ)
    policy, more = _validated(data)
    found = [*tree.problems, *(placed(fault, locator) for fault in (*faults, *more))]
    if found or policy is None:
        raise PolicyError(source, in_order(found))
    return policy, locator


def _with_site_url(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    url = environ.get(SITE_URL_VARIABLE)
    site = data.get("site")
    if not url or not isinstance(site, dict):
        return data, []
    try:
        return {**data, "site": {**site, "url": check_site_url(url)}}, []
    except ValueError as error:
        message = f"the environment variable {SITE_URL_VARIABLE} replaces this, and its value {error}"
        return data, [Problem(message, "site.url")]


def _validated(data: Any) -> tuple[Policy | None, list[Problem]]:
    """The policy, or every fault: faulty parts are taken out and the rest looked at again."""
    problems: list[Problem] = []
    touched: set[Loc] = set()
    for _ in range(_ROUNDS):
        try:
            policy = Policy.model_validate(data)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            faulty = {cleaned(error["loc"]) for error in errors}
            problems.extend(_problems(errors, faulty, touched))
            touched |= faulty
            if faulty == {()}:
                break
            data = repaired(data, sorted(faulty, key=str))
        else:
            return (None if problems else policy), problems
    return None, problems


def _problems(errors: list[ErrorDetails], faulty: set[Loc], touched: set[Loc]) -> list[Problem]:
    found: list[Problem] = []
    for error in errors:
        loc = cleaned(error["loc"])
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, ReferenceFaults):
            found.extend(cause.problems)
        elif not _follows(loc, error["type"], faulty, touched):
            path = ".".join(str(part) for part in loc)
            at_key = error["type"] in _KEY_ERRORS or error["loc"][-1:] == ("[key]",)
            found.append(Problem(sentence(error), path, at_key=at_key))
    return found


def _follows(loc: Loc, kind: str, faulty: set[Loc], touched: set[Loc]) -> bool:
    """Whether an error only follows from what we took out, or from an unknown `use` that owes a category."""
    follows = any(gone[: len(loc)] == loc for gone in touched)
    return follows or (kind == "missing" and (*loc[:-1], "use") in faulty)


def placed(problem: Problem, locator: Locator) -> Problem:
    """`problem` with its line and column, and its path told."""
    line, column = locator.place(problem.path, of_key=problem.at_key)
    message = f"{printable(problem.path)}: {problem.message}" if problem.path else problem.message
    return replace(problem, message=message, line=line, column=column)


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """The distinct problems as they stand in the file, at most as many as anybody reads."""
    distinct = dict.fromkeys(problems)
    return tuple(sorted(distinct, key=lambda p: (p.line, p.column, p.path)))[:MAX_PROBLEMS]
