"""The stack of open elements and the list of active formatting elements of an HTML tree builder, without a tree.

Source: HTML Living Standard, 13.2.4 "Parse state" and the algorithms it names.
"""

from __future__ import annotations

from enum import IntEnum

#: What comes deeper than this is not put on the stack, so that no tag costs more than a walk of this length.
#: Browsers have such a limit too (512).
_DEPTH = 256
#: No more formatting elements than this wait to be opened again.
_WAITING = 64


def words(text: str) -> frozenset[bytes]:
    """The words of `text` as a set of ASCII names."""
    return frozenset(text.encode().split())


class Space(IntEnum):
    """The name space of an element."""

    HTML = 0
    SVG = 1
    MATHML = 2


HEADINGS = words("h1 h2 h3 h4 h5 h6")
_SPECIAL = HEADINGS | words(
    "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd "
    "details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset head header hgroup hr "
    "html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p "
    "param plaintext pre script search section select source style summary table tbody td template textarea tfoot th "
    "thead title tr track ul wbr xmp"
)
_SCOPING = words("applet caption html table td th marquee object select template")
_SVG_HTML_POINTS = words("foreignobject desc title")
_MATHML_TEXT_POINTS = words("mi mo mn ms mtext")
_IMPLIED = words("dd dt li optgroup option p rb rp rt rtc")
_IMPLIED_THOROUGHLY = _IMPLIED | words("caption colgroup tbody td tfoot th thead tr")


class Node:
    """One open element. Compared by identity, because two of the same name may be open."""

    __slots__ = ("html_point", "name", "scoping", "signature", "space", "special", "text_point")

    def __init__(
        self, name: bytes, space: Space = Space.HTML, signature: bytes = b"", html_point: bool = False
    ) -> None:
        self.name = name
        self.space = space
        self.signature = signature
        self.text_point = space is Space.MATHML and name in _MATHML_TEXT_POINTS
        self.html_point = html_point or (space is Space.SVG and name in _SVG_HTML_POINTS)
        foreign = self.text_point or self.html_point or (space is Space.MATHML and name == b"annotation-xml")
        self.special = name in _SPECIAL if space is Space.HTML else foreign
        self.scoping = name in _SCOPING if space is Space.HTML else foreign

    def is_html(self, name: bytes) -> bool:
        """Whether this is the HTML element `name`."""
        return self.name == name and self.space is Space.HTML


