"""What a browser would still load or run from refused services, told from its parsed document by rules of our own."""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from tests.rewrite.oracles import Item, Parser, Tree

_LOADING = {
    **dict.fromkeys(("audio", "embed", "frame", "track"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    "iframe": ("src", "srcdoc"),
    "input": ("src",),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "script": ("src", "href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "feImage": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_RELS = {"preload", "preconnect", "dns-prefetch", "prefetch", "stylesheet", "modulepreload", "icon", "manifest"}
_SCRIPT = re.compile(r"\s*(?:|module|(?:application|text)/(?:x-)?(?:java|ecma)script)\s*", re.IGNORECASE)
_MARKERS = ("adq.push(", "stats.track")
_HOST = re.compile(
    r"(?:https?:[/\\]*|[/\\]{2,})(?:[^/\\?#]*@)?(?:[^/\\?#@\s<>^|%:\x00-\x20\x7f\[\]]*\.)?(?:(?:ads|stats)\.example\.?(?::\d*)?|127\.0\.0\.1:8001)"
    r"(?:[/\\?#]|$)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.\-]*:|[/\\]{2}", re.IGNORECASE)
_CONTROLS = "".join(map(chr, range(33)))


def live_loads(tree: Tree, parser: Parser, *, scripting: bool = True) -> list[Item]:
    """The elements that would still load something from a refused host, and the scripts of refused services.

    Without scripting a script's content means nothing, but its source is still looked at.
    """
    base_refused = base_known = False
    found: list[Item] = []
    for index, item in enumerate(tree):
        if not isinstance(item, tuple):
            continue
        tag, attributes = item[0].rpartition(" ")[2], item[1]
        if tag == "base" and "href" in attributes and not base_known:
            base_known, base_refused = True, _is_refused(attributes["href"], base_refused=False)
        following = tree[index + 1]
        content = following if isinstance(following, str) else ""
        if _loads(tag, attributes, base_refused, parser) or (scripting and _runs(tag, attributes, content)):
            found.append(item)
    return found


def _loads(tag: str, attributes: dict[str, str], base_refused: bool, parser: Parser) -> bool:
    if tag == "script" and not _is_script(attributes):
        return False
    if tag == "input" and attributes.get("type", "").lower() != "image":
        return False
    if tag == "link" and _RELS.isdisjoint(attributes.get("rel", "").lower().split()):
        return False
    if tag == "iframe" and "srcdoc" in attributes:
        return bool(live_loads(parser(attributes["srcdoc"], True), parser))
    return any(
        _is_refused(url, base_refused) or (tag in ("iframe", "embed", "object") and _loads_as_data(url, parser))
        for name in _LOADING.get(tag, ())
        if name in attributes
        for url in (_urls(attributes[name]) if "srcset" in name else [attributes[name]])
    )


def _urls(value: str) -> list[str]:
    """The URLs of a `srcset`, as the standard splits it: a URL has no spaces, and commas at its end are none of it."""
    found = []
    rest = value
    while match := re.match(r"[\s,]*([^\s]+)", rest):
        url = match[1]
        rest = rest[match.end() :]
        if not url.endswith(","):
            rest = rest.partition(",")[2]
        found.append(url.rstrip(","))
    return found


def _is_refused(url: str, base_refused: bool) -> bool:
    text = re.sub(r"[\t\n\r]", "", url.strip(_CONTROLS))
    if not text:
        return False
    return _HOST.match(text) is not None or (base_refused and _ELSEWHERE.match(text) is None)


def _loads_as_data(url: str, parser: Parser) -> bool:
    kind, comma, content = url.strip(_CONTROLS).partition(",")
    if not comma or not kind.lower().startswith("data:text/html"):
        return False
    data = unquote_to_bytes(content)
    if kind.lower().endswith(";base64"):
        try:
            data = b64decode(data)
        except ValueError:
            return False
    return bool(live_loads(parser(data.decode("latin-1"), True), parser))


def _is_script(attributes: dict[str, str]) -> bool:
    return _SCRIPT.fullmatch(attributes.get("type", "")) is not None


def _runs(tag: str, attributes: dict[str, str], content: str) -> bool:
    if tag != "script" or "src" in attributes or not _is_script(attributes):
        return False
    return any(x in content for x in _MARKERS)
