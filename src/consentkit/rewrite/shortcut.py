"""The fast way through a page's body: one regular expression passes all that can't matter, and no tree is followed.

It is right as long as the body holds nothing that makes a tree builder read later bytes in another way. When something
like that comes, the scanner reads the beginning of the document once more, this time following the tree.
"""

from __future__ import annotations

import re

from consentkit.rewrite.construction import Content
from consentkit.rewrite.decisions import LOADING
from consentkit.rewrite.elements import words
from consentkit.rewrite.tags import ATTRIBUTE, ATTRIBUTES
from consentkit.rewrite.tree import BREAKOUT

#: No more of a document's beginning than this is kept for reading it again.
LOG_LIMIT = 131_072

_RAW = words("iframe noembed noframes noscript style textarea title xmp")
#: Start tags whose attributes matter here.
HELD = frozenset(LOADING) | words("base")
_STOPS = HELD | _RAW | words("col frameset math noscript plaintext select svg template")
_INTEGRATION_POINTS = words("annotation-xml desc foreignobject mi mn mo ms mtext title")
_EMPTY_SHAPES = (b"circle", b"ellipse", b"line", b"path", b"polygon", b"polyline", b"rect", b"stop", b"use")


def _any_case(name: bytes) -> bytes:
    return b"".join(b"[%c%c]" % (c, c - 32) if 97 <= c <= 122 else bytes((c,)) for c in name)


_AFTER_NAME = rb"(?=[\t\n\f\r />])"
_OPEN = rb"(?:[\t\n\f\r ]++|/(?!>)|" + ATTRIBUTE + rb")*+"
_STOP_NAMES = rb"(?:" + b"|".join(_any_case(x) for x in sorted(_STOPS)) + rb")" + _AFTER_NAME
_SHAPES = b"|".join(b"<" + x + _AFTER_NAME + _OPEN + rb"(?:/>|></" + x + rb">)" for x in _EMPTY_SHAPES)
_ICON = rb"<svg" + _AFTER_NAME + _OPEN + rb">(?:[^<]++|" + _SHAPES + rb")*+</svg>"
_SELECT = (
    rb"<select"
    + _AFTER_NAME
    + ATTRIBUTES
    + rb">(?:[^<]++|</?opt(?:ion|group)"
    + _AFTER_NAME
    + ATTRIBUTES
    + rb">)*+</select>"
)

#: Text, tags that neither load anything nor change how later bytes are read, plain icons and plain selects.
RUN = re.compile(
    rb"(?:[^<]++"
    rb"|<(?!" + _STOP_NAMES + rb")[A-Za-z][^\t\n\f\r />]*+" + ATTRIBUTES + rb">"
    rb"|<(?=[^A-Za-z/!?])"
    rb"|</[A-Za-z][^\t\n\f\r />]*+" + ATTRIBUTES + rb">"
    rb"|" + _ICON + rb"|" + _SELECT + rb")*+"
)

_COMMENT = rb"<!--(?!-?>)(?:[^-]|-(?!-))*+-->"
_SETTLED = rb"[\t\n\f\r ]++|" + _COMMENT + rb"|<meta" + _AFTER_NAME + ATTRIBUTES + rb">"
_WITH_TEXT = rb"|<%b" + _AFTER_NAME + ATTRIBUTES + rb">[^<]*+</%b>"
_TITLE_AND_STYLE = b"".join(_WITH_TEXT % (x, x) for x in (b"title", b"style"))

#: In the head: what neither loads anything that is gated nor ends the head.
HEAD_RUN = re.compile(rb"(?:" + _SETTLED + _TITLE_AND_STYLE + rb")*+")
#: The same where nothing is gated.
HEAD_RUN_UNGATED = re.compile(
    rb"(?:"
    + _SETTLED
    + _TITLE_AND_STYLE
    + _WITH_TEXT % (b"script", b"script")
    + rb"|<link"
    + _AFTER_NAME
    + ATTRIBUTES
    + rb">)*+"
)

_CONTENT = {
    **dict.fromkeys(_RAW, Content.RAW),
    b"script": Content.SCRIPT,
    b"noscript": Content.RAW,
    b"plaintext": Content.PLAIN,
}


class Shortcut:
    """What is known of the tree while none is followed: which foreign elements are open, the rest being HTML."""

    def __init__(self) -> None:
        self.foreign: list[bytes] = []
        self._template_seen = False

    def loses_track(self, name: bytes, *, is_end: bool) -> bool:
        """Whether this tag must be read with the tree known."""
        if not self.foreign:
            return not is_end and (name in (b"frameset", b"select") or (name == b"col" and self._template_seen))
        if is_end:
            return name != self.foreign[-1]
        return name == b"font" or self.foreign[-1] in _INTEGRATION_POINTS

    def start(self, name: bytes, *, self_closing: bool) -> Content:
        """A start tag comes that can be read without the tree; the answer says how to read on after it."""
        if self.foreign and name not in BREAKOUT:
            if not self_closing:
                self.foreign.append(name)
            return Content.MARKUP
        self.foreign.clear()
        self._template_seen |= name == b"template"
        if name in (b"svg", b"math") and not self_closing:
            self.foreign.append(name)
        return _CONTENT.get(name, Content.MARKUP)

    def end(self) -> None:
        """An end tag comes that can be read without the tree."""
        if self.foreign:
            self.foreign.pop()