class OpenElements:
    """The open elements, outermost first, with the formatting elements that are waiting to be opened again."""

    def __init__(self) -> None:
        self.nodes: list[Node] = [Node(b"html")]
        self._formatting: list[Node | None] = []

    def copy(self) -> OpenElements:
        """An independent copy that shares the (unchanging) nodes."""
        other = OpenElements()
        other.nodes = list(self.nodes)
        other._formatting = list(self._formatting)
        return other

    @property
    def current(self) -> Node:
        """The innermost open element."""
        return self.nodes[-1]

    def push(self, name: bytes) -> None:
        """Open an HTML element."""
        self.push_node(Node(name))

    def push_node(self, node: Node) -> None:
        """Open `node`, unless the stack is as deep as browsers let it be."""
        if len(self.nodes) < _DEPTH:
            self.nodes.append(node)

    def pop(self) -> None:
        """Close the innermost element; the root stays."""
        if len(self.nodes) > 1:
            self.nodes.pop()

    def pop_to(self, index: int) -> None:
        """Close the element at `index` and everything inside it."""
        del self.nodes[max(index, 1) :]

    def pop_through(self, names: frozenset[bytes]) -> None:
        """Close elements up to and including the innermost HTML element with one of these names."""
        while len(self.nodes) > 1:
            node = self.nodes.pop()
            if node.space is Space.HTML and node.name in names:
                return

    def pop_down_to(self, names: frozenset[bytes]) -> None:
        """Close elements until one of these (or the root) is the innermost."""
        while len(self.nodes) > 1 and not (self.current.space is Space.HTML and self.current.name in names):
            self.nodes.pop()

    def holds(self, name: bytes) -> bool:
        """Whether an HTML element `name` is open anywhere."""
        return any(node.is_html(name) for node in self.nodes)

    def in_scope(self, names: frozenset[bytes], extra: frozenset[bytes] = frozenset()) -> bool:
        """Whether one of `names` is open with no scope boundary (nor an element of `extra`) inside it."""
        for node in reversed(self.nodes):
            if node.space is Space.HTML and node.name in names:
                return True
            if node.scoping or (node.space is Space.HTML and node.name in extra):
                return False
        return False

    def in_table_scope(self, names: frozenset[bytes]) -> bool:
        """Whether one of `names` is open inside the innermost table or template."""
        for node in reversed(self.nodes):
            if node.space is Space.HTML:
                if node.name in names:
                    return True
                if node.name in (b"html", b"table", b"template"):
                    return False
        return False

    def imply_ends(self, keep: bytes = b"", *, thoroughly: bool = False) -> None:
        """Close elements whose end tags may be left out, but not `keep`."""
        implied = _IMPLIED_THOROUGHLY if thoroughly else _IMPLIED
        while self.current.space is Space.HTML and self.current.name in implied and self.current.name != keep:
            self.pop()

    def close(self, name: bytes, extra: frozenset[bytes] = frozenset()) -> bool:
        """Close `name` if it is in scope, with what is open inside it; whether it was."""
        wanted = frozenset((name,))
        if not self.in_scope(wanted, extra):
            return False
        self.pop_through(wanted)
        return True

    def close_any(self, name: bytes) -> None:
        """The rule for "any other end tag": close `name` unless a special element is in the way."""
        for index in range(len(self.nodes) - 1, 0, -1):
            node = self.nodes[index]
            if node.is_html(name):
                self.pop_to(index)
                return
            if node.special:
                return

    # formatting elements

    def mark(self) -> None:
        """Set a marker: formatting elements before it are not opened again inside."""
        self._formatting.append(None)

    def clear_to_mark(self) -> None:
        """Forget the formatting elements since the last marker."""
        while self._formatting and self._formatting.pop() is not None:
            pass

    def format(self, name: bytes, signature: bytes) -> None:
        """Open a formatting element. At most three alike are kept, as the standard's "Noah's Ark clause" says."""
        node = Node(name, signature=signature)
        alike = [x for x in self._since_mark() if x.name == name and x.signature == signature]
        if len(alike) >= 3:
            self._formatting.remove(alike[-1])
        elif len(self._formatting) >= _WAITING:
            del self._formatting[0]
        self.push_node(node)
        self._formatting.append(node)

    def _since_mark(self) -> list[Node]:
        """The formatting elements since the last marker, latest first."""
        found: list[Node] = []
        for node in reversed(self._formatting):
            if node is None:
                break
            found.append(node)
        return found

    def reconstruct(self) -> None:
        """Open again the formatting elements that were closed by the wrong end tags."""
        formatting = self._formatting
        if not formatting or formatting[-1] is None or formatting[-1] in self.nodes:
            return
        first = len(formatting)
        while first > 0 and formatting[first - 1] is not None and formatting[first - 1] not in self.nodes:
            first -= 1
        for index in range(first, len(formatting)):
            old = formatting[index]
            if old is not None:
                formatting[index] = fresh = Node(old.name, signature=old.signature)
                self.push_node(fresh)

    def formatting_named(self, name: bytes) -> Node | None:
        """The latest formatting element `name` since the last marker."""
        return next((x for x in self._since_mark() if x.name == name), None)

    def drop(self, node: Node) -> None:
        """Take one element out of both lists, wherever it is."""
        if node in self._formatting:
            self._formatting.remove(node)
        if node in self.nodes:
            self.nodes.remove(node)

    def adopt(self, name: bytes) -> None:
        """The adoption agency algorithm, as far as it changes the two lists."""
        if self.current.is_html(name) and self.current not in self._formatting:
            self.pop()
            return
        for _ in range(8):
            node = self.formatting_named(name)
            if node is None:
                self.close_any(name)
                return
            if node not in self.nodes:
                self._formatting.remove(node)
                return
            index = self.nodes.index(node)
            if any(x.scoping for x in self.nodes[index + 1 :]):
                return
            block = next((i for i in range(index + 1, len(self.nodes)) if self.nodes[i].special), None)
            if block is None:
                self.pop_to(index)
                self._formatting.remove(node)
                return
            self._adopt_once(node, self.nodes[block])

    def _adopt_once(self, node: Node, block: Node) -> None:
        position = self.nodes.index(block)
        bookmark = self._formatting.index(node)
        last = block
        for step in range(1, self.nodes.index(block) - self.nodes.index(node) + 1):
            position -= 1
            inner = self.nodes[position]
            if inner is node:
                break
            if step > 3 and inner in self._formatting:
                bookmark -= self._formatting.index(inner) < bookmark
                self._formatting.remove(inner)
            if inner not in self._formatting:
                del self.nodes[position]
                continue
            fresh = Node(inner.name, signature=inner.signature)
            place = self._formatting.index(inner)
            self._formatting[place] = self.nodes[position] = fresh
            bookmark = place + 1 if last is block else bookmark
            last = fresh
        fresh = Node(node.name, signature=node.signature)
        self._formatting.insert(bookmark, fresh)
        self._formatting.remove(node)
        self.nodes.remove(node)
        self.nodes.insert(self.nodes.index(block) + 1, fresh)
