"""Reading where tags mean nothing: style sheets, titles, frames' content, and scripts with their escaped states.

Source: HTML Living Standard, 13.2.5.2 to 13.2.5.5 and 13.2.5.15 to 13.2.5.31.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from consentkit.rewrite.buffer import Buffer
from consentkit.rewrite.patterns import RAW_ENDS, SCRIPT_DOUBLE, SCRIPT_ESCAPED, SCRIPT_PLAIN
from consentkit.rewrite.tags import Inside

#: A script without a source that may have to be stopped is held back as far as this.
SCRIPT_LIMIT = 262_144


class RawText(Buffer):
    """The states in which only one end tag counts. `_step` is the state: each step says whether it got on."""

    _step: Callable[[], bool]

    _end = 0
    _eof = False
    _inside = Inside.BETWEEN
    _is_end = False
    _raw_name = b""
    _script_ends = SCRIPT_PLAIN

    def _read_tag(self) -> bool:
        """Read on inside a tag."""
        raise NotImplementedError

    def _on_script_content(self, _content: bytes, /, *, complete: bool) -> None:
        """The content of a held script is known, or (not `complete`) as much of it as is held."""

    def _enter_raw(self, name: bytes) -> None:
        """The content of the element `name` begins."""
        self._raw_name = name
        self._script_ends = SCRIPT_PLAIN
        self._step = self._read_script if name == b"script" else self._read_raw

    def _read_plain(self) -> bool:
        self._pos = self._end
        return False

    def _read_raw(self) -> bool:
        end = RAW_ENDS[self._raw_name].search(self._data, self._pos, self._end)
        return self._leave_raw(end, len(self._raw_name) + 2)

    def _leave_raw(self, end: re.Match[bytes] | None, back: int) -> bool:
        if end is None:
            self._pos = self._end if self._eof else max(self._pos, self._end - back)
            return False
        self._pos = end.end()
        self._is_end = True
        self._inside = Inside.BETWEEN
        self._step = self._read_tag
        return True

    def _read_script(self) -> bool:
        found = self._script_ends.search(self._data, self._pos, self._end)
        if self._script_from is not None and self._read_held_script(found):
            return True
        if found is None or (found[0][:2] == b"</" and self._script_ends is not SCRIPT_DOUBLE):
            return self._leave_raw(found, len(b"</script"))
        self._pos = found.end()
        if found[0] == b"<!--":
            self._pos -= 2
            self._script_ends = SCRIPT_ESCAPED
        elif found[0] == b"-->":
            self._script_ends = SCRIPT_PLAIN
        else:
            self._script_ends = SCRIPT_ESCAPED if found[0][:2] == b"</" else SCRIPT_DOUBLE
        return True

    def _read_held_script(self, found: re.Match[bytes] | None) -> bool:
        """Decide on a held script once it ends or grows too long. True: it did, and nothing else was done."""
        if self._script_from is None:
            return False
        reached = found.start() if found is not None else self._end - len(b"</script")
        if reached - self._script_from > SCRIPT_LIMIT:
            limit = self._script_from + SCRIPT_LIMIT
            self._on_script_content(self._data[self._script_from : limit], complete=False)
            self._release()
            return True
        ends = found is not None and found[0][:2] == b"</" and self._script_ends is not SCRIPT_DOUBLE
        if found is not None and ends:
            self._on_script_content(self._data[self._script_from : found.start()], complete=True)
            self._release()
        return False
