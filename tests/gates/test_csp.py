"""`Content-Security-Policy` with the hosts of closed services taken out, and one made for pages without."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentkit.gates.csp import made, tighten
from consentkit.gates.hosts import HostIndex
from tests.gates.closing import INDEX, closed, policy_with
from tests.gates.linear import assert_linear


def without_ads(value: bytes) -> bytes:
    return tighten(value, closed("adnet"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"script-src 'self' https://adnet.test", b"script-src 'self'"),
        (b"script-src https://adnet.test 'self'; img-src *", b"script-src 'self'; img-src *"),
        (b"img-src adnet.test", b"img-src 'none'"),
        (b" IMG-Src\tadnet.test  x.adnet.test ;;", b" IMG-Src 'none';;"),
        (b"script-src 'nonce-a' adnet.test 'strict-dynamic'", b"script-src 'nonce-a' 'strict-dynamic'"),
        (b"img-src adnet.test, img-src 'self' adnet.test", b"img-src 'none', img-src 'self'"),
        (b"img-src a.test; img-src adnet.test", b"img-src a.test; img-src adnet.test"),
        (b"img-src adnet.test; IMG-SRC adnet.test", b"img-src 'none'; IMG-SRC adnet.test"),
        (b"img-src \xff adnet.test; img-src adnet.test", b"img-src \xff adnet.test; img-src 'none'"),
        (b"default-src 'none' adnet.test", b"default-src 'none'"),
        (b"img-src\x0badnet.test x", b"img-src\x0badnet.test x"),
        (b"report-uri https://adnet.test/r /own; img-src x", b"report-uri /own; img-src x"),
        (b"img-src x; report-uri https://adnet.test/r; report-uri /own", b"img-src x; report-uri; report-uri /own"),
    ],
)
def test_closed_hosts_go_and_nothing_else(value: bytes, expected: bytes) -> None:
    """Each policy is tightened by itself, as browsers read it: first directive of a name, none that isn't ASCII."""
    assert without_ads(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"default-src 'self'; script-src 'sha256-abc=' https: data: 'unsafe-inline'",
        b"form-action https://adnet.test; frame-ancestors adnet.test; base-uri adnet.test; sandbox",
        b"report-to adnet.test; unknown-src adnet.test; trusted-types adnet.test; require-trusted-types-for 'script'",
        b"img-src *.adnet.test cdn.adnet.test",
        b"img-src adnet.test:x adnet..test /adnet.test",
    ],
)
def test_the_rest_is_the_same_object(value: bytes) -> None:
    """What is no load, no host, malformed or also someone else's is left, byte for byte."""
    assert without_ads(value) is value


FETCH_TOO = ["prefetch-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"]
FETCH = ["child", "connect", "default", "fenced-frame", "font", "frame", "img", "manifest", "media", "object"]


@pytest.mark.parametrize("name", [*(f"{name}-src" for name in FETCH), *FETCH_TOO])
def test_every_directive_about_loads_is_looked_at(name: str) -> None:
    """Whatever kind of load it is about."""
    assert without_ads(f"{name} adnet.test x".encode()) == f"{name} x".encode()


SOURCES = st.sampled_from(
    [
        *("'self'", "'none'", "https:", "*", "adnet.test", "https://x.adnet.test/p", "*.adnet.test"),
        *("*.y.adnet.test:8080", "cdn.adnet.test", "other.test", "'nonce-q'", "stats.test", "", "ADNET.TEST:*"),
    ]
)
DIRECTIVES = st.tuples(
    st.sampled_from(["script-src", "IMG-SRC", "default-src", "form-action", "report-uri", "sandbox", ""]),
    st.lists(SOURCES, max_size=5),
).map(lambda made: " ".join([made[0], *made[1]]))
POLICIES = st.lists(st.lists(DIRECTIVES, max_size=4).map(";".join), max_size=3).map(
    lambda found: ",".join(found).encode()
)


