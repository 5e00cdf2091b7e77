"""Which responses are pages that may be rewritten. All reasons not to touch one are here, each with a name."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from consentkit.http import RawHeaders

#: Charsets in which a byte below 0x80 need not be the ASCII character.
_NOT_ASCII = re.compile(rb"utf-?16|utf-?32|utf-?7|iso-?2022|hz-gb|ucs-?[24]|unicode|cesu|ebcdic|cp037", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_TELLING = frozenset((b"content-type", b"content-encoding", b"content-disposition", b"content-length", b"trailer"))
#: Statuses without a page, and why.
_NAMED = {204: "status", 205: "status", 206: "part", 304: "confirmed"}
_FRAGMENTS = frozenset((b"hx-request", b"turbo-frame", b"x-requested-with"))
#: Places in a page, by `Sec-Fetch-Dest`, that fetch something but never a page.
NEVER_A_PAGE = frozenset((b"image", b"script", b"style", b"font", b"audio", b"video", b"track", b"manifest", b"worker"))


def reason_untouched(method: str, status: int, headers: RawHeaders, message: Mapping[str, Any]) -> str | None:
    """Why a response's body is left as it is, or None when it is a page to be rewritten."""
    said = _telling(headers)
    types = said.get(b"content-type", [])
    if status in _NAMED:
        return _NAMED[status]
    if status < 200 or 300 <= status < 400:
        return "status"
    if len(types) != 1 or types[0].partition(b";")[0].strip().lower() != b"text/html":
        return "type"
    if _NOT_ASCII.search(types[0].partition(b";")[2]):
        return "charset"
    if any(value.strip().lower() not in (b"", b"identity") for value in said.get(b"content-encoding", ())):
        return "encoded"
    if any(value.strip().lower().startswith(b"attachment") for value in said.get(b"content-disposition", ())):
        return "download"
    if len(said.get(b"content-length", ())) > 1:
        return "length"
    if message.get("trailers") and any(b"digest" in value.lower() for value in said.get(b"trailer", ())):
        return "digest trailer"
    return "head" if method == "HEAD" else None


def _telling(headers: RawHeaders) -> dict[bytes, list[bytes]]:
    said: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if (lowered := name.lower()) in _TELLING:
            said.setdefault(lowered, []).append(value)
    return said


def has_unreadable_mark(body: bytes) -> bool:
    """Whether the page begins with a byte order mark of an encoding that isn't a superset of ASCII."""
    return body.startswith(_MARKS)


def may_become_mark(body: bytes) -> bool:
    """Whether more bytes could make such a mark of what came so far."""
    return any(len(body) < len(mark) and mark.startswith(body) for mark in _MARKS)


def is_navigation(given: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks for a page to show. It then names HTML first; scripts ask for anything, or for JSON."""
    return b"text/html" in given.get(b"accept", b"")


def is_fragment_request(given: Mapping[bytes, bytes]) -> bool:
    """Whether a script asked for a piece of a page rather than a page."""
    return given.get(b"sec-fetch-dest") == b"empty" or not _FRAGMENTS.isdisjoint(given)
