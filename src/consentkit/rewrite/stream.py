"""The rewriter: gates markup by consent and places consentkit's parts, while a page streams through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from consentkit.rewrite.construction import Content, Mode
from consentkit.rewrite.gating import Gating
from consentkit.rewrite.marks import may_be_marked
from consentkit.rewrite.placement import (
    end_implies_body,
    end_implies_head,
    start_implies_body,
    start_implies_head,
)
from consentkit.rewrite.rules import Rules
from consentkit.rewrite.runs import HEAD_TO_BODY, OPENING, PAGE_TO_BODY
from consentkit.rewrite.skiplinks import LOOK_AHEAD, find_skip_links
from consentkit.rewrite.tags import Tag


class Rewriter(Gating):
    """Rewrites one HTML document, fed in pieces of any size; the result doesn't depend on how it is cut.

    `rules` decide what is made inert; without them only the parts are placed. `head` (assets) and `body` (the banner)
    are pure ASCII. `inject`: `"page"` places both; `"document"` only if a doctype or `<html>` comes before their
    place, for a request that looked like one for a fragment; `"never"` places nothing. `placeholder` gives the HTML
    document shown in a gated iframe, by the same names that `gated` counts under, or None.

    `gated` counts the elements made inert, by service id, or `category:<name>` where only a category is known.
    `placed_head` and `placed_body` tell whether the parts were placed.
    """

    _seen_document = False
    _mode_before = Mode.INITIAL
    placed_head = False
    placed_body = False

    def __init__(
        self,
        rules: Rules | None,
        *,
        head: bytes = b"",
        body: bytes = b"",
        inject: Literal["page", "document", "never"] = "page",
        placeholder: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__(rules, placeholder)
        self._head = head
        self._body = body
        self._inject = inject
        self._head_pending = self._body_pending = inject != "never"

    @property
    def diverged(self) -> bool:
        """Whether browsers with and without scripting now read the rest of the document differently."""
        return self._diverged

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the document, and give what can be sent on."""
        return data if self._is_done() else super().feed(data)

    def whole(self, document: bytes) -> bytes:
        """Rewrite a document that comes in one piece."""
        self._accept(document)
        self._advance()
        return self.close()

    def _is_done(self) -> bool:
        return self._rules is None and not self._body_pending and not self._data and self._outer is None

    def _on_end(self) -> None:
        clean = self._step == self._read_data and self._outer is None and not self._tree.templates
        if clean and self._tree.mode <= Mode.AFTER_HEAD:
            self._place_head(self._pos)
            self._place_body(self._pos)

    def _read_first(self) -> bool:
        if not super()._read_first():
            return False
        opening = OPENING.match(self._data, self._pos, self._end)
        if opening is not None:
            self._pos = opening.end()
            self._seen_document = opening.lastindex is not None
            self._tree.begin_head()
            self._place_head(self._pos)
        return True

    def _read_ahead(self) -> bool:
        if super()._read_ahead():
            return True
        found = None
        if self._tree.mode is Mode.IN_HEAD and self._outer is None:
            found = HEAD_TO_BODY.match(self._data, self._pos, self._end)
        if found is None:
            return False
        self._pos = found.end()
        self._tree.begin_body()
        self._tree.frameset_ok = False
        self._begin_body()
        return True

    # placing our parts

    def _place_head(self, position: int) -> None:
        if self._inject == "document" and not self._seen_document:
            self._head_pending = self._body_pending = False
        if self._head_pending:
            self._head_pending = False
            self.placed_head = True
            self._insert(position, self._head)

    def _place_body(self, position: int) -> None:
        if self._body_pending:
            self._body_pending = False
            self.placed_body = self._changes_body = True
            self._insert(position, self._body)

    def _begin_body(self) -> bool:
        """A body begins where reading stands. True: nothing to wait for."""
        if not self._body_pending:
            return True
        if self._tree.mode <= Mode.AFTER_HEAD:
            self._tree.imply_body()
        self._step = self._read_skip_links
        return False

    def _read_skip_links(self) -> bool:
        window = self._data[self._pos : min(self._pos + LOOK_AHEAD, self._end)]
        length = find_skip_links(window, complete=len(window) == LOOK_AHEAD or self._eof)
        if length is None:
            return False
        self._pos += length
        self._place_body(self._pos)
        self._step = self._read_plain if self._rules is None else self._read_data
        return True

    def _on_text(self, start: int, /) -> bool:
        if self._outer is not None or self._tree.mode > Mode.AFTER_HEAD:
            return True
        if self._tree.mode <= Mode.BEFORE_HEAD:
            self._place_head(start)
        return self._begin_body()

    def _on_tag_name(self, start: int, /) -> bool:
        mode = self._mode_before = self._tree.mode
        if self._outer is not None or mode > Mode.AFTER_HEAD:
            return True
        implies_head = end_implies_head if self._is_end else start_implies_head
        implies_body = end_implies_body if self._is_end else start_implies_body
        if implies_head(mode, self._name):
            self._place_head(start)
        return not implies_body(mode, self._name) or self._begin_body()

    def _on_doctype(self) -> None:
        self._seen_document = True

    def _on_start_tag(self, tag: Tag, content: Content, /) -> None:
        super()._on_start_tag(tag, content)
        if self._outer is not None and tag.name != b"noscript":
            return
        self._seen_document |= tag.name == b"html"
        if tag.name == b"head" and self._mode_before <= Mode.BEFORE_HEAD:
            self._place_head(self._pos)
        elif tag.name == b"body" and self._mode_before <= Mode.AFTER_HEAD:
            self._begin_body()


def place_parts(
    rules: Rules,
    document: bytes,
    *,
    head: bytes,
    body: bytes,
    inject: Literal["page", "document", "never"] = "page",
    may_keep: bool = True,
) -> bytes | None:
    """`document`, which comes in one piece, with both parts placed, where that is all that a `Rewriter` would do.

    None: it has to be read to its end. `may_keep`: a copy may be kept in memory for a while, to know the same document
    when it comes again.
    """
    if not rules.is_open or may_be_marked(document, may_keep=may_keep):
        return None
    page = PAGE_TO_BODY.match(document) if inject != "never" else None
    if page is None or not (page[1] or page[2] or inject == "page"):
        return Rewriter(None, head=head, body=body, inject=inject).whole(document)
    head_at, body_at = page.start(3), page.end()
    body_at += find_skip_links(document[body_at : body_at + LOOK_AHEAD], complete=True) or 0
    rest = memoryview(document)
    return b"".join((rest[:head_at], head, rest[head_at:body_at], body, rest[body_at:]))
