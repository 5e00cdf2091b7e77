"""A policy file as a tree of plain nodes that know their place, read from YAML 1.2 under limits.

Nothing is ever constructed from a tag, and every limit is checked while events are read, before any tree is
walked. Anchors and aliases are allowed within those limits; an alias stands for the anchor's node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import Reader

from consentkit.errors import Problem
from consentkit.policy.yaml_errors import syntax_problem

MAX_BYTES = 512 * 1024
MAX_DEPTH = 20
MAX_NODES = 20_000
MAX_ALIASES = 100
#: More mistakes than this help nobody; the rest is counted by the next run.
MAX_PROBLEMS = 200

_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DEEP_BRACKETS = re.compile(r"(?:[\[{][ \t\r\n]*){" + str(MAX_DEPTH + 1) + "}")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class UnreadableError(Exception):
    """The text is no tree that could be looked at further. `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


@dataclass(slots=True)
class Node:
    """One value: `pairs` of (key, value), `items` of a list, or the `text` of a scalar as written.

    `line` and `column` count from 1. `size` and `height` are of the tree it expands to with aliases followed.
    """

    kind: Literal["mapping", "sequence", "scalar"]
    line: int
    column: int
    text: str = ""
    plain: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list["tuple[Node, Node]"])
    keys: dict[str, Node] = field(default_factory=dict[str, "Node"])
    items: list[Node] = field(default_factory=list["Node"])
    size: int = 1
    height: int = 1

    def value(self) -> Any:
        """The node as dict, list or scalar of the core schema: `no` and `on` are text, keys always are."""
        if self.kind == "mapping":
            return {key.text: child.value() for key, child in self.pairs}
        if self.kind == "sequence":
            return [child.value() for child in self.items]
        return scalar(self.text) if self.plain else self.text


def scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar by the YAML 1.2 core schema, without octal, hexadecimal and infinite numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return WrittenFloat(text) if _FLOAT.fullmatch(text) else text


class WrittenFloat(float):
    """A number that remembers how it was written, so that a message about `1.10` doesn't speak of 1.1."""

    def __new__(cls, text: str) -> WrittenFloat:
        number = super().__new__(cls, text)
        number._text = text
        return number

    _text: str

    def __repr__(self) -> str:
        return self._text


@dataclass(slots=True)
class Tree:
    """What a file holds: its `root`, and the mistakes that don't keep one from looking further."""

    root: Node
    problems: list[Problem]


def read_tree(source: str | bytes) -> Tree:
    """Read one YAML document. Raises `UnreadableError` when a limit is passed or it isn't YAML."""
    text = _decode(source) if isinstance(source, bytes) else source
    if len(text) > MAX_BYTES:
        raise _too_large()
    bad = _UNREADABLE.search(text)
    if bad:
        raise UnreadableError(
            _at_offset(text, bad.start(), f"the character U+{ord(bad[0]):04X} is not allowed; remove it")
        )
    builder = _Builder()
    for event in _events(text, builder):
        builder.take(event)
    return builder.tree()


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _too_large()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(Problem("the file is UTF-16; save it as UTF-8"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        message = f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise UnreadableError(_at_offset(before, len(before), message)) from None


def _too_large() -> UnreadableError:
    return UnreadableError(Problem(f"the file is larger than {MAX_BYTES // 1024} KB; a policy is far smaller"))


def _at_offset(text: str, offset: int, message: str) -> Problem:
    before = text[:offset]
    return Problem(message, line=before.count("\n") + 1, column=offset - before.rfind("\n"))


def _events(text: str, builder: _Builder) -> Iterator[Any]:
    _refuse_deep_brackets(text)
    try:
        parser: Any = YAML(typ="safe", pure=True)
        parser.Reader = _Reader
        yield from parser.parse(text)
    except MarkedYAMLError as error:
        raise UnreadableError(syntax_problem(error, text)) from None
    except (YAMLError, ValueError):
        message = "an escape after this place names no character; write the character itself"
        raise UnreadableError(Problem(message, line=builder.line, column=builder.column)) from None


class _Reader(Reader):
    """The parser's own, for a text in which `read_tree` has already looked for characters that are not allowed.

    Its pattern for them takes a fifth of the time of reading a policy, most of it to be compiled.
    """

    def check_printable(self, data: Any) -> None:
        """Nothing more to look for."""


def _refuse_deep_brackets(text: str) -> None:
    """A long run of opening brackets costs the scanner quadratic time before it yields its first event."""
    run = _DEEP_BRACKETS.search(text)
    if run:
        raise UnreadableError(_at_offset(text, run.start(), _TOO_DEEP))


_TOO_DEEP = f"more than {MAX_DEPTH} levels deep; a policy needs no more than 8"


class _Builder:
    """Puts events together, with its own stack, so that no depth of nesting can exhaust Python's."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.line: int = 1
        self.column: int = 1
        self._documents = self._nodes = self._aliases = 0
        self._root: Node | None = None
        self._open: list[tuple[Node, str | None]] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: Any) -> None:
        """Add one event."""
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        if _is(event, ScalarEvent):
            plain = event.style is None
            self._add(self._node("scalar", event, text=event.value, plain=plain), event.anchor)
        elif _is(event, MappingStartEvent):
            self._push(self._node("mapping", event), event.anchor)
        elif _is(event, SequenceStartEvent):
            self._push(self._node("sequence", event), event.anchor)
        elif _is(event, MappingEndEvent, SequenceEndEvent):
            self._keys.pop()
            self._add(*self._open.pop())
        elif _is(event, AliasEvent):
            self._alias(event.anchor)
        elif _is(event, DocumentStartEvent):
            self._start_document()

    def tree(self) -> Tree:
        """What came of it. Raises `UnreadableError` for a file that holds no mapping."""
        root = self._root
        if root is None or (root.kind == "scalar" and root.plain and root.text == ""):
            raise UnreadableError(Problem("the file is empty; it needs at least `site` and `services`"))
        if root.kind != "mapping":
            found = "a list" if root.kind == "sequence" else "a single value"
            message = f"the file holds {found}; it must hold keys with values, such as `site:` and `services:`"
            raise UnreadableError(Problem(message, line=root.line, column=root.column))
        return Tree(root, self.problems)

    def _fail(self, message: str) -> UnreadableError:
        return UnreadableError(Problem(message, line=self.line, column=self.column))

    def _report(self, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(message, line=self.line, column=self.column))

    def _start_document(self) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._fail("a second document starts here; a policy is one document, so remove the `---`")

    def _node(self, kind: Literal["mapping", "sequence", "scalar"], event: Any, **values: Any) -> Node:
        self._nodes += 1
        self._check_size()
        if event.tag is not None:
            self._report(f"the tag {_tag_name(event.tag)} is not allowed; write the plain value")
        return Node(kind, self.line, self.column, **values)

    def _check_size(self) -> None:
        if self._nodes > MAX_NODES:
            raise self._fail(f"more than {MAX_NODES} values (aliases count as what they stand for)")

    def _push(self, node: Node, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._fail(_TOO_DEEP)
        self._open.append((node, anchor))
        self._keys.append(None)

    def _alias(self, anchor: str) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._fail(f"more than {MAX_ALIASES} aliases (*name); write the values out")
        node = self._anchors.get(anchor)
        if node is None:
            self._report(f"the alias *{anchor} stands for no finished anchor above; define &{anchor} first")
            node = Node("scalar", self.line, self.column, plain=True)
        self._nodes += node.size
        self._check_size()
        if len(self._open) + node.height > MAX_DEPTH:
            raise self._fail(_TOO_DEEP)
        self._add(node, None)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1][0]
        if parent.kind == "sequence":
            parent.items.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = node
            return
        else:
            self._pair(parent, self._keys[-1], node)
            self._keys[-1] = None
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)

    def _pair(self, parent: Node, key: Node, value: Node) -> None:
        self.line, self.column = key.line, key.column
        first = parent.keys.get(key.text)
        if key.kind != "scalar":
            self._report("a key must be plain text, not a list or a mapping")
        elif key.plain and key.text == "<<":
            self._report("merge keys (<<) are not part of YAML 1.2; write the keys out")
        elif key.plain and key.text == "":
            self._report("a key is missing before the colon")
        elif first is not None:
            self._report(f"the key {key.text!r} is given twice (first on line {first.line}); keep one of the two")
        else:
            parent.keys[key.text] = key
            parent.pairs.append((key, value))


def _is(event: object, *kinds: type) -> bool:
    """`isinstance` for the parser's events, whose attributes have no types that a checker could narrow to."""
    return isinstance(event, kinds)


def _tag_name(tag: Any) -> str:
    name = str(tag).replace("tag:yaml.org,2002:", "!!")
    return name if len(name) <= 60 else name[:60] + "…"
