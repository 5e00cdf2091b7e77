"""What the attribute docstrings of the models say about their keys, for the JSON Schema.

Read from the source when a schema is made. pydantic could do it too, but for every class each time an app starts.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from types import ModuleType

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema


class DescribedSchema(GenerateJsonSchema):
    """The JSON Schema of a model, each key described by the docstring below it."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """The schema of one model."""
        found = super().model_schema(schema)
        properties = found["properties"]
        for key, text in descriptions(schema["cls"]).items():
            title = {"title": properties[key].pop("title")} if "title" in properties[key] else {}
            properties[key] = self.handle_ref_overrides({**properties[key], "description": text, **title})
        return found


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The description of each key of `model`, also of those it inherits."""
    said: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        said |= _docstrings(sys.modules[parent.__module__]).get(parent.__name__, {})
    return {field.alias or name: said[name] for name, field in model.model_fields.items() if name in said}


@lru_cache(maxsize=32)
def _docstrings(module: ModuleType) -> Mapping[str, Mapping[str, str]]:
    """The docstrings of a module's classes by attribute; none where the source isn't there."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for attribute, after in pairwise(node.body):
        match attribute, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
            case _:
                pass
