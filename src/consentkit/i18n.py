"""The wording in the visitor's language: built-in texts, the site's overrides, and which language to choose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

from consentkit.http import RawHeaders, Scope, cookie_pattern, header, header_values, own_path, sole_cookie
from consentkit.policy.fields import text_in
from consentkit.policy.models import Policy
from consentkit.policy.texts import PLACEHOLDERS, TEXT_KEYS

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_QUALITY = re.compile(r"[01](?:\.[0-9]{0,3})?")
_MAX_ACCEPT_LANGUAGE = 500
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_UNITS = {"d": "day", "w": "week", "mo": "month", "y": "year"}
LocaleCallable = Callable[[Scope], str | None]


@cache
def built_in(locale: str) -> Mapping[str, str]:
    """The built-in texts of `locale` as `group.key`, or an empty mapping. Only names in our own folder are opened."""
    if not _LANGUAGE.fullmatch(locale):
        return {}
    file = files("consentkit").joinpath("locales", f"{locale}.json")
    if not file.is_file():
        return {}
    groups: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))["texts"]
    return MappingProxyType({f"{group}.{key}": text for group, keys in groups.items() for key, text in keys.items()})


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the fixed placeholders replaced, once. Everything else in braces stays as it is written."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


class Wording:
    """All texts of one policy in one language."""

    def __init__(self, policy: Policy, locale: str) -> None:
        self.policy = policy
        self.locale = locale
        self.direction = "rtl" if locale.split("-", maxsplit=1)[0] in _RIGHT_TO_LEFT else "ltr"
        controller = policy.site.controller
        self._values = {
            "site": policy.site.name,
            "controller": controller.name if controller else policy.site.name,
            "contact": (controller.contact if controller else None) or policy.site.url,
        }
        self._texts = self._merge()

    def _merge(self) -> dict[str, str]:
        texts = dict(built_in("en"))
        for name in (self.locale.split("-")[0], self.locale):
            texts.update(built_in(name))
            own = self.policy.texts.get(name)
            texts.update(
                {f"{group}.{key}": text for group, keys in own or () for key, text in keys if text is not None}
            )
        return {key: texts[key] for key in TEXT_KEYS}

    def __call__(self, key: str, **values: str) -> str:
        """The text `group.key`, its placeholders filled."""
        return fill(self._texts[key], self._values | values)

    def local(self, texts: Mapping[str, str] | None) -> str:
        """One of the policy's own texts (a purpose, a label) in this language; empty when there is none."""
        return text_in(texts, self.locale, self.policy.language.default) if texts else ""

    def category(self, name: str) -> str:
        """What category `name` is called."""
        own = self.policy.all_categories[name].label
        key = f"categories.{name}"
        return self.local(own) or (self(key) if key in self._texts else name.replace("-", " ").capitalize())

    def category_description(self, name: str) -> str:
        """One sentence on category `name`; empty for a site's own category without one."""
        own = self.policy.all_categories[name].description
        key = f"categories.{name}_description"
        return self.local(own) or (self(key) if key in self._texts else "")

    def service(self, name: str) -> str:
        """What service `name` is called."""
        return self.local(self.policy.services[name].label) or name.replace("-", " ").replace("_", " ").capitalize()

    def span(self, count: int, unit: str) -> str:
        """A span of time in words: `13 months`. `unit` is d, w, mo or y."""
        name = _UNITS[unit]
        return f"{count} {self(f'units.{name}' if count == 1 else f'units.{name}s')}"


class Languages:
    """Chooses the language of a request among those the policy lists as available."""

    def __init__(self, policy: Policy, own: LocaleCallable | None = None) -> None:
        self._policy = policy
        self._own = own
        self._wordings = {locale: Wording(policy, locale) for locale in policy.locales}
        #: The language, where there is just one.
        self.only = policy.language.default if len(self._wordings) == 1 else None
        self._cookie = cookie_pattern(policy.language.cookie.encode())
        self._accepted = lru_cache(maxsize=256)(self._read_accepted)
        self._lookup = {locale.lower(): locale for locale in policy.locales}
        for locale in policy.locales:
            self._lookup.setdefault(locale.split("-")[0].lower(), locale)

    def wording(self, locale: str) -> Wording:
        """The texts in `locale`, which must be one that `choose` can answer; any other gives the default language."""
        return self._wordings.get(locale) or self._wordings[self._policy.language.default]

    def choose(self, scope: Scope) -> str:
        """The language for this request: what the site's own callable or `language.detect` finds, else the default."""
        if self.only is not None:
            return self.only
        if self._own is not None:
            found = self._match(self._own(scope))
            if found:
                return found
        for place in self._policy.language.detect:
            found = self._detect(place, scope)
            if found:
                return found
        return self._policy.language.default

    def of_address(self, scope: Scope) -> str:
        """The language that the address alone tells, else the default: for pages that are the same for everyone."""
        found = self._detect("path", scope) if "path" in self._policy.language.detect else None
        return found or self._policy.language.default

    def _detect(self, place: str, scope: Scope) -> str | None:
        headers: RawHeaders = scope["headers"]
        if place == "path":
            return self._match(
                own_path(scope).split("/", 2)[1] if own_path(scope).startswith("/") else None, exact=True
            )
        if place == "cookie":
            value = sole_cookie(header_values(headers, b"cookie"), self._cookie)
            return self._match(value.decode("latin-1")) if value else None
        value = header(headers, b"accept-language")
        return self._accepted(value[:_MAX_ACCEPT_LANGUAGE]) if value else None

    def _match(self, tag: str | None, *, exact: bool = False) -> str | None:
        if not tag or len(tag) > 35 or not _LANGUAGE.fullmatch(tag):
            return None
        lowered = tag.lower()
        if exact or lowered in self._lookup:
            return self._lookup.get(lowered)
        return self._lookup.get(lowered.split("-")[0])

    def _read_accepted(self, value: bytes) -> str | None:
        wanted: list[tuple[float, int, str]] = []
        for index, part in enumerate(value.decode("latin-1").split(",")):
            tag, _, parameter = part.partition(";")
            quality = parameter.strip().removeprefix("q=")
            weight = float(quality) if _QUALITY.fullmatch(quality) else 0.0 if parameter.strip() else 1.0
            if weight > 0:
                wanted.append((-weight, index, tag.strip()))
        return next((found for _, _, tag in sorted(wanted) if (found := self._match(tag))), None)
