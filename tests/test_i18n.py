"""Wording and the choice of language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from consentkit.i18n import Languages, built_in, fill
from consentkit.policy.languages import builtin_locales
from consentkit.policy.models import Policy
from consentkit.policy.texts import PLACEHOLDERS, TEXT_KEYS
from tests.asgi import http_scope

MakePolicy = Callable[..., Policy]
PLACEHOLDER = re.compile(r"\{[a-z]+\}")


@pytest.mark.parametrize("locale", sorted(builtin_locales()))
def test_every_built_in_language_is_complete(locale: str) -> None:
    """Every key is there, none beside, and the placeholders are those of the English text."""
    texts, english = built_in(locale), built_in("en")
    assert set(texts) == set(TEXT_KEYS)
    for key, text in texts.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english[key])), key
        assert all(name[1:-1] in PLACEHOLDERS for name in PLACEHOLDER.findall(text))


def chosen(policy: Policy, path: str = "/", own: Any = None, **headers: str) -> str:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Languages(policy, own).choose(http_scope(path, headers=raw))


@pytest.fixture
def polyglot(make_policy: MakePolicy) -> Policy:
    return make_policy(language={"default": "en", "available": ["en", "fr", "de"]})


def test_path_comes_before_cookie_before_browser(polyglot: Policy) -> None:
    """The order is that of `language.detect`; the default is the last resort."""
    assert chosen(polyglot, "/fr/x", cookie="lang=de", accept_language="en") == "fr"
    assert chosen(polyglot, "/x", cookie="lang=de", accept_language="fr") == "de"
    assert chosen(polyglot, "/x", accept_language="nl, fr-CA;q=0.8, de;q=0.9") == "de"
    assert chosen(polyglot, "/x", accept_language="nl") == "en"
    assert chosen(polyglot, "/french/x") == "en"


def test_the_sites_own_callable_knows_best(polyglot: Policy) -> None:
    """A locale callable is asked first; what it can't say is detected."""
    assert chosen(polyglot, "/fr/x", own=lambda scope: "de") == "de"
    assert chosen(polyglot, "/fr/x", own=lambda scope: None) == "fr"
    assert chosen(polyglot, "/fr/x", own=lambda scope: "xx") == "fr"


@pytest.mark.parametrize(
    "value",
    [
        "../../etc/passwd",
        "x" * 100_000,
        "fr;q=1e999",
        "*",
        "*,*,*",
        "fr;q=0",
        ";;;;",
        "fr-" + "-" * 500,
        "\xff\xfe",
        "",
        ",",
        "fr;q=-1",
    ],
)
def test_odd_language_headers_give_the_default(polyglot: Policy, value: str) -> None:
    """Nothing a client sends opens a file, fails, or takes long."""
    assert chosen(polyglot, accept_language=value) == "en"


def test_languages_not_listed_are_never_chosen(policy: Policy) -> None:
    """Only what the policy lists as available is spoken."""
    assert chosen(policy, "/fr/", accept_language="fr") == "en"


def test_a_site_overrides_single_texts(make_policy: MakePolicy) -> None:
    """An override replaces its key and leaves the others; placeholders are filled once, anything else is literal."""
    text = "{site} {{7*7}} {0.__class__} %(x)s ${x} {unknown} {contact}"
    policy = make_policy(
        site={"url": "http://testserver", "name": "{contact}", "controller": {"name": "C", "contact": "me@x.test"}},
        texts={"en": {"banner": {"description": text}}},
    )
    wording = Languages(policy).wording("en")
    assert wording("banner.description") == "{contact} {{7*7}} {0.__class__} %(x)s ${x} {unknown} me@x.test"
    assert wording("banner.accept") == "Accept all"


def test_placeholders_are_replaced_once() -> None:
    """A value that looks like a placeholder stays as it is."""
    assert fill("{site}", {"site": "{service}", "service": "x"}) == "{service}"


def test_own_texts_fall_back_to_the_default_language(make_policy: MakePolicy) -> None:
    """A purpose that isn't there in the visitor's language is shown in the site's."""
    policy = make_policy(language={"default": "fr", "available": ["fr", "de"]})
    assert Languages(policy).wording("de").local(policy.services["stats"].purpose) == "Compte les lecteurs"


def test_spans_have_words() -> None:
    """One and several are told apart."""
    policy = Policy.model_validate({"site": {"url": "http://t", "name": "T"}, "services": {}})
    wording = Languages(policy).wording("en")
    assert (wording.span(1, "mo"), wording.span(13, "mo")) == ("1 month", "13 months")
