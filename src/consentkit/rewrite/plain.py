"""Decides at a glance on the commonest tags that are held back: written plainly, loading one address of a refused host.

It comes to what `decide` comes to, for the few ways of writing that it knows; all others are left to that.
"""

from __future__ import annotations

import re

from consentkit.rewrite.decisions import is_invisible, label_of, mark_inert
from consentkit.rewrite.edits import Blocked, Decision, Edit
from consentkit.rewrite.rules import Rules
from consentkit.rewrite.tags import Tag
from consentkit.rewrite.urls import read_address

#: An attribute that has no part in the decision, as most are written. Marks of other tools begin with one of a few
#: letters after `data-`.
_OTHER = rb" (?!src|href|xlink|imagesrc|poster|data(?!-[abd-mo-ru-z])%b)[a-z][a-z-]*+(?:=(?:\"[^\"]*+\"|[a-z0-9]++))?+"
#: Up to the end of the host the address must be plain; what comes after it has no part in the decision.
_ADDRESS = rb"((?:https?:)?//(?:[a-z0-9-]{1,63}\.){1,9}[a-z]{2,24})(?:[/?#][!#-~]*+)?+"
_REST = rb"(?: ?/)?+>"


def _element(names: bytes, attribute: bytes, excluded: bytes) -> re.Pattern[bytes]:
    other = rb"(?:" + _OTHER % excluded + rb")*+"
    return re.compile(rb"<(?:%b)%b (%b)=\"%b\"%b" % (names, other, attribute, _ADDRESS, other) + _REST)


_SCRIPT = _element(b"script", b"src", b"|type|language")
_MEDIA = _element(b"img|video|audio|source|track|embed", b"src", b"")
_FRAME = _element(b"iframe", b"src", b"|sandbox")
_LINK = _element(b"link", b"href", b"")
_REL = re.compile(rb" rel=\"(?:stylesheet|preload|preconnect|dns-prefetch|prefetch|modulepreload)\"")
_INERT = b' type="text/plain"'


def decide_plainly(source: bytes, rules: Rules) -> Decision | None:
    """What becomes of `source`, a whole start tag on a page without a base, if that is seen at a glance."""
    is_script, is_frame = source.startswith(b"<script"), source.startswith(b"<iframe")
    if is_script or is_frame:
        tag = (_SCRIPT if is_script else _FRAME).fullmatch(source)
    elif source.startswith(b"<link"):
        tag = _LINK.fullmatch(source) if _REL.search(source) is not None else None
    else:
        tag = _MEDIA.fullmatch(source)
    if tag is None:
        return None
    blocked = _blocked_at(tag[2], rules)
    if blocked is None:
        return None
    start, name_end = tag.start(1), source.index(b" ")
    label: Edit = (name_end, name_end, _INERT + blocked.label if is_script else blocked.label)
    shows = is_frame and not is_invisible(Tag(source))
    return Decision((label, (start, start, b"data-ckit-")), blocked.key, placeholder=shows, count=blocked.counted)


def _blocked_at(url: bytes, rules: Rules) -> Blocked | None:
    """What an element carries that loads from `url` alone; None when that is not held back, or nobody declared it."""
    if url in rules.blocked:
        return rules.blocked[url]
    address = read_address(url.decode())
    rule = rules.refused_at(address)
    blocked = None
    if rule is not None and rule.category and address is not None:
        label = mark_inert(Tag(b"<a>"), label_of(rule))[2]
        blocked = Blocked(label, rule.service, ("blocked", f"{rule.service} {address.host}"))
    rules.remember_blocked(url, blocked)
    return blocked
