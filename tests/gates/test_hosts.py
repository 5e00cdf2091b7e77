"""Which services the addresses in headers belong to."""

from __future__ import annotations

import pytest

from consentkit.gates.hosts import Closed, HostIndex
from tests.gates.closing import INDEX, closed, policy_with


@pytest.mark.parametrize(
    ("url", "owners"),
    [
        (b"https://adnet.test/x", {"adnet"}),
        (b"//a.b.AdNet.test:444", {"adnet"}),
        (b"https:\\\\adnet.test", {"adnet"}),
        (b"https://cdn.adnet.test/", {"cdn"}),
        (b"https://player.stats.test/", {"video"}),
        (b"https://stats.example:8443/", {"stats"}),
        (b"https://b\xfccher.test/", {"adnet"}),
        ("https://bücher.test/".encode(), {"adnet"}),
        (b"https://stats.example/", None),
        (b"https://notadnet.test/", None),
        (b"/adnet.test", None),
        (b"", None),
        (b"\xff\x00", None),
    ],
)
def test_a_url_belongs_to_whom_its_host_was_declared_for(url: bytes, owners: set[str] | None) -> None:
    """The most specific declaration counts; spelling doesn't; bytes are read both as Latin-1 and as UTF-8."""
    place = INDEX.place(url)
    assert (place and set(place.owners[0])) == owners


@pytest.mark.parametrize(
    "source",
    [
        b"adnet.test",
        b"https://adnet.test",
        b"*.x.adnet.test",
        b"https://x.adnet.test:*/a/b",
        b"ADNET.TEST.",
        b"wss://adnet.test:1",
    ],
)
def test_a_source_that_only_one_service_is_behind_is_closed_with_it(source: bytes) -> None:
    """Scheme, port, path, case, and wildcards below the declared host make no difference."""
    question = closed("adnet")
    assert question.has_source(source)
    assert len(question.blocked) == 1
    assert not closed("stats").has_source(source)


@pytest.mark.parametrize(
    "source",
    [b"*.adnet.test", b"*.test", b"*", b"https:", b"'self'", b"cdn.adnet.test", b"x-adnet.test", b"adnet.test.example"],
)
def test_a_source_that_covers_others_too_stays(source: bytes) -> None:
    """A wildcard that an allowed service needs as well isn't closed, nor is what is no host."""
    assert not closed("adnet").has_source(source)


def test_a_wildcard_goes_when_all_behind_it_are_closed() -> None:
    """`*.stats.test` covers two services, `stats.test` alone is one."""
    assert closed("stats").has_source(b"stats.test")
    assert not closed("stats").has_source(b"*.stats.test")
    assert closed("stats", "video").has_source(b"*.stats.test")


def test_ports_are_kept_apart() -> None:
    """A service known at one port owns that port, not the host."""
    assert closed("stats").has_source(b"stats.example:8443")
    for source in (b"stats.example", b"stats.example:*", b"stats.example:443"):
        assert not closed("stats").has_source(source)


def test_any_port_covers_each_owner_of_a_port() -> None:
    """`host:*` goes only when the owners of all its ports are closed, and a port alone never stands for all."""
    services = {
        "base": {"category": "analytics", "purpose": "x", "hosts": ["mixed.test"]},
        "port": {"category": "analytics", "purpose": "x", "hosts": ["mixed.test:8443", "tls.test:443"]},
    }
    index = HostIndex(policy_with(services=services))
    base, both = (Closed(index, frozenset(names), frozenset()) for names in ({"base"}, {"base", "port"}))
    assert base.has_source(b"mixed.test")
    assert not base.has_source(b"mixed.test:*")
    assert both.has_source(b"mixed.test:*")
    assert not both.has_source(b"tls.test:*")
    assert both.has_source(b"tls.test:443")


def test_what_report_only_lets_pass_is_remembered_apart() -> None:
    """Nothing is closed for a service in report-only mode, but it is known that it would have been."""
    question = closed("stats", reported=("adnet",))
    assert not question.has(b"https://adnet.test/")
    assert question.has(b"/own", b"https://stats.test/")
    assert (question.blocked, question.reported) == ({"stats.test"}, {"adnet.test"})


def test_hosts_are_found_in_what_cannot_be_read() -> None:
    """Wherever a declared host stands in a text, in whatever case."""
    assert INDEX.names(b"{broken https://ADNET.test/", frozenset({"adnet"})) == ["adnet.test"]
    assert INDEX.names(b"{broken https://adnet.test/", frozenset({"stats"})) == []
