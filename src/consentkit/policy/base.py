"""What all parts of a policy share: the model they are built on, and the name of a category."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from consentkit.policy.aliases import canonical_category
from consentkit.policy.fields import Name


def _canonical(value: object) -> object:
    return canonical_category(value) if isinstance(value, str) else value


CategoryName = Annotated[Name, BeforeValidator(_canonical, json_schema_input_type=str)]


class Model(BaseModel):
    """A part of a policy: never changed once built, and closed to keys it doesn't know.

    Its validator is built when it is first used: most parts are only ever checked by that of the whole policy. A part
    is its own default by `model_construct`, which needs no validator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
