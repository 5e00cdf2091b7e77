"""Rules for `forms`: only consent can be withheld, and every name a form uses exists."""

from __future__ import annotations

from collections.abc import Iterator, Set

from consentkit.errors import Problem
from consentkit.policy.form_parts import Form, FormField
from consentkit.policy.parts import Declaration
from consentkit.policy.suggest import did_you_mean, listed


def form_faults(declared: Declaration, categories: tuple[str, ...], required: Set[str]) -> Iterator[Problem]:
    """What is wrong in the forms.

    `categories` are the names that exist, `required` those that are never asked.
    """
    matches: dict[str, str] = {}
    for name, form in declared.forms.items():
        path = f"forms.{name}"
        if form.match in matches:
            message = f"the form {matches[form.match]!r} matches the same requests; give each form its own"
            yield Problem(message, f"{path}.match")
        matches.setdefault(form.match, name)
        for field_name, field in form.fields.items():
            yield from _field_faults(field, f"{path}.fields.{field_name}", categories, required)
        yield from _named_fields(form, path)
        yield from _named_services(form, path, tuple(declared.services))


def _field_faults(field: FormField, path: str, categories: tuple[str, ...], required: Set[str]) -> Iterator[Problem]:
    if field.basis != "consent":
        for key, value in (("for", field.for_), ("otherwise", field.otherwise)):
            if value is not None:
                message = f"`{key}` goes with basis: consent alone; what rests on {field.basis} can't be withheld"
                yield Problem(f"{message}. Remove `{key}`, or write basis: consent", f"{path}.{key}")
    elif field.for_ is None:
        message = "basis: consent needs `for`, the category whose consent it is, for example for: functional"
        yield Problem(message, f"{path}.basis")
    elif field.for_ not in categories:
        yield Problem(
            f"there is no category {field.for_!r}; there are: {listed(categories)}."
            + did_you_mean(field.for_, categories),
            f"{path}.for",
        )
    elif field.for_ in required:
        yield Problem(
            f"{field.for_!r} is required and never asked, so no visitor can consent to it; name another category",
            f"{path}.for",
        )


def _named_fields(form: Form, path: str) -> Iterator[Problem]:
    named = (
        ("remember.fields", form.remember and form.remember.fields),
        ("spam.send", form.spam and form.spam.send),
    )
    for place, names in named:
        for index, name in enumerate(names or ()):
            if name not in form.fields:
                yield Problem(
                    f"the form declares no field {name!r}; it declares: {listed(form.fields)}."
                    + did_you_mean(name, form.fields),
                    f"{path}.{place}.{index}",
                )


def _named_services(form: Form, path: str, services: tuple[str, ...]) -> Iterator[Problem]:
    for place, part in (("remember", form.remember), ("spam", form.spam)):
        if part is not None and part.service not in services:
            yield Problem(
                f"there is no service {part.service!r}, neither under `services` nor in the "
                "catalogue; declared are: "
                f"{listed(services)}.{did_you_mean(part.service, services)}",
                f"{path}.{place}.service",
            )
