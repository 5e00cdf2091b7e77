"""What end tags do to the state of a tree builder, by insertion mode.

Source: HTML Living Standard, 13.2.6.4 "The rules for parsing tokens in HTML content".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consentkit.rewrite.construction import (
    CELLS,
    ROW_GROUPS,
    TABLE,
    TABLE_PARTS,
    Construction,
    Mode,
)
from consentkit.rewrite.elements import HEADINGS, words
from consentkit.rewrite.start_body import BLOCKS, FORMATTING, OBJECTS

CREATES_BODY = words("body br html")
_BLOCK_ENDS = (BLOCKS - {b"p"}) | words("button select")
_ADOPTED = FORMATTING | words("a nobr")
_LISTS = words("ol ul")
_PAGE = words("body html")
_BODY = words("body")


def _end_before_head(tree: Construction, name: bytes) -> None:
    if name == b"head" or name in CREATES_BODY:
        tree.begin_head()
        tree.again = True


def _end_in_head(tree: Construction, name: bytes) -> None:
    if name == b"template":
        tree.close_template()
    elif name == b"head" or name in CREATES_BODY:
        tree.open.pop()
        tree.mode = Mode.AFTER_HEAD
        tree.again = name != b"head"


def _end_head_noscript(tree: Construction, name: bytes) -> None:
    if name in (b"noscript", b"br"):
        tree.open.pop()
        tree.mode = Mode.IN_HEAD
        tree.again = name == b"br"


def _end_after_head(tree: Construction, name: bytes) -> None:
    if name == b"template":
        tree.close_template()
    elif name in CREATES_BODY:
        tree.begin_body()
        tree.again = True


def _end_body(tree: Construction, name: bytes) -> None:
    if name in _BLOCK_ENDS:
        _end_block(tree, frozenset((name,)))
    elif name in _ADOPTED:
        tree.open.adopt(name)
    elif name in HEADINGS:
        _end_block(tree, HEADINGS)
    elif name in _PAGE:
        if tree.open.in_scope(_BODY):
            tree.mode = Mode.AFTER_BODY
    elif name in _RARER:
        _RARER[name](tree, name)
    else:
        tree.open.close_any(name)


def _end_block(tree: Construction, names: frozenset[bytes]) -> None:
    if tree.open.in_scope(names):
        tree.open.pop_through(names)


def _end_form(tree: Construction, name: bytes) -> None:
    if tree.templates:
        _end_block(tree, frozenset((name,)))
        return
    form, tree.form = tree.form, None
    if form is None or form not in tree.open.nodes:
        return
    if not any(node.scoping for node in tree.open.nodes[tree.open.nodes.index(form) :]):
        tree.open.imply_ends()
        tree.open.drop(form)


def _end_p(tree: Construction, _name: bytes) -> None:
    tree.close_p()


def _end_item(tree: Construction, name: bytes) -> None:
    tree.open.close(name, _LISTS if name == b"li" else frozenset())


def _end_object(tree: Construction, name: bytes) -> None:
    if tree.open.close(name):
        tree.open.clear_to_mark()


def _end_br(tree: Construction, _name: bytes) -> None:
    tree.open.reconstruct()
    tree.frameset_ok = False


def _end_template_element(tree: Construction, _name: bytes) -> None:
    tree.close_template()


_RARER: Mapping[bytes, Callable[[Construction, bytes], None]] = {
    b"form": _end_form,
    b"p": _end_p,
    **dict.fromkeys((b"li", b"dd", b"dt"), _end_item),
    **dict.fromkeys(OBJECTS, _end_object),
    b"br": _end_br,
    b"template": _end_template_element,
}


def _end_table(tree: Construction, name: bytes) -> None:
    if name == b"table":
        if tree.open.in_table_scope(TABLE):
            tree.open.pop_through(TABLE)
            tree.reset()
    elif name not in TABLE_PARTS and name not in _PAGE:
        _end_body(tree, name)


def _end_caption(tree: Construction, name: bytes) -> None:
    if name in (b"caption", b"table"):
        closed = tree.close_caption()
        tree.again = closed and name == b"table"
    elif name not in TABLE_PARTS and name not in _PAGE:
        _end_body(tree, name)


def _end_columns(tree: Construction, name: bytes) -> None:
    if name == b"template":
        tree.close_template()
    elif name != b"col":
        closed = tree.close_columns()
        tree.again = closed and name != b"colgroup"


def _end_table_body(tree: Construction, name: bytes) -> None:
    if name in ROW_GROUPS:
        if tree.open.in_table_scope(frozenset((name,))):
            tree.close_row_group()
    elif name == b"table":
        tree.again = tree.close_row_group()
    else:
        _end_table(tree, name)


def _end_row(tree: Construction, name: bytes) -> None:
    if name == b"tr":
        tree.close_row()
    elif name == b"table":
        tree.again = tree.close_row()
    elif name in ROW_GROUPS:
        tree.again = tree.open.in_table_scope(frozenset((name,))) and tree.close_row()
    else:
        _end_table(tree, name)


def _end_cell(tree: Construction, name: bytes) -> None:
    if name in CELLS:
        tree.close_cell(frozenset((name,)))
    elif name in (b"table", b"tr") or name in ROW_GROUPS:
        tree.again = tree.open.in_table_scope(frozenset((name,))) and tree.close_cell(CELLS)
    elif name not in TABLE_PARTS and name not in _PAGE:
        _end_body(tree, name)


def _end_template(tree: Construction, name: bytes) -> None:
    if name == b"template":
        tree.close_template()


def _end_after_body(tree: Construction, name: bytes) -> None:
    if name != b"html":
        tree.switch(Mode.BODY)


def _end_frameset(tree: Construction, name: bytes) -> None:
    if name == b"frameset":
        tree.open.pop()
        if not tree.open.current.is_html(b"frameset"):
            tree.mode = Mode.AFTER_FRAMESET


def _ignore(_tree: Construction, _name: bytes) -> None:
    """After a frameset no end tag means anything to the reading of what follows."""


END: Mapping[Mode, Callable[[Construction, bytes], None]] = {
    Mode.INITIAL: _end_before_head,
    Mode.BEFORE_HEAD: _end_before_head,
    Mode.IN_HEAD: _end_in_head,
    Mode.HEAD_NOSCRIPT: _end_head_noscript,
    Mode.AFTER_HEAD: _end_after_head,
    Mode.BODY: _end_body,
    Mode.TABLE: _end_table,
    Mode.CAPTION: _end_caption,
    Mode.COLUMNS: _end_columns,
    Mode.TABLE_BODY: _end_table_body,
    Mode.ROW: _end_row,
    Mode.CELL: _end_cell,
    Mode.TEMPLATE: _end_template,
    Mode.AFTER_BODY: _end_after_body,
    Mode.FRAMESET: _end_frameset,
    Mode.AFTER_FRAMESET: _ignore,
}
