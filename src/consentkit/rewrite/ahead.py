"""Reads ahead: passes whole stretches of a page, and whole tags that matter, without a step of the tokenizer for each.

It takes only what is complete in the data at hand and is read in one way whatever else is open. Everything else is left
to the scanner, which comes to the same answers one step at a time.
"""

from __future__ import annotations

from consentkit.rewrite.construction import Mode
from consentkit.rewrite.decisions import LOADING
from consentkit.rewrite.edits import Ready
from consentkit.rewrite.rawtext import SCRIPT_LIMIT
from consentkit.rewrite.rules import Rules
from consentkit.rewrite.runs import FOREIGN_RUN, FRAME_REST, HEAD_RUN, RUN, SCRIPT_REST, START_TAG
from consentkit.rewrite.scanner import TAG_LIMIT, Scanner
from consentkit.rewrite.shortcut import INTEGRATION_POINTS

_IN_HEAD = (b"script", b"link")
_REST = {b"script": SCRIPT_REST, b"iframe": FRAME_REST}
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
            return self._tree.mode is Mode.IN_HEAD and self._outer is None and self._pass(in_head=True)
        if not shortcut.foreign:
            return self._pass(in_head=False)
        if shortcut.foreign[-1] not in INTEGRATION_POINTS:
            run = FOREIGN_RUN.match(self._data, self._pos, self._end)
            self._pos = run.end() if run is not None else self._pos
        return False

    def _pass(self, *, in_head: bool) -> bool:
        """Pass runs and the elements between them, up to what must be read step by step."""
        data, end, rules, memory = self._data, self._end, self._rules, self._memory
        reads_scripts = rules is not None and rules.has_inline and self._outer is None
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
                if tag is None or tag[1] not in LOADING or (stop := tag.end()) - start > TAG_LIMIT:
                    return False
                source = tag[0]
                ready = self._ready(source, rules)
            if in_head and ready.name not in _IN_HEAD:
                return False
            rest = _REST.get(ready.name)
            inside = rest.match(data, stop, end) if rest is not None else None
            if reads_scripts and ready.decision.reads_content:
                if inside is None or self._too_far(stop, inside.end()):
                    return False
                content = data[stop : inside.end() - len(b"</script>")]
                ready = self._judge_script(source, content, ready, rules, complete=True)
            if ready.matters and (text := self._edited(source, ready)) is not None:
                self._insert(start, text)
                self._done = stop
            self._pos = stop if inside is None else inside.end()
            if rest is not None and inside is None:
                self._enter_raw(ready.name)
                return True

    def _too_far(self, start: int, stop: int) -> bool:
        """Whether an inline script is not judged by its own content, or not by all of it."""
        return self._offset + start < self._looked_until or stop - start > SCRIPT_LIMIT
