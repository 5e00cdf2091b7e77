"""The cookie gates on their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consentkit.consent import Consent
from consentkit.gates.set_cookie import CookieGate, is_deletion
from consentkit.policy.models import Policy
from tests.conftest import policy_data

MakePolicy = Callable[..., Policy]


def consent(**services: bool) -> Consent:
    return Consent({}, {"session": True, "stats": False, "adnet": False, "video": False} | services, frozenset())


@pytest.mark.parametrize(
    ("value", "deletes"),
    [
        (b"a=; Max-Age=0", True),
        (b"a=; max-age=-5; Path=/", True),
        (b"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        (b"a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT", True),
        (b"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        (b"a=1; Max-Age=0; Max-Age=60", False),
        (b"a=1; Max-Age=", False),
        (b"a=1; Max-Age=0; Max-Age=x", True),
        (b"a=1; Max-Age=00000000000000000000031536000", False),
        (b"a=1; Expires=Wed, 01-Jan-69 00:00:00 GMT", False),
        (b"a=1; Expires=Thu, 01 Jan 1500 00:00:00 GMT", False),
        (b"a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", False),
        (b"a=1; Expires=soon", False),
        (b"a=Max-Age=0", False),
        (b"a=1", False),
        (b"a=1; Max-Age=" + b"9" * 100, False),
    ],
)
def test_a_deletion_is_told_from_a_cookie(value: bytes, deletes: bool) -> None:
    """Max-Age beats Expires, the last of several counts, and what can't be read deletes nothing."""
    assert is_deletion(value) is deletes


def test_patterns_match_the_whole_name(make_policy: MakePolicy) -> None:
    """`*` stands for any run of characters, and nothing else is special."""
    services = {"x": {"category": "analytics", "purpose": "x", "cookies": ["_ga*", "a.b", "pre*mid*end"]}}
    gate = CookieGate(make_policy(services=services), ())
    for name in (b"_ga", b"_ga_X1", b"a.b", b"pre1mid2end", b"premidend"):
        assert gate.services_of(name) == {"x"}
    for name in (b"x_ga", b"aXb", b"premid", b"_g"):
        assert not gate.services_of(name)


def test_a_cookie_of_two_services_passes_when_one_is_allowed(make_policy: MakePolicy) -> None:
    """A shared name is closed only while every service that declares it is."""
    services = {
        "one": {"category": "analytics", "purpose": "x", "cookies": ["shared"]},
        "two": {"category": "analytics", "purpose": "x", "cookies": ["shared"]},
    }
    gate = CookieGate(make_policy(services=services), ())
    header = [(b"set-cookie", b"shared=1")]
    assert gate.response_headers(header, consent(one=False, two=True)) == header
    assert gate.response_headers(header, consent(one=False, two=False)) == []


def test_what_was_held_back_is_counted_by_name(policy: Policy) -> None:
    """Counts carry names, never values."""
    gate = CookieGate(policy, ())
    gate.response_headers([(b"Set-Cookie", b"_ad=secret"), (b"set-cookie", b"odd=secret")], consent())
    assert gate.counts == {("blocked", "_ad"): 1, ("undeclared", "odd"): 1}


def test_a_cookie_without_a_name_is_known_by_what_comes_back(policy: Policy) -> None:
    """`=_ad=x` comes back from the browser as `_ad=x`, so it is that cookie."""
    gate = CookieGate(policy, ())
    for value in (b"=_ad=x; Path=/", b" = _ad=x", b"=_ad"):
        assert gate.response_headers([(b"set-cookie", value)], consent()) == []


def test_expiries_are_few_and_plain(policy: Policy) -> None:
    """A request can't make the response grow without end, nor put its own bytes into a header."""
    gate = CookieGate(policy, ())
    many = b"; ".join(b"_st%d=1" % number for number in range(5000))
    found = gate.expiries([(b"cookie", many)], consent(), frozenset({"stats"}))
    assert 0 < len(found) <= 60
    odd = [(b"cookie", b"_st\r\nX-Evil: 1=1; _st\x00=1; _st\xff=1")]
    assert gate.expiries(odd, consent(), frozenset({"stats"})) == []


def test_expiry_covers_every_declared_place(make_policy: MakePolicy) -> None:
    """A cookie can only be deleted by its exact name, domain and path: all declared ones are used."""
    cookies = [{"name": "_x", "domain": ".testserver.test", "path": "/shop"}, {"name": "_x", "partitioned": True}]
    site = {"url": "https://testserver.test", "name": "T"}
    services = {"x": {"category": "analytics", "purpose": "x", "cookies": cookies}}
    gate = CookieGate(make_policy(services=services, site=site), ())
    headers = [(b"cookie", b"_x=1; keep=2")]
    closed = Consent({}, {"x": False}, frozenset())
    found = [value.decode() for _, value in gate.expiries(headers, closed, frozenset({"x"}))]
    assert all(value.startswith("_x=; Max-Age=0; Expires=Thu, 01 Jan 1970") for value in found)
    places = {tuple(value.split("; ")[3:]) for value in found}
    assert places == {
        ("Path=/",),
        ("Path=/shop", "Domain=testserver.test"),
        ("Path=/shop",),
        ("Path=/", "Secure", "SameSite=None", "Partitioned"),
    }
    assert gate.expiries(headers, closed, frozenset()) == []


def test_our_own_cookie_always_passes() -> None:
    """Whatever a policy declares, the consent cookie is never held back or hidden."""
    data = policy_data()
    gate = CookieGate(Policy.model_validate(data | {"unknown": {"cookies": "block"}}), ("consent",))
    header = [(b"set-cookie", b"consent=1")]
    assert gate.response_headers(header, consent()) == header
    assert not gate.is_hidden(b"consent", consent())
