"""A policy's data without its faulty parts, so that the rest can still be checked and every fault told at once.

The repaired data is only ever looked at for more faults; it is never served.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from consentkit.policy.aliases import canonical_category

Loc = tuple[int | str, ...]
_GONE = object()
_NO_SERVICE = {"category": "necessary"}
_NO_FIELD = {"basis": "contract"}


def repaired(data: Any, faulty: Sequence[Loc]) -> Any:
    """A copy of `data` in which nothing is left at the `faulty` places, or something harmless where one is needed."""
    copy = _copied(data)
    for loc in faulty:
        _repair(copy, loc)
    return _swept(copy)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in cast("dict[Any, Any]", value).items()}
    return [_copied(inner) for inner in cast("list[Any]", value)] if isinstance(value, list) else value


def _swept(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value).items()
        return {key: _swept(inner) for key, inner in pairs if inner is not _GONE}
    if isinstance(value, list):
        return [_swept(inner) for inner in cast("list[Any]", value) if inner is not _GONE]
    return value


def _repair(root: Any, loc: Loc) -> None:
    match loc:
        case ("site",) | ("site", "url") | ("site", "name"):
            _put(root, ("site",), {"url": "https://site.invalid", "name": "site"})
        case ("services",):
            _put(root, loc, {})
            _put(root, ("forms",), _GONE)
        case ("services", name, *rest) if rest in ([], ["category"], ["use"]):
            named = isinstance(name, str) and name in root["services"]
            _put(root, ("services", name), dict(_NO_SERVICE) if named else _GONE)
        case ("forms", form, "match"):
            _put(root, loc, f"POST /{form}")
        case ("forms", _, "fields", field, *rest) if rest in ([], ["basis"]):
            _put(root, loc[:4], dict(_NO_FIELD))
        case ("language", *_):
            _put(root, ("language",), _GONE)
        case ("categories",):
            _put(root, loc, _distinct_categories(root.get("categories")))
        case _:
            _put(root, _existing(root, loc), _GONE)


def _distinct_categories(categories: Any) -> Any:
    if not isinstance(categories, dict):
        return _GONE
    found = cast("dict[str, Any]", categories)
    first = {canonical_category(name): name for name in reversed(found)}
    return {name: inner for name, inner in found.items() if first[canonical_category(name)] == name}


def _existing(root: Any, loc: Loc) -> Loc:
    """The longest part of `loc` that exists: a missing key condemns the mapping that lacks it."""
    here, found = root, 0
    for part in loc:
        if isinstance(here, dict) and part in here:
            here = cast("dict[Any, Any]", here)[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(cast("list[Any]", here)):
            here = cast("list[Any]", here)[part]
        else:
            break
        found += 1
    return loc[:found]


def _put(root: Any, loc: Loc, value: Any) -> None:
    if not loc:
        return
    here = root
    for part in loc[:-1]:
        here = here[part] if isinstance(here, (dict, list)) else _GONE
        if here is _GONE:
            return
    if isinstance(here, (dict, list)):
        cast("Any", here)[loc[-1]] = value
