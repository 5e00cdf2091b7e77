"""The property everything serves: a page stays what it was, but for what consentkit added and what it made inert.

`judge` says what is wrong with a rewritten document, by its bytes and by its trees as two HTML5 parsers see them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from consentkit.rewrite.rules import Rules, Ruleset, ServiceRule
from consentkit.rewrite.stream import Rewriter
from tests.rewrite.loads import live_loads
from tests.rewrite.oracles import JUDGES, Item, Parser, Tree, add_text, parse_lexbor, read_bytes, without_name_spaces

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
#: How the rewriters of these tests are set up.
SETTINGS: dict[str, Any] = {"head": HEAD, "body": BANNER, "placeholder": lambda _key: PLACEHOLDER}

_LABEL = rb"[a-z]+/[a-z]+(?: [a-z]+/[a-z]+)*"
_SRCDOC = re.escape(escape(PLACEHOLDER).encode("ascii", "xmlcharrefreplace"))
#: All that is put into tags that become inert: with quotes, and without where a quote could end a value around it.
_INSERTED = re.compile(
    rb'(?: type="text/plain")? data-ckit="%b"| srcdoc="%b"|(?: type=text/plain)? data-ckit=%b |data-ckit-'
    % (_LABEL, _SRCDOC, _LABEL)
)
#: What keeps a tag that a `noscript` cuts off from loading anything, whatever its end would have been.
_GUARDS = re.compile(rb" (?:(?:data|href|imagesrcset|poster|src|srcset|xlink:href)=data:,|srcdoc) ")


def rewrite(document: bytes, rules: Rules | None = REFUSED, size: int = 0, **options: Any) -> tuple[bytes, Rewriter]:
    """`document` through a rewriter, in pieces of `size` bytes (0: at once)."""
    rewriter = make_rewriter(rules, **options)
    step = size or max(1, len(document))
    parts = [rewriter.feed(document[i : i + step]) for i in range(0, len(document), step)]
    return b"".join([*parts, rewriter.close()]), rewriter


def make_rewriter(rules: Rules | None = REFUSED, **options: Any) -> Rewriter:
    """A rewriter that places the parts named here."""
    return Rewriter(rules, **{**SETTINGS, **options})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a rewritten document, and whether the parsers read the original differently."""

    faults: tuple[str, ...]
    disagreed: bool


def faults(document: bytes, output: bytes, rewriter: Rewriter) -> tuple[str, ...]:
    """What is wrong with `output` as the rewriting of `document`."""
    return judge(document, output, rewriter).faults


def judge(document: bytes, output: bytes, rewriter: Rewriter) -> Verdict:
    """Compare `output` with `document`, in both readings of `noscript`.

    A fault in the tree counts when both parsers see one, or when one does and both read the original alike.
    """
    left = take_away(output)
    same = left == document or _GUARDS.sub(b"", left) == _GUARDS.sub(b"", document)
    found = [] if same else ["other bytes"]
    disagreed = False
    for scripting in (True, False):
        originals = [parser(read_bytes(document), scripting) for parser in JUDGES]
        accusations = [
            accuse(document, output, rewriter, parser, original, scripting)
            for parser, original in zip(JUDGES, originals, strict=True)
        ]
        alike = originals[0] == without_name_spaces(originals[1])
        disagreed |= not alike
        if (alike and any(accusations)) or all(accusations):
            found += [f"{x} (scripting={scripting})" for x in sorted({*accusations[0], *accusations[1]})]
    return Verdict(tuple(found), disagreed)


def take_away(output: bytes) -> bytes:
    """The bytes of `output` without what consentkit puts in: all others must be there, in their order."""
    return _INSERTED.sub(b"", output.replace(HEAD, b"", 1).replace(BANNER, b"", 1))


