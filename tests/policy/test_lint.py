"""The lint says what a regulator, a browser or a visitor would object to, and nothing about a fair policy."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from consentkit.policy.lint_texts import wording_faults
from tests.policy.marked import warnings

FAIR: dict[str, Any] = {
    "site": {"url": "https://news.example", "name": "News"},
    "services": {
        "adnet": {
            "category": "marketing",
            "uses": ["sale", "sharing"],
            "provider": {"name": "AdNet Inc", "country": "US", "transfer": "dpf"},
            "purpose": "Shows ads that follow your reading",
            "hosts": ["adnet.example"],
            "cookies": [{"name": "_ad*", "lifetime": "13mo"}],
        }
    },
}


def told(path: str, value: object, **more: object) -> list[tuple[str, str]]:
    """Path and message of each warning about the fair policy with one thing changed."""
    data = json.loads(json.dumps({**FAIR, **more}))
    here = data
    *parents, last = path.split("/")
    for key in parents:
        here = here.setdefault(key, {})
    here[last] = value
    return [(problem.path, problem.message) for problem in warnings(json.dumps(data))]


def test_a_fair_policy_has_no_warnings() -> None:
    """The policy that all these tests spoil is fair."""
    assert warnings(json.dumps(FAIR)) == ()


US = {"regimes": {"map": {"US-CA": "us-ca"}, "region": {"header": "X-R", "trusted_proxies": ["10.0.0.0/8"]}}}
SPOILED: dict[str, tuple[str, object, str, str]] = {
    "no purpose": ("services/adnet/purpose", None, "services.adnet", "has no purpose"),
    "vague purpose": ("services/adnet/purpose", "Improves your experience", "services.adnet.purpose", "is vague"),
    "vague in French": (
        "services/adnet/purpose",
        {"en": "Améliore votre expérience"},
        "services.adnet.purpose.en",
        "is vague",
    ),
    "short purpose": ("services/adnet/purpose", "Ads", "services.adnet.purpose", "too short"),
    "purpose in another language": (
        "services/adnet/purpose",
        {"fr": "Affiche des publicités"},
        "services.adnet.purpose",
        "has no text for en",
    ),
    "no provider": ("services/adnet/provider", None, "services.adnet", "names no provider"),
    "nothing to gate": (
        "services/x",
        {"category": "analytics", "purpose": "Counts readers"},
        "services.x",
        "nothing to hold back",
    ),
    "seller named necessary": (
        "services/ga",
        {"category": "necessary", "purpose": "Counts readers", "cookies": ["_ga"]},
        "services.ga.category",
        "looks like google-analytics",
    ),
    "catalogue entry made necessary": (
        "services/stats",
        {"use": "matomo", "category": "necessary"},
        "services.stats.category",
        "looks like matomo",
    ),
    "cookie for years": (
        "services/adnet/cookies",
        [{"name": "_ad", "lifetime": "2y"}],
        "services.adnet.cookies.0.lifetime",
        "400 days",
    ),
    "tracker over 13 months": (
        "services/s",
        {"category": "analytics", "purpose": "Counts readers", "cookies": [{"name": "s", "lifetime": "399d"}]},
        "services.s.cookies.0.lifetime",
        "hard to defend",
    ),
    "data over 25 months": (
        "services/s",
        {"category": "analytics", "purpose": "Counts readers", "cookies": ["s"], "retention": "3y"},
        "services.s.retention",
        "hard to defend",
    ),
    "host cookie with a domain": (
        "services/adnet/cookies",
        [{"name": "__Host-a", "domain": "news.example"}],
        "services.adnet.cookies.0",
        "__Host-",
    ),
    "host in two categories": (
        "services/b",
        {"category": "analytics", "purpose": "Counts readers", "hosts": ["adnet.example"], "provider": {"name": "B"}},
        "services.b.hosts.0",
        "also declared by 'adnet'",
    ),
    "cookie in two categories": (
        "services/b",
        {"category": "analytics", "purpose": "Counts readers", "cookies": ["_ad*"]},
        "services.b.cookies.0.name",
        "also declared by 'adnet'",
    ),
    "language cookie gated": ("language/cookie", "_adlang", "services.adnet.cookies.0.name", "language is forgotten"),
    "refusal soon forgotten": (
        "choice/lifetime",
        {"refused": "1mo", "granted": "1mo"},
        "choice.lifetime.refused",
        "6mo",
    ),
    "refusal shorter": ("choice/lifetime", {"granted": "1y"}, "choice.lifetime.refused", "at least as long"),
    "consent for years": (
        "choice/lifetime",
        {"granted": "2y", "refused": "2y"},
        "choice.lifetime.granted",
        "consent wears out",
    ),
    "proof deleted early": ("log/retention", "1mo", "log.retention", "the proof is deleted"),
    "no way back": ("banner/reopen", "none", "banner.reopen", "withdrawing must be as easy"),
    "pale accent": (
        "banner/theme",
        {"accent": "#eeeeee", "scheme": "light"},
        "banner.theme.accent",
        "hardly stands out",
    ),
    "dark accent on dark": (
        "banner/theme",
        {"accent": "#222", "scheme": "dark"},
        "banner.theme.accent",
        "hardly stands out",
    ),
    "weak default": ("regimes/map", {"default": "us-ca"}, "regimes.map.default", "weaker than 'strictest'"),
    "places nobody learns": ("regimes/map", {"GB": "uk"}, "regimes.map", "nothing says where a visitor is"),
    "override of nothing": ("regimes/overrides", {"br": {"analytics": "opt-in"}}, "regimes.overrides.br", "no place"),
    "strictest weakened": (
        "regimes/overrides",
        {"strictest": {"marketing": "opt-out"}},
        "regimes.overrides.strictest.marketing",
        "weakens all",
    ),
    "own category without words": ("categories/chat", {}, "categories.chat", "has no label and no description"),
    "own category required": (
        "categories/chat",
        {"required": True, "label": "Chat", "description": "Talk to us"},
        "categories.chat.required",
        "nobody is asked",
    ),
    "nothing enforced": ("mode", "report-only", "mode", "only counted"),
    "one category not enforced": (
        "categories/marketing",
        {"mode": "report-only"},
        "categories.marketing.mode",
        "only counted",
    ),
    "cookies pass unseen": ("unknown/cookies", "allow", "unknown.cookies", "pass unseen"),
    "no https": ("site/url", "http://news.example", "site.url", "without https"),
    "texts for nobody": ("texts/nl", {"banner": {"title": "Uw keuze"}}, "texts.nl", "is never chosen"),
    "unknown placeholder": ("texts/en", {"banner": {"title": "{sight} asks"}}, "texts.en.banner.title", "'site'"),
    "markup": ("texts/en", {"banner": {"title": "<b>Hi</b>"}}, "texts.en.banner.title", "plain text"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_rule_finds_its_fault(name: str) -> None:
    """One thing changed for the worse is told at its path."""
    path, value, place, message = SPOILED[name]
    found = told(path, value)
    assert [message in text for where, text in found if where == place] == [True], found


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        ("signals/gpc", False, "signals.gpc", "requires that Sec-GPC is honoured"),
        ("signals/conflict", "choice", "signals.conflict", "the signal wins"),
        ("services/adnet/uses", [], "services.adnet", "has no `uses`"),
    ],
)
def test_american_rules_are_told_where_they_apply(path: str, value: object, place: str, message: str) -> None:
    """What the opt-out laws ask for is told under us-ca, and only there."""
    assert [message in text for where, text in told(path, value, **US) if where == place] == [True]
    assert [where for where, _ in told(path, value)] == []


def test_a_strict_policy_and_shared_pages_exclude_each_other() -> None:
    """A page with a header for one visitor can't be shared: said where both are asked for, and only there."""
    assert [text for where, text in told("csp", "strict", delivery="shared") if where == "csp"] != []
    assert [where for where, _ in told("csp", "strict")] == []


