"""Tells the state of a tree builder about a stretch of a page in one go, where nothing else is to be done about it."""

from __future__ import annotations

from consentkit.rewrite.construction import Mode
from consentkit.rewrite.elements import words
from consentkit.rewrite.runs import ANY_TAG, HELD, RAW
from consentkit.rewrite.tags import TAG_LIMIT, Tag, is_self_closing
from consentkit.rewrite.tree import TreeState

#: Tags that are left to the scanner: their content is text, or they may be edited, or begin a page.
_STEPPED = HELD | RAW | words("body head html plaintext")


def follow(tree: TreeState, data: bytes, pos: int, end: int, enough: int) -> int:
    """Read texts and whole tags from `pos`, as far as nothing else comes of them; the position where that ends.

    From `enough` on it also ends where the tree is plain, since there are faster ways from there.
    """
    while pos < end and tree.mode >= Mode.BODY:
        start = data.find(b"<", pos, end)
        if start != pos:
            pos, start = start if start >= 0 else end, pos
            _tell_text(tree, data[start:pos])
            continue
        found = ANY_TAG.match(data, start, end)
        if found is None or (name := found[2].lower()) in _STEPPED or found.end() - start > TAG_LIMIT:
            break
        if found[1]:
            tree.end(name)
        else:
            tag = Tag(found[0]) if found.end() > found.end(2) + 1 else Tag.bare(name)
            tree.start(tag, self_closing=found[0].endswith(b"/>") and is_self_closing(found[0], tag.name_end))
        pos = found.end()
        if pos >= enough and tree.is_plain():
            break
    return pos


def _tell_text(tree: TreeState, text: bytes) -> None:
    rest = text.lstrip(b"\t\n\f\r ")
    if len(rest) < len(text):
        tree.text(blank=True)
    if rest:
        tree.text(blank=False)
