"""Reads ahead: passes whole stretches of a page, and whole tags that matter, without a step of the tokenizer for each.

It takes only what is complete in the data at hand and is read in one way whatever else is open. Everything else is left
to the scanner, which comes to the same answers one step at a time.
"""

from __future__ import annotations

import re

from consentkit.rewrite.construction import Mode
from consentkit.rewrite.decisions import LOADING
from consentkit.rewrite.edits import Ready
from consentkit.rewrite.patterns import NOSCRIPT_END
from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.rules import Rules
from consentkit.rewrite.runs import (
    FOREIGN_RUN,
    FOREIGN_TAG,
    FRAME_REST,
    HEAD_RUN,
    HELD,
    RAW,
    RUN,
    SCRIPT_REST,
    START_TAG,
)
from consentkit.rewrite.scanner import Scanner
from consentkit.rewrite.shortcut import INTEGRATION_POINTS, Shortcut
from consentkit.rewrite.tags import TAG_LIMIT
from consentkit.rewrite.tree import BREAKOUT

_IN_HEAD = (b"script", b"link")
_REST = {b"script": SCRIPT_REST, b"iframe": FRAME_REST}
_TEXTS = RAW - {b"iframe", b"noscript"}
_SEARCHED = 1024


class Ahead(Scanner):
    """A scanner that passes what it can in one go. Which edits a tag gets is for a subclass to say."""

    _rules: Rules | None
    _memory: dict[bytes, Ready]
    _looked_until = 0
    _head_run = HEAD_RUN

    def _ready(self, source: bytes, rules: Rules, /) -> Ready:
        """The decision on a complete start tag."""
        raise NotImplementedError

    def _judge_script(self, source: bytes, content: bytes, ready: Ready, rules: Rules, /, *, complete: bool) -> Ready:
        """The decision on a script whose content is known."""
        raise NotImplementedError

    def _edited(self, source: bytes, ready: Ready, /) -> bytes | None:
        """What comes in the place of the tag, which is counted; None: it stays as it is."""
        raise NotImplementedError

    def _read_ahead(self) -> bool:
        shortcut = self._shortcut
        if shortcut is None:
            if self._tree.mode is Mode.IN_HEAD and self._outer is None:
                return self._pass(in_head=True)
            return super()._read_ahead()
        if shortcut.foreign:
            self._pass_foreign(shortcut)
        return not shortcut.foreign and self._pass(in_head=False)

    def _pass(self, *, in_head: bool) -> bool:
        """Pass runs and the elements between them, up to what must be read step by step."""
        data, end, rules, memory = self._data, self._end, self._rules, self._memory
        match_run = self._head_run.match if in_head else RUN.match
        while True:
            run = match_run(data, self._pos, end)
            start = self._pos = run.end() if run is not None else self._pos
            if start >= end or rules is None:
                return False
            stop = data.find(b">", start, start + _SEARCHED) + 1
            source = data[start:stop]
            ready = memory.get(source)
            if ready is None or stop > end:
                tag = START_TAG.match(data, start, end)
                if tag is None:
                    return False
                if tag[1] not in LOADING or tag.end() - start > TAG_LIMIT:
                    if self._pass_other(tag[1], tag):
                        continue
                    return self._step != self._read_data
                stop = tag.end()
                source = tag[0]
                ready = self._ready(source, rules)
            if (in_head and ready.name not in _IN_HEAD) or not self._pass_element(ready, source, start, rules):
                return self._step != self._read_data

    def _pass_element(self, ready: Ready, source: bytes, start: int, rules: Rules) -> bool:
        """Pass a tag that may load something, and all of its element if that is text. False: go on step by step."""
        data, end = self._data, self._end
        stop = start + len(source)
        rest = _REST.get(ready.name)
        inside = rest.match(data, stop, end) if rest is not None else None
        if ready.decision.reads_content and rules.has_inline and self._outer is None:
            if inside is None or self._too_far(stop, inside.end()):
                return False
            content = data[stop : inside.end() - len(b"</script>")]
            ready = self._judge_script(source, content, ready, rules, complete=True)
        if ready.matters and (text := self._edited(source, ready)) is not None:
            self._insert(start, text)
            self._done = stop
        self._pos = stop if inside is None else inside.end()
        if rest is None or inside is not None:
            return True
        self._enter_raw(ready.name)
        return False

    def _too_far(self, start: int, stop: int) -> bool:
        """Whether an inline script is not judged by its own content, or not by all of it."""
        return self._offset + start < self._looked_until or stop - start > SCRIPT_LIMIT

    def _pass_other(self, name: bytes, tag: re.Match[bytes]) -> bool:
        """Pass a start tag that loads nothing but changes what comes. False: go on step by step."""
        shortcut = self._shortcut
        if shortcut is None:
            return False
        if shortcut.passes(name):
            shortcut.start(name, self_closing=False)
            self._pos = tag.end()
            return True
        if name in _TEXTS:
            self._pos = tag.end()
            self._enter_raw(name)
        elif name == b"noscript" and self._outer is None:
            self._pos = tag.end()
            return self._pass_noscript()
        elif name in (b"svg", b"math") and not tag[0].endswith(b"/>"):
            shortcut.start(name, self_closing=False)
            self._pos = tag.end()
            self._pass_foreign(shortcut)
            return not shortcut.foreign
        return False

    def _pass_noscript(self) -> bool:
        """Pass the content of a `noscript` that is complete and read alike by both kinds of browsers."""
        end = self._end
        self._outer = self._tree
        window = NOSCRIPT_END.search(self._data, self._pos, end)
        if window is not None:
            self._end = window.start()
            if not self._pass(in_head=False) and self._pos == self._end:
                self._end = end
                self._outer = None
                return True
        self._searched = self._end = self._pos
        return False

    def _pass_foreign(self, shortcut: Shortcut) -> None:
        """Pass drawings and the elements around them, up to what holds HTML, loads something or ends wrongly."""
        data, end, foreign = self._data, self._end, shortcut.foreign
        while foreign and foreign[-1] not in INTEGRATION_POINTS:
            run = FOREIGN_RUN.match(data, self._pos, end)
            self._pos = run.end() if run is not None else self._pos
            tag = FOREIGN_TAG.match(data, self._pos, end)
            if tag is None:
                return
            name = tag[2].lower()
            if name in HELD or name in BREAKOUT or shortcut.loses_track(name, is_end=bool(tag[1])):
                return
            if tag[1]:
                shortcut.end()
            else:
                shortcut.start(name, self_closing=bool(tag[3]))
            self._pos = tag.end()
