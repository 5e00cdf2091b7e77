"""What a tree builder would know at one point of a document, without building a tree.

Source: HTML Living Standard, 13.2.6 "Tree construction".
"""

from __future__ import annotations

from consentkit.rewrite.construction import Construction, Content, Mode
from consentkit.rewrite.elements import HEADINGS, Node, Space, words
from consentkit.rewrite.ends import END
from consentkit.rewrite.starts import START
from consentkit.rewrite.tags import Tag

#: Start tags that end SVG and MathML.
BREAKOUT = HEADINGS | words(
    "b big blockquote body br center code dd div dl dt em embed head hr i img li listing menu meta nobr ol p pre ruby "
    "s small span strong strike sub sup table tt u ul var"
)
_FONT = (b"color", b"face", b"size")


class TreeState(Construction):
    """Follows the tags and texts of a document. `scripting` decides how `noscript` is read."""

    def without_scripting(self) -> TreeState:
        """The same state as a browser without scripting would be in."""
        other = TreeState(scripting=False)
        other.mode = self.mode
        other.open = self.open.copy()
        other.templates = list(self.templates)
        other.form = self.form
        other.frameset_ok = self.frameset_ok
        other.head_seen = self.head_seen
        return other

    def is_plain(self) -> bool:
        """Whether what comes is read as in any body: no SVG, MathML, template or frameset is open."""
        if not Mode.BODY <= self.mode <= Mode.CELL or self.templates:
            return False
        return all(node.space is Space.HTML for node in self.open.nodes)

    @property
    def in_foreign(self) -> bool:
        """Whether the innermost element is SVG or MathML, where CDATA sections count."""
        return self.open.current.space is not Space.HTML

    def imply_body(self) -> None:
        """A body begins here, because consentkit puts its own elements there."""
        self.begin_body()
        self.frameset_ok = False

    def text(self, *, blank: bool) -> None:
        """Characters come; `blank`: only white space."""
        if self.in_foreign and not self._at_integration_point():
            self.frameset_ok &= blank
            return
        if not blank:
            self._leave_by_text()
        if self.mode is Mode.TEMPLATE or Mode.BODY <= self.mode <= Mode.CELL:
            self.frameset_ok &= blank
            if not (blank and self.mode in (Mode.TABLE, Mode.COLUMNS, Mode.TABLE_BODY, Mode.ROW)):
                self.open.reconstruct()

    def _leave_by_text(self) -> None:
        if self.mode <= Mode.AFTER_HEAD:
            self.begin_body()
        elif self.mode is Mode.COLUMNS:
            self.close_columns()
        elif self.mode is Mode.AFTER_BODY:
            self.mode = Mode.BODY

    def start(self, tag: Tag, *, self_closing: bool) -> Content:
        """A start tag comes; the answer says how to read on after it."""
        content = Content.MARKUP
        self.self_closing = self_closing
        self.again = True
        while self.again:
            self.again = False
            if self._reads_as_foreign(tag.name):
                self._start_foreign(tag)
            else:
                content = START[self.mode](self, tag)
        return content

    def end(self, name: bytes) -> None:
        """An end tag comes. Those that end raw text are not told to this class, as their start opened nothing."""
        self.again = True
        while self.again:
            self.again = False
            if self.in_foreign:
                self._end_foreign(name)
            else:
                END[self.mode](self, name)

    def _at_integration_point(self) -> bool:
        return self.open.current.text_point or self.open.current.html_point

    def _reads_as_foreign(self, name: bytes) -> bool:
        node = self.open.current
        if node.space is Space.HTML or node.html_point:
            return False
        if node.text_point and name not in (b"mglyph", b"malignmark"):
            return False
        return not (node.space is Space.MATHML and node.name == b"annotation-xml" and name == b"svg")

    def _start_foreign(self, tag: Tag) -> None:
        if tag.name in BREAKOUT or (tag.name == b"font" and any(x in tag for x in _FONT)):
            self._break_out()
            self.again = True
            return
        encoding = tag.text(b"encoding").lower() if tag.name == b"annotation-xml" else ""
        space = self.open.current.space
        point = space is Space.MATHML and encoding in ("text/html", "application/xhtml+xml")
        self.push_foreign(tag.name, space, html_point=point)

    def _break_out(self) -> None:
        while self.in_foreign and not self._at_integration_point():
            self.open.pop()

    def _end_foreign(self, name: bytes) -> None:
        if name in (b"br", b"p"):
            self._break_out()
            END[self.mode](self, name)
            return
        nodes: list[Node] = self.open.nodes
        for index in range(len(nodes) - 1, 0, -1):
            if nodes[index].space is Space.HTML:
                break
            if nodes[index].name == name:
                self.open.pop_to(index)
                return
        END[self.mode](self, name)
