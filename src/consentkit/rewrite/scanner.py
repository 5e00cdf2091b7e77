"""Reads HTML in pieces of any size as the HTML tokenizer does, and passes it on with edits.

The scanner knows where tags, texts, comments and raw text begin and end; what becomes of them is decided by the
methods a subclass overrides. Everything is passed on as soon as it is understood. Only start tags are held back until
they are complete, and no longer than `TAG_LIMIT` bytes.
Source: HTML Living Standard, 13.2.5 "Tokenization".
"""

from __future__ import annotations

import re
from functools import cached_property

from consentkit.rewrite.construction import Content, Mode
from consentkit.rewrite.elements import Node, Space
from consentkit.rewrite.following import follow
from consentkit.rewrite.patterns import (
    BLANK,
    BOM,
    CDATA_END,
    CLOSE,
    COMMENT_END,
    DECLARATIONS,
    NO_COMMENT,
    NOSCRIPT_END,
    REFERENCE_LIMIT,
    UNSURE_END,
)
from consentkit.rewrite.rawtext import RawText
from consentkit.rewrite.runs import HELD
from consentkit.rewrite.shortcut import Shortcut
from consentkit.rewrite.tags import TAG_LIMIT, TAG_NAME, Inside, Tag, scan_tag
from consentkit.rewrite.tree import TreeState

_NAME_LIMIT = 1024
#: Once it was needed, the tree is followed for at least this far, as what needs it often comes again.
_FOLLOWED = 2048


