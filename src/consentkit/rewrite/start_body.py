"""What start tags do in the body, the mode that most others fall back to.

Source: HTML Living Standard, 13.2.6.4.7 'The "in body" insertion mode'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consentkit.rewrite.construction import SELECT, TABLE_PARTS, Construction, Content, Mode
from consentkit.rewrite.elements import HEADINGS, Space, words
from consentkit.rewrite.tags import Tag

HEAD_RAW = words("noframes style title")
HEAD_CONTENT = HEAD_RAW | words("base basefont bgsound link meta script template")
BLOCKS = words(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup "
    "listing main menu nav ol p pre search section summary ul"
)
FORMATTING = words("b big code em font i s small strike strong tt u")
OBJECTS = words("applet marquee object")
_IGNORED = TABLE_PARTS | words("frame head html param source track")
_VOID = words("area br embed image img keygen wbr")
_RAW = words("iframe noembed textarea xmp")
_ITEMS = {b"li": words("li"), b"dd": words("dd dt"), b"dt": words("dd dt")}
_RUBY = words("ruby")
_BUTTON = words("button")
_NOBR = words("nobr")


def start_body(tree: Construction, tag: Tag) -> Content:
    """Handle a start tag as in the body."""
    name = tag.name
    if name in HEAD_CONTENT:
        return start_head_content(tree, name)
    if name in _RAW or (name == b"noscript" and tree.scripting):
        return _start_raw(tree, name)
    if name in BLOCKS:
        tree.close_p()
        tree.open.push(name)
        tree.frameset_ok &= name not in (b"pre", b"listing")
    elif name in FORMATTING:
        tree.open.reconstruct()
        tree.open.format(name, _signature(tag))
    elif name in _VOID:
        tree.open.reconstruct()
        tree.frameset_ok = False
    elif name in _RARER:
        return _RARER[name](tree, tag)
    elif name not in _IGNORED:
        tree.open.reconstruct()
        tree.open.push(name)
    return Content.MARKUP


def start_head_content(tree: Construction, name: bytes) -> Content:
    if name == b"script":
        return Content.SCRIPT
    if name == b"template":
        tree.begin_template()
    return Content.RAW if name in HEAD_RAW else Content.MARKUP


def _start_raw(tree: Construction, name: bytes) -> Content:
    if name == b"xmp":
        tree.close_p()
        tree.open.reconstruct()
    tree.frameset_ok &= name in (b"noembed", b"noscript")
    return Content.RAW


def _signature(tag: Tag) -> bytes:
    """What makes two formatting elements alike: their attributes in any order."""
    if not tag.attributes:
        return b""
    return b"\0".join(sorted({x.name: x.name + b"=" + x.raw for x in reversed(tag.attributes)}.values()))


def _start_page_part(tree: Construction, tag: Tag) -> Content:
    has_body = len(tree.open.nodes) > 1 and tree.open.nodes[1].is_html(b"body")
    if tag.name == b"body":
        tree.frameset_ok &= not has_body or bool(tree.templates)
    elif has_body and tree.frameset_ok:
        tree.open.pop_to(1)
        tree.open.push(tag.name)
        tree.mode = Mode.FRAMESET
    return Content.MARKUP


def _start_heading(tree: Construction, tag: Tag) -> Content:
    tree.close_p()
    if tree.open.current.space is Space.HTML and tree.open.current.name in HEADINGS:
        tree.open.pop()
    tree.open.push(tag.name)
    return Content.MARKUP


def _start_form(tree: Construction, tag: Tag) -> Content:
    if tree.form is None or tree.templates:
        tree.close_p()
        tree.open.push(tag.name)
        if not tree.templates:
            tree.form = tree.open.current
    return Content.MARKUP


def _start_item(tree: Construction, tag: Tag) -> Content:
    tree.frameset_ok = False
    for node in reversed(tree.open.nodes):
        if node.space is Space.HTML and node.name in _ITEMS[tag.name]:
            tree.open.imply_ends(node.name)
            tree.open.pop_through(frozenset((node.name,)))
            break
        if node.special and not (node.space is Space.HTML and node.name in (b"address", b"div", b"p")):
            break
    tree.close_p()
    tree.open.push(tag.name)
    return Content.MARKUP


def _start_plaintext(tree: Construction, tag: Tag) -> Content:
    tree.close_p()
    tree.open.push(tag.name)
    return Content.PLAIN


def _start_button(tree: Construction, tag: Tag) -> Content:
    if tree.open.in_scope(_BUTTON):
        tree.open.imply_ends()
        tree.open.pop_through(_BUTTON)
    tree.open.reconstruct()
    tree.open.push(tag.name)
    tree.frameset_ok = False
    return Content.MARKUP


def _start_a(tree: Construction, tag: Tag) -> Content:
    earlier = tree.open.formatting_named(b"a")
    if earlier is not None:
        tree.open.adopt(b"a")
        tree.open.drop(earlier)
    tree.open.reconstruct()
    tree.open.format(tag.name, _signature(tag))
    return Content.MARKUP


def _start_nobr(tree: Construction, tag: Tag) -> Content:
    tree.open.reconstruct()
    if tree.open.in_scope(_NOBR):
        tree.open.adopt(b"nobr")
        tree.open.reconstruct()
    tree.open.format(tag.name, _signature(tag))
    return Content.MARKUP


def _start_object(tree: Construction, tag: Tag) -> Content:
    tree.open.reconstruct()
    tree.open.push(tag.name)
    tree.open.mark()
    tree.frameset_ok = False
    return Content.MARKUP


def _start_table_in_body(tree: Construction, tag: Tag) -> Content:
    tree.close_p()
    tree.open.push(tag.name)
    tree.frameset_ok = False
    tree.mode = Mode.TABLE
    return Content.MARKUP


def _start_input(tree: Construction, tag: Tag) -> Content:
    if tree.open.in_scope(SELECT):
        tree.open.pop_through(SELECT)
    tree.open.reconstruct()
    tree.frameset_ok &= tag.text(b"type").lower() == "hidden"
    return Content.MARKUP


def _start_hr(tree: Construction, _tag: Tag) -> Content:
    tree.close_p()
    if tree.open.in_scope(SELECT):
        tree.open.imply_ends()
    tree.frameset_ok = False
    return Content.MARKUP


def _start_select(tree: Construction, tag: Tag) -> Content:
    if tree.open.in_scope(SELECT):
        tree.open.pop_through(SELECT)
        return Content.MARKUP
    tree.open.reconstruct()
    tree.open.push(tag.name)
    tree.frameset_ok = False
    return Content.MARKUP


def _start_option(tree: Construction, tag: Tag) -> Content:
    if tree.open.in_scope(SELECT):
        tree.open.imply_ends(b"optgroup" if tag.name == b"option" else b"")
    else:
        tree.close_current(b"option")
    tree.open.reconstruct()
    tree.open.push(tag.name)
    return Content.MARKUP


def _start_ruby_part(tree: Construction, tag: Tag) -> Content:
    if tree.open.in_scope(_RUBY):
        tree.open.imply_ends(b"rtc" if tag.name in (b"rp", b"rt") else b"")
    tree.open.push(tag.name)
    return Content.MARKUP


def _start_foreign_root(tree: Construction, tag: Tag) -> Content:
    tree.open.reconstruct()
    tree.push_foreign(tag.name, Space.SVG if tag.name == b"svg" else Space.MATHML)
    return Content.MARKUP


_RARER: Mapping[bytes, Callable[[Construction, Tag], Content]] = {
    b"body": _start_page_part,
    b"frameset": _start_page_part,
    **dict.fromkeys(HEADINGS, _start_heading),
    b"form": _start_form,
    **dict.fromkeys(_ITEMS, _start_item),
    b"plaintext": _start_plaintext,
    b"button": _start_button,
    b"a": _start_a,
    b"nobr": _start_nobr,
    **dict.fromkeys(OBJECTS, _start_object),
    b"table": _start_table_in_body,
    b"hr": _start_hr,
    b"input": _start_input,
    b"select": _start_select,
    **dict.fromkeys((b"option", b"optgroup"), _start_option),
    **dict.fromkeys((b"rb", b"rp", b"rt", b"rtc"), _start_ruby_part),
    **dict.fromkeys((b"math", b"svg"), _start_foreign_root),
}
