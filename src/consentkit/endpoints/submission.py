"""What a visitor sent: parsed strictly, before anything is decided from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from urllib.parse import parse_qsl

from consentkit.endpoints.body import BodyError

SubmittedAction = Literal["accept-all", "reject-all", "save", "grant"]
_ACTIONS: tuple[SubmittedAction, ...] = ("accept-all", "reject-all", "save", "grant")
#: Words the field also uses for saving a selection.
_ACTION_ALIASES = {"custom": "save"}
_MAX_FIELDS = 64
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Submission:
    """One choice as it was sent. Names are not yet checked against the policy."""

    action: SubmittedAction
    categories: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    token: str = ""
    return_to: str = "/"
    is_json: bool = False


def media_type(content_types: Sequence[bytes]) -> str:
    """Which of the two accepted types this is. Raises `BodyError` 415 when it is missing, doubled or another one."""
    if len(content_types) == 1:
        found = content_types[0].partition(b";")[0].strip().lower().decode("latin-1")
        if found in (FORM, JSON):
            return found
    raise BodyError(415)


def parse(kind: str, body: bytes) -> Submission:
    """The submission in `body`. Raises `BodyError` 400 when it can't be understood."""
    return _from_json(body) if kind == JSON else _from_form(body)


def _from_form(body: bytes) -> Submission:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise BodyError(400) from None
    last = dict(pairs)
    return Submission(
        action=_action(last.get("action", "save")),
        categories=frozenset(value for name, value in pairs if name == "category"),
        services=frozenset(value for name, value in pairs if name == "service"),
        token=last.get("token", ""),
        return_to=last.get("return_to", "/"),
    )


def _from_json(body: bytes) -> Submission:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyError(400) from None
    if not isinstance(data, dict):
        raise BodyError(400)
    fields = cast("dict[str, Any]", data)
    return Submission(
        action=_action(fields.get("action", "save")),
        categories=_names(fields.get("categories", [])),
        services=_names(fields.get("services", [])),
        token=_text(fields.get("token", "")),
        return_to=_text(fields.get("return_to", "/")),
        is_json=True,
    )


def _action(value: object) -> SubmittedAction:
    name = _ACTION_ALIASES.get(value, value) if isinstance(value, str) else value
    for action in _ACTIONS:
        if action == name:
            return action
    raise BodyError(400)


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list) or len(cast("list[object]", value)) > _MAX_FIELDS:
        raise BodyError(400)
    return frozenset(_text(item) for item in cast("list[object]", value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BodyError(400)
    return value