WORDINGS = [
    *[("banner.accept", text) for text in ("OK", "Got it!", "Continue", "I understand", "J'ai compris", "Verstanden")],
    *[("banner.accept", text) for text in ("Entendido", "Ho capito", "Begrepen", "Continuer", "Weiter", "×")],
    *[("banner.description", "We assume you're fine with this"), ("banner.title", "By continuing you consent to ads")],
    *[("banner.description", "En poursuivant votre navigation, vous acceptez les cookies")],
    *[("banner.description", "Wenn Sie weiter surfen, stimmen Sie der Nutzung zu")],
    *[
        ("banner.description", "Si continúa navegando, acepta las cookies"),
        ("banner.description", "Al continuar, acepta"),
    ],
    *[
        ("banner.reject", "No thanks, I hate good offers"),
        ("banner.reject", "Non, je préfère des pubs moins pertinentes"),
    ],
    *[("banner.reject", "Nein danke, ich will schlechtere Werbung"), ("banner.reject", "I don't care about quality")],
    *[("banner.reject", text) for text in ("Ask me later", "Not now", "Plus tard", "Später", "Más tarde", "X", "✕")],
    *[("banner.reject", text) for text in ("Settings", "Manage options", "Paramétrer", "Einstellungen", "Learn more")],
    *[
        ("banner.reject", "Don't disable nothing"),
        ("banner.save", "Do not reject my choices"),
        ("banner.save", "Agree"),
    ],
    *[("banner.accept", "Ne pas refuser"), ("banner.accept", "Nicht ablehnen")],
]


