"""A policy's data without its faulty parts, so that the rest can still be checked and no fault is left out.

The repaired data is only ever looked at for more faults; it is never served.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from consentkit.policy.aliases import canonical_category
from consentkit.policy.shapes import is_dict, is_list

Loc = tuple[int | str, ...]
_GONE = object()
_NO_SERVICE = {"category": "necessary"}
_NO_FIELD = {"basis": "contract"}


def repaired(data: Any, faulty: Sequence[Loc]) -> Any:
    """A copy of `data` with nothing at the `faulty` places, or something harmless where a value is needed."""
    copy = _copied(data)
    for loc in faulty:
        _repair(copy, loc)
    return _swept(copy)


def _copied(value: Any) -> Any:
    if is_dict(value):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if is_list(value) else value


def _swept(value: Any) -> Any:
    if is_dict(value):
        pairs = value.items()
        return {key: _swept(inner) for key, inner in pairs if inner is not _GONE}
    if is_list(value):
        return [_swept(inner) for inner in value if inner is not _GONE]
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
        case ("forms", _, "fields", _, *rest) if rest in ([], ["basis"]):
            _put(root, loc[:4], dict(_NO_FIELD))
        case ("language", *_):
            _put(root, ("language",), _GONE)
        case ("categories",):
            _put(root, loc, _distinct_categories(root.get("categories")))
        case _ if loc:
            _put(root, _existing(root, loc), _GONE)
        case _:
            pass


def _distinct_categories(categories: Any) -> Any:
    if not is_dict(categories):
        return _GONE
    first: dict[str, str] = {}
    for name in categories:
        first.setdefault(canonical_category(name), name)
    return {name: categories[name] for name in first.values()}


def _existing(root: Any, loc: Loc) -> Loc:
    """The longest part of `loc` that exists: a missing key condemns the mapping that lacks it."""
    here, found = root, 0
    for part in loc:
        if not _has(here, part):
            break
        here = here[part]
        found += 1
    return loc[:found]


def _has(container: Any, part: int | str) -> bool:
    if is_list(container):
        return isinstance(part, int) and part < len(container)
    return is_dict(container) and part in container


def _put(root: Any, loc: Loc, value: Any) -> None:
    here = root
    for part in loc[:-1]:
        if not _has(here, part):
            return
        here = here[part]
    if _takes_keys(here):
        here[loc[-1]] = value


def _takes_keys(container: object) -> bool:
    return isinstance(container, (dict, list))
