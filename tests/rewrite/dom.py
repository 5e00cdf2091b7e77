"""The oracle: documents as html5lib parses them, and what is left of them once consentkit's work is undone."""

from __future__ import annotations

from dataclasses import dataclass, field

import html5lib

from consentkit.rewrite.rules import Rules, Ruleset, ServiceRule
from consentkit.rewrite.stream import Rewriter

HEAD = b'<link rel="stylesheet" href="/_consent/a.css" data-ckit-asset>'
BANNER = b'<div id="ckit-root"><form><p>We ask.</p><button>No</button></form></div>'
PLACEHOLDER = '<p lang="fr">Bloqué & "caché"</p>'
RULESET = Ruleset(
    [
        ServiceRule("adnet", "marketing", ("ads.example",), ("adq.push(",)),
        ServiceRule("stats", "analytics", ("stats.example", "127.0.0.1:8001"), ("stats.track",)),
    ],
    ["necessary", "analytics", "marketing"],
)
REFUSED = RULESET.for_consent(frozenset(), frozenset())


@dataclass
class Node:
    """One element: `parts` are its children and texts in order."""

    tag: str
    attributes: dict[str, str]
    parts: list[Node | str] = field(default_factory=list)

    def add(self, part: Node | str) -> None:
        """Append a part; neighbouring texts become one."""
        if isinstance(part, str) and self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += part
        elif part != "":
            self.parts.append(part)

    def walk(self) -> list[Node]:
        """This element and all in it."""
        return [self, *(x for part in self.parts if isinstance(part, Node) for x in part.walk())]

    def children(self, tag: str) -> list[Node]:
        """The element children with this tag."""
        return [x for x in self.parts if isinstance(x, Node) and x.tag == tag]


def rewrite(document: bytes, rules: Rules | None = REFUSED, size: int = 0, **options: object) -> tuple[bytes, Rewriter]:
    """`document` through a rewriter, in pieces of `size` bytes (0: at once)."""
    settings: dict[str, object] = {"head": HEAD, "body": BANNER, "placeholder": lambda _key: PLACEHOLDER, **options}
    rewriter = Rewriter(rules, **settings)  # type: ignore[arg-type]
    step = size or max(1, len(document))
    parts = [rewriter.feed(document[i : i + step]) for i in range(0, len(document), step)]
    return b"".join([*parts, rewriter.close()]), rewriter


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


def parse(document: bytes | str, *, scripting: bool) -> Node:
    """The document as an HTML5 parser sees it."""
    text = document.decode("utf-8", "replace") if isinstance(document, bytes) else document
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("dom"))
    root = Node("#document", {})
    _copy(parser.parse(text, scripting=scripting), root)
    return root


def open_noscript(node: Node) -> Node:
    """The same tree with the text in `noscript` parsed, since that is how it is rewritten."""
    parts = [x if isinstance(x, str) else open_noscript(x) for x in node.parts]
    if node.tag == "http://www.w3.org/1999/xhtml|noscript":
        parts = [parse(x, scripting=False) if isinstance(x, str) else x for x in parts]
    return Node(node.tag, node.attributes, parts)


def _copy(source, target: Node) -> None:  # type: ignore[no-untyped-def]
    for child in source.childNodes:
        if child.nodeType == child.TEXT_NODE:
            target.add(child.data)
        elif child.nodeType == child.ELEMENT_NODE:
            attributes = dict(child.attributes.items()) if child.attributes else {}
            node = Node(f"{child.namespaceURI}|{child.nodeName}", attributes)
            _copy(child, node)
            target.add(node)
        elif child.nodeType == child.COMMENT_NODE:
            target.add(Node("#comment", {"data": child.data}))


def undo(node: Node) -> Node:
    """The same tree without what consentkit added, and with what it made inert live again."""
    result = Node(node.tag, _undo_attributes(node))
    for part in node.parts:
        if isinstance(part, str):
            result.add(part)
        elif part.attributes.get("id") != "ckit-root" and "data-ckit-asset" not in part.attributes:
            result.add(undo(part))
    return result


def _undo_attributes(node: Node) -> dict[str, str]:
    attributes = dict(node.attributes)
    if "data-ckit" not in attributes:
        return attributes
    names = list(attributes)
    if node.tag.endswith("|script") and names.index("data-ckit") > 0 and names[names.index("data-ckit") - 1] == "type":
        del attributes["type"]
    if node.tag.endswith("|iframe"):
        attributes.pop("srcdoc", None)
    del attributes["data-ckit"]
    return {name.removeprefix("data-ckit-"): value for name, value in attributes.items()}


def sort_attributes(node: Node) -> Node:
    """The same tree with attributes in one order."""
    parts = [x if isinstance(x, str) else sort_attributes(x) for x in node.parts]
    return Node(node.tag, dict(sorted(node.attributes.items())), parts)


def live_loads(root: Node, host: str = "ads.example") -> list[Node]:
    """The elements that would still load from `host`."""
    found = []
    for node in root.walk():
        name = node.tag.rpartition("|")[2]
        if name == "script" and node.attributes.get("type") == "text/plain":
            continue
        sources = [node.attributes.get(x, "") for x in ("src", "srcset", "srcdoc")]
        if name in ("img", "iframe", "script", "embed", "frame") and any(host in x.lower() for x in sources):
            found.append(node)
    return found


def would_grow_a_body(document: bytes) -> bool:
    """Whether an element put at the document's end becomes a direct child of its body."""
    root = parse(document + b"<wbr id=probe>", scripting=True)
    return any("id" in x.attributes and x.attributes["id"] == "probe" for x in root.walk())


def banners(root: Node) -> int:
    """How many banners there are anywhere."""
    return sum(x.attributes.get("id") == "ckit-root" for x in root.walk())


def banners_in_body(root: Node) -> int:
    """How many banners are children of the body."""
    html = next(x for x in root.parts if isinstance(x, Node) and x.tag.endswith("|html"))
    bodies = [x for x in html.parts if isinstance(x, Node) and x.tag.endswith("|body")]
    return sum(isinstance(x, Node) and x.attributes.get("id") == "ckit-root" for body in bodies for x in body.parts)


def faults(document: bytes, output: bytes, rewriter: Rewriter) -> list[str]:
    """What is wrong with `output` as the rewriting of `document`, in both readings of `noscript`.

    Where the readings disagree about the end of a `noscript`, a gated tag after it lies inside a comment or a value
    for a browser without scripting; then only the reading with scripting is compared.
    """
    found = []
    for scripting in (True, False) if not rewriter.diverged else (True,):
        before, after = parse(document, scripting=scripting), parse(output, scripting=scripting)
        if any(x.tag.endswith("|frameset") for x in before.walk()):
            continue  # the one exception: what implies a body for our parts ends the hope for a frameset
        if scripting:
            before, after = open_noscript(before), open_noscript(after)
        if sort_attributes(before) != sort_attributes(undo(after)):
            found.append(f"other DOM (scripting={scripting})")
        if live_loads(after):
            found.append(f"still loads (scripting={scripting})")
        placed = rewriter.placed_body or would_grow_a_body(document)
        if (banners(after), banners_in_body(after)) != (placed, placed):
            found.append(f"banner misplaced (scripting={scripting})")
    return found
