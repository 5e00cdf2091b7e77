"""docs/policy.md names every key of the policy, its default, and only examples that load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from consentkit.policy.catalogue import catalogue
from consentkit.policy.format import json_schema
from consentkit.policy.texts import PLACEHOLDERS
from consentkit.policy.yaml_tree import read_tree
from tests.policy.marked import problems

DOC = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
ADOPTION = (Path(__file__).parents[2] / "docs" / "adoption.md").read_text(encoding="utf-8")
PARTS: dict[str, Any] = {"Policy": json_schema(), **json_schema()["$defs"]}
KEYS = sorted(
    {
        (name, key)
        for name, part in PARTS.items()
        if name == "TextOverrides" or not name.endswith("Texts")
        for key in part.get("properties", {})
    }
)


@pytest.mark.parametrize(("part", "key"), KEYS)
def test_every_key_is_documented(part: str, key: str) -> None:
    """Each key of each part stands in the document as code."""
    assert f"`{key}`" in DOC, part


def test_every_value_and_name_is_documented() -> None:
    """Listed values of keys, placeholders and catalogue entries stand in the document too."""
    values = {value for part in PARTS.values() for value in _listed(part)}
    missing = [value for value in sorted(values) if not re.search(rf"`[^`]*\b{re.escape(value)}\b[^`]*`", DOC)]
    assert missing == []
    assert [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in DOC] == []
    assert [name for name in catalogue() if f"`{name}`" not in DOC] == []


def _listed(schema: object) -> list[str]:
    if isinstance(schema, list):
        return [value for part in schema for value in _listed(part)]
    if not isinstance(schema, dict):
        return []
    own = [value for value in schema.get("enum", []) if isinstance(value, str)]
    return own + [value for part in schema.values() for value in _listed(part)]


def test_every_example_loads() -> None:
    """Each YAML example, completed with what it leaves out, is free of errors."""
    examples = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    assert len(examples) > 8
    for example in examples:
        keys = {key.text for key, _ in read_tree(example).root.pairs}
        site = "" if "site" in keys else 'site: {url: "https://news.example", name: News}\n'
        services = "" if "services" in keys else "services: {remember-me: {category: functional}}\n"
        assert problems(site + services + example) == (), example


def test_every_example_of_the_way_to_adopt_it_loads() -> None:
    """The policies in docs/adoption.md are complete and free of errors."""
    examples = re.findall(r"```yaml\n(.*?)```", ADOPTION, re.DOTALL)
    assert len(examples) == 2
    assert [problems(example) for example in examples] == [(), ()]


def test_defaults_are_the_real_ones() -> None:
    """Each default that is a word stands in the line about its key, or right after "By default"."""
    lines = DOC.splitlines()
    for name, part in PARTS.items():
        for key, schema in part.get("properties", {}).items():
            default = schema.get("default")
            if isinstance(default, str):
                told = any(f"`{key}`" in line and default in line for line in lines)
                assert told or f"By default `{default}`" in DOC or f"`{default}` (the default)" in DOC, f"{name}.{key}"
