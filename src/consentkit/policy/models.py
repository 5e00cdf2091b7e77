"""`Policy`: all that a site declares, completed from the catalogue and checked as a whole.

The parts it is made of are in `policy/parts.py` and can be imported from here too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import model_validator

from consentkit.policy.aliases import CANONICAL_CATEGORIES
from consentkit.policy.banner_parts import Banner, Theme
from consentkit.policy.base import CategoryName
from consentkit.policy.completion import complete_policy
from consentkit.policy.form_parts import Form, FormField, FormRequestData, Remember, Spam
from consentkit.policy.parts import (
    Category,
    Choice,
    ChoiceLifetime,
    Controller,
    Declaration,
    DeclaredCookie,
    Language,
    LogSettings,
    Provider,
    Regimes,
    RegionSource,
    Service,
    Signals,
    Site,
    Storage,
    Unknown,
    Use,
)
from consentkit.policy.references import ReferenceFaults, host_of, reference_faults

__all__ = [
    "CANONICAL_CATEGORIES",
    "Banner",
    "Category",
    "CategoryName",
    "Choice",
    "ChoiceLifetime",
    "Controller",
    "DeclaredCookie",
    "Form",
    "FormField",
    "FormRequestData",
    "Language",
    "LogSettings",
    "Policy",
    "Provider",
    "Regimes",
    "RegionSource",
    "Remember",
    "Service",
    "Signals",
    "Site",
    "Spam",
    "Storage",
    "Theme",
    "Unknown",
    "Use",
]


class Policy(Declaration):
    """All that a site declares. Build it with `load_policy(path)`, or with `Policy.model_validate(mapping)`.

    Raises `pydantic.ValidationError` for a mapping that can't be a policy.
    """

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: object) -> object:
        return complete_policy(data)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        faults = reference_faults(self)
        if faults:
            raise ReferenceFaults(faults)
        return self

    @cached_property
    def site_id(self) -> str:
        """The name of this site in cookie salt, record and checkpoint."""
        return self.site.id or self.site.url.split("://", 1)[1]

    @cached_property
    def all_categories(self) -> Mapping[str, Category]:
        """Every category in screen order: those declared, then canonical ones that only services name."""
        used = {service.category for service in self.services.values()}
        declared = dict(self.categories)
        for name in CANONICAL_CATEGORIES:
            if name in used or (name == "necessary" and name not in declared):
                declared.setdefault(name, Category())
        if not declared["necessary"].required:
            declared["necessary"] = declared["necessary"].model_copy(update={"required": True})
        if "necessary" in self.categories:
            return declared
        return {"necessary": declared.pop("necessary"), **declared}

    @cached_property
    def report_only(self) -> frozenset[str]:
        """The categories that are not enforced: what the gates would hold back of them is only counted."""
        modes = {name: found.mode or self.mode for name, found in self.all_categories.items() if not found.required}
        return frozenset(name for name, mode in modes.items() if mode == "report-only")

    @cached_property
    def asked_categories(self) -> tuple[str, ...]:
        """The categories a visitor is asked about: not required, enforced, and with at least one service."""
        used = {service.category for service in self.services.values()} - self.report_only
        return tuple(name for name, category in self.all_categories.items() if not category.required and name in used)

    @cached_property
    def honours_gpc(self) -> bool:
        """Whether a privacy signal refuses everything it may refuse: no service with such uses is only reported."""
        return self.signals.gpc and not any(
            service.uses and service.category in self.report_only for service in self.services.values()
        )

    @cached_property
    def unknown_hosts(self) -> Literal["allow", "report", "block"]:
        """What becomes of hosts that no service declares. Where nothing is enforced, nothing is blocked."""
        hosts = self.unknown.hosts
        return "report" if hosts == "block" and self.mode == "report-only" else hosts

    @cached_property
    def open_hosts(self) -> tuple[str, ...]:
        """The hosts that pages may load from without any consent: the site's own, and those of what is required."""
        own = host_of(self.site.url).removeprefix("www.")
        shared = (self.site.cookie_domain,) if self.site.cookie_domain else ()
        required = (x for x in self.services.values() if self.all_categories[x.category].required)
        return (own, *shared, *(host for service in required for host in service.hosts))

    @cached_property
    def unknown_cookies(self) -> Literal["allow", "report", "block"]:
        """What becomes of cookies that no service declares. Where nothing is enforced, nothing is blocked."""
        cookies = self.unknown.cookies
        return "report" if cookies == "block" and self.mode == "report-only" else cookies

    def services_in(self, category: str) -> dict[str, Service]:
        """The services of `category`, in the order of the policy."""
        return {name: service for name, service in self.services.items() if service.category == category}

    @cached_property
    def locales(self) -> tuple[str, ...]:
        """The languages that may be chosen, the default first."""
        others = (name for name in self.language.available if name != self.language.default)
        return (self.language.default, *others)

    def canonical(self) -> bytes:
        """The policy as bytes, the same for the same content: what the log stores and the digest covers."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return json.dumps(data, separators=(",", ":"), ensure_ascii=True).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `canonical()`, as hex."""
        return hashlib.sha256(self.canonical()).hexdigest()