def accuse(
    document: bytes, output: bytes, rewriter: Rewriter, parser: Parser, before: Tree, scripting: bool
) -> list[str]:
    """What one parser sees wrong.

    A browser without scripting may read what follows a `noscript` in another way than one with scripting: still inside
    a comment or a value, or inside an element that a `noscript` in the head left open. Where the two are so out of
    step, only the tree with scripting is compared.
    """
    after = parser(read_bytes(output), scripting)
    followed = scripting or not rewriter.diverged
    found = ["still loads"] if followed and live_loads(after, parser, scripting=scripting) else []
    if rewriter.placed_body and any(isinstance(x, tuple) and x[0] == "frameset" for x in before):
        return found  # the one exception: what implies a body for our parts ends the hope for a frameset
    if not followed or (not scripting and _stands_elsewhere(output, parser)):
        return found
    found += _compare(before, after, parser, scripting)
    expected = ["head"] * output.count(HEAD) + ["body"] * rewriter.placed_body
    if sorted(_our_parents(after)) != sorted(expected):
        found.append("parts misplaced")
    if scripting and not rewriter.placed_body and has_place(document, before, parser):
        found.append("no banner")
    return found


def _stands_elsewhere(output: bytes, parser: Parser) -> bool:
    """Whether, without scripting, the banner's place is inside an element that began in a `noscript`."""
    start = output.find(BANNER)
    if start < 0 or b"noscript" not in output[:start].lower():
        return False
    probed = parser(read_bytes(output[:start]) + "<wbr id=probe>", False)
    return _path_of_probe(probed)[-1:] != ["body"]


def _compare(before: Tree, after: Tree, parser: Parser, scripting: bool) -> list[str]:
    if before == undo(after):
        return []
    if scripting and open_noscript(before, parser) == undo(open_noscript(after, parser)):
        return []
    return ["other DOM"]


def open_noscript(tree: Tree, parser: Parser) -> Tree:
    """The same tree with the text in `noscript` parsed, since that is how it is rewritten."""
    opened: Tree = []
    for index, item in enumerate(tree):
        last = tree[index - 1]
        if index and isinstance(item, str) and isinstance(last, tuple) and last[0] == "noscript":
            opened += parser(item, False)
        else:
            opened.append(item)
    return opened


def undo(tree: Tree) -> Tree:
    """The same tree without what consentkit added, and with what it made inert live again."""
    result: Tree = []
    skipped = 0
    for item in tree:
        if skipped or (isinstance(item, tuple) and _is_ours(item[1])):
            skipped += 1 if isinstance(item, tuple) else -1 if item is None else 0
        elif isinstance(item, str):
            add_text(result, item)
        else:
            result.append(_revive(item))
    return result


def _is_ours(attributes: dict[str, str]) -> bool:
    return attributes.get("id") == "ckit-root" or "data-ckit-asset" in attributes


def _revive(item: Item) -> Item:
    if not isinstance(item, tuple) or "data-ckit" not in item[1]:
        return item
    tag, attributes = item[0], dict(item[1])
    names = list(attributes)
    if tag.endswith("script") and "type" in names[: names.index("data-ckit")][-1:]:
        del attributes["type"]
    if tag.endswith("iframe"):
        attributes.pop("srcdoc", None)
    del attributes["data-ckit"]
    return tag, {name.removeprefix("data-ckit-"): value for name, value in attributes.items()}


def _our_parents(tree: Tree) -> list[str]:
    """The names of the elements that hold our parts, one for each part."""
    return [_path(tree, i)[-1] for i, x in enumerate(tree) if isinstance(x, tuple) and _is_ours(x[1])]


def banner_parents(output: bytes) -> list[str]:
    """The names of the elements that hold a banner, one for each banner."""
    return _our_parents(parse_lexbor(read_bytes(output.replace(HEAD, b"")), True))


def has_place(document: bytes, before: Tree, parser: Parser) -> bool:
    """Whether the document must get a banner: its body has something in it, or could take an element at its end."""
    body = next((i for i, x in enumerate(before) if isinstance(x, tuple) and x[0] == "body"), None)
    if body is None:
        return False
    if before[body + 1] is not None or before[body] != ("body", {}):
        return True
    path = _path_of_probe(parser(read_bytes(document) + "<wbr id=probe>", True))
    return bool(path) and "#content" not in path


def _path_of_probe(tree: Tree) -> list[str]:
    """The names of the elements around the probe; none when there is no probe."""
    probe = next((i for i, x in enumerate(tree) if x == ("wbr", {"id": "probe"})), None)
    return [] if probe is None else _path(tree, probe)


def _path(tree: Tree, index: int) -> list[str]:
    """The names of the elements around what is at `index`."""
    names = ["#document"]
    for item in tree[:index]:
        if isinstance(item, tuple):
            names.append(item[0])
        elif item is None:
            names.pop()
    return names
