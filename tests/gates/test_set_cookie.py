"""The cookie gates on their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentkit.counters import GateCounters
from consentkit.enforcement import OPEN, Enforcement
from consentkit.gates.set_cookie import CookieGate, is_deletion
from consentkit.http import RawHeaders, without_cookies
from consentkit.policy.models import Policy
from tests.conftest import policy_data
from tests.gates.linear import assert_linear

MakePolicy = Callable[..., Policy]


ALL = frozenset({"stats", "adnet", "video"})
UNDECIDED = Enforcement(ALL, frozenset())
REFUSED = Enforcement(ALL, ALL)


def gate_for(policy: Policy, *own: str) -> CookieGate:
    return CookieGate(policy, own, GateCounters())


def held(*services: str) -> Enforcement:
    return Enforcement(frozenset(services), frozenset(services))


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
    cookies = ["_ga*", "a.b", "pre*mid*end", "*tail", "a*b*b"]
    services = {"x": {"category": "analytics", "purpose": "x", "cookies": cookies}}
    gate = gate_for(make_policy(services=services))
    for name in (
        b"_ga",
        b"_ga_X1",
        b"a.b",
        b"pre1mid2end",
        b"premidend",
        b"premidmidendend",
        b"tail",
        b"a tail",
        b"abb",
    ):
        assert gate.services_of(name) == {"x"}
    for name in (b"x_ga", b"aXb", b"premid", b"_g", b"preend", b"tails", b"ab", b"_ga\n"[1:]):
        assert not gate.services_of(name)


def test_a_cookie_of_two_services_passes_when_one_is_allowed(make_policy: MakePolicy) -> None:
    """A shared name is closed only while every service that declares it is."""
    gate = gate_for(make_policy(services=SHARED))
    assert gate.may_set(b"shared=1", held("one"))
    assert not gate.is_hidden(b"shared", held("one"))
    assert not gate.may_set(b"shared=1", held("one", "two"))
    assert gate.is_hidden(b"shared", held("one", "two"))


SHARED = {
    "one": {"category": "analytics", "purpose": "x", "cookies": ["shared"]},
    "two": {"category": "analytics", "purpose": "x", "cookies": ["shared"]},
}


def test_report_only_lets_pass_and_counts(make_policy: MakePolicy) -> None:
    """A cookie that only report-only mode lets through passes, is seen by the app, and is counted as reported."""
    counters = GateCounters()
    gate = CookieGate(make_policy(services=SHARED), (), counters)
    enforcement = Enforcement(frozenset({"one"}), frozenset({"one"}), frozenset({"two"}))
    assert gate.may_set(b"shared=1", enforcement)
    headers = [(b"cookie", b"shared=1")]
    assert gate.request_headers(headers, enforcement) is headers
    assert gate.expiries(headers, enforcement) == []
    assert counters.snapshot() == {("set-cookie", "reported", "shared"): 1, ("cookie", "reported", "shared"): 1}


def test_what_was_held_back_is_counted_by_name(policy: Policy) -> None:
    """Counts carry names, never values; what a request may name at will is counted as the policy writes it."""
    counters = GateCounters()
    gate = CookieGate(policy, (), counters)
    assert not gate.may_set(b"_ad=secret", REFUSED)
    assert gate.may_set(b"odd=secret", REFUSED)
    gate.request_headers([(b"cookie", b"_st1=secret; _st2=secret")], REFUSED)
    assert counters.snapshot() == {
        ("set-cookie", "blocked", "_ad"): 1,
        ("set-cookie", "undeclared", "odd"): 1,
        ("cookie", "blocked", "_st*"): 2,
    }


def test_deletions_pass(make_policy: MakePolicy) -> None:
    """Whatever a cookie belongs to, it may go; that is no event to be counted."""
    counters = GateCounters()
    gate = CookieGate(make_policy(unknown={"cookies": "block"}), (), counters)
    for name in (b"_ad", b"odd", b"session"):
        assert gate.may_set(name + b"=; Max-Age=0", REFUSED)
    assert counters.snapshot() == {}


def test_undeclared_cookies_are_told_once(make_policy: MakePolicy, caplog: pytest.LogCaptureFixture) -> None:
    """`report` names each in the log once and lets it pass; `block` drops it; `allow` says nothing."""
    for what, passes, told in (("report", True, 1), ("block", False, 1), ("allow", True, 0)):
        caplog.clear()
        gate = gate_for(make_policy(unknown={"cookies": what}))
        assert [gate.may_set(b"odd=1", OPEN) for _ in range(2)] == [passes] * 2
        assert len(caplog.records) == told


def test_a_cookie_without_a_name_is_known_by_what_comes_back(policy: Policy) -> None:
    """`=_ad=x` comes back from the browser as `_ad=x`, so it is that cookie."""
    gate = gate_for(policy)
    for value in (b"=_ad=x; Path=/", b" = _ad=x", b"=_ad"):
        assert not gate.may_set(value, UNDECIDED)


def test_hidden_cookies_leave_the_request(policy: Policy) -> None:
    """The app gets the other cookies with their exact bytes, and the same list when nothing was to be hidden."""
    gate = gate_for(policy)
    headers: RawHeaders = [(b"host", b"h"), (b"cookie", b'a=1;  _ad = x; b="2"'), (b"cookie", b"_st1=1")]
    assert gate.request_headers(headers, UNDECIDED) == [(b"host", b"h"), (b"cookie", b'a=1; b="2"')]
    assert gate.request_headers(headers, OPEN) is headers
    assert gate.request_headers(headers[:1], UNDECIDED) is not headers


SPACE = st.sampled_from([b"", b" ", b"\t", b"  ", b"\x85", b"\xa0", b"\x0b", b"\x1f", b"\r\n"])
NAMES = st.sampled_from([b"_ad", b"_st", b"_st_1", b"x_ad", b"_a", b"session", b"", b"tail", b"a tail", b"pre1mid"])
PARTS = st.tuples(SPACE, NAMES, SPACE, st.sampled_from([b"=", b"", b"=="]), st.sampled_from([b"", b"1", b"_ad", b" "]))


@given(st.lists(PARTS.map(b"".join), max_size=4).map(b";".join) | st.binary(max_size=40))
@example(b"\xa0_ad")
@example(b"a=1;_ad\x1f=1")
def test_the_look_ahead_misses_no_hidden_cookie(value: bytes) -> None:
    """Whatever the full reading would take out, the quick look at the raw header has seen."""
    data = policy_data()
    data["services"]["stats"]["cookies"] += ["*tail", "pre*mid*"]
    gate = gate_for(Policy.model_validate(data))
    headers = [(b"cookie", value)]
    full = without_cookies(headers, lambda name: gate.is_hidden(name, REFUSED))
    assert full == headers or gate.may_hide(value)


def test_the_look_ahead_passes_over_other_cookies(policy: Policy) -> None:
    """Values, longer names and cookies of required services are no reason to look closer."""
    gate = gate_for(policy)
    for value in (b"session=1", b"a=_ad", b"x_ad=1; _adx=1", b"", b"a=1; b=;;"):
        assert not gate.may_hide(value)
    assert not gate_for(Policy.model_validate(policy_data() | {"services": {}})).may_hide(b"_ad=1")


@pytest.mark.parametrize("piece", [b"; ", b" ", b"_st", b"pre", b"mid", b"; premid", b"tai", b"a"])
def test_the_look_ahead_is_linear(make_policy: MakePolicy, piece: bytes) -> None:
    """Twice the header takes about twice the time, up to 64 KB."""
    cookies = ["*tail", "pre*mid*mid*end", "a*a*a*b"]
    gate = gate_for(make_policy(services={"x": {"category": "analytics", "purpose": "x", "cookies": cookies}}))
    assert_linear(gate.may_hide, piece)
    assert_linear(gate.services_of, piece)


def test_expiries_are_few_and_plain(policy: Policy) -> None:
    """A request can't make the response grow without end, nor put its own bytes into a header."""
    gate = gate_for(policy)
    many = b"; ".join(b"_st%d=1" % number for number in range(5000))
    assert 0 < len(gate.expiries([(b"cookie", many)], held("stats"))) <= 60
    odd = [(b"cookie", b"_st\r\nX-Evil: 1=1; _st\x00=1; _st\xff=1")]
    assert gate.expiries(odd, held("stats")) == []


