"""Tells whether a whole document can hold anything to edit for a visitor who has allowed everything.

Only what names itself matters then: markup of other consent tools that waits to be activated, and attributes that a
page named like ours. A few searches over the bytes tell that most pages have neither, so that they need not be read.
"""

from __future__ import annotations

_OURS = b"data-ckit"
_WAITING = (b"text/plain", b"data-src")
_MARKS = (b"data-c", b"data-name", b"optanon")
_LONGEST = 262_144
_REMEMBERED = 2_000_000


class _Memory:
    """The last documents without marks, by their length: a page that comes again need not be searched again."""

    def __init__(self) -> None:
        self._documents: dict[int, bytes] = {}
        self._size = 0

    def holds(self, document: bytes) -> bool:
        return self._documents.get(len(document)) == document

    def keep(self, document: bytes) -> None:
        if not 0 < len(document) <= _LONGEST:
            return
        self._size += len(document) - len(self._documents.pop(len(document), b""))
        self._documents[len(document)] = document
        while self._size > _REMEMBERED:
            self._size -= len(self._documents.pop(next(iter(self._documents))))


_unmarked = _Memory()


def may_wait(text: bytes) -> bool:
    """Whether a tag may be one that waits to be activated.

    It counts only where it is written out: the values that tell it are not looked for behind character references.
    """
    return _may_wait(text.lower())


def _may_wait(lowered: bytes) -> bool:
    return any(x in lowered for x in _WAITING) and any(x in lowered for x in _MARKS)


def may_be_marked(document: bytes, *, may_keep: bool) -> bool:
    """Whether `document` may hold inert markup of another consent tool, or attributes named like ours."""
    if _unmarked.holds(document):
        return False
    lowered = document.lower()
    if _OURS in lowered or _may_wait(lowered):
        return True
    if may_keep:
        _unmarked.keep(document)
    return False
