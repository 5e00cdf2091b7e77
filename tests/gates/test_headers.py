"""All header gates at once, as a response goes through them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.counters import GateCounters
from consentkit.enforcement import OPEN, Enforcement
from consentkit.gates.headers import HeaderGates
from consentkit.gates.permissions import OFF, OPT_INS
from consentkit.gates.set_cookie import CookieGate
from consentkit.policy.models import Policy
from tests.gates.closing import policy_with

OPTIONAL = frozenset({"stats", "adnet", "video"})
UNDECIDED = Enforcement(OPTIONAL, frozenset())
REFUSED = Enforcement(OPTIONAL, OPTIONAL)
REPORTED = Enforcement(frozenset(), frozenset(), OPTIONAL)
TIGHT = (b"content-security-policy", b"img-src 'self' adnet.test")
HEADERS = [
    (b"Content-Type", b"text/html"),
    (b"Set-Cookie", b"_ad=1"),
    (b"set-cookie", b"session=1"),
    (b"Link", b"<https://adnet.test/x>; rel=preload, </y>; rel=preload"),
    TIGHT,
    (b"Content-Security-Policy-Report-Only", b"script-src stats.test"),
    (b"NEL", b'{"report_to":"ads"}'),
    (b"Report-To", b'{"group":"ads","endpoints":[{"url":"https://adnet.test"}]}'),
    (b"Reporting-Endpoints", b'x="https://stats.test/r"'),
    (b"Permissions-Policy", b"browsing-topics=*, camera=()"),
    (b"Observe-Browsing-Topics", b"?1"),
    (b"X-Other", b"https://adnet.test"),
]


def gates_for(policy: Policy, counters: GateCounters | None = None) -> HeaderGates:
    counters = counters or GateCounters()
    return HeaderGates(policy, CookieGate(policy, (), counters), counters)


def with_cookies(**changes: object) -> Policy:
    policy = policy_with(**changes)
    services = {name: service.model_dump(exclude_defaults=True) for name, service in policy.services.items()}
    services["adnet"]["cookies"] = ["_ad"]
    services["cdn"]["cookies"] = ["session"]
    return policy_with(services=services, **changes)


def test_every_gate_acts_and_is_counted() -> None:
    """What belongs to refused services goes, the rest stays in place; counts name hosts, cookies and features."""
    counters = GateCounters()
    headers, tightened = gates_for(with_cookies(), counters).response(list(HEADERS), REFUSED, page=True)
    assert headers == [
        (b"Content-Type", b"text/html"),
        (b"set-cookie", b"session=1"),
        (b"Link", b"</y>; rel=preload"),
        (b"content-security-policy", b"img-src 'self'"),
        (b"Content-Security-Policy-Report-Only", b"script-src 'none'"),
        (b"Permissions-Policy", b"camera=(), " + OFF),
        (b"X-Other", b"https://adnet.test"),
    ]
    assert tightened
    assert counters.snapshot() == {
        ("set-cookie", "blocked", "_ad"): 1,
        ("link", "blocked", "adnet.test"): 1,
        ("csp", "blocked", "adnet.test"): 1,
        ("csp", "blocked", "stats.test"): 1,
        ("reporting", "blocked", "adnet.test"): 1,
        ("reporting", "blocked", "stats.test"): 1,
        ("permissions-policy", "blocked", "browsing-topics"): 1,
        ("permissions-policy", "blocked", "observe-browsing-topics"): 1,
    }


def test_report_only_changes_nothing_and_counts_the_same() -> None:
    """The list that was given comes back, and each count says reported."""
    enforced, reported = GateCounters(), GateCounters()
    gates_for(with_cookies(), enforced).response(list(HEADERS), REFUSED, page=True)
    headers = list(HEADERS)
    result = gates_for(with_cookies(), reported).response(headers, REPORTED, page=True)
    assert result.headers is headers
    assert not result.tightened
    assert {(gate, name) for gate, _, name in enforced.snapshot()} == {
        (gate, name) for gate, _, name in reported.snapshot()
    }
    assert {outcome for _, outcome, _ in reported.snapshot()} == {"reported"}


@pytest.mark.parametrize("page", [True, False])
def test_nothing_held_is_nothing_done(page: bool) -> None:
    """With everything allowed each response goes out with the list it came with."""
    headers = list(HEADERS)
    counters = GateCounters()
    assert gates_for(with_cookies(), counters).response(headers, OPEN, page=page).headers is headers
    assert counters.snapshot() == {}


def test_trying_out_counts_nothing() -> None:
    """Whether a response depends on consent can be asked without being told twice."""
    counters = GateCounters()
    gates = gates_for(with_cookies(), counters)
    counted = gates.response(list(HEADERS), REFUSED, page=True)
    before = counters.snapshot()
    assert gates.response(list(HEADERS), REFUSED, page=True, counted=False) == counted
    assert counters.snapshot() == before


def test_unanswered_hosts_stay_in_the_policy_unless_it_is_strict() -> None:
    """`tighten` acts on refusals alone, `strict` on all that is held, `off` never."""
    for mode, state, changes in (
        ("tighten", UNDECIDED, False),
        ("tighten", REFUSED, True),
        ("strict", UNDECIDED, True),
        ("off", REFUSED, False),
    ):
        result = gates_for(policy_with(csp=mode)).response([TIGHT], state, page=False)
        assert (result.headers != [TIGHT], result.tightened) == (changes, changes), (mode, state)


def test_strict_makes_a_policy_for_pages_without_one() -> None:
    """A page gets one in every state, the same each time; what is no page, or has one, gets none."""
    gates = gates_for(policy_with(csp="strict", permissions_policy=False))
    for state, tightened in ((OPEN, False), (UNDECIDED, True)):
        result = gates.response([], state, page=True)
        assert [key for key, _ in result.headers] == [b"content-security-policy"]
        assert result.tightened is tightened
        assert gates.response([], state, page=True) == result
        assert gates.response([], state, page=False).headers == []
    own = [(b"Content-Security-Policy", b"img-src 'self'")]
    assert gates.response(own, UNDECIDED, page=True) == (own, False)
    reported = [(b"Content-Security-Policy-Report-Only", b"img-src 'self'")]
    assert len(gates.response(reported, UNDECIDED, page=True).headers) == 2


def test_a_tightened_report_only_policy_is_no_reason_to_reload() -> None:
    """It forbids nothing."""
    headers = [(b"content-security-policy-report-only", TIGHT[1])]
    result = gates_for(policy_with()).response(headers, REFUSED, page=False)
    assert result == ([(b"content-security-policy-report-only", b"img-src 'self'")], False)


def test_pages_switch_advertising_off_while_any_of_it_is_held() -> None:
    """One service of the category is enough; once all are allowed nothing is added. It can be left alone."""
    gates = gates_for(policy_with())
    off = (b"permissions-policy", OFF)
    assert gates.response([], Enforcement(frozenset({"video"}), frozenset()), page=True).headers == [off]
    assert gates.response([], Enforcement(frozenset({"stats"}), frozenset()), page=True).headers == []
    assert gates.response([], UNDECIDED, page=False).headers == []
    assert gates_for(policy_with(permissions_policy=False)).response([], UNDECIDED, page=True).headers == []


def test_who_targets_ads_counts_as_advertising_in_any_category() -> None:
    """A use says what a category's name may not."""
    services = {"own": {"category": "personal-ads", "purpose": "x", "uses": ["targeted-ads"]}}
    gates = gates_for(policy_with(services=services, categories={"personal-ads": {"label": "x"}}))
    assert gates.response([], Enforcement(frozenset({"own"}), frozenset()), page=True).headers != []