@pytest.mark.parametrize(("key", "text"), WORDINGS)
def test_manipulating_wording_is_found(key: str, text: str) -> None:
    """Each wording that makes the choice less free is found, in the languages people write it in."""
    assert [where for where, _ in wording_faults({key: text}, opt_in=True)][:1] == [key]


@pytest.mark.parametrize(
    "words",
    [
        {"banner.accept": "Accept all", "banner.reject": "Reject all", "banner.save": "Save my choice"},
        {"banner.accept": "Yes, allow statistics", "banner.reject": "No, refuse all"},
        {"banner.accept": "Tout accepter", "banner.reject": "Tout refuser"},
        {"banner.accept": "Alle akzeptieren", "banner.reject": "Alle ablehnen"},
        {"banner.description": "{site} would like to measure reading and show ads."},
        {"banner.description": "You can change your mind at any time. Nothing is loaded until you agree."},
    ],
)
def test_fair_wording_is_left_alone(words: dict[str, str]) -> None:
    """Plain questions and plain answers draw no warning."""
    assert list(wording_faults(words, opt_in=True)) == []


def test_implied_consent_is_only_a_fault_where_silence_is_no() -> None:
    """Under opt-out alone, saying that services are in use is no dark pattern."""
    words = {"banner.description": "By using this site you see ads; refuse them here."}
    assert list(wording_faults(words, opt_in=False)) == []
    assert list(wording_faults(words, opt_in=True)) != []


def test_the_two_buttons_must_differ_and_weigh_the_same() -> None:
    """The same words on both buttons, or capitals on one, are told."""
    assert [key for key, _ in wording_faults({"banner.accept": "Agree", "banner.reject": "agree"}, opt_in=True)] == [
        "banner.reject"
    ]
    assert [key for key, _ in wording_faults({"banner.accept": "ACCEPT", "banner.reject": "Reject"}, opt_in=True)] == [
        "banner.accept"
    ]


def test_the_built_in_wording_passes_its_own_lint() -> None:
    """Every language that is built in is free of what the lint warns about."""
    for file in files("consentkit").joinpath("locales").iterdir():
        groups = json.loads(file.read_text(encoding="utf-8"))["texts"]
        words = {f"{group}.{key}": text for group, keys in groups.items() for key, text in keys.items()}
        assert list(wording_faults(words, opt_in=True)) == [], file.name


def test_warnings_have_places() -> None:
    """A warning stands at the line and column of what it is about."""
    text = "site:\n  url: http://news.example\n  name: N\nservices: {}\nbanner:\n  reopen: none\n"
    assert [(w.line, w.column, w.level) for w in warnings(text)] == [(2, 8, "warning"), (6, 11, "warning")]
