"""`Permissions-Policy`: the browsers' own advertising features are off while marketing is not allowed.

The features, with the default that lets third parties use them, are those of the Topics API (`browsing-topics`), the
Attribution Reporting API, the Protected Audience API (`join-ad-interest-group`, `run-ad-auction`), the Shared Storage
API and the Private Aggregation API: each builds on, or adds to, what the browser keeps about a visitor's interests, so
it falls under ePrivacy article 5(3) like a cookie (EDPB Guidelines 2/2023). Chrome and Edge have them; Chrome is giving
them up since 2025, and a browser passes over names it doesn't know. Not among them: `interest-cohort` (FLoC, gone
since 2021), private state tokens (against fraud, not for advertising) and `unload`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FEATURES = (
    b"attribution-reporting",
    b"browsing-topics",
    b"join-ad-interest-group",
    b"private-aggregation",
    b"run-ad-auction",
    b"shared-storage",
    b"shared-storage-select-url",
)
#: Response headers by which a server itself takes part in one of these.
OPT_INS = frozenset(
    {b"observe-browsing-topics", b"shared-storage-write"}
    | {b"attribution-reporting-register-source", b"attribution-reporting-register-trigger"}
    | {b"attribution-reporting-register-os-source", b"attribution-reporting-register-os-trigger"}
)
_OFF = b"()"
OFF = b", ".join(feature + b"=()" for feature in FEATURES)

_KEY = rb"[a-z*][a-z0-9_\-.*]*+"
#: The items of a structured field (RFC 9651 section 3.3).
_ITEM = (
    rb'(?:"(?:[ !#-\[\]-~]++|\\["\\])*+"|-?+[0-9]++(?:\.[0-9]++)?+|[A-Za-z*][!#$%&\'*+\-.^_`|~0-9A-Za-z:/]*+'
    rb'|:[A-Za-z0-9+/=]*+:|\?[01]|@-?+[0-9]++|%"[ !#-~]*+")'
)
_PARAMETERS = rb"(?:;\x20*+%b(?:=%b)?+)*+" % (_KEY, _ITEM)
_LIST = rb"\(\x20*+(?:%b%b(?:\x20++|(?=\))))*+\)" % (_ITEM, _PARAMETERS)
_MEMBER = rb"(%b)(?:=(%b|%b))?+(%b)" % (_KEY, _LIST, _ITEM, _PARAMETERS)
_FIELD = re.compile(rb"[ \t]*+%b[ \t]*+(?:,|\Z)" % _MEMBER)


def switched_off(values: Sequence[bytes]) -> list[bytes | None]:
    """The `Permissions-Policy` values with every feature of `FEATURES` off, as many as there were; None for one less.

    The app's other features keep their bytes. A browser reads all values as one list and passes over the whole when
    one is malformed: then what the app said counts for nothing, and only ours is sent.
    """
    read = [_members(value) for value in values]
    if any(members is None for members in read):
        return [*[None] * (len(values) - 1), OFF]
    members = [member for found in read for member in found or ()]
    said = {name: setting for name, setting, _ in members}
    if all(said.get(feature) == _OFF for feature in FEATURES) and all(read):
        return list(values)
    kept: list[bytes | None] = [_others(value, found or []) for value, found in zip(values, read, strict=True)]
    kept[-1] = b", ".join(part for part in (kept[-1], OFF) if part)
    return kept


def _members(value: bytes) -> list[tuple[bytes, bytes, bytes]] | None:
    """Name, setting and text of each member of a structured dictionary; None when it isn't one."""
    found: list[tuple[bytes, bytes, bytes]] = []
    at = 0
    value = value.strip(b" \t")
    while at < len(value):
        match = _FIELD.match(value, at)
        if match is None or (match.end() == len(value) and value.endswith(b",")):
            return None
        found.append((match[1], match[2] or b"", match[0].removesuffix(b",")))
        at = match.end()
    return found


def _others(value: bytes, members: list[tuple[bytes, bytes, bytes]]) -> bytes | None:
    """The value without our features; None when it would be empty, since an empty part voids the whole list."""
    kept = [text for name, _, text in members if name not in FEATURES]
    return value if kept and len(kept) == len(members) else b",".join(kept).strip(b" \t") or None