def test_servers_do_not_take_part_in_advertising_either() -> None:
    """The headers that register with the browser's own advertising go from every response."""
    gates = gates_for(policy_with())
    for name in OPT_INS:
        assert gates.response([(name.title(), b"?1")], UNDECIDED, page=False).headers == []


def test_only_headers_that_are_gated_are_named() -> None:
    """A policy without hosts or marketing knows cookies alone; responses without them are passed by."""
    services = {"stats": {"category": "analytics", "purpose": "x", "cookies": ["s"]}}
    assert gates_for(policy_with(services=services)).names == {b"set-cookie"}
    assert gates_for(policy_with()).names >= {key.lower() for key, _ in HEADERS[1:-1]}


def test_early_hints_lose_the_links_of_held_services() -> None:
    """Each link of the message is a header value of its own; what is left keeps its bytes."""
    gates = gates_for(policy_with())
    links = [
        b"<https://adnet.test/a>; rel=preload",
        b"</b>; rel=preload",
        b"</c>; rel=preload,<//video.test>;rel=preconnect",
    ]
    assert gates.early_hints(links, UNDECIDED) == [b"</b>; rel=preload", b"</c>; rel=preload"]
    assert gates.early_hints(links, OPEN) == links


NAMES = st.sampled_from(sorted({key for key, _ in HEADERS} | {b"report-to", b"nel", b"x"}))


@given(st.lists(st.tuples(NAMES, st.binary(max_size=60)), max_size=6), st.booleans())
def test_no_bytes_raise(headers: list[tuple[bytes, bytes]], page: bool) -> None:
    """Whatever an app sends, its order is kept and a second turn finds nothing to do."""
    gates = gates_for(with_cookies(csp="strict"))
    once = gates.response(headers, REFUSED, page=page).headers
    assert gates.response(once, REFUSED, page=page).headers is once
    kept = iter(headers)
    for name, _ in once[: len(headers)]:
        assert any(other == name for other, _ in kept) or page
