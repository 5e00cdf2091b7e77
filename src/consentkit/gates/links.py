"""`Link` headers (RFC 8288): those that make a browser load from, or connect to, a held service are taken out."""

from __future__ import annotations

import re

from consentkit.gates.hosts import Closed

#: Relations on which browsers act when they stand in a header, or may come to.
_LOADING = frozenset(
    {b"preload", b"modulepreload", b"preconnect", b"dns-prefetch", b"prefetch", b"prerender", b"stylesheet", b"icon"}
    | {b"apple-touch-icon", b"manifest", b"compression-dictionary"}
)
#: One link with all that belongs to it, up to the next comma outside of quotes and angle brackets.
_PIECE = re.compile(rb'(?:[^,<"]++|<[^>]*+>?+|"(?:[^"\\]++|\\.?+)*+"?+)++', re.DOTALL)
_QUOTED = rb'"(?:[^"\\]++|\\.)*+"'
_PARAMETER = re.compile(
    rb'[ \t]*+;[ \t]*+(?:([^ \t=;,"<>]++)[ \t]*+(?:=[ \t]*+(%b|[^ \t;,"<>]*+))?+)?+' % _QUOTED, re.DOTALL
)
_LINK = re.compile(rb"[ \t]*+<([^<>]*+)>((?:%b)*+)[ \t]*+" % _PARAMETER.pattern, re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_BREAKS = re.compile(rb"[\s,]+")


def without_closed_links(value: bytes, closed: Closed) -> bytes | None:
    """One header's value without the links of closed services: the same object when there are none, None when none
    is left."""
    if closed.index.unknown == "allow" and not closed.may_be_named_in(value):
        return value
    pieces = _PIECE.findall(value)
    kept = [piece for piece in pieces if not _is_closed(piece, closed)]
    if len(kept) == len(pieces):
        return value
    return b",".join(kept).lstrip(b" \t") or None


def _is_closed(piece: bytes, closed: Closed) -> bool:
    match = _LINK.fullmatch(piece)
    if match is None:
        return closed.is_named_in(piece) or (closed.index.unknown == "block" and b"//" in piece)
    parameters = [(name.lower(), _plain(content)) for name, content in _PARAMETER.findall(match[2])]
    relations = {word for name, content in parameters if name == b"rel" for word in content.lower().split()}
    if _LOADING.isdisjoint(relations):
        return False
    listed = [word for name, content in parameters if name == b"imagesrcset" for word in _BREAKS.split(content)]
    urls = (match[1], *listed)
    return closed.has(*urls) or closed.has_undeclared(*urls)


def _plain(content: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", content[1:-1]) if content.startswith(b'"') else content
