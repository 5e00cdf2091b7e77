"""Tags as the HTML tokenizer reads them: where one ends, which attributes it has, and what they say.

Works on bytes. Every encoding consentkit rewrites keeps `<`, `>`, quotes, `=` and white space at their ASCII places.
Source of the rules: HTML Living Standard, 13.2.5 "Tokenization".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import NamedTuple

#: A start tag longer than this is decided on by its first part alone.
TAG_LIMIT = 65_536
#: `name`, `name=value` in every form, complete in itself: what follows has been seen and can't belong to it.
ATTRIBUTE = (
    rb"[^\t\n\f\r />][^\t\n\f\r />=]*+"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    rb"(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+(?=[\t\n\f\r >])|(?=>))"
    rb"|(?=[\t\n\f\r ]*+[^=\t\n\f\r ]))"
)
#: Everything between a tag's name and its `>`.
ATTRIBUTES = rb"(?:[\t\n\f\r /]++|" + ATTRIBUTE + rb")*+"

TAG_NAME = re.compile(rb"<(/?)([A-Za-z][^\t\n\f\r />]*+)")

# A slash is only passed when it can't be the one that closes the tag. No groups capture inside possessive repeats:
# Python 3.11 loses count of them.
_BETWEEN_RUN = re.compile(rb"(?:[\t\n\f\r ]++|/(?=[^>])|" + ATTRIBUTE + rb")*+")
_NAME_RUN = re.compile(rb"[^\t\n\f\r />=]*+")
_SPACE_RUN = re.compile(rb"[\t\n\f\r ]*+")
_UNQUOTED_RUN = re.compile(rb"[^\t\n\f\r >]*+")
_SPACES = b"\t\n\f\r "


class Inside(IntEnum):
    """Where inside a tag the tokenizer stands."""

    BETWEEN = 0
    SLASH = 1
    NAME = 2
    AFTER_NAME = 3
    BEFORE_VALUE = 4
    DOUBLE_QUOTED = 5
    SINGLE_QUOTED = 6
    UNQUOTED = 7
    CLOSED = 8
    SELF_CLOSED = 9


def scan_tag(data: bytes, pos: int, end: int, state: Inside) -> tuple[int, Inside]:
    """Read on inside a tag from `pos`, and no further than `end`.

    Returns the new position and state. With `CLOSED` or `SELF_CLOSED` the position is just after the `>`; with any
    other state all of the data was used up, and reading goes on there with the next data. Each byte is read at most
    twice, however the data is cut.
    """
    while pos < end:
        if state <= Inside.SLASH:
            pos, state = _scan_between(data, pos, end, state)
        elif state >= Inside.CLOSED:
            break
        else:
            pos, state = _scan_attribute(data, pos, end, state)
    return pos, state


def is_self_closing(source: bytes, pos: int) -> bool:
    """Whether the slash at the end of a whole tag closes it, and is no part of a value. `pos`: where its name ends."""
    return scan_tag(source, pos, len(source), Inside.BETWEEN)[1] is Inside.SELF_CLOSED


def _scan_between(data: bytes, pos: int, end: int, state: Inside) -> tuple[int, Inside]:
    run = _BETWEEN_RUN.match(data, pos, end)
    if run is not None and run.end() > pos:
        pos = run.end()
        state = Inside.BETWEEN
    if pos >= end:
        return pos, state
    if data[pos] == 0x3E:
        return pos + 1, Inside.SELF_CLOSED if state is Inside.SLASH else Inside.CLOSED
    return pos + 1, Inside.SLASH if data[pos] == 0x2F else Inside.NAME


def _scan_attribute(data: bytes, pos: int, end: int, state: Inside) -> tuple[int, Inside]:
    if state in (Inside.DOUBLE_QUOTED, Inside.SINGLE_QUOTED):
        found = data.find(b'"' if state is Inside.DOUBLE_QUOTED else b"'", pos, end)
        return (end, state) if found < 0 else (found + 1, Inside.BETWEEN)
    runs = {Inside.NAME: _NAME_RUN, Inside.UNQUOTED: _UNQUOTED_RUN}
    run = runs.get(state, _SPACE_RUN).match(data, pos, end)
    pos = run.end() if run is not None else pos
    if pos >= end:
        return pos, state
    char = data[pos : pos + 1]
    if char == b">":
        return pos + 1, Inside.CLOSED
    if state is Inside.AFTER_NAME and char not in b"/=":
        return pos, Inside.BETWEEN
    return pos + 1, _NEXT[state].get(char, _OTHERWISE[state])


_NEXT: Mapping[Inside, Mapping[bytes, Inside]] = {
    Inside.NAME: {b"/": Inside.SLASH, b"=": Inside.BEFORE_VALUE},
    Inside.AFTER_NAME: {b"/": Inside.SLASH, b"=": Inside.BEFORE_VALUE},
    Inside.BEFORE_VALUE: {b'"': Inside.DOUBLE_QUOTED, b"'": Inside.SINGLE_QUOTED},
    Inside.UNQUOTED: {},
}
_OTHERWISE: Mapping[Inside, Inside] = {
    Inside.NAME: Inside.AFTER_NAME,
    Inside.AFTER_NAME: Inside.BETWEEN,
    Inside.BEFORE_VALUE: Inside.UNQUOTED,
    Inside.UNQUOTED: Inside.BETWEEN,
}


class Attribute(NamedTuple):
    """One attribute in a tag: `start` and `end` enclose its name, `stop` follows its value `raw`, as written."""

    name: bytes
    start: int
    end: int
    stop: int
    raw: bytes


_ATTRIBUTE_PARTS = re.compile(
    rb"([^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\t\n\f\r >\"'][^\t\n\f\r >]*+)|))?"
)


class Tag:
    """The attributes of one start tag, every occurrence in order; of equal names the first counts, as in HTML."""

    __slots__ = ("_attributes", "_first", "name", "name_end", "source")

    def __init__(self, source: bytes) -> None:
        """Read `source`, from `<` to `>`; a tag cut off inside its last value is read as far as it goes."""
        name = TAG_NAME.match(source)
        self.source = source
        self.name = name[2].lower() if name is not None else b""
        self.name_end = name.end() if name is not None else len(source)
        self._attributes: list[Attribute] | None = None
        self._first: dict[bytes, bytes] = {}

    @staticmethod
    @lru_cache(maxsize=256)
    def bare(name: bytes) -> Tag:
        """A start tag without attributes; it never changes, so that one is enough for all of a name."""
        return Tag(b"<" + name + b">")

    @property
    def attributes(self) -> list[Attribute]:
        """Every attribute in order; read when first asked for, as most tags are never asked."""
        return self._read() if self._attributes is None else self._attributes

    def _read(self) -> list[Attribute]:
        close = len(self.source) - 1 if self.source.endswith(b">") else len(self.source)
        attributes: list[Attribute] = []
        for found in _ATTRIBUTE_PARTS.finditer(self.source, self.name_end, close):
            name, *values = found.groups()
            name = name.lower()
            start, end = found.span(1)
            raw = values[0] or values[1] or values[2] or b""
            attributes.append(Attribute(name, start, end, found.end(), raw))
            self._first.setdefault(name, raw)
        self._attributes = attributes
        return attributes

    def __contains__(self, name: bytes) -> bool:
        if self._attributes is None:
            self._read()
        return name in self._first

    @staticmethod
    def decode(attribute: Attribute) -> str:
        """The value of one occurrence of an attribute, with its character references resolved."""
        return decode_value(attribute.raw)

    def text(self, name: bytes) -> str:
        """The value of `name` with its character references resolved; empty when there is none."""
        raw = self._first.get(name) if name in self else None
        return decode_value(raw) if raw else ""

    def occurrences(self, names: Iterable[bytes]) -> list[Attribute]:
        """Every attribute of these names, repeated ones too: taking one away makes the next one count."""
        wanted = frozenset(names)
        return [attribute for attribute in self.attributes if attribute.name in wanted]


_REFERENCE = re.compile(r"&(?:#[0-9]++;?|#[xX][0-9a-fA-F]++;?|[A-Za-z][A-Za-z0-9]*+;?)(=?)")


def decode_value(raw: bytes) -> str:
    """The text of an attribute value, read as UTF-8 where it is, with character references as in attributes."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return _REFERENCE.sub(_resolve, text) if "&" in text else text


def _resolve_number(body: str) -> str:
    """Resolve a reference by number. Its length is limited first, as converting very long ones is an error."""
    hexadecimal = body[2] in "xX"
    digits = body[2 + hexadecimal :].rstrip(";").lstrip("0")
    if len(digits) > 7:
        return "\ufffd"
    return unescape(f"&#x{digits or 0};" if hexadecimal else f"&#{digits or 0};")


def _resolve(match: re.Match[str]) -> str:
    """Resolve one reference; `&copy=1` and `&copyright` stay, as the attribute rules of HTML want."""
    equals = match[1]
    body = match[0][: len(match[0]) - len(equals)]
    if body.startswith("&#"):
        return _resolve_number(body) + equals
    named = html5.get(body[1:])
    if named is None or (equals and not body.endswith(";")):
        return match[0]
    return named + equals
