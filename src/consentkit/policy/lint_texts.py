"""Advice about texts: wording that makes a choice less free, placeholders that don't exist, markup that won't work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from consentkit.errors import Problem
from consentkit.policy.catalogue import catalogue
from consentkit.policy.fields import ANY_LOCALE
from consentkit.policy.models import Policy
from consentkit.policy.suggest import did_you_mean, listed
from consentkit.policy.texts import PLACEHOLDERS, TEXT_KEYS
from consentkit.policy.wording_rules import VAGUE_PURPOSE, WORDING_RULES, plain

_PLACEHOLDER = re.compile(r"(?<![{$])\{([A-Za-z_][A-Za-z0-9_]{0,39})\}(?!\})")
_MARKUP = re.compile(r"<[A-Za-z/!][^<>]{0,200}>")
_SHORTEST_PURPOSE = 8


def lint_texts(policy: Policy, *, opt_in: bool) -> Iterator[Problem]:
    """Warnings about the texts a site writes itself. `opt_in`: somewhere, silence is no."""
    for locale, overrides in policy.texts.items():
        words = _written(overrides.model_dump(exclude_none=True))
        yield from (_warn(message, f"texts.{locale}.{key}") for key, message in wording_faults(words, opt_in=opt_in))
        yield from (problem for key, text in words.items() for problem in _plain_text(text, f"texts.{locale}.{key}"))
    for path, texts in _local_texts(policy):
        for locale, text in texts.items():
            place = path if locale == ANY_LOCALE else f"{path}.{locale}"
            yield from _plain_text(text, place)
            if path.endswith("purpose"):
                yield from _purpose(text, place)


def wording_faults(words: Mapping[str, str], *, opt_in: bool) -> Iterator[tuple[str, str]]:
    """The key (`group.key`) of every text in `words` that makes a choice less free, and what is wrong with it."""
    for rule in WORDING_RULES:
        if rule.opt_in_only and not opt_in:
            continue
        for key in rule.keys:
            if key in words and rule.finds(words[key]):
                yield key, f"{words[key]!r} {rule.message}"
    accept, reject = words.get("banner.accept"), words.get("banner.reject")
    if accept and reject and plain(accept) == plain(reject):
        yield "banner.reject", "is the same as the text that accepts; a visitor can't tell them apart"
    if accept and reject and accept.isupper() and not reject.isupper():
        yield "banner.accept", "is in capitals and the refusal is not; both must weigh the same"


def _warn(message: str, path: str) -> Problem:
    return Problem(message, path, level="warning")


def _written(groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    found = {f"{group}.{key}": text for group, keys in groups.items() for key, text in keys.items()}
    return {key: found[key] for key in TEXT_KEYS if key in found}


def _plain_text(text: str, path: str) -> Iterator[Problem]:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            message = f"{{{name}}} is no placeholder and is shown as it is; there are: {known}."
            yield _warn(message + did_you_mean(name, PLACEHOLDERS), path)
    markup = _MARKUP.search(text)
    if markup:
        yield _warn(f"texts are plain text: visitors would read {markup[0]!r} as it is written", path)


def _purpose(text: str, path: str) -> Iterator[Problem]:
    if VAGUE_PURPOSE.search(plain(text)):
        yield _warn(
            f"{text!r} is vague; say what is done with which data, for example 'Counts which articles are read'", path
        )
    elif len(text.strip()) < _SHORTEST_PURPOSE:
        yield _warn(f"{text!r} is too short to understand; say what the service does for whom", path)


def _local_texts(policy: Policy) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, category in policy.categories.items():
        yield from _given(f"categories.{name}", label=category.label, description=category.description)
    for name, service in policy.services.items():
        yield from _given(f"services.{name}", label=service.label, purpose=service.purpose)
        for index, cookie in enumerate(service.cookies):
            yield from _given(f"services.{name}.cookies.{index}", purpose=cookie.purpose)


def _given(path: str, **texts: Mapping[str, str] | None) -> Iterator[tuple[str, Mapping[str, str]]]:
    return ((f"{path}.{key}", text) for key, text in texts.items() if text)


def lint_languages(policy: Policy) -> Iterator[Problem]:
    """Texts in languages that are never chosen, and languages a purpose is not written in."""
    offered = policy.locales
    for locale in policy.texts:
        if not _offered(locale, offered):
            message = f"{locale!r} is never chosen: language.available has {listed(offered)}."
            yield _warn(message + did_you_mean(locale, offered), f"texts.{locale}")
    for path, texts in _local_texts(policy):
        if ANY_LOCALE in texts or _from_catalogue(policy, path, texts):
            continue
        for locale in texts:
            if not _offered(locale, offered):
                message = f"{locale!r} is never chosen: language.available has {listed(offered)}"
                yield _warn(message, f"{path}.{locale}")
        missing = [locale for locale in offered if not _spoken(locale, texts)]
        if missing:
            yield _warn(f"has no text for {listed(missing)}; visitors in it would read another language", path)


def _offered(locale: str, offered: tuple[str, ...]) -> bool:
    return any(name == locale or name.split("-", 1)[0] == locale for name in offered)


def _spoken(locale: str, texts: Mapping[str, str]) -> bool:
    return locale in texts or locale.split("-", 1)[0] in texts


def _from_catalogue(policy: Policy, path: str, texts: Mapping[str, str]) -> bool:
    """Whether a service's text is the catalogue's own, which nobody has to complete."""
    _, name, key = path.split(".")[:3]
    service = policy.services.get(name)
    entry = catalogue().get(service.use) if service and service.use else None
    return entry is not None and entry.get(key) == texts
