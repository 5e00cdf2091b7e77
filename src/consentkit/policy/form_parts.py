"""The forms of a site, as models: what each field rests on, and what a form's text is sent to."""

# Without `annotations` from `__future__`: pydantic reads every one, and would have to compile it from a text first.

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from consentkit.policy.base import CategoryName, Model
from consentkit.policy.fields import Duration, Name, ShortText, as_tuple
from consentkit.policy.shapes import is_mapping


class FormField(Model):
    """One field of a form. Only a field whose basis is consent can be withheld."""

    basis: Literal["consent", "contract", "legal-obligation", "legitimate-interest"]
    """What storing it rests on (GDPR article 6(1))."""
    for_: CategoryName | None = Field(default=None, alias="for")
    """The category whose consent it needs; goes with `basis: consent`."""
    otherwise: Literal["drop", "ask"] | None = None
    """Without that consent: `drop` it (the default for `basis: consent`), or `ask` beside the field."""

    @model_validator(mode="before")
    @classmethod
    def _drop_by_default(cls, data: object) -> object:
        if is_mapping(data) and data.get("basis") == "consent" and data.get("otherwise") is None:
            return {**data, "otherwise": "drop"}
        return data


class FormRequestData(Model):
    """Personal data of the request itself."""

    ip: Literal["drop", "keep"] = "drop"
    """The visitor's address."""
    user_agent: Literal["drop", "keep"] = "drop"
    """The browser's name and version."""


class Remember(Model):
    """The "remember me in this browser" box."""

    service: Name
    """The service whose cookies it sets."""
    fields: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)]
    """The fields it remembers."""


class Spam(Model):
    """A spam-check service that a form's text is sent to."""

    service: Name
    """A service of this policy, or one of the catalogue."""
    send: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)]
    """The fields that are sent to it."""
    otherwise: Literal["local", "accept", "reject"] = "local"
    """Without consent: check `local`ly, `accept` unchecked, or `reject`."""


class Form(Model):
    """A form of the site, what it stores and on which basis."""

    match: Annotated[str, StringConstraints(pattern=r"^(POST|PUT|PATCH) /[^\s]*$", max_length=300)]
    """Method and path of the request that sends it; `{name}` stands for one path segment."""
    fields: dict[ShortText, FormField] = Field(default_factory=dict)
    """Every field by its name in the form."""
    request: FormRequestData = FormRequestData.model_construct()
    """Personal data of the request itself."""
    remember: Remember | None = None
    """The "remember me" box, if there is one."""
    spam: Spam | None = None
    """The spam check, if there is one."""
    retention: Duration | None = None
    """How long what the form stores is kept."""