def test_nothing_is_deleted_for_want_of_an_answer(policy: Policy) -> None:
    """Only what was refused is deleted; who has not answered yet just has it hidden."""
    assert gate_for(policy).expiries([(b"cookie", b"_ad=1")], UNDECIDED) == []


def test_expiry_covers_every_declared_place(make_policy: MakePolicy) -> None:
    """A cookie can only be deleted by its exact name, domain and path: all declared ones are used."""
    cookies = [{"name": "_x", "domain": ".testserver.test", "path": "/shop"}, {"name": "_x", "partitioned": True}]
    site = {"url": "https://testserver.test", "name": "T"}
    services = {"x": {"category": "analytics", "purpose": "x", "cookies": cookies}}
    gate = gate_for(make_policy(services=services, site=site))
    headers = [(b"cookie", b"_x=1; keep=2")]
    found = [value.decode() for _, value in gate.expiries(headers, held("x"))]
    assert all(value.startswith("_x=; Max-Age=0; Expires=Thu, 01 Jan 1970") for value in found)
    places = {tuple(value.split("; ")[3:]) for value in found}
    assert places == {
        ("Path=/",),
        ("Path=/shop", "Domain=testserver.test"),
        ("Path=/shop",),
        ("Path=/", "Secure", "SameSite=None", "Partitioned"),
    }


def test_our_own_cookie_always_passes(policy: Policy) -> None:
    """Whatever a policy declares, consentkit's own cookies are never held back or hidden."""
    gate = gate_for(policy, "_st1")
    assert gate.may_set(b"_st1=1", REFUSED)
    assert not gate.may_set(b"_st2=1", REFUSED)
    assert not gate.is_hidden(b"_st1", REFUSED)
