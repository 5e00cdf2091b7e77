"""Which tokens make a head or a body begin, so that consentkit's parts can be placed where the tree builder puts them.

Source: HTML Living Standard, 13.2.6.4.1 to 13.2.6.4.6, from "initial" to "after head".
"""

from __future__ import annotations

from consentkit.rewrite.construction import Mode
from consentkit.rewrite.elements import words
from consentkit.rewrite.ends import CREATES_BODY
from consentkit.rewrite.start_body import HEAD_CONTENT

_BEFORE_HEAD_NEUTRAL = words("html head")
_HEAD_NEUTRAL = HEAD_CONTENT | words("html head body frameset noscript")
_AFTER_HEAD_NEUTRAL = HEAD_CONTENT | words("html head body frameset")


def start_implies_head(mode: Mode, name: bytes) -> bool:
    """Whether a head begins before the start tag `name`."""
    return mode <= Mode.BEFORE_HEAD and name not in _BEFORE_HEAD_NEUTRAL


def start_implies_body(mode: Mode, name: bytes) -> bool:
    """Whether a body begins before the start tag `name`. `<body>` itself is no such tag: its body begins after it."""
    if mode is Mode.AFTER_HEAD:
        return name not in _AFTER_HEAD_NEUTRAL
    return mode <= Mode.IN_HEAD and name not in _HEAD_NEUTRAL


def end_implies_head(mode: Mode, name: bytes) -> bool:
    """Whether a head begins before the end tag `name`."""
    return mode <= Mode.BEFORE_HEAD and (name == b"head" or name in CREATES_BODY)


def end_implies_body(mode: Mode, name: bytes) -> bool:
    """Whether a body begins before the end tag `name`."""
    return mode <= Mode.AFTER_HEAD and name in CREATES_BODY
