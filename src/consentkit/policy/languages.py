"""Which languages a policy can ask in: those with built-in wording, and those it words completely itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from importlib.resources import files

from consentkit.errors import Problem
from consentkit.policy.parts import Declaration
from consentkit.policy.suggest import did_you_mean, listed
from consentkit.policy.texts import TEXT_KEYS, TextOverrides


@lru_cache(maxsize=1)
def builtin_locales() -> frozenset[str]:
    """The languages with a wording in `consentkit/locales/`. English is always there."""
    names = (entry.name for entry in files("consentkit").joinpath("locales").iterdir())
    return frozenset({"en", *(name.removesuffix(".json") for name in names if name.endswith(".json"))})


def language_faults(declared: Declaration, builtin: Set[str]) -> Iterator[Problem]:
    """Languages that are offered but can't be spoken, and a default that isn't offered."""
    language = declared.language
    if language.available and language.default not in language.available:
        yield Problem(
            f"{language.default!r} is not among language.available, which has: {listed(language.available)}."
            + did_you_mean(language.default, language.available),
            "language.default",
        )
    places = {name: f"language.available.{index}" for index, name in enumerate(language.available)}
    for locale, place in {language.default: "language.default", **places}.items():
        missing = [] if _covered(locale, builtin) else missing_texts(locale, declared.texts)
        if missing:
            yield Problem(
                f"there is no built-in wording for {locale!r} (there is for: {listed(sorted(builtin))}), so "
                f"texts.{locale} must have all {len(TEXT_KEYS)} texts. {len(missing)} are missing: "
                f"{listed(missing, 12)}",
                place,
            )


def _covered(locale: str, builtin: Set[str]) -> bool:
    return locale in builtin or locale.split("-", maxsplit=1)[0] in builtin


def missing_texts(locale: str, texts: Mapping[str, TextOverrides]) -> list[str]:
    """The text keys, as `group.key`, that neither `locale` nor its plain language words."""
    own = [texts[name] for name in dict.fromkeys((locale, locale.split("-", maxsplit=1)[0])) if name in texts]
    return [key for key in TEXT_KEYS if not any(_has(override, key) for override in own)]


def _has(override: TextOverrides, key: str) -> bool:
    group, _, name = key.partition(".")
    return getattr(getattr(override, group), name) is not None