class Scanner(RawText):
    """The tokenizer's state. By itself it edits nothing, and only comes to know the tree at the end of its data."""

    _shortcut: Shortcut | None = None
    _follows_until = 0
    _changes_body = False
    _outer: TreeState | None = None
    _diverged = False
    _name = b""
    _long_tag: Tag | None = None

    def __init__(self) -> None:
        super().__init__()
        self._step = self._read_first

    @cached_property
    def _tree(self) -> TreeState:
        """What is known of the tree; made when first asked for."""
        return TreeState()

    # what a subclass may decide

    def _on_text(self, _start: int, /) -> bool:
        """Text that is not blank begins here. False: read on in the step that was set instead."""
        return True

    def _on_tag_name(self, _start: int, /) -> bool:
        """The name of the tag that begins here is known. False: read on in the step that was set instead."""
        return True

    def _on_start_tag(self, _tag: Tag, _content: Content, /) -> None:
        """A start tag is complete. Its bytes are held, unless it was too long."""
        self._release()

    def _on_long_tag(self, _tag: Tag, /) -> None:
        """A start tag grows too long to be held; the tag is its first part, which is held for the last time."""

    def _on_doctype(self) -> None:
        """A doctype comes."""

    def _read_ahead(self) -> bool:
        """Pass what can be passed at once from here. True: another step was set."""
        if self._shortcut is None and self._tree.mode >= Mode.BODY:
            enough = len(self._data) if self._outer is not None else self._follows_until - self._offset
            self._pos = follow(self._tree, self._data, self._pos, self._end, enough)
        return False

    # how far to read

    def _advance(self) -> None:
        """Read as far as the data goes."""
        while True:
            outer = self._outer
            ended = self._set_window()
            while self._step():
                pass
            if ended:
                self._leave_noscript()
            elif self._outer is outer:
                return

    def _set_window(self) -> bool:
        """Inside `noscript`, read no further than a browser with scripting would see it end."""
        self._end = len(self._data)
        if self._outer is None:
            return False
        end = NOSCRIPT_END.search(self._data, self._searched)
        if end is not None:
            self._end = self._searched = end.start()
            return True
        if not self._eof:
            self._end = self._searched = max(self._pos, self._end - len(b"</noscript"))
        return False

    # text and the beginnings of markup

    def _read_first(self) -> bool:
        if not self._eof and len(self._data) < len(BOM) and BOM.startswith(self._data):
            return False
        if self._data.startswith(BOM):
            self._pos = len(BOM)
        self._step = self._read_data
        return True

    def _read_data(self) -> bool:
        if self._shortcut is None:
            self._try_shortcut()
        if self._read_ahead():
            return True
        if self._pos >= self._end:
            return False
        found = self._data.find(b"<", self._pos, self._end)
        if found != self._pos:
            return self._read_text(found if found >= 0 else self._end)
        return self._read_markup()

    def _read_text(self, stop: int) -> bool:
        if self._shortcut is not None:
            self._pos = stop
            return True
        if stop == self._end and not self._eof and self._data[stop : stop + 1] != b"<":
            # A reference that more data may turn into white space, or into something else.
            unsure = UNSURE_END.search(self._data, max(self._pos, stop - REFERENCE_LIMIT), stop)
            stop = unsure.start() if unsure is not None else stop
        start = self._pos
        blank = BLANK.match(self._data, start, stop)
        self._pos = blank.end() if blank is not None else start
        if self._pos > start:
            self._tree.text(blank=True)
        if self._pos < stop:
            if not self._on_text(self._pos):
                return True
            self._tree.text(blank=False)
            self._pos = stop
        return stop > start

    def _read_markup(self) -> bool:
        following = self._data[self._pos + 1 : min(self._pos + 3, self._end)]
        if following[:1].isalpha() or (following[:1] == b"/" and following[1:].isalpha()):
            return self._read_tag_name()
        if following in (b"", b"/"):
            return self._read_text(self._end) if self._eof and self._end == len(self._data) else False
        if following[:1] == b"!":
            return self._read_declaration()
        if following[:1] in b"/?":
            self._step = self._read_bogus
            return True
        return self._read_text(self._pos + 1)

    def _read_declaration(self) -> bool:
        opening = self._data[self._pos : min(self._pos + 9, self._end)].lower()
        if opening.startswith(b"<!--"):
            self._pos += 4
            self._step = self._read_comment_start
        elif opening == b"<!doctype":
            self._on_doctype()
            self._step = self._read_bogus
        elif opening == b"<![cdata[" and self._data.startswith(b"<![CDATA[", self._pos) and self._in_foreign():
            self._step = self._read_cdata
        elif not self._eof and any(x.startswith(opening) and x != opening for x in DECLARATIONS):
            return False
        else:
            self._step = self._read_bogus
        return True

    # comments and what is read like them

    def _read_comment_start(self) -> bool:
        end = NO_COMMENT.match(self._data, self._pos, self._end)
        if end is None and self._end - self._pos < 2 and not self._eof:
            return False
        self._step = self._read_comment if end is None else self._read_data
        self._pos = self._pos if end is None else end.end()
        return True

    def _read_comment(self) -> bool:
        return self._read_until(COMMENT_END, 3)

    def _read_bogus(self) -> bool:
        return self._read_until(CLOSE, 0)

    def _in_foreign(self) -> bool:
        return self._tree.in_foreign if self._shortcut is None else bool(self._shortcut.foreign)

    def _read_cdata(self) -> bool:
        if self._shortcut is None:
            self._tree.text(blank=False)
        return self._read_until(CDATA_END, 2)

    def _read_until(self, pattern: re.Pattern[bytes], back: int) -> bool:
        """Read to the end of `pattern`, of which up to `back` bytes may be there already."""
        end = pattern.search(self._data, self._pos, self._end)
        if end is None:
            self._pos = self._end if self._eof else max(self._pos, self._end - back)
            return False
        self._pos = end.end()
        self._step = self._read_data
        return True

    # tags

    def _read_tag_name(self) -> bool:
        found = TAG_NAME.match(self._data, self._pos, self._end)
        if found is None or (
            found.end() == self._end and not self._eof and found.end() - found.start(2) <= _NAME_LIMIT
        ):
            return False
        self._name = found[2][:_NAME_LIMIT].lower()
        self._is_end = bool(found[1])
        if self._shortcut is not None:
            if self._shortcut.loses_track(self._name, is_end=self._is_end):
                self._leave_shortcut(self._shortcut)
        elif not self._on_tag_name(self._pos):
            return True
        if not self._is_end and self._must_hold():
            self._mark = self._pos
        self._pos = found.end()
        self._inside = Inside.BETWEEN
        self._step = self._read_tag
        return True

    def _must_hold(self) -> bool:
        """Whether the attributes of the start tag that begins here matter."""
        return self._shortcut is None or self._name in HELD

    def _read_tag(self) -> bool:
        self._pos, self._inside = scan_tag(self._data, self._pos, self._end, self._inside)
        if self._mark is not None and self._pos - self._mark > TAG_LIMIT:
            self._long_tag = Tag(self._data[self._mark : self._mark + TAG_LIMIT])
            self._on_long_tag(self._long_tag)
            self._release()
        if self._inside < Inside.CLOSED:
            return False
        self._step = self._read_data
        if self._is_end:
            self._close_end_tag()
        else:
            self._close_start_tag(self_closing=self._inside is Inside.SELF_CLOSED)
        return True

    def _close_end_tag(self) -> None:
        if self._raw_name:
            self._raw_name = b""
        elif self._shortcut is not None:
            self._shortcut.end()
        else:
            self._tree.end(self._name)

    def _close_start_tag(self, *, self_closing: bool) -> None:
        tag = self._long_tag or Tag(b"<" + self._name if self._mark is None else self._data[self._mark : self._pos])
        self._long_tag = None
        if self._shortcut is not None:
            content = self._shortcut.start(tag.name, self_closing=self_closing)
        else:
            content = self._tree.start(tag, self_closing=self_closing)
        self._step = self._read_data
        if content is Content.SCRIPT or (content is Content.RAW and tag.name != b"noscript"):
            self._enter_raw(tag.name)
        elif content is Content.PLAIN:
            self._step = self._read_plain
        elif content is Content.RAW and self._outer is None:
            self._enter_noscript(tag)
        self._on_start_tag(tag, content)

    # noscript: raw text for a browser with scripting, markup for one without

    def _enter_noscript(self, tag: Tag) -> None:
        self._outer = self._tree
        if self._shortcut is None:
            self._tree = self._tree.without_scripting()
            self._tree.start(tag, self_closing=False)
        self._searched = self._end = self._pos

    def _leave_noscript(self) -> None:
        """Go on as a browser with scripting does, and remember if one without now reads something else."""
        in_step = self._step == self._read_data and self._data[self._pos : self._end] in (b"", b"<")
        if not in_step:
            self._diverged = True
            if self._mark is not None and self._script_from is None:
                # For a browser without scripting this tag goes on.
                self._pos = self._end
                self._on_long_tag(Tag(self._data[self._mark : self._end]))
            self._release()
            self._raw_name = b""
            self._long_tag = None
            self._step = self._read_data
        self._pos = self._end
        if self._shortcut is not None:
            self._shortcut.foreign.clear()
        if self._outer is not None:
            self._tree = self._outer
            self._outer = None

    # the fast way through a body

    def _try_shortcut(self) -> None:
        if self._outer is None and self._offset + self._pos >= self._follows_until and self._tree.is_plain():
            self._shortcut = Shortcut()
            self._start_log()

    def read_trees(self, tree: TreeState, text: bytes) -> tuple[TreeState, TreeState | None]:
        """The tree after `text` when it was `tree` before, and the one outside a `noscript` that is open there."""
        self._follows_until = len(text) + 1
        self._tree = tree
        self._data = text
        self._step = self._read_data
        self._eof = True
        self._advance()
        return self._tree, self._outer

    def _leave_shortcut(self, shortcut: Shortcut) -> None:
        """Follow the tree from here on, having read again what was passed; if that is gone, from what is known."""
        self._shortcut = None
        self._follows_until = self._offset + self._pos + _FOLLOWED
        text = self._logged()
        self._log = None
        if text is not None:
            self._tree, self._outer = Scanner().read_trees(self._tree, text)
        else:
            for name in shortcut.foreign:
                self._tree.open.push_node(Node(name, Space.MATHML if shortcut.foreign[0] == b"math" else Space.SVG))
        self._tree.frameset_ok &= not self._changes_body
