"""Edits to one tag: what they are, and how they are made so that every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import NamedTuple

from consentkit.counters import Outcome
from consentkit.rewrite.tags import TAG_NAME

_QUOTED = re.compile(rb'="([^"]*+)"')
#: What is counted: what became of the element, and of what: a service, with the host where one is known.
Count = tuple[Outcome, str]
Edit = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a tag. `edits` replace `tag[start:end]`, in order.

    `key` names what the element was made inert for (empty: it was not), and `count` what is counted. `placeholder`
    says that a stand-in document may be shown in it. `reads_content`: a script without a source, for which `edits`
    only hold if its content is free of refused services.
    """

    edits: tuple[Edit, ...] = ()
    key: str = ""
    placeholder: bool = False
    reads_content: bool = False
    count: Count | None = None


class Ready(NamedTuple):
    """A decision on one tag, to be used again wherever the same tag comes.

    `text` is the tag as edited, `name` its name. `matters`: there is something to edit or to count.
    """

    decision: Decision
    text: bytes
    name: bytes
    matters: bool


class Blocked(NamedTuple):
    """What an element that loads from one refused address carries: the attribute that labels it, its key, its count."""

    label: bytes
    key: str
    counted: Count


def make_ready(source: bytes, decision: Decision) -> Ready:
    """Make the edits of `decision` to `source` beforehand."""
    name = TAG_NAME.match(source)
    text = apply_edits(source, decision.edits) if decision.edits else source
    matters = bool(decision.edits) or decision.count is not None
    return Ready(decision, text, name[2].lower() if name is not None else b"", matters)


def without_quotes(decision: Decision) -> Decision:
    """The same decision with nothing in it that could end a quoted attribute around it."""
    edits = tuple((a, b, _QUOTED.sub(_unquoted, x) + b" " if x[:1] == b" " else x) for a, b, x in decision.edits)
    return replace(decision, edits=edits, placeholder=False)


def _unquoted(value: re.Match[bytes]) -> bytes:
    return b"=" + value[1].replace(b" ", b"&#32;") if value[1] else b""


def apply_edits(source: bytes, edits: Iterable[Edit]) -> bytes:
    """`source` with its edits made; everything between them stays as it is."""
    parts: list[bytes] = []
    done = 0
    for start, end, text in edits:
        parts += (source[done:start], text)
        done = end
    return b"".join((*parts, source[done:]))


def srcdoc_attribute(document: str) -> bytes:
    """`document` as an attribute that may stand in a page of any encoding."""
    value = escape(document).replace("\r", "&#13;")
    return b' srcdoc="' + value.encode("ascii", "xmlcharrefreplace") + b'"'