def read(value: bytes) -> list[list[tuple[str, frozenset[str]]]]:
    """Each policy as directive names and what they allow, by a simple reading of its own."""
    found = []
    for policy in value.decode("latin-1").split(","):
        words = [directive.split(" ") for directive in policy.split(";")]
        kept = [[word for word in directive if word] for directive in words]
        directives = [(directive[0].lower(), frozenset(directive[1:]) - {"'none'"}) for directive in kept if directive]
        found.append(list(dict(reversed(directives)).items()))
    return found


@given(POLICIES)
@example(b"report-uri https://x.adnet.test/p;report-uri https://x.adnet.test/p")
def test_nothing_is_ever_added(value: bytes) -> None:
    """Every directive allows what it allowed before or less; tightening twice is tightening once."""
    once = without_ads(value)
    assert without_ads(once) is once
    for before, after in zip(read(value), read(once), strict=True):
        assert [name for name, _ in before] == [name for name, _ in after]
        allowed = dict(before)
        for name, sources in after:
            assert sources <= allowed[name]
            gone = allowed[name] - sources
            assert gone <= {"adnet.test", "https://x.adnet.test/p", "*.y.adnet.test:8080", "ADNET.TEST:*"}
            assert name in ("script-src", "img-src", "default-src", "report-uri") or not gone


@given(st.lists(SOURCES, max_size=6).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_sources_makes_no_difference(orders: tuple[list[str], list[str]]) -> None:
    """The same sources in another order leave the same sources."""
    one, other = (read(without_ads(" ".join(["img-src", *sources]).encode())) for sources in orders)
    assert one == other


@given(st.binary(max_size=200))
@example(b"img-src " + b"\x00adnet.test")
@example(b"img-src [::1] [:: http://[ adnet.test:99999")
def test_it_never_raises(value: bytes) -> None:
    """Any bytes are a header's value."""
    without_ads(value)
    without_ads(b"img-src " + value)


@pytest.mark.parametrize(
    "piece", [b" ", b";", b",", b"adnet.test ", b"a.", b"a", b"*.", b"img-src adnet.test;", b"a-:/"]
)
def test_tightening_is_linear(piece: bytes) -> None:
    """Twice the header takes about twice the time, up to 64 KB."""
    assert_linear(without_ads, piece)
    assert_linear(lambda value: without_ads(b"img-src " + value), piece)


def test_a_made_policy_is_about_hosts_alone() -> None:
    """It lists our own and the open hosts, sorted; inline code and `data:` stay free."""
    policy = made(INDEX, "https://news.example", frozenset({"adnet", "video"})).decode()
    loads, connects = policy.split("; ")
    free = "'self' 'unsafe-eval' 'unsafe-inline' blob: data: mediastream:"
    hosts = "*.cdn.adnet.test *.stats.example:8443 cdn.adnet.test https://news.example stats.example:8443 stats.test"
    assert loads == f"default-src {free} {hosts}"
    assert connects.startswith(f"connect-src 'self' blob: data: {hosts} wss://*.cdn.adnet.test")
    assert "wss://news.example" in connects
    assert policy == made(INDEX, "https://news.example", frozenset({"video", "adnet"})).decode()


def test_a_made_policy_covers_no_closed_subdomain() -> None:
    """An open host's subdomains are left out while one of them is closed, and are in once none is."""
    assert "*.stats.test" not in made(INDEX, "https://n.example", frozenset({"video"})).decode()
    assert "*.stats.test" in made(INDEX, "https://n.example", frozenset({"adnet"})).decode()


def test_a_made_policy_has_no_wildcard_below_an_address() -> None:
    """Numeric hosts have no subdomains, and IPv6 can't be written in a policy."""
    services = {"x": {"category": "analytics", "purpose": "x", "hosts": ["192.0.2.7", "[::1]:80"]}}
    policy = made(HostIndex(policy_with(services=services)), "https://n.example", frozenset()).decode()
    assert " 192.0.2.7 " in policy
    assert "*." not in policy
    assert "[" not in policy


@given(st.sets(st.sampled_from(["stats", "adnet", "video", "cdn"])))
def test_a_made_policy_is_already_tight(services: set[str]) -> None:
    """What is made for a state has nothing that the same state would take out."""
    policy = made(INDEX, "https://n.example", frozenset(services))
    assert tighten(policy, closed(*services)) is policy
