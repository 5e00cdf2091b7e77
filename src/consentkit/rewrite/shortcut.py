"""The fast way through a page's body: regular expressions pass all that can't matter, and no tree is followed.

It is right as long as the body holds nothing that makes a tree builder read later bytes in another way. When something
like that comes, the scanner reads once more what was passed, this time following the tree, and follows it until nothing
but plain HTML is open.
"""

from __future__ import annotations

from consentkit.rewrite.construction import Content
from consentkit.rewrite.elements import words
from consentkit.rewrite.runs import RAW
from consentkit.rewrite.tree import BREAKOUT

#: No more than this is kept for reading it again.
LOG_LIMIT = 131_072

#: Foreign elements nested deeper than this are not kept, as in a tree builder, whose stack is limited too.
_DEPTH = 4096
INTEGRATION_POINTS = words("annotation-xml desc foreignobject mi mn mo ms mtext title")
_CONTENT = {
    **dict.fromkeys(RAW, Content.RAW),
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
            return not is_end and (name == b"frameset" or (name == b"col" and self._template_seen))
        if is_end:
            return name != self.foreign[-1]
        return name == b"font" or self.foreign[-1] in INTEGRATION_POINTS

    def passes(self, name: bytes) -> bool:
        """Whether a start tag of this name, outside of foreign content, leads to nothing but what `start` notes."""
        return name == b"template" or (name == b"col" and not self._template_seen)

    def start(self, name: bytes, *, self_closing: bool) -> Content:
        """A start tag comes that can be read without the tree; the answer says how to read on after it."""
        if self.foreign and name not in BREAKOUT:
            if not self_closing and len(self.foreign) < _DEPTH:
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
