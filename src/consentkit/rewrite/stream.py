"""The rewriter: gates markup by consent and places consentkit's parts, while a page streams through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

from consentkit.rewrite.construction import Content, Mode
from consentkit.rewrite.decisions import (
    LOADING,
    SrcdocReader,
    as_reported,
    decide,
    decide_long,
    gravest,
    leave_script,
    refuse_script,
)
from consentkit.rewrite.edits import Count, Decision, apply_edits, srcdoc_attribute, without_quotes
from consentkit.rewrite.patterns import SCRIPT_END
from consentkit.rewrite.placement import (
    end_implies_body,
    end_implies_head,
    start_implies_body,
    start_implies_head,
)
from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.rules import Rules, ServiceRule
from consentkit.rewrite.scanner import Scanner
from consentkit.rewrite.shortcut import HEAD_RUN_UNGATED
from consentkit.rewrite.skiplinks import LOOK_AHEAD, find_skip_links
from consentkit.rewrite.tags import Inside, Tag, decode_value
from consentkit.rewrite.urls import RELATIVE, Address, read_address

Decide = Callable[[bytes, Rules, Address, SrcdocReader], Decision]
_REMEMBERED_LENGTH = 1024
_SRCDOC_DEPTH = 4


class Rewriter(Scanner):
    """Rewrites one HTML document, fed in pieces of any size; the result doesn't depend on how it is cut.

    `rules` decide what is made inert; without them only the parts are placed. `head` (assets) and `body` (the banner)
    are pure ASCII. `inject`: `"page"` places both; `"document"` only if a doctype or `<html>` comes before their
    place, for a request that looked like one for a fragment; `"never"` places nothing. `placeholder` gives the HTML
    document shown in a gated iframe, by the same names that `gated` counts under, or None.

    `gated` counts the elements made inert, by service id, or `category:<name>` where only a category is known.
    `counted` counts by outcome and name, the host included: what was `blocked`, what would have been but for
    report-only mode (`reported`), and hosts that are `undeclared`.
    `placed_head` and `placed_body` tell whether the parts were placed.
    """

    def __init__(
        self,
        rules: Rules | None,
        *,
        head: bytes = b"",
        body: bytes = b"",
        inject: Literal["page", "document", "never"] = "page",
        placeholder: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__()
        self._rules = rules
        if rules is None:
            self._head_run = HEAD_RUN_UNGATED
        self._head = head
        self._body = body
        self._inject = inject
        self._placeholder = placeholder
        self._seen_document = False
        self._head_pending = self._body_pending = inject != "never"
        self._mode_before = Mode.INITIAL
        self._pending: Decision | None = None
        self._pending_tag = b""
        self._base = RELATIVE
        self._base_known = False
        self._depth = 0
        self._looked_until = 0
        self._looked_at: tuple[ServiceRule, ...] = ()
        self._only_reported: tuple[ServiceRule, ...] = ()
        self._shadow = rules.shadow if rules is not None else None
        self.gated: dict[str, int] = {}
        self.counted: dict[Count, int] = {}
        self.placed_head = False
        self.placed_body = False

    @property
    def diverged(self) -> bool:
        """Whether browsers with and without scripting now read the rest of the document differently."""
        return self._diverged

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the document, and give what can be sent on."""
        if self._is_done():
            return data
        self._accept(data)
        self._advance()
        return self._take()

    def close(self) -> bytes:
        """The document is complete: give the rest."""
        self._eof = True
        self._advance()
        if self._pending is not None and self._script_from is not None:
            self._on_script_content(self._data[self._script_from :], complete=True)
        self._release()
        self._pos = len(self._data)
        clean = self._step == self._read_data and self._outer is None and not self._tree.templates
        self._flush(self._pos)
        if clean and self._tree.mode <= Mode.AFTER_HEAD:
            self._place_head(self._pos)
            self._place_body(self._pos)
        return self._take()

    def _is_done(self) -> bool:
        return self._rules is None and not self._body_pending and not self._data and self._outer is None

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

    # gating

    def _on_start_tag(self, tag: Tag, content: Content, /) -> None:
        self._gate(tag, content)
        if self._outer is not None and tag.name != b"noscript":
            return
        self._seen_document |= tag.name == b"html"
        if tag.name == b"head" and self._mode_before <= Mode.BEFORE_HEAD:
            self._place_head(self._pos)
        elif tag.name == b"body" and self._mode_before <= Mode.AFTER_HEAD:
            self._begin_body()

    def _gate(self, tag: Tag, content: Content) -> None:
        if self._mark is None or self._rules is None:
            self._release()
        elif tag.name in LOADING:
            decision = self._decide(tag.source, self._rules)
            has_content = content is Content.SCRIPT or self._inside is not Inside.SELF_CLOSED
            if not (decision.reads_content and has_content and self._rules.has_inline and self._outer is None):
                self._apply(tag.source, decision)
            elif self._offset + self._pos < self._looked_until:
                self._apply(tag.source, self._judged(tag.source, decision))
            else:
                self._pending = decision
                self._pending_tag = tag.source
                self._script_from = self._searched = self._pos
                if content is not Content.SCRIPT:
                    self._step = self._look_into_script
        else:
            self._release()
            if tag.name == b"base" and not self._base_known and b"href" in tag:
                self._note_base(read_address(tag.text(b"href")) or RELATIVE, self._rules)

    def _note_base(self, base: Address, rules: Rules) -> None:
        """The first base counts; one that only browsers without scripting see counts too if it leads astray."""
        self._base_known = self._outer is None
        if self._base_known or rules.refused_at(base) is not None:
            self._base = base

    def _decide(self, source: bytes, rules: Rules) -> Decision:
        if self._depth or self._base is not RELATIVE or len(source) > _REMEMBERED_LENGTH:
            return self._decided(decide, source, rules)
        decision = rules.memory.get(source)
        if decision is None:
            decision = self._decided(decide, source, rules)
            rules.remember(source, decision)
        return decision

    def _decided(self, how: Decide, source: bytes, rules: Rules) -> Decision:
        """What becomes of a tag; where nothing does, what would but for report-only mode is counted."""
        decision = how(source, rules, self._base, partial(self._refused_in_srcdoc, rules))
        shadow = self._shadow
        if shadow is None or decision.count is not None:
            return decision
        count = how(source, shadow, self._base, partial(self._refused_in_srcdoc, shadow)).count
        return decision if count is None else replace(decision, count=as_reported(count))

    def _apply(self, source: bytes, decision: Decision) -> None:
        if decision.count is not None:
            self.counted[decision.count] = self.counted.get(decision.count, 0) + 1
            if decision.key:
                self.gated[decision.key] = self.gated.get(decision.key, 0) + 1
        if not decision.edits:
            self._release()
            return
        if self._diverged:
            decision = without_quotes(decision)
        self._replace(self._pos, self._with_placeholder(source, decision))

    def _with_placeholder(self, source: bytes, decision: Decision) -> bytes:
        document = self._placeholder(decision.key) if decision.placeholder and self._placeholder else None
        edits = decision.edits
        if document is not None:
            at = Tag(source).name_end
            edits = tuple(sorted((*edits, (at, at, srcdoc_attribute(document))), key=lambda x: x[:2]))
        return apply_edits(source, edits)

    def _look_into_script(self) -> bool:
        """Look ahead to the end of a script in SVG, whose content is markup and is then read as such.

        Another script that begins in there ends at the same place: what was found holds for it too.
        """
        end = SCRIPT_END.search(self._data, self._searched)
        stop = end.start() if end is not None else len(self._data)
        if end is None and not self._eof and stop - self._pos <= SCRIPT_LIMIT:
            self._searched = max(self._pos, stop - len(b"</script"))
            return False
        complete = stop - self._pos <= SCRIPT_LIMIT
        content = self._data[self._pos : stop if complete else self._pos + SCRIPT_LIMIT]
        self._looked_until = self._offset + self._pos + len(content)
        self._on_script_content(content + b"\n" + decode_value(content).encode(), complete=complete)
        self._release()
        self._step = self._read_data
        return True

    def _on_script_content(self, content: bytes, /, *, complete: bool) -> None:
        if self._pending is None or self._rules is None or self._script_from is None:
            return
        self._looked_at = _owners(content, self._rules, complete=complete)
        self._only_reported = () if self._shadow is None else _owners(content, self._shadow, complete=complete)
        decision = self._judged(self._pending_tag, self._pending)
        end, self._pos = self._pos, self._script_from
        self._apply(self._pending_tag, decision)
        self._pos = end
        self._pending = None

    def _judged(self, source: bytes, decision: Decision) -> Decision:
        """What becomes of an inline script, by what was found in its content."""
        if self._looked_at:
            return refuse_script(source, self._looked_at)
        return leave_script(source, self._only_reported) if self._only_reported else decision

    def _on_long_tag(self, tag: Tag, /) -> None:
        if self._rules is None or tag.name not in LOADING or self._mark is None:
            return
        decision = self._decided(decide_long, tag.source, self._rules)
        end, self._pos = self._pos, self._mark + len(tag.source)
        self._apply(tag.source, decision)
        self._pos = end

    def _refused_in_srcdoc(self, rules: Rules, document: str) -> ServiceRule | None:
        """A refused service that a document in an attribute would load; one that nobody has declared before others."""
        if self._depth >= _SRCDOC_DEPTH:
            return rules.any_refused()
        inner = Rewriter(rules, inject="never")
        inner._depth = self._depth + 1
        inner._base = self._base
        inner._shadow = None
        inner.feed(document.encode(errors="replace"))
        inner.close()
        return gravest(map(rules.named, inner.gated))


def _owners(content: bytes, rules: Rules, *, complete: bool) -> tuple[ServiceRule, ...]:
    """The refused services an inline script belongs to; all that it may belong to when it was not read whole."""
    found = rules.refused_inline(content)
    return found if found or complete else rules.all_refused_inline()
