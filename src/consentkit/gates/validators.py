"""Validators of a rewritten page, bound to the consent state, so that a 304 never shows the page of another state.

The app's `ETag` gets our digest as a suffix on the way out. On the way in, only a tag with the digest of the state in
force now is handed to the app, without the suffix; `If-Modified-Since` only beside such a tag (RFC 9110 section 13).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from consentkit.http import RawHeaders

RawHeader = tuple[bytes, bytes]
_TAG = re.compile(rb'(?:W/)?"([^"]*)"')
_BOUND = re.compile(rb"-ckit-[0-9a-f]{8}$")
_CONDITIONS = (b"if-none-match", b"if-modified-since")
#: Digests over the body that no longer hold once it is rewritten.
_BODY_DIGESTS = (
    b"content-md5",
    b"digest",
    b"repr-digest",
    b"content-digest",
    b"last-modified",
    b"accept-ranges",
)


def has_conditions(headers: RawHeaders) -> bool:
    """Whether a request carries conditions that must be looked at."""
    return any(key in _CONDITIONS for key, _ in headers)


def request_conditions(headers: RawHeaders, state: str, *, navigation: bool) -> list[RawHeader]:
    """The request headers with only those conditions that hold for the consent state whose digest is `state`.

    A tag bound to another state never holds. A tag that isn't bound to any belongs to what was never rewritten: it
    holds, unless a `navigation` asks for a page that may lie in the browser's cache from before there were gates.
    """
    tags = [tag for key, value in headers if key == b"if-none-match" for tag in _TAG.findall(value)]
    bound = [tag for tag in tags if _BOUND.search(tag)]
    if not bound and not navigation:
        return list(headers)
    suffix = f"-ckit-{state}".encode()
    ours = [tag.removesuffix(suffix) for tag in bound if tag.endswith(suffix)]
    plain = [] if navigation else [tag for tag in tags if not _BOUND.search(tag)]
    kept = [(key, value) for key, value in headers if key not in _CONDITIONS]
    if ours or plain:
        forms = b", ".join(form for tag in (*ours, *plain) for form in (b'"%b"' % tag, b'W/"%b"' % tag))
        kept.append((b"if-none-match", forms))
    if ours:
        kept += [(key, value) for key, value in headers if key == b"if-modified-since"]
    return kept


def response_validators(headers: Iterable[RawHeader], state: str, *, rewritten: bool) -> list[RawHeader]:
    """The response headers with `ETag` bound to `state`; with `rewritten`, without digests of the old body."""
    kept: list[RawHeader] = []
    for key, value in headers:
        lowered = key.lower()
        if lowered == b"etag":
            match = _TAG.fullmatch(value.strip())
            if match:
                kept.append((b"etag", b'W/"%b-ckit-%b"' % (match[1], state.encode())))
        elif not (rewritten and lowered in _BODY_DIGESTS):
            kept.append((key, value))
    return kept
