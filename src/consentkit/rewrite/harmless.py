"""Tells at a glance that a start tag needs no edit: it is written plainly, and names no host that may be held back.

What is not seen to be harmless here is looked at in full, so that this may know as few ways of writing as it likes.
"""

from __future__ import annotations

import re

from consentkit.rewrite.rules import Rules

#: What may begin a host in a way that is not looked for here: backslashes, white space in a URL, character references,
#: and schemes (http, ws, ftp, data and their like) without two slashes.
_ODD = re.compile(rb"[\\\t\n\f\r&:](?:(?<![&:])|(?<=&)(?!amp;|[a-z0-9_]+=)|(?<=[aps]:)(?!//))")
_HOST = re.compile(rb"//((?:[a-z0-9-]++\.)*+[a-z][a-z0-9-]*+)(?=[/?#\"' >])")


def is_harmless(source: bytes, rules: Rules) -> bool:
    """Whether `source`, a whole start tag on a page without a base, is left as it is, whatever its content.

    Not so plain are marks of other tools, lazy sources, our own names, nested documents, and scripts without a source.
    """
    lowered = source.lower()
    if b"data-" in lowered or b"srcdoc" in lowered or b"optanon" in lowered or _ODD.search(lowered) is not None:
        return False
    if lowered.startswith(b"<script") and not lowered.startswith(b"<script src="):
        return False
    hosts = _HOST.findall(lowered)
    return len(hosts) == lowered.count(b"//") and not any(map(rules.may_hold, hosts))
