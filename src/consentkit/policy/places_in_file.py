"""Where in the file a dotted path stands."""

from __future__ import annotations

from consentkit.policy.aliases import canonical_category
from consentkit.policy.yaml_tree import Node


class Locator:
    """Finds the line and column of a path such as `services.matomo.hosts.0` in a tree."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def place(self, path: str, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`; of its key if `of_key` or if the value is empty.

        A path that isn't in the file is looked for as far as it goes.
        """
        key, value, rest = self._root, self._root, path
        while rest:
            step = _step(value, rest)
            if step is None:
                return key.line, key.column
            key, value, rest = step
        empty = value.kind == "scalar" and value.plain and value.text == ""
        chosen = key if of_key or empty else value
        return chosen.line, chosen.column


def _step(node: Node, path: str) -> tuple[Node, Node, str] | None:
    """The key and value that the beginning of `path` names below `node`, and the rest of `path`."""
    if node.kind == "sequence":
        part, _, rest = path.partition(".")
        item = node.items[int(part)] if part.isdigit() and int(part) < len(node.items) else None
        return (item, item, rest) if item else None
    named = [pair for pair in node.pairs if _begins(path, pair[0].text)]
    if not named:
        named = [pair for pair in node.pairs if canonical_category(pair[0].text) == path.partition(".")[0]]
        return (*named[0], path.partition(".")[2]) if named else _single(node, path)
    key, value = max(named, key=lambda pair: len(pair[0].text))
    return key, value, path[len(key.text) + 1 :]


def _begins(path: str, key: str) -> bool:
    return path == key or path.startswith(f"{key}.")


def _single(node: Node, path: str) -> tuple[Node, Node, str] | None:
    """A single value that stands for a list of one: its first place is the value itself."""
    part, _, rest = path.partition(".")
    return (node, node, rest) if part == "0" else None
