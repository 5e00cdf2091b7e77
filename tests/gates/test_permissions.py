"""`Permissions-Policy` with the browsers' own advertising features off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentkit.gates.permissions import FEATURES, OFF, OPT_INS, switched_off
from tests.gates.linear import assert_linear


def test_all_features_are_off() -> None:
    """The value for a page that has none, sorted."""
    assert sorted(FEATURES) == list(FEATURES)
    assert OFF.decode().split(", ") == [f"{feature.decode()}=()" for feature in FEATURES]


def test_the_features_are_documented() -> None:
    """docs/gates.md names each feature, and each header by which a server takes part."""
    text = (Path(__file__).parents[2] / "docs" / "gates.md").read_text(encoding="utf-8").lower()
    assert [name for name in FEATURES if f"`{name.decode()}`" not in text] == []
    names = [name.decode().replace("attribution-reporting-register-", "-register-") for name in OPT_INS]
    text = text.replace("attribution-reporting-register-", "-register-")
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        (b"geolocation=(self), camera=()", b"geolocation=(self), camera=(), "),
        (
            b'geolocation=(self "https://a.test" );x="y,z" ,camera=*',
            b'geolocation=(self "https://a.test" );x="y,z" ,camera=*, ',
        ),
        (b'browsing-topics=(self "https://x.test"), camera=()', b"camera=(), "),
        (b"camera=(), run-ad-auction=*;report-to=x, usb=self", b"camera=(), usb=self, "),
        (b"browsing-topics", b""),
        (b"browsing-topics=()", b""),
        (b"", b""),
    ],
)
def test_what_the_app_says_of_other_features_keeps_its_bytes(value: bytes, rest: bytes) -> None:
    """Ours come last, where they win; the app's own value of one of them goes."""
    assert switched_off([value]) == [rest + OFF]


def test_several_headers_are_one_list() -> None:
    """The app's other features stay where they are; ours stand in the last header."""
    values = [b"camera=()", b"shared-storage=*", b"usb=()"]
    assert switched_off(values) == [values[0], None, b"usb=(), " + OFF]


@pytest.mark.parametrize(
    "value", [b"camera 'none'", b"Camera=()", b"a=(", b"a=,b", b"a=(),", b"a=() b=()", b"\xff", b"a=((b))"]
)
def test_a_list_that_browsers_pass_over_is_replaced(value: bytes) -> None:
    """One malformed part voids the whole, so ours must not stand beside it."""
    assert switched_off([value]) == [OFF]
    assert switched_off([b"camera=()", value]) == [None, OFF]


VALUES = st.binary(max_size=60) | st.text(alphabet='abrowsing-topics=(),;"* \\?1', max_size=60).map(str.encode)


@given(st.lists(VALUES, min_size=1, max_size=3))
@example([b" "])
@example([OFF, b""])
def test_it_never_raises_and_twice_is_once(values: list[bytes]) -> None:
    """Whatever the app sends, the features are off afterwards, and a second turn finds nothing to do."""
    once = [value for value in switched_off(values) if value is not None]
    assert once[-1].endswith(OFF) or once == values
    assert all(value.strip(b" \t") for value in once)
    again = switched_off(once)
    assert all(one is other for one, other in zip(again, once, strict=True))


@pytest.mark.parametrize(
    "piece", [b" ", b"a", b"a,", b"(", b"a=(b ", b"a;", b'a="', b"a=(b;c=1 d) ,", b"\\", b"a=1.", b"a ", b"*;a"]
)
def test_reading_is_linear(piece: bytes) -> None:
    """Twice the header takes about twice the time, up to 64 KB."""
    assert_linear(lambda value: switched_off([value]), piece)
    assert_linear(lambda value: switched_off([b"a=(" + value]), piece)
