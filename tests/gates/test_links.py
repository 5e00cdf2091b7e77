"""`Link` headers without the links that load from closed services."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.gates.hosts import Closed, HostIndex
from consentkit.gates.links import without_closed_links
from tests.gates.closing import closed, policy_with
from tests.gates.linear import assert_linear


def left(value: bytes) -> bytes | None:
    return without_closed_links(value, closed("adnet"))


RELATIONS = ["preload", "modulepreload", "preconnect", "dns-prefetch", "prefetch", "prerender", "stylesheet", "icon"]


@pytest.mark.parametrize("relation", [*RELATIONS, "PreLoad", "alternate stylesheet", "compression-dictionary"])
def test_every_relation_that_loads_is_gated(relation: str) -> None:
    """In whatever case, with or without quotes, alone or among others."""
    assert left(f'<https://adnet.test/x>; rel="{relation}"'.encode()) is None
    if " " not in relation:
        assert left(f"<https://adnet.test/x>;as=script ;REL = {relation}".encode()) is None


@pytest.mark.parametrize(
    "value",
    [
        b"<https://adnet.test/>; rel=canonical",
        b"<https://adnet.test/>",
        b"<https://cdn.adnet.test/x>; rel=preload",
        b"</x?u=https://adnet.test/>; rel=preload",
        b'</a,b>; rel="preload"; title="<https://adnet.test>; rel=preload, x", <b>; rel=next',
        b"nonsense",
        b"",
        b",, ,",
    ],
)
def test_other_links_are_the_same_object(value: bytes) -> None:
    """Links that load nothing, or from elsewhere, keep every byte; names in quotes are no links."""
    assert left(value) is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<https://adnet.test/>; rel=preload, </own.css>; rel=preload", b"</own.css>; rel=preload"),
        (
            b"</a,b.css>;rel=preload ,<//adnet.test>;rel=preconnect,  <c>; rel=next",
            b"</a,b.css>;rel=preload ,  <c>; rel=next",
        ),
        (
            b'<x>; title="a\\", <b"; rel=preload, <https://adnet.test>; rel=preload',
            b'<x>; title="a\\", <b"; rel=preload',
        ),
        (b'</x>; rel=preload; as=image; imagesrcset="/a 1x, https://adnet.test/b 2x"', None),
        (b"<\thttps://adnet.test/x>; rel=preload", None),
        (b"<https://adnet.test/x>; rel=preload;;", None),
        (b'<https://adnet.test/x>; rel="pre\\load"', None),
        (b"<https://adnet.test/x>; rel=next; rel=preload", None),
    ],
)
def test_one_of_several_links_goes(value: bytes, expected: bytes | None) -> None:
    """The others stay in their order, with their bytes."""
    assert left(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"https://adnet.test/x; rel=preload",
        b"<https://adnet.test/x; rel=preload",
        b'<https://adnet.test/x>; rel="preload',
        b"<a>; x=a<b, <https://adnet.test>; rel=preload",
        b"<https://ADNET.test/x> rel=preload",
    ],
)
def test_what_cannot_be_read_goes_when_it_names_a_closed_host(value: bytes) -> None:
    """A browser may read it better than we do."""
    assert left(value) is None
    assert without_closed_links(value, closed("stats")) is value


@pytest.mark.parametrize(
    "host", [b"%61dnet.test", b"ad\tnet.test", b"AD\xadNET.test", b"ADNET.TEST.", b"b\xfccher.test"]
)
def test_a_host_is_known_in_every_spelling(host: bytes) -> None:
    """Percent signs, tabs, ignored characters, case and IDNs are read as browsers read them."""
    assert left(b"<https://%b/x>; rel=preload" % host) is None


def test_an_address_is_known_in_every_spelling() -> None:
    """Numeric hosts have many."""
    services = {"x": {"category": "analytics", "purpose": "x", "hosts": ["127.0.0.9"]}}
    question = Closed(HostIndex(policy_with(services=services)), frozenset({"x"}), frozenset())
    assert without_closed_links(b"<https://0x7f.9/>; rel=preload", question) is None


@pytest.mark.parametrize(("mode", "goes"), [("allow", False), ("report", False), ("block", True)])
def test_links_to_undeclared_hosts_follow_the_policy(mode: str, goes: bool) -> None:
    """`unknown: {hosts: block}` holds for what a header loads, too; the site's own and declared hosts pass."""
    question = Closed(HostIndex(policy_with(unknown={"hosts": mode})), frozenset(), frozenset())
    for value in (b"<https://new.test/x>; rel=preload", b'</x>; rel=preload; imagesrcset="/a, //new.test/b 2x"'):
        assert without_closed_links(value, question) == (None if goes else value)
    assert (question.blocked, question.undeclared) == (
        {"new.test"} if mode == "block" else set(),
        {"new.test"} if mode == "report" else set(),
    )
    assert (without_closed_links(b"<//new.test; rel=preload", question) is None) is goes
    for own in (b"</x>", b"<http://testserver/x>", b"<https://adnet.test>", b"<https://cdn.adnet.test/y>"):
        assert without_closed_links(own + b"; rel=preload", question) == own + b"; rel=preload"
    assert without_closed_links(b"<https://new.test/x>; rel=canonical", question) is not None


@given(st.binary(max_size=200) | st.text(alphabet='<>;,"\\= ahtps:/dnet.rl', max_size=120).map(str.encode))
def test_it_never_raises_and_is_done_after_one_turn(value: bytes) -> None:
    """Any bytes are a header's value, and what was left is left again."""
    found = left(value)
    assert found is None or left(found) == found


@pytest.mark.parametrize(
    "piece", [b" ", b"<", b'"', b"\\", b'"\\', b";", b";a", b"; a=", b"<a>;", b",", b"<a>;b=c,", b"a=;\t"]
)
def test_reading_is_linear(piece: bytes) -> None:
    """Twice the header takes about twice the time, up to 64 KB."""
    assert_linear(left, piece)
    assert_linear(lambda value: left(b"<https://adnet.test>" + value), piece)
