"""HTML5 parsers of other projects, and the trees they see, in one flat form.

- lexbor (through selectolax) and turbohtml, two parsers in C that follow the standard of today, also in what it says
  of `select` since 2025. Both know documents with and without scripting, templates and foreign content.
- html5lib, the reference implementation in Python, some years behind: for tests by hand and as a third opinion.

Documents are read as Latin-1, so that no byte is lost and every change of one is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import html5lib
import turbohtml
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

#: An element's beginning (name and attributes), a text, or None for an element's end; in the order of the tree.
Item = tuple[str, dict[str, str]] | str | None
#: A whole document. Comments are elements called `#comment`, what templates hold is in an element called `#content`.
Tree = list[Item]
#: Parses text, with or without scripting.
Parser = Callable[[str, bool], Tree]

_BOM = b"\xef\xbb\xbf"


def read_bytes(document: bytes) -> str:
    """The text that parsers are given: one character for each byte, without a byte order mark."""
    return document.removeprefix(_BOM).decode("latin-1")


def add_text(tree: Tree, text: str) -> None:
    """Append text; neighbouring texts become one."""
    if tree and isinstance(tree[-1], str):
        tree[-1] += text
    elif text:
        tree.append(text)


def parse_lexbor(text: str, scripting: bool) -> Tree:
    """The tree lexbor sees. It doesn't tell name spaces."""
    parser = LexborHTMLParser(text, options=LexborDocumentOptions.WO_EVENTS, scripting=scripting)
    root = parser.root
    tree: Tree = []
    if root is not None:
        _walk_lexbor(root.parent or root, tree)
    return tree


def _walk_lexbor(top: LexborNode, tree: Tree) -> None:
    levels = [_lexbor_children(top)]
    while levels:
        node = next(levels[-1], None)
        if node is None:
            levels.pop()
            tree.append(None)
        elif node.is_text_node:
            add_text(tree, node.text_content or "")
        elif node.is_comment_node:
            html = node.html or ""
            tree += (("#comment", {"data": html[len("<!--") : -len("-->")]}), None)
        elif node.is_element_node:
            tree.append((node.tag or "", {name: value or "" for name, value in node.attributes.items()}))
            _open_template(node, tree)
            levels.append(_lexbor_children(node))


def _lexbor_children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _open_template(node: LexborNode, tree: Tree) -> None:
    if node.tag != "template":
        return
    for fragment in node.template_fragments():
        if fragment.parent is not None and fragment.parent.mem_id == node.mem_id:
            tree.append(("#content", {}))
            _walk_lexbor(fragment, tree)


def parse_turbohtml(text: str, scripting: bool) -> Tree:
    """The tree turbohtml sees, with name spaces."""
    document = turbohtml.parse(text, scripting=scripting, positions=False, allow_declarative_shadow_roots=False)
    tree: Tree = []
    levels = [iter(document.children)]
    while levels:
        node = next(levels[-1], None)
        if node is None:
            levels.pop()
            tree.append(None)
        elif isinstance(node, turbohtml.Text):
            add_text(tree, node.data)
        elif isinstance(node, turbohtml.Comment):
            tree += (("#comment", {"data": node.data}), None)
        elif isinstance(node, turbohtml.Element):
            tree.append((_PREFIXES[node.namespace] + node.tag, {x: node.attr(x) or "" for x in node.attrs}))
            levels.append(iter(node.children))
        elif isinstance(node, turbohtml.DocumentFragment):
            tree.append(("#content", {}))
            levels.append(iter(node.children))
    return tree


_PREFIXES = {turbohtml.Namespace.HTML: "", turbohtml.Namespace.SVG: "svg ", turbohtml.Namespace.MATHML: "math "}


def parse_html5lib(text: str, scripting: bool) -> Tree:
    """The tree html5lib sees, with name spaces. It knows no templates, and `select` as it was until 2025."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("dom"))
    tree: Tree = []
    levels = [iter(parser.parse(text, scripting=scripting).childNodes)]
    while levels:
        node = next(levels[-1], None)
        if node is None:
            levels.pop()
            tree.append(None)
        elif node.nodeType == node.TEXT_NODE:
            add_text(tree, node.data)
        elif node.nodeType == node.COMMENT_NODE:
            tree += (("#comment", {"data": node.data}), None)
        elif node.nodeType == node.ELEMENT_NODE:
            prefix = {"2000/svg": "svg ", "1998/Math/MathML": "math "}.get(node.namespaceURI[18:], "")
            tree.append((prefix + node.nodeName, dict(node.attributes.items())))
            levels.append(iter(node.childNodes))
    return tree


def _follow_the_standard_of_today() -> None:
    """Make html5lib leave foreign content at `</p>` and `</br>`, as the standard says since 2020."""
    phase = type(html5lib.HTMLParser().phases["inForeignContent"])
    older = phase.processEndTag

    def process_end_tag(self, token):  # type: ignore[no-untyped-def]
        if token["name"] not in ("p", "br"):
            return older(self, token)
        parser, opened = self.parser, self.tree.openElements
        while opened[-1].namespace != self.tree.defaultNamespace and not (
            parser.isHTMLIntegrationPoint(opened[-1]) or parser.isMathMLTextIntegrationPoint(opened[-1])
        ):
            opened.pop()
        return parser.phase.processEndTag(token)

    phase.processEndTag = process_end_tag


_follow_the_standard_of_today()

#: The two that must agree on a document before one of them alone may accuse.
JUDGES: tuple[Parser, Parser] = (parse_lexbor, parse_turbohtml)


def without_name_spaces(tree: Tree) -> Tree:
    """The same tree with elements called by their local names only."""
    return [(x[0].rpartition(" ")[2], x[1]) if isinstance(x, tuple) else x for x in tree]
