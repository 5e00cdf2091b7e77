"""The state of an HTML tree builder that keeps no tree, and the steps that both start and end tags take.

Source: HTML Living Standard, 13.2.6 "Tree construction". Only what changes the reading of later bytes is followed:
whether foreign content is open, whether a start tag makes its content raw text, and whether a body exists.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from consentkit.rewrite.elements import Node, OpenElements, Space, words


class Mode(IntEnum):
    """The insertion modes of the standard, in the order a document goes through them."""

    INITIAL = 0
    BEFORE_HEAD = 1
    IN_HEAD = 2
    HEAD_NOSCRIPT = 3
    AFTER_HEAD = 4
    BODY = 5
    TABLE = 6
    CAPTION = 7
    COLUMNS = 8
    TABLE_BODY = 9
    ROW = 10
    CELL = 11
    TEMPLATE = 12
    AFTER_BODY = 13
    FRAMESET = 14
    AFTER_FRAMESET = 15


class Content(Enum):
    """How the tokenizer reads on after a start tag."""

    MARKUP = "markup"
    RAW = "raw"
    SCRIPT = "script"
    PLAIN = "plain"


ROW_GROUPS = words("tbody tfoot thead")
CELLS = words("td th")
TABLE_PARTS = words("caption col colgroup tbody td tfoot th thead tr")
TABLE = words("table")
SELECT = words("select")
BODY_CONTEXT = ROW_GROUPS | words("template html")
ROW_CONTEXT = words("tr template html")
_P = words("p")
_BUTTON = words("button")
_CAPTION = words("caption")
_TEMPLATE = words("template")
_RESET = {
    **dict.fromkeys(ROW_GROUPS, Mode.TABLE_BODY),
    **dict.fromkeys(CELLS, Mode.CELL),
    b"tr": Mode.ROW,
    b"caption": Mode.CAPTION,
    b"colgroup": Mode.COLUMNS,
    b"table": Mode.TABLE,
    b"head": Mode.IN_HEAD,
    b"body": Mode.BODY,
    b"frameset": Mode.FRAMESET,
}


class Construction:
    """The insertion mode, what is open, and the other flags of a tree builder.

    Each step that closes something says whether it did. `again` asks for the same tag to be read once more, in the
    mode that is then set.
    """

    def __init__(self, *, scripting: bool = True) -> None:
        self.mode = Mode.INITIAL
        self.scripting = scripting
        self.open = OpenElements()
        self.templates: list[Mode] = []
        self.form: Node | None = None
        self.frameset_ok = True
        self.head_seen = False
        self.self_closing = False
        self.again = False

    def switch(self, mode: Mode) -> Content:
        """Read the same tag again in another mode."""
        self.mode = mode
        self.again = True
        return Content.MARKUP

    def begin_head(self) -> None:
        """Open the head."""
        self.open.push(b"head")
        self.head_seen = True
        self.mode = Mode.IN_HEAD

    def begin_body(self) -> None:
        """Open the body, and close a head that is still open."""
        self.open.pop_to(1)
        self.open.push(b"body")
        self.head_seen = True
        self.mode = Mode.BODY

    def begin_template(self) -> None:
        """Open a template."""
        self.open.push(b"template")
        self.open.mark()
        self.frameset_ok = False
        self.templates.append(Mode.TEMPLATE)
        self.mode = Mode.TEMPLATE

    def push_foreign(self, name: bytes, space: Space, *, html_point: bool = False) -> None:
        """Open an SVG or MathML element, unless its tag closes it."""
        if not self.self_closing:
            self.open.push_node(Node(name, space, html_point=html_point))

    def close_template(self) -> None:
        """Close the innermost template."""
        if self.templates:
            self.open.imply_ends(thoroughly=True)
            self.open.pop_through(_TEMPLATE)
            self.open.clear_to_mark()
            self.templates.pop()
            self.reset()

    def close_p(self) -> None:
        """Close a paragraph, as block elements do."""
        self.open.close(b"p", _BUTTON)

    def close_current(self, name: bytes) -> None:
        """Close the innermost element if it is `name`."""
        if self.open.current.is_html(name):
            self.open.pop()

    def close_caption(self) -> bool:
        """Close the caption of the innermost table."""
        if not self.open.in_table_scope(_CAPTION):
            return False
        self.open.imply_ends()
        self.open.pop_through(_CAPTION)
        self.open.clear_to_mark()
        self.mode = Mode.TABLE
        return True

    def close_columns(self) -> bool:
        """Close a column group."""
        if not self.open.current.is_html(b"colgroup"):
            return False
        self.open.pop()
        self.mode = Mode.TABLE
        return True

    def close_row_group(self) -> bool:
        """Close a table's head, body or foot."""
        if not self.open.in_table_scope(ROW_GROUPS):
            return False
        self.open.pop_down_to(BODY_CONTEXT)
        self.open.pop()
        self.mode = Mode.TABLE
        return True

    def close_row(self) -> bool:
        """Close a table row."""
        if not self.open.in_table_scope(words("tr")):
            return False
        self.open.pop_down_to(ROW_CONTEXT)
        self.open.pop()
        self.mode = Mode.TABLE_BODY
        return True

    def close_cell(self, names: frozenset[bytes]) -> bool:
        """Close a table cell of one of these names."""
        if not self.open.in_table_scope(names):
            return False
        self.open.imply_ends()
        self.open.pop_through(names)
        self.open.clear_to_mark()
        self.mode = Mode.ROW
        return True

    def reset(self) -> None:
        """Set the insertion mode by what is open."""
        for node in reversed(self.open.nodes[1:]):
            if node.is_html(b"template") and self.templates:
                self.mode = self.templates[-1]
                return
            if node.space is Space.HTML and node.name in _RESET:
                self.mode = _RESET[node.name]
                return
        self.mode = Mode.AFTER_HEAD if self.head_seen else Mode.BEFORE_HEAD
