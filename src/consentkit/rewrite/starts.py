"""What start tags do to the state of a tree builder, by insertion mode.

Source: HTML Living Standard, 13.2.6.4 "The rules for parsing tokens in HTML content".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consentkit.rewrite.construction import (
    BODY_CONTEXT,
    CELLS,
    ROW_CONTEXT,
    TABLE,
    TABLE_PARTS,
    Construction,
    Content,
    Mode,
)
from consentkit.rewrite.elements import Node, words
from consentkit.rewrite.start_body import HEAD_CONTENT, start_body, start_head_content
from consentkit.rewrite.tags import Tag

_TABLE_CONTEXT = words("table template html")
_TEMPLATE_MODES = {
    **dict.fromkeys(words("caption colgroup tbody tfoot thead"), Mode.TABLE),
    **dict.fromkeys(CELLS, Mode.ROW),
    b"col": Mode.COLUMNS,
    b"tr": Mode.TABLE_BODY,
}


def start_before_head(tree: Construction, tag: Tag) -> Content:
    if tag.name == b"html":
        tree.mode = Mode.BEFORE_HEAD
        return Content.MARKUP
    tree.begin_head()
    tree.again = tag.name != b"head"
    return Content.MARKUP


def start_in_head(tree: Construction, tag: Tag) -> Content:
    if tag.name in HEAD_CONTENT:
        return start_head_content(tree, tag.name)
    if tag.name == b"noscript":
        if tree.scripting:
            return Content.RAW
        tree.open.push(tag.name)
        tree.mode = Mode.HEAD_NOSCRIPT
    elif tag.name not in (b"html", b"head"):
        tree.open.pop()
        return tree.switch(Mode.AFTER_HEAD)
    return Content.MARKUP


def start_head_noscript(tree: Construction, tag: Tag) -> Content:
    if tag.name in (b"noframes", b"style"):
        return Content.RAW
    if tag.name not in (b"html", b"head", b"noscript", b"basefont", b"bgsound", b"link", b"meta"):
        tree.open.pop()
        return tree.switch(Mode.IN_HEAD)
    return Content.MARKUP


def start_after_head(tree: Construction, tag: Tag) -> Content:
    if tag.name in HEAD_CONTENT:
        return start_head_content(tree, tag.name)
    if tag.name == b"frameset":
        tree.open.push(tag.name)
        tree.mode = Mode.FRAMESET
    elif tag.name not in (b"html", b"head"):
        tree.begin_body()
        tree.again = tag.name != b"body"
        tree.frameset_ok &= tree.again
    return Content.MARKUP


def start_table(tree: Construction, tag: Tag) -> Content:
    name = tag.name
    if name in (b"script", b"style", b"template"):
        return start_head_content(tree, name)
    if name in TABLE_PARTS:
        tree.open.pop_down_to(_TABLE_CONTEXT)
        return start_table_part(tree, name)
    if name == b"table":
        if tree.open.in_table_scope(TABLE):
            tree.open.pop_through(TABLE)
            tree.reset()
            tree.again = True
    elif name == b"form":
        if tree.form is None and not tree.templates:
            tree.form = Node(name)
    elif name != b"input" or tag.text(b"type").lower() != "hidden":
        return start_body(tree, tag)
    return Content.MARKUP


def start_table_part(tree: Construction, name: bytes) -> Content:
    if name == b"caption":
        tree.open.mark()
    implied = {b"col": b"colgroup", **dict.fromkeys((b"td", b"th", b"tr"), b"tbody")}.get(name)
    tree.open.push(implied or name)
    tree.mode = {b"caption": Mode.CAPTION, b"colgroup": Mode.COLUMNS}.get(implied or name, Mode.TABLE_BODY)
    tree.again = implied is not None
    return Content.MARKUP


def start_caption(tree: Construction, tag: Tag) -> Content:
    if tag.name in TABLE_PARTS:
        tree.again = tree.close_caption()
        return Content.MARKUP
    return start_body(tree, tag)


def start_columns(tree: Construction, tag: Tag) -> Content:
    if tag.name == b"template":
        return start_head_content(tree, tag.name)
    if tag.name not in (b"html", b"col"):
        tree.again = tree.close_columns()
    return Content.MARKUP


def start_table_body(tree: Construction, tag: Tag) -> Content:
    if tag.name == b"tr" or tag.name in CELLS:
        tree.open.pop_down_to(BODY_CONTEXT)
        tree.open.push(b"tr")
        tree.mode = Mode.ROW
        tree.again = tag.name != b"tr"
    elif tag.name in TABLE_PARTS:
        tree.again = tree.close_row_group()
    else:
        return start_table(tree, tag)
    return Content.MARKUP


def start_row(tree: Construction, tag: Tag) -> Content:
    if tag.name in CELLS:
        tree.open.pop_down_to(ROW_CONTEXT)
        tree.open.push(tag.name)
        tree.open.mark()
        tree.mode = Mode.CELL
    elif tag.name in TABLE_PARTS:
        tree.again = tree.close_row()
    else:
        return start_table(tree, tag)
    return Content.MARKUP


def start_cell(tree: Construction, tag: Tag) -> Content:
    if tag.name in TABLE_PARTS:
        tree.again = tree.close_cell(CELLS)
        return Content.MARKUP
    return start_body(tree, tag)


def start_template(tree: Construction, tag: Tag) -> Content:
    if tag.name in HEAD_CONTENT:
        return start_head_content(tree, tag.name)
    mode = _TEMPLATE_MODES.get(tag.name, Mode.BODY)
    if tree.templates:
        tree.templates[-1] = mode
    return tree.switch(mode)


def start_after_body(tree: Construction, tag: Tag) -> Content:
    return Content.MARKUP if tag.name == b"html" else tree.switch(Mode.BODY)


def start_frameset(tree: Construction, tag: Tag) -> Content:
    if tag.name == b"frameset" and tree.mode is Mode.FRAMESET:
        tree.open.push(tag.name)
    return Content.RAW if tag.name == b"noframes" else Content.MARKUP


START: Mapping[Mode, Callable[[Construction, Tag], Content]] = {
    Mode.INITIAL: start_before_head,
    Mode.BEFORE_HEAD: start_before_head,
    Mode.IN_HEAD: start_in_head,
    Mode.HEAD_NOSCRIPT: start_head_noscript,
    Mode.AFTER_HEAD: start_after_head,
    Mode.BODY: start_body,
    Mode.TABLE: start_table,
    Mode.CAPTION: start_caption,
    Mode.COLUMNS: start_columns,
    Mode.TABLE_BODY: start_table_body,
    Mode.ROW: start_row,
    Mode.CELL: start_cell,
    Mode.TEMPLATE: start_template,
    Mode.AFTER_BODY: start_after_body,
    Mode.FRAMESET: start_frameset,
    Mode.AFTER_FRAMESET: start_frameset,
}
