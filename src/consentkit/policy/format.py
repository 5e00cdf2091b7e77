"""The format of the file as JSON Schema: for editors, and for messages that list the keys a place allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from consentkit.policy.descriptions import DescribedSchema
from consentkit.policy.models import Policy
from consentkit.policy.shapes import is_dict, is_list

SCHEMA_ID = "urn:consentkit:schema:policy:1"
Schema = Mapping[str, Any]
#: Places a key can belong to, as they are told.
_HOMES: Mapping[str, tuple[str, ...]] = {
    "the top level": (),
    **{f"`{name}`": (name,) for name in ("site", "language", "regimes", "banner", "choice", "unknown", "signals")},
    "`regimes.region`": ("regimes", "region"),
    "`banner.theme`": ("banner", "theme"),
    "`choice.lifetime`": ("choice", "lifetime"),
    "a service, under `services`": ("services", "x"),
    "a form, under `forms`": ("forms", "x"),
}
_CLEAR = 2
#: Keywords whose keys are names, not keywords.
_NAMED = frozenset({"properties", "patternProperties", "$defs"})


@lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy file. A file that it refuses, `load_policy` refuses too."""
    schema: dict[str, Any] = _friendly(Policy.model_json_schema(by_alias=True, schema_generator=DescribedSchema))
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "consentkit policy",
        "description": "What a site asks its visitors, and what it keeps from those who don't agree.",
    }
    return {**schema, **head}


def _friendly(schema: Any) -> Any:
    """Say what else the loader takes: one value for a list, a service whose `use` brings its category."""
    if is_list(schema):
        return [_friendly(part) for part in schema]
    if not is_dict(schema):
        return schema
    result = {
        key: {name: _friendly(inner) for name, inner in part.items()} if key in _NAMED else _friendly(part)
        for key, part in schema.items()
        if not _says_nothing(key, part)
    }
    if result.get("type") == "array" and "items" in result:
        return _one_or_many(result)
    if result.get("title") == "Service" and result.get("required") == ["category"]:
        del result["required"]
        result["anyOf"] = [{"required": ["category"]}, {"required": ["use"]}]
    return result


def _says_nothing(key: str, part: object) -> bool:
    """A default of null, or one that repeats in full what the part's own keys say."""
    return key == "default" and (part is None or is_dict(part))


def _one_or_many(array: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {key: array.pop(key) for key in ("title", "description", "default") if key in array}
    return {**about, "anyOf": [array, array["items"]]}


def keys_at(loc: Sequence[int | str]) -> list[str]:
    """The keys that may be written at `loc`; empty where names are free."""
    return list(_at(loc).get("properties", {}))


def home_of(key: str) -> str | None:
    """Where a key that is written at the wrong place belongs, if that is clear: one place, or one of two."""
    homes = [home for home, loc in _HOMES.items() if key in keys_at(loc)]
    return " or ".join(homes) if len(homes) <= _CLEAR else None


def description_at(loc: Sequence[int | str]) -> str:
    """The first sentence that the format says about `loc`, or nothing."""
    found = _at(loc)
    text = str(found.get("description", ""))
    return text.split(". ", maxsplit=1)[0].rstrip(".").replace("\n", " ")


def _at(loc: Sequence[int | str]) -> Schema:
    here: Schema = json_schema()
    for part in loc:
        here = _step(_resolved(here), part)
    return _resolved(here)


def _resolved(schema: Schema) -> Schema:
    """The schema itself, behind references and `anyOf`; of several forms the one with keys or items."""
    while True:
        if "$ref" in schema:
            schema = json_schema()["$defs"][str(schema["$ref"]).rsplit("/", 1)[1]]
            continue
        if "properties" in schema or "anyOf" not in schema:
            return schema
        forms = [_resolved(form) for form in cast("list[Schema]", schema["anyOf"])]
        inner = next((f for f in forms if "properties" in f or "items" in f or "additionalProperties" in f), None)
        return inner if inner is not None else schema


def _step(schema: Schema, part: int | str) -> Schema:
    if isinstance(part, int):
        inner = schema.get("items", {} if "properties" not in schema else schema)
    else:
        named: Schema = schema.get("properties", {})
        free: Schema = schema.get("patternProperties", {})
        inner = named.get(part) or next(iter(free.values()), None) or schema.get("additionalProperties")
    return inner if is_dict(inner) else {}
