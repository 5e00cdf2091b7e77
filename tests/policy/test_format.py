"""The JSON Schema agrees with the loader, so that an editor's completion can be trusted."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from consentkit.policy.format import description_at, json_schema, keys_at
from consentkit.policy.yaml_tree import read_tree

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
SITE = 'site: {url: "https://a.example", name: A}\n'


def test_the_schema_is_a_schema() -> None:
    """It is valid draft 2020-12, names itself, and can be written as JSON."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"].endswith("2020-12/schema")
    assert json_schema()["$id"].startswith("urn:")
    assert json.dumps(json_schema())


@pytest.mark.parametrize(
    "text",
    [
        Path(__file__).with_name("sketch.yaml").read_text(encoding="utf-8"),
        SITE + "services: {}",
        SITE + "services: {a: {category: analytics, hosts: x.example, cookies: _a, purpose: Counts readers}}",
        SITE + "services: {a: {use: matomo}}",
        SITE + "services: {a: {category: C0002}, b: {category: Statistics}}\ncategories: {Statistics: {}}",
    ],
)
def test_what_loads_passes_the_schema(text: str) -> None:
    """One value for a list, one text for all languages and `use` instead of a category are all in the schema."""
    assert [error.message for error in VALIDATOR.iter_errors(read_tree(text).root.value())] == []


@pytest.mark.parametrize(
    "text",
    [
        "services: {}",
        SITE + "services: {a: {}}",
        SITE + "services: {}\nbannner: {}",
        SITE + "services: {}\nbanner: {position: left}",
        SITE + "services: {}\nlog: {retention: 3 years}",
        SITE + "services: {}\nsignals: {gpc: yes}",
    ],
)
def test_common_mistakes_fail_the_schema(text: str) -> None:
    """An editor marks missing and unknown keys, values that are not listed, and wrong types."""
    assert list(VALIDATOR.iter_errors(read_tree(text).root.value()))


def test_every_key_has_a_description() -> None:
    """Whoever completes a key in an editor reads what it is for."""
    bare = [
        f"{name}.{key}"
        for name, part in [("policy", json_schema()), *json_schema()["$defs"].items()]
        for key, value in part.get("properties", {}).items()
        if "description" not in value and "$ref" not in value and not name.endswith(("Texts", "TextOverrides"))
    ]
    assert bare == []


def test_keys_are_found_through_lists_names_and_alternatives() -> None:
    """The keys of a place are known behind references, names that the site chooses, and lists."""
    assert keys_at(("services", "x", "cookies", 0))[:2] == ["name", "domain"]
    assert keys_at(("regimes", "region")) == ["header", "trusted_proxies"]
    assert keys_at(("services",)) == []
    assert description_at(("site", "url")) == "Address of the site"
