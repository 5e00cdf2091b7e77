"""Which service a host, a script or a category belongs to, and whether it is open."""

from __future__ import annotations

from consentkit.rewrite.rules import Ruleset, ServiceRule
from consentkit.rewrite.urls import read_address

SERVICES = [
    ServiceRule("session", "necessary", ("own.example",), ()),
    ServiceRule("wide", "marketing", ("cdn.example",), ("w(",)),
    ServiceRule("narrow", "analytics", ("a.cdn.example",), ("w(x",)),
    ServiceRule("twin-a", "analytics", ("shared.example",), ()),
    ServiceRule("twin-b", "marketing", ("shared.example",), ()),
    ServiceRule("ported", "ads", ("cdn.example:8443",), ()),
]
RULESET = Ruleset(SERVICES, ["necessary", "analytics", "marketing"])


def test_the_most_specific_host_decides() -> None:
    """A subdomain declared by another service belongs to that one, and a port beats no port."""
    rules = RULESET.for_consent(frozenset({"narrow"}), frozenset({"analytics"}))
    assert rules.refused_at(read_address("//a.cdn.example/")) is None
    assert rules.refused_at(read_address("//b.cdn.example/")) == SERVICES[1]
    assert rules.refused_at(read_address("//b.cdn.example:8443/")) == SERVICES[5]


def test_one_refusal_closes_a_shared_host() -> None:
    """A host that two services declare is closed while either is."""
    rules = RULESET.for_consent(frozenset({"twin-a"}), frozenset({"analytics"}))
    assert rules.refused_at(read_address("//shared.example/")) == SERVICES[4]
    assert not rules.may_activate(read_address("//shared.example/"), frozenset({"analytics"}))


def test_necessary_is_always_open() -> None:
    """Services and markup of the category `necessary` need no consent."""
    rules = RULESET.for_consent(frozenset(), frozenset())
    assert rules.refused_at(read_address("//own.example/")) is None
    assert rules.allows_category("necessary")
    assert not rules.allows_category("analytics")


def test_aliases_count_in_policy_and_consent() -> None:
    """A policy that says `ads` means marketing, in its services and in what is allowed."""
    rules = RULESET.for_consent(frozenset({"ported"}), frozenset({"ads"}))
    assert rules.allows_category("marketing")
    assert rules.may_activate(read_address("//cdn.example:8443/"), frozenset({"marketing"}))


def test_every_refused_service_of_an_inline_script_is_named() -> None:
    """A script with the texts of two services belongs to both, and only refused services are looked for."""
    rules = RULESET.for_consent(frozenset(), frozenset())
    assert set(rules.refused_inline(b"w(x)")) == {SERVICES[1], SERVICES[2]}
    assert rules.refused_inline(b"w(y)") == (SERVICES[1],)
    assert rules.refused_inline(b"none") == ()
    one_allowed = RULESET.for_consent(frozenset({SERVICES[1].service}), frozenset())
    assert one_allowed.refused_inline(b"w(x)") == (SERVICES[2],)
    assert not RULESET.for_consent(frozenset({"wide", "narrow"}), frozenset()).has_inline


def test_rules_are_compiled_once_per_consent() -> None:
    """Asking again for the same consent gives the same rules, and the number kept is bounded."""
    first = RULESET.for_consent(frozenset({"wide"}), frozenset())
    assert RULESET.for_consent(frozenset({"wide"}), frozenset()) is first
    for number in range(600):
        RULESET.for_consent(frozenset({str(number)}), frozenset())
    assert RULESET.for_consent(frozenset({"wide"}), frozenset()) is not first
