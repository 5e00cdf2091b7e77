"""Makes inert what consent does not allow, and activates what it does, tag by tag, while a page is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from consentkit.rewrite.ahead import Ahead
from consentkit.rewrite.construction import Content
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
from consentkit.rewrite.edits import Count, Decision, Ready, apply_edits, make_ready, srcdoc_attribute, without_quotes
from consentkit.rewrite.harmless import is_harmless
from consentkit.rewrite.patterns import DRAWN_SCRIPT
from consentkit.rewrite.plain import decide_plainly
from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.rules import Rules, ServiceRule
from consentkit.rewrite.runs import HEAD_RUN_UNGATED
from consentkit.rewrite.tags import Inside, Tag, decode_value
from consentkit.rewrite.urls import RELATIVE, Address, read_address

_Decide = Callable[[bytes, Rules, Address, SrcdocReader], Decision]
_NOTHING = Decision()
_CDATA_MARKS = re.compile(rb"<!\[CDATA\[|\]\]>")
_TAGS = re.compile(rb"<[^<>]*+>")
_OWN_MEMORY = 256
_OWN_LENGTH = 1024
_SRCDOC_DEPTH = 4


class Gating(Ahead):
    """A scanner that edits tags by `rules`; without rules it edits none.

    `gated` counts the elements made inert, by service id, or `category:<name>` where only a category is known.
    `counted` counts by outcome and name, the host included: what was `blocked`, what would have been but for
    report-only mode (`reported`), and hosts that are `undeclared`.
    """

    _pending: Decision | None = None
    _pending_tag = b""
    _base = RELATIVE
    _base_known = False
    _depth = 0
    _looked_at: tuple[ServiceRule, ...] = ()
    _only_reported: tuple[ServiceRule, ...] = ()

    def __init__(self, rules: Rules | None, placeholder: Callable[[str], str | None] | None = None) -> None:
        super().__init__()
        self._rules = rules
        self._placeholder = placeholder
        self._memory: dict[bytes, Ready] = rules.memory if rules is not None else {}
        if rules is None:
            self._head_run = HEAD_RUN_UNGATED
        self._shadow = rules.shadow if rules is not None else None
        self.gated: dict[str, int] = {}
        self.counted: dict[Count, int] = {}

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the document, and give what can be sent on."""
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
        self._flush(self._pos)
        self._on_end()
        last = self._take()
        # A step of its own would keep this object, and what it read, until the next collection of cycles.
        self._step = bool
        return last

    def _on_end(self) -> None:
        """The document has ended, and everything was read."""

    def _on_start_tag(self, tag: Tag, content: Content, /) -> None:
        if self._mark is None or self._rules is None:
            self._release()
        elif tag.name in LOADING:
            self._gate(tag, content, self._rules)
        else:
            self._release()
            if tag.name == b"base" and not self._base_known and b"href" in tag:
                self._note_base(read_address(tag.text(b"href")) or RELATIVE, self._rules)

    def _gate(self, tag: Tag, content: Content, rules: Rules) -> None:
        ready = self._ready(tag.source, rules)
        has_content = content is Content.SCRIPT or self._inside is not Inside.SELF_CLOSED
        if not (ready.decision.reads_content and has_content and rules.has_inline and self._outer is None):
            self._apply(tag.source, ready)
        elif self._offset + self._pos < self._looked_until:
            self._apply(tag.source, self._judged(tag.source, ready))
        else:
            self._pending = ready.decision
            self._pending_tag = tag.source
            self._script_from = self._searched = self._pos
            if content is not Content.SCRIPT:
                self._step = self._look_into_script

    def _note_base(self, base: Address, rules: Rules) -> None:
        """The first base counts; one that only browsers without scripting see counts too if it leads astray."""
        self._base_known = self._outer is None
        if self._base_known or rules.refused_at(base) is not None:
            self._base = base
            self._memory = rules.memory if base is RELATIVE and not self._depth else {}

    def _ready(self, source: bytes, rules: Rules, /) -> Ready:
        """The decision on a complete start tag: as it was before, where the same tag came before."""
        ready = self._memory.get(source)
        if ready is None:
            decision = self._seen_at_a_glance(source, rules) or self._decided(decide, source, rules)
            ready = make_ready(source, decision)
            self._remember(source, ready)
        return ready

    def _seen_at_a_glance(self, source: bytes, rules: Rules) -> Decision | None:
        """The decision on a plainly written tag; None where it must be looked at in full."""
        if self._base is not RELATIVE or self._shadow is not None:
            return None
        return decide_plainly(source, rules) or (_NOTHING if is_harmless(source, rules) else None)

    def _decided(self, how: _Decide, source: bytes, rules: Rules) -> Decision:
        """What becomes of a tag; where nothing does, what would but for report-only mode is counted."""
        decision = how(source, rules, self._base, partial(self._refused_in_srcdoc, rules))
        shadow = self._shadow
        if shadow is None or decision.count is not None:
            return decision
        count = how(source, shadow, self._base, partial(self._refused_in_srcdoc, shadow)).count
        return decision if count is None else replace(decision, count=as_reported(count))

    def _judge_script(self, source: bytes, content: bytes, ready: Ready, rules: Rules, /, *, complete: bool) -> Ready:
        self._looked_at = _owners(content, rules, complete=complete)
        self._only_reported = () if self._shadow is None else _owners(content, self._shadow, complete=complete)
        return self._judged(source, ready)

    def _judged(self, source: bytes, ready: Ready) -> Ready:
        """What becomes of an inline script, by what was found in its content; kept with the decisions on tags."""
        owners = self._looked_at or self._only_reported
        if not owners:
            return ready
        key = b" ".join((source, b"-" if self._looked_at else b"+", *(x.service.encode() for x in owners)))
        judged = self._memory.get(key)
        if judged is None:
            decision = refuse_script(source, owners) if self._looked_at else leave_script(source, owners)
            judged = make_ready(source, decision)
            self._remember(key, judged)
        return judged

    def _remember(self, key: bytes, ready: Ready) -> None:
        if self._rules is not None and self._memory is self._rules.memory:
            self._rules.remember(key, ready)
        elif len(self._memory) < _OWN_MEMORY and len(key) <= _OWN_LENGTH:
            self._memory[key] = ready

    def _apply(self, source: bytes, ready: Ready) -> None:
        """Make the edits to the tag that is held and ends here."""
        text = self._edited(source, ready)
        if text is None:
            self._release()
        else:
            self._replace(self._pos, text)

    def _edited(self, source: bytes, ready: Ready, /) -> bytes | None:
        """What comes in the place of the tag, and the count of it; None: it stays as it is."""
        decision = ready.decision
        if decision.count is not None:
            self.counted[decision.count] = self.counted.get(decision.count, 0) + 1
            if decision.key:
                self.gated[decision.key] = self.gated.get(decision.key, 0) + 1
        if not decision.edits:
            return None
        if self._diverged:
            return apply_edits(source, without_quotes(decision).edits)
        document = self._placeholder(decision.key) if decision.placeholder and self._placeholder else None
        if document is None:
            return ready.text
        at = Tag(source).name_end
        edits = (*decision.edits, (at, at, srcdoc_attribute(document)))
        return apply_edits(source, sorted(edits, key=lambda x: x[:2]))

    def _look_into_script(self) -> bool:
        """Look ahead to the end of a script in SVG, whose content is markup and is then read as such.

        Another script that begins in there ends at the same place: what was found holds for it too.
        """
        end = _end_of_drawn_script(self._data, self._pos)
        stop = end if end is not None else len(self._data)
        if end is None and not self._eof and stop - self._pos <= SCRIPT_LIMIT:
            return False
        complete = stop - self._pos <= SCRIPT_LIMIT
        content = self._data[self._pos : stop if complete else self._pos + SCRIPT_LIMIT]
        self._looked_until = self._offset + self._pos + len(content)
        self._on_script_content(_readings_of(content), complete=complete)
        self._release()
        self._step = self._read_data
        return True

    def _on_script_content(self, content: bytes, /, *, complete: bool) -> None:
        if self._pending is None or self._rules is None or self._script_from is None:
            return
        source, pending = self._pending_tag, make_ready(self._pending_tag, self._pending)
        ready = self._judge_script(source, content, pending, self._rules, complete=complete)
        end, self._pos = self._pos, self._script_from
        self._apply(source, ready)
        self._pos = end
        self._pending = None

    def _on_long_tag(self, tag: Tag, /) -> None:
        if self._rules is None or tag.name not in LOADING or self._mark is None:
            return
        decision = self._decided(decide_long, tag.source, self._rules)
        end, self._pos = self._pos, self._mark + len(tag.source)
        self._apply(tag.source, make_ready(tag.source, decision))
        self._pos = end

    def _refused_in_srcdoc(self, rules: Rules, document: str) -> ServiceRule | None:
        """A refused service that a document in an attribute would load; one that nobody has declared before others."""
        if self._depth >= _SRCDOC_DEPTH:
            return rules.any_refused()
        inner = Gating(rules)
        inner._depth = self._depth + 1
        inner._base = self._base
        inner._shadow = None
        inner._memory = {}
        inner.feed(document.encode(errors="replace"))
        inner.close()
        return gravest(map(rules.named, inner.gated))


def _end_of_drawn_script(data: bytes, pos: int) -> int | None:
    """Where a script in SVG ends whose content begins at `pos`. Ends inside its CDATA and comments are none."""
    while (found := DRAWN_SCRIPT.search(data, pos)) is not None:
        if found[0].startswith(b"</"):
            return found.start()
        closing = b"-->" if found[0] == b"<!--" else b"]]>"
        pos = data.find(closing, found.end() - 2)
        if pos < 0:
            return None
    return None


def _readings_of(content: bytes) -> bytes:
    """What a script in SVG may say: as it is written, with references resolved, and without the markup inside it."""
    bare = _TAGS.sub(b"", _CDATA_MARKS.sub(b"", content))
    return b"\n".join((content, decode_value(content).encode(), bare, decode_value(bare).encode()))


def _owners(content: bytes, rules: Rules, *, complete: bool) -> tuple[ServiceRule, ...]:
    """The refused services an inline script belongs to; all that it may belong to when it was not read whole."""
    found = rules.refused_inline(content)
    return found if found or complete else rules.all_refused_inline()
