"""Consent marks that other products put on markup: which categories and service an element says it needs.

Source: the products' own documentation, as listed in the guide to migrating markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from consentkit.policy.aliases import canonical_category
from consentkit.rewrite.rules import Rules, ServiceRule
from consentkit.rewrite.tags import Tag

_CATEGORY_ATTRIBUTES = (b"data-category", b"data-cookiecategory", b"data-cookieconsent", b"data-cookieyes")
_OPTANON = re.compile(r"(?:^|\s)optanon-category-(\S+)")
_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """What an element's markup asks for: all of `categories`, none of `excluded`, and `service` where it is known."""

    categories: tuple[str, ...]
    excluded: tuple[str, ...]
    service: ServiceRule | None

    def permits(self, rules: Rules) -> bool:
        """Whether inert markup with this mark may run; a name the policy doesn't have never may."""
        if self.service is not None and not rules.allows_service(self.service):
            return False
        if any(
            not rules.knows_category(x) or rules.allows_category(x) or rules.reports_category(x) for x in self.excluded
        ):
            return False
        return all(rules.allows_category(x) for x in self.categories)

    def refuses(self, rules: Rules) -> bool:
        """Whether live markup with this mark must not load; names the policy doesn't have say nothing."""
        if self.service is not None and rules.holds_service(self.service):
            return True
        return any(map(rules.holds_category, self.categories))

    def is_reported(self, rules: Rules) -> bool:
        """Whether this mark names anything that is closed, but only reported."""
        if self.service is not None and rules.reports_service(self.service):
            return True
        return any(map(rules.reports_category, self.categories))

    def waits_for(self, rules: Rules) -> str:
        """The category this markup waits for: the first that is held back. Empty when the policy has none of them."""
        known = [x for x in self.categories if rules.knows_category(x)]
        closed = [x for x in known if rules.holds_category(x)]
        if closed or known:
            return (closed or known)[0]
        return canonical_category(self.service.category) if self.service is not None else ""


def read_mark(tag: Tag, rules: Rules, *, inert: bool) -> Mark | None:
    """The mark on `tag`. `data-name` is a plain attribute on live elements, and counts on inert ones only."""
    names = _category_names(tag)
    service = rules.service(tag.text(b"data-service")) if names and b"data-service" in tag else None
    if not names and inert and b"data-name" in tag:
        service = rules.service(tag.text(b"data-name"))
    if not names and service is None:
        return None
    return Mark(
        tuple(canonical_category(x) for x in names if not x.startswith("!")),
        tuple(canonical_category(x[1:]) for x in names if x.startswith("!")),
        service,
    )


def _category_names(tag: Tag) -> list[str]:
    for attribute in _CATEGORY_ATTRIBUTES:
        if attribute in tag:
            value = tag.text(attribute).strip().lower()
            if value == "ignore":
                return []
            return [x.removeprefix("cookieyes-") for x in _SEPARATORS.split(value) if x]
    optanon = _OPTANON.search(tag.text(b"class").lower()) if b"class" in tag else None
    return optanon[1].split("-") if optanon is not None else []
