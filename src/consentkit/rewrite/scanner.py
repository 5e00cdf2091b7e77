"""Reads HTML in pieces of any size as the HTML tokenizer does, and passes it on with edits.

The scanner knows where tags, texts, comments and raw text begin and end; what becomes of them is decided by the
methods a subclass overrides. Everything is passed on as soon as it is understood. Only start tags are held back until
they are complete, and no longer than `TAG_LIMIT` bytes.
Source: HTML Living Standard, 13.2.5 "Tokenization".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from consentkit.rewrite.construction import Content, Mode
from consentkit.rewrite.elements import Node, Space
from consentkit.rewrite.shortcut import HELD, LOG_LIMIT, RUN, Shortcut
from consentkit.rewrite.tags import TAG_NAME, Inside, Tag, scan_tag
from consentkit.rewrite.tree import TreeState

#: A start tag longer than this is decided on by its first part alone.
TAG_LIMIT = 65_536
#: A script without a source that may have to be stopped is held back as far as this.
SCRIPT_LIMIT = 262_144
_NAME_LIMIT = 1024

_BOM = b"\xef\xbb\xbf"
_DECLARATIONS = (b"<!--", b"<!doctype", b"<![cdata[")
_COMMENT_END = re.compile(rb"--!?>")
_NO_COMMENT = re.compile(rb"-?>")
_NOSCRIPT_END = re.compile(rb"</[nN][oO][sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />])")
_SCRIPT = rb"[sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />])"
_SCRIPT_PLAIN = re.compile(rb"<!--|</" + _SCRIPT)
_SCRIPT_ESCAPED = re.compile(rb"-->|</?" + _SCRIPT)
_SCRIPT_DOUBLE = re.compile(rb"-->|</" + _SCRIPT)
_RAW_ENDS = {
    name: re.compile(b"</" + b"".join(b"[%c%c]" % (c, c - 32) for c in name) + rb"(?=[\t\n\f\r />])")
    for name in (b"iframe", b"noembed", b"noframes", b"style", b"textarea", b"title", b"xmp")
}


class Scanner:
    """The tokenizer's state, the bytes not yet passed on, and the edits made to them."""

    def __init__(self) -> None:
        self._data = b""
        self._pos = 0
        self._end = 0
        self._done = 0
        self._mark: int | None = None
        self._out: list[bytes] = []
        self._eof = False
        self._step: Callable[[], bool] = self._read_first
        self._tree = TreeState()
        self._shortcut: Shortcut | None = None
        self._log: list[bytes] | None = []
        self._logged = 0
        self._offset = 0
        self._tracks = False
        self._changes_body = False
        self._outer: TreeState | None = None
        self._searched = 0
        self._diverged = False
        self._inside = Inside.BETWEEN
        self._name = b""
        self._is_end = False
        self._long_tag: Tag | None = None
        self._raw_name = b""
        self._script_ends = _SCRIPT_PLAIN
        self._script_from: int | None = None

    # what a subclass decides

    def _on_text(self, start: int) -> bool:
        """Text that is not blank begins at `start`. False: read on in the step that was set instead."""
        raise NotImplementedError

    def _on_tag_name(self, start: int) -> bool:
        """The name of the tag that begins at `start` is known. False: read on in the step that was set instead."""
        raise NotImplementedError

    def _on_start_tag(self, tag: Tag, content: Content) -> None:
        """A start tag is complete. Its bytes are held, unless it was too long."""
        raise NotImplementedError

    def _on_long_tag(self, tag: Tag) -> None:
        """A start tag grows too long to be held; `tag` is its first part, which is held for the last time."""
        raise NotImplementedError

    def _on_script_content(self, content: bytes, *, complete: bool) -> None:
        """The content of a held script is known, or (not `complete`) as much of it as is held."""
        raise NotImplementedError

    def _on_doctype(self) -> None:
        """A doctype comes."""
        raise NotImplementedError

    # input and output

    def _accept(self, data: bytes) -> None:
        """Add the next bytes of the document."""
        self._data = self._data + data if self._data else data
        if self._log is not None:
            self._logged += len(data)
            if self._logged <= LOG_LIMIT:
                self._log.append(data)
            else:
                self._log = None

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
        end = _NOSCRIPT_END.search(self._data, self._searched)
        if end is not None:
            self._end = self._searched = end.start()
            return True
        if not self._eof:
            self._end = self._searched = max(self._pos, self._end - len(b"</noscript"))
        return False

    def _take(self) -> bytes:
        """What can be passed on now."""
        keep = self._pos if self._mark is None else self._mark
        self._flush(keep)
        self._data = self._data[keep:]
        self._offset += keep
        self._pos -= keep
        self._searched = max(0, self._searched - keep)
        self._done = 0
        if self._mark is not None:
            self._mark = 0
            if self._script_from is not None:
                self._script_from -= keep
        output = b"".join(self._out)
        self._out.clear()
        return output

    def _flush(self, end: int) -> None:
        if end > self._done:
            self._out.append(self._data[self._done : end])
            self._done = end

    def _insert(self, position: int, text: bytes) -> None:
        """Put `text` before the byte at `position`, which must not have been passed on."""
        self._flush(position)
        self._out.append(text)

    def _replace(self, end: int, text: bytes) -> None:
        """Put `text` in the place of what is held, up to `end`."""
        if self._mark is not None:
            self._insert(self._mark, text)
            self._done = end
            self._release()

    def _release(self) -> None:
        """Hold nothing back any more."""
        self._mark = self._script_from = None

    # text and the beginnings of markup

    def _read_first(self) -> bool:
        if not self._eof and len(self._data) < len(_BOM) and _BOM.startswith(self._data):
            return False
        if self._data.startswith(_BOM):
            self._pos = len(_BOM)
        self._step = self._read_data
        return True

    def _read_data(self) -> bool:
        if self._shortcut is None:
            self._try_shortcut()
        elif not self._shortcut.foreign:
            run = RUN.match(self._data, self._pos, self._end)
            self._pos = run.end() if run is not None else self._pos
        if self._pos >= self._end:
            return False
        found = self._data.find(b"<", self._pos, self._end)
        if found != self._pos:
            return self._read_text(found if found >= 0 else self._end)
        return self._read_markup()

    def _read_text(self, stop: int) -> bool:
        text = self._data[self._pos : stop]
        if self._shortcut is not None:
            self._pos = stop
            return True
        rest = text.lstrip(b"\t\n\f\r ")
        if len(rest) < len(text):
            self._tree.text(blank=True)
            self._pos = stop - len(rest)
        if rest:
            if not self._on_text(self._pos):
                return True
            self._tree.text(blank=False)
            self._pos = stop
        return True

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
        elif not self._eof and any(x.startswith(opening) and x != opening for x in _DECLARATIONS):
            return False
        else:
            self._step = self._read_bogus
        return True

    # comments and what is read like them

    def _read_comment_start(self) -> bool:
        if self._end - self._pos < 2 and not self._eof:
            return False
        end = _NO_COMMENT.match(self._data, self._pos, self._end)
        self._step = self._read_comment if end is None else self._read_data
        self._pos = self._pos if end is None else end.end()
        return True

    def _read_comment(self) -> bool:
        return self._read_until(_COMMENT_END, 3)

    def _read_bogus(self) -> bool:
        return self._read_until(_CLOSE, 0)

    def _in_foreign(self) -> bool:
        return self._tree.in_foreign if self._shortcut is None else bool(self._shortcut.foreign)

    def _read_cdata(self) -> bool:
        if self._shortcut is None:
            self._tree.text(blank=False)
        return self._read_until(_CDATA_END, 2)

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
        if content is Content.SCRIPT:
            self._raw_name = tag.name
            self._script_ends = _SCRIPT_PLAIN
            self._step = self._read_script
        elif content is Content.PLAIN:
            self._step = self._read_plain
        elif content is Content.RAW and tag.name == b"noscript":
            if self._outer is None:
                self._enter_noscript(tag)
        elif content is Content.RAW:
            self._raw_name = tag.name
            self._step = self._read_raw
        self._on_start_tag(tag, content)

    # raw text

    def _read_plain(self) -> bool:
        self._pos = self._end
        return False

    def _read_raw(self) -> bool:
        end = _RAW_ENDS[self._raw_name].search(self._data, self._pos, self._end)
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
        if found is None or (found[0][:2] == b"</" and self._script_ends is not _SCRIPT_DOUBLE):
            return self._leave_raw(found, len(b"</script"))
        self._pos = found.end()
        if found[0] == b"<!--":
            self._pos -= 2
            self._script_ends = _SCRIPT_ESCAPED
        elif found[0] == b"-->":
            self._script_ends = _SCRIPT_PLAIN
        else:
            self._script_ends = _SCRIPT_ESCAPED if found[0][:2] == b"</" else _SCRIPT_DOUBLE
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
        ends = found is not None and found[0][:2] == b"</" and self._script_ends is not _SCRIPT_DOUBLE
        if found is not None and ends:
            self._on_script_content(self._data[self._script_from : found.start()], complete=True)
            self._release()
        return False

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
        plain = self._tree.mode is Mode.BODY and len(self._tree.open.nodes) == 2
        if plain and self._outer is None and not self._tracks:
            self._shortcut = Shortcut()

    def _leave_shortcut(self, shortcut: Shortcut) -> None:
        """Follow the tree from here on, having read the beginning again; if that is gone, from what is known."""
        self._shortcut = None
        self._tracks = True
        if self._log is not None:
            replay = _Replay(b"".join(self._log)[: self._offset + self._pos])
            self._tree, self._outer = replay.trees()
        else:
            for name in shortcut.foreign:
                self._tree.open.push_node(Node(name, Space.MATHML if shortcut.foreign[0] == b"math" else Space.SVG))
        self._tree.frameset_ok &= not self._changes_body
        self._log = None


class _Replay(Scanner):
    """Reads a part of a document only to know the tree at its end."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__()
        self._tracks = True
        self._data = beginning
        self._eof = True
        self._advance()

    def trees(self) -> tuple[TreeState, TreeState | None]:
        """The tree, and the one outside a `noscript` that is still open."""
        return self._tree, self._outer

    def _on_text(self, start: int) -> bool:
        return True

    def _on_tag_name(self, start: int) -> bool:
        return True

    def _on_start_tag(self, tag: Tag, content: Content) -> None:
        self._release()

    def _on_long_tag(self, tag: Tag) -> None:
        self._release()

    def _on_script_content(self, content: bytes, *, complete: bool) -> None:
        """Scripts are never held here."""

    def _on_doctype(self) -> None:
        """Doctypes don't matter here."""


_CLOSE = re.compile(rb">")
_CDATA_END = re.compile(rb"\]\]>")
