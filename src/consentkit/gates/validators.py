"""Validators of a rewritten page, bound to the consent state, so that a 304 never shows the page of another state.

The app's `ETag` gets our digest as a suffix on the way out; a page that has only `Last-Modified` gets a tag made from
it. On the way in, only a tag with the digest of a state that is good now is handed to the app, without the suffix;
`If-Modified-Since` only beside such a tag (RFC 9110 section 13).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consentkit.http import RawHeaders

RawHeader = tuple[bytes, bytes]
_TAG = re.compile(rb'(?:W/)?"([^"]*)"')
_BOUND = re.compile(rb"-ckit-([0-9a-f]{8})$")
#: How a tag begins that the app never gave: its page has a date alone.
_DATED = b"ckit-date-"
CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})
#: Digests over the body that no longer hold once it is rewritten, and parts of it that can't be asked for.
_BODY_DIGESTS = frozenset({b"content-md5", b"digest", b"repr-digest", b"content-digest", b"accept-ranges"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a request as the app may see them.

    `digest` is that of the consent state a tag was bound to, and `tag` that tag; both None when none of ours went on.
    """

    headers: RawHeaders
    digest: bytes | None = None
    tag: bytes | None = None


def request_conditions(headers: RawHeaders, digests: Sequence[bytes], *, navigation: bool) -> Conditions:
    """The request headers with only those conditions that hold for the first of `digests` that a tag is bound to.

    A tag bound to another state never holds. A tag that isn't bound to any belongs to what was never rewritten: it
    holds, unless a `navigation` asks for a page that may lie in the browser's cache from before there were gates.
    """
    tags = [tag for key, value in headers if key == b"if-none-match" for tag in _TAG.findall(value)]
    bound = [(tag[: match.start()], match[1]) for tag in tags if (match := _BOUND.search(tag)) is not None]
    if not bound and not navigation:
        return Conditions(headers)
    digest = next((one for one in digests if any(found == one for _, found in bound)), None)
    ours = [tag for tag, found in bound if found == digest]
    plain = [] if navigation else [tag for tag in tags if not _BOUND.search(tag)]
    kept = [(key, value) for key, value in headers if key not in CONDITIONS]
    given = [tag for tag in (*ours, *plain) if not tag.startswith(_DATED)]
    if given:
        kept.append((b"if-none-match", b", ".join(form for tag in given for form in (b'"%b"' % tag, b'W/"%b"' % tag))))
    if ours:
        kept += [(key, value) for key, value in headers if key == b"if-modified-since"]
    return Conditions(kept, digest, _bound(ours[0], digest) if ours and digest else None)


def response_validators(headers: Iterable[RawHeader], digest: bytes, tag: bytes | None = None) -> list[RawHeader]:
    """The response headers with `ETag` bound to the state of `digest`, and without digests of the old body.

    `tag` is the one a 304 stands for, in case that it names none.
    """
    kept: list[RawHeader] = []
    dated: bytes | None = None
    for key, value in headers:
        lowered = key.lower()
        if lowered == b"etag":
            match = _TAG.fullmatch(value.strip())
            tag = _bound(match[1], digest) if match else tag
        elif lowered not in _BODY_DIGESTS:
            kept.append((key, value))
            if lowered == b"last-modified":
                dated = _bound(_DATED + hashlib.sha256(value).hexdigest()[:16].encode(), digest)
    tag = tag or dated
    return [*kept, (b"etag", tag)] if tag else kept


def _bound(tag: bytes, digest: bytes) -> bytes:
    return b'W/"%b-ckit-%b"' % (tag, digest)
