"""A pydantic error, said so that a stranger can act on it: what is wrong, what is allowed, did you mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from consentkit.policy.fields import NAME_PATTERN
from consentkit.policy.format import description_at, home_of, keys_at
from consentkit.policy.suggest import did_you_mean, listed, shown

Loc = Sequence[int | str]

_PATTERNS = {
    NAME_PATTERN: "is not a name; use a small letter first, then small letters, digits, - and _, at most 40",
    r"^[A-Z]{2}$": "is not a country; write its two capital letters by ISO 3166, for example US",
    r"^[A-Za-z0-9-]{1,64}$": "is not a header name; use letters, digits and -, for example CF-IPCountry",
    r"^(POST|PUT|PATCH) /[^\s]*$": "is not a request; write POST, PUT or PATCH and a path, for example "
    "POST /comments/{slug}",
}
_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def cleaned(loc: Loc) -> tuple[int | str, ...]:
    """The place of an error as keys and list positions, without pydantic's own words in it."""
    return tuple(part for part in loc if part != "[key]")


def sentence(error: ErrorDetails) -> str:
    """What `error` says, in one or two sentences that begin with the value or key it is about."""
    rule = _SENTENCES.get(error["type"])
    return rule(error) if rule else f"{_quoted(error['input'])}{error['msg']}"


def _quoted(value: object) -> str:
    if isinstance(value, str):
        return f"'{shown(value)}' "
    return f"{shown(value)} " if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()}, which YAML reads as a truth value"
    if isinstance(value, (int, float)):
        return f"{value}, which YAML reads as a number"
    return "a list" if isinstance(value, list) else "keys with values"


def _missing(error: ErrorDetails) -> str:
    loc = cleaned(error["loc"])
    about = description_at(loc)
    return f"the key `{loc[-1]}` is missing; it is required{f' ({about})' if about else ''}"


def _unknown_key(error: ErrorDetails) -> str:
    loc = cleaned(error["loc"])
    allowed = keys_at(loc[:-1])
    key = str(loc[-1])
    return f"unknown key '{shown(key)}'; allowed here: {listed(allowed)}." + (
        did_you_mean(key, allowed) or _belongs(key)
    )


def _belongs(key: str) -> str:
    home = home_of(key)
    return f" `{key}` belongs to {home}" if home else ""


def _not_listed(error: ErrorDetails) -> str:
    allowed = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    value = error["input"]
    if value is None:
        return f"is empty; allowed are: {listed(allowed)}"
    about = f"'{shown(value)}' is not allowed here" if isinstance(value, str) else f"is {_kind(value)}"
    return f"{about}; allowed are: {listed(allowed)}." + did_you_mean(str(value), allowed)


def _not_text(error: ErrorDetails) -> str:
    value = error["input"]
    if value is None:
        return "is empty; write a text (after a space, # begins a comment: put text that has it in quotes)"
    quote = "; put it in quotes" if isinstance(value, (int, float)) else ""
    return f"must be a text, but is {_kind(value)}{quote}"


def _pattern(error: ErrorDetails) -> str:
    pattern = str(error.get("ctx", {}).get("pattern", ""))
    return _quoted(error["input"]) + _PATTERNS.get(pattern, f"does not have the form {pattern}")


def _not_boolean(error: ErrorDetails) -> str:
    value = error["input"]
    meant = _BOOLEANS.get(str(value).lower())
    return f"{_quoted(value) or 'this '}is not allowed here; allowed are: true, false." + (
        f" Did you mean {meant!r}?" if meant else ""
    )


def _not_mapping(error: ErrorDetails) -> str:
    value = error["input"]
    keys = keys_at(cleaned(error["loc"]))
    form = f"keys with values; its keys are: {listed(keys)}" if keys else "names with values, written `name: ...`"
    if value is None:
        return f"is empty; write {{}} {'to take every default' if keys else 'for none'}, or {form}"
    found = "a list" if isinstance(value, list) else f"'{shown(value)}'"
    return f"must hold {form}; here is {found} instead"


def _value(error: ErrorDetails) -> str:
    said = error["msg"].removeprefix("Value error, ")
    return f"{_quoted(error['input'])}{said}"


def _limit(word: str, key: str, unit: str = "") -> Callable[[ErrorDetails], str]:
    def say(error: ErrorDetails) -> str:
        context: Mapping[str, Any] = error.get("ctx", {})
        return f"{_quoted(error['input'])}is out of bounds: {word} {context.get(key)}{unit}"

    return say


_SENTENCES: Mapping[str, Callable[[ErrorDetails], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _not_listed,
    "string_type": _not_text,
    "string_pattern_mismatch": _pattern,
    "string_too_short": lambda error: (
        f"{_quoted(error['input'])}is too short; write at least {error.get('ctx', {}).get('min_length')} character(s)"
    ),
    "string_too_long": _limit("the most is", "max_length", " characters"),
    "bool_type": _not_boolean,
    "int_type": lambda error: f"{_quoted(error['input']) or 'this '}must be a whole number, without quotes and unit",
    "greater_than_equal": _limit("the least is", "ge"),
    "less_than_equal": _limit("the most is", "le"),
    "tuple_type": lambda error: f"{_quoted(error['input']) or 'this '}must be a list, for example [a, b]",
    "too_short": lambda _: "the list is empty; it needs at least one entry",
    "dict_type": _not_mapping,
    "model_type": _not_mapping,
    "model_attributes_type": _not_mapping,
    "value_error": _value,
}
