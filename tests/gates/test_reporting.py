"""`Report-To`, `NEL` and `Reporting-Endpoints` without the addresses of closed services."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.gates.reporting import endpoints, nel, report_to
from tests.gates.closing import closed
from tests.gates.linear import assert_linear


def groups_left(*values: bytes) -> tuple[list[bytes | None], frozenset[str]]:
    return report_to(values, closed("adnet"))


OWN = b'{ "group":"own",  "max_age":1, "endpoints":[{"url":"https://own.test/r"}] }'
ADS = b'{"group":"ads","max_age":1,"endpoints":[{"url":"https://x.adnet.test/r"}]}'


def test_a_group_without_endpoints_goes_and_the_others_keep_their_bytes() -> None:
    """Within one header and across several; a header without groups goes too."""
    assert groups_left(OWN + b" ,\t" + ADS, ADS) == ([OWN, None], frozenset({"ads"}))
    values = (OWN, OWN + b"," + OWN)
    found, gone = groups_left(*values)
    assert all(one is other for one, other in zip(found, values, strict=True))
    assert gone == frozenset()


def test_one_endpoint_of_several_goes() -> None:
    """The rest of the group is written anew with the same content."""
    group = {"group": "both", "max_age": 5, "endpoints": [{"url": "https://adnet.test"}, {"url": "/r", "weight": 2}]}
    [found], gone = groups_left(json.dumps(group).encode())
    assert found is not None
    assert json.loads(found) == {**group, "endpoints": [{"url": "/r", "weight": 2}]}
    assert gone == frozenset()


def test_a_group_that_is_still_there_elsewhere_is_not_gone() -> None:
    """Two headers may both define a group."""
    other = ADS.replace(b"x.adnet.test", b"own.test")
    assert groups_left(ADS, other) == ([None, other], frozenset())


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"5, 6", b"null", b'{"endpoints": 3}', b"{} {}", b"[" * 1000, b"\xff"]
)
def test_malformed_groups_stay_unless_they_name_a_closed_host(value: bytes) -> None:
    """What can't be read is left as it is, or dropped as a whole."""
    [found], _ = groups_left(value)
    assert found is value
    [found], _ = groups_left(value + b'{"endpoints": "https://adnet.test"')
    assert found is None


def test_nel_goes_with_its_group() -> None:
    """Reports for a group that is gone would go to what a browser has kept of it."""
    value = b'{"report_to": "ads", "max_age": 9}'
    assert nel(value, frozenset({"ads"}), closed("adnet")) is None
    assert nel(value, frozenset({"own"}), closed("adnet")) is value
    assert nel(b"{", frozenset({"ads"}), closed("adnet")) == b"{"
    assert nel(b"{adnet.test", frozenset(), closed("adnet")) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'a="https://adnet.test/r", b="/own"', b'b="/own"'),
        (b'b="/own"  ,a="https://adnet.test/r";x=1', b'b="/own"  '),
        (b'a="https://adnet.test/r"', None),
        (b'a="https:\\\\\\\\adnet.test/r"', None),
        (b'A="https://adnet.test/r"', None),
        (b'a=("https://adnet.test/r")', None),
    ],
)
def test_endpoints_of_closed_services_go(value: bytes, expected: bytes | None) -> None:
    """Also where the dictionary isn't quite what it should be."""
    assert endpoints(value, closed("adnet")) == expected


@pytest.mark.parametrize("value", [b"", b'a="/r, https://own.test", b=?1', b"a=5", b'a="', b"\xff,,"])
def test_other_endpoints_are_the_same_object(value: bytes) -> None:
    """Nothing else is touched."""
    assert endpoints(value, closed("adnet")) is value


def test_escapes_hide_no_host() -> None:
    """JSON and structured strings are unescaped before their hosts are read."""
    assert groups_left(rb'{"endpoints":[{"url":"https:\/\/\u0061dnet.test"}]}')[0] == [None]
    assert endpoints(rb'a="https:\\adn%65t.test"', closed("adnet")) is None


TEXTS = st.text(alphabet='{}[]":,\\ adnet.testhp/us0e1', max_size=80).map(str.encode)


@given(st.binary(max_size=100) | TEXTS)
def test_it_never_raises(value: bytes) -> None:
    """Any bytes are a header's value."""
    groups_left(value, b'{"endpoints":[' + value + b"]}")
    endpoints(value, closed("adnet"))
    nel(value, frozenset({"default"}), closed("adnet"))


def test_odd_characters_in_addresses_are_no_obstacle() -> None:
    """Half a character in a JSON escape, or bytes that are no UTF-8, neither raise nor hide a host."""
    for odd in (rb"\ud800", b"\xff", rb"\u0000"):
        group = b'{"endpoints":[{"url":"https://adnet.test/%b"}]}' % odd
        assert groups_left(group)[0] == [None]
        own = b'{"endpoints":[{"url":"/%b"},{"url":"https://adnet.test/"}]}' % odd
        [found], _ = groups_left(own)
        assert found is not None
        assert b"adnet" not in found


@pytest.mark.parametrize("piece", [b" ", b'"', b"\\", b",", b"{", b"[", b"{},", b'a="b",', b"1 ", b'"\\', b"9"])
def test_reading_is_linear(piece: bytes) -> None:
    """Twice the header takes about twice the time, up to 64 KB."""
    assert_linear(groups_left, piece)
    assert_linear(lambda value: endpoints(value, closed("adnet")), piece)
