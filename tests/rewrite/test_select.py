"""Inside `select` markup means what the standard says since 2025: it is kept, and only some of it ends the element."""

from __future__ import annotations

import pytest

from tests.rewrite.dom import faults, rewrite

_STYLE = b"<style><img src=//ads.example></style><img src=//ads.example>"


@pytest.mark.parametrize(
    "document",
    [
        b"<select>" + _STYLE,
        b"<select><option><xmp>x</xmp>" + _STYLE,
        b"<select><svg><input>" + _STYLE,
        b"<select><svg><foreignObject><input></svg>" + _STYLE,
        b"<svg><desc><select></desc>" + _STYLE,
        b"<p><svg><desc><select></p>" + _STYLE,
        b"<select><div><select><svg>" + _STYLE,
        b"<table><tr><td><select><svg><td>" + _STYLE,
        b"<select><plaintext>" + _STYLE,
        b"<select><optgroup><option><svg><option>" + _STYLE,
        b"<select><optgroup><option><hr><math>" + _STYLE,
        b"<select><button><selectedcontent></selectedcontent></button><option>" + _STYLE,
    ],
)
def test_what_a_select_holds_is_read_as_parsers_read_it(document: bytes) -> None:
    """A style sheet in there stays as it is where it is one, and is read as markup where it is foreign."""
    output, rewriter = rewrite(document)
    assert not faults(document, output, rewriter)
    assert rewrite(document, size=1)[0] == output


def test_an_image_in_a_select_is_gated() -> None:
    """Browsers load images in options now, so those of refused services are gated."""
    assert b"data-ckit-src" in rewrite(b"<select><option><img src=//ads.example/flag></select>")[0]
