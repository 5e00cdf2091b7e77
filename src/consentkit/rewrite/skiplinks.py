"""Finds the links at the start of a page's body that lead to places in the same page, such as "Skip to content".

They stay first in the tab order: the banner is placed after them.
"""

from __future__ import annotations

import re

from consentkit.rewrite.elements import words
from consentkit.rewrite.tags import ATTRIBUTES, TAG_NAME, Tag

#: No more than this is looked at, and held back meanwhile.
LOOK_AHEAD = 1024

_BLANK = re.compile(rb"(?:[\t\n\f\r ]++|<!--(?!-?>)(?:[^-]|-(?!-))*+-->)++")
_TEXT = re.compile(rb"[^<]++")
_TAG = re.compile(rb"</?[A-Za-z][^\t\n\f\r />]*+" + ATTRIBUTES + rb">")
_WRAPPERS = words("div nav p ul ol li span section header aside")
_INLINE = words("span b strong em i small abbr bdi u")
_ONCE_AT_MOST = words("p li")
_DEPTH = 3


class _Reader:
    """Reads wrappers and links until something else comes; `safe` is the last offset between complete ones."""

    def __init__(self, window: bytes) -> None:
        self._window = window
        self._pos = 0
        self._open: list[bytes] = []
        self._link_at = 0
        self._links = 0
        self.safe = 0
        self.ran_out = False

    def read(self) -> None:
        while self._read_one():
            pass

    def _read_one(self) -> bool:
        text = (_TEXT if self._link_at else _BLANK).match(self._window, self._pos)
        if text is not None:
            self._pos = text.end()
        tag = _TAG.match(self._window, self._pos)
        if tag is None:
            self.ran_out = self._may_go_on()
            return False
        name = TAG_NAME.match(self._window, self._pos)
        if name is None:
            return False
        self._pos = tag.end()
        if name[1]:
            return self._close(name[2].lower())
        return self._start(Tag(tag[0]))

    def _may_go_on(self) -> bool:
        """Whether what stands here could be a link or a blank once more of it is known."""
        rest = self._window[self._pos :]
        if not rest or rest in (b"<", b"</", b"<!", b"<!-") or rest.startswith(b"<!--"):
            return True
        return TAG_NAME.match(rest) is not None

    def _start(self, tag: Tag) -> bool:
        if self._link_at:
            self._open.append(tag.name)
            return tag.name in _INLINE
        if tag.name == b"a":
            self._open.append(tag.name)
            self._link_at = len(self._open)
            return tag.text(b"href").lstrip().startswith("#")
        self._open.append(tag.name)
        inside_p = any(x in self._open[:-1] for x in (b"p", b"span"))
        repeated = tag.name in _ONCE_AT_MOST and tag.name in self._open[:-1]
        return tag.name in _WRAPPERS and len(self._open) <= _DEPTH and not inside_p and not repeated

    def _close(self, name: bytes) -> bool:
        if not self._open or self._open.pop() != name:
            return False
        if self._link_at > len(self._open):
            self._link_at = 0
            self._links += 1
        if not self._open and self._links:
            self.safe = self._pos
            self._links = 0
        return True


def find_skip_links(window: bytes, *, complete: bool) -> int | None:
    """How many bytes of `window`, the start of a body, are skip links; 0 without any.

    None: more bytes are needed to know. `complete` says that there are no more to look at.
    """
    if complete and b"#" not in window and b"&num" not in window:
        return 0
    reader = _Reader(window)
    reader.read()
    return None if reader.ran_out and not complete else reader.safe
