"""What becomes of one start tag under given rules: left alone, made inert, or activated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import NamedTuple

from consentkit.policy.aliases import canonical_category
from consentkit.rewrite.edits import Count, Decision, Edit
from consentkit.rewrite.marks import may_wait
from consentkit.rewrite.native import Mark, read_mark
from consentkit.rewrite.rules import UNDECLARED, Rules, ServiceRule
from consentkit.rewrite.tags import Attribute, Tag
from consentkit.rewrite.urls import RELATIVE, Address, names_its_host, read_address, read_data_url

#: Which attributes make which element load something.
LOADING: dict[bytes, tuple[bytes, ...]] = {
    b"audio": (b"src",),
    b"embed": (b"src",),
    b"feimage": (b"href", b"xlink:href"),
    b"frame": (b"src",),
    b"iframe": (b"src", b"srcdoc"),
    b"image": (b"src", b"srcset", b"href", b"xlink:href"),
    b"img": (b"src", b"srcset"),
    b"input": (b"src",),
    b"link": (b"href", b"imagesrcset"),
    b"object": (b"data",),
    b"script": (b"src", b"href", b"xlink:href"),
    b"source": (b"src", b"srcset"),
    b"track": (b"src",),
    b"video": (b"src", b"poster"),
}
#: Elements that show a `data:` URL as a document, which may load things of its own.
_NESTING = frozenset({b"embed", b"frame", b"iframe", b"object"})
_LAZY = (b"data-src", b"data-srcset")
_LISTS = frozenset({b"srcset", b"imagesrcset", b"data-srcset"})
_LOADING_RELS = frozenset(
    {"preload", "preconnect", "dns-prefetch", "prefetch", "prerender", "stylesheet", "modulepreload", "icon"}
    | {"apple-touch-icon", "manifest"}
)
_SCRIPT_TYPES = frozenset(
    {"module", "text/jscript", "text/livescript"}
    | {f"{x}/{y}{z}" for x in ("application", "text") for y in ("", "x-") for z in ("ecmascript", "javascript")}
    | {f"text/javascript1.{x}" for x in range(6)}
)
_SPACES = re.compile(r"[ \t\n\f\r]+")
_URL_SEPARATORS = re.compile(r"[ \t\n\f\r,]+")
_INNER_COMMA = re.compile(r",[^ \t\n\f\r,]")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+)(?![\d\s]*%)")
_TINY = 5

#: Finds the refused service inside the text of a `srcdoc`.
SrcdocReader = Callable[[str], ServiceRule | None]


def decide(source: bytes, rules: Rules, base: Address, read_srcdoc: SrcdocReader) -> Decision:
    """Decide on the start tag `source`. `base` is where the page's relative URLs lead (`RELATIVE`: to itself)."""
    tag = Tag(source)
    if tag.name == b"script":
        return _decide_script(tag, rules, base)
    if not _may_load(tag):
        return Decision(_disarm(tag))
    lazy = any(x in tag for x in _LAZY)
    mark = read_mark(tag, rules, inert=lazy)
    found = _refused_attributes(tag, rules, base, read_srcdoc)
    if mark is not None and mark.permits(rules) and not found:
        return Decision(_merge(_disarm(tag), _activate_lazy(tag, mark, rules, base)))
    named = mark is not None and mark.refuses(rules) and (lazy or any(x in tag for x in LOADING[tag.name]))
    if not found and not named:
        return Decision(_disarm(tag))
    service = gravest(found.values())
    names = {*found, *(LOADING[tag.name] if named or tag.name == b"iframe" else ())}
    if tag.name == b"iframe":
        names |= {b"sandbox"}
    name = _name_it(tag, base, mark if named else None, service, _addresses(tag, base), rules)
    edits = _merge(_disarm(tag), _rename(tag, names), [mark_inert(tag, name.label)])
    shows = tag.name == b"iframe" and not is_invisible(tag)
    return Decision(edits, name.key, placeholder=shows, count=name.counted)


def decide_long(source: bytes, rules: Rules, base: Address, read_srcdoc: SrcdocReader) -> Decision:
    """Decide on the beginning of a start tag that is too long to be read whole.

    While anything is refused this fails closed: an attribute that could still come, or whose value is not known far
    enough, is kept from loading by one of the same name before it, since the first one counts. That one is not empty:
    Chromium's preload scanner passes over empty ones.
    """
    decision = decide(source, rules, base, read_srcdoc)
    if not rules.refuses_something:
        return decision
    tag = Tag(source)
    cut = tag.attributes[-1] if tag.attributes else None
    unknown = [x for x in LOADING[tag.name] if x not in tag]
    if cut is not None and cut.name in LOADING[tag.name] and not _is_known(cut):
        unknown.append(cut.name)
    guards = ((tag.name_end, tag.name_end, b" " + x + (b'=""' if x == b"srcdoc" else b"=data:,")) for x in unknown)
    return replace(decision, edits=_merge(decision.edits, guards), reads_content=False)


def _is_known(cut: Attribute) -> bool:
    return cut.name not in _LISTS and cut.name != b"srcdoc" and names_its_host(Tag.decode(cut))


def refuse_script(source: bytes, owners: Sequence[ServiceRule]) -> Decision:
    """Make an inline script inert because its content belongs to these services; the label names them all."""
    service = owners[0].service
    return _gate_script(Tag(source), _Name(" ".join(map(label_of, owners)), service, ("blocked", service)))


def leave_script(source: bytes, owners: Sequence[ServiceRule]) -> Decision:
    """Leave an inline script as the page wrote it, although its content belongs to these services, and count that."""
    return Decision(_disarm(Tag(source)), count=("reported", owners[0].service))


def as_reported(count: Count) -> Count:
    """What is counted where an element is let through that stricter rules would have made inert."""
    kind, _, host = count[1].partition(" ")
    return ("undeclared", host) if kind == UNDECLARED else ("reported", count[1])


def _decide_script(tag: Tag, rules: Rules, base: Address) -> Decision:
    kind = _script_type(tag)
    address = _script_address(tag, base)
    if kind == "text/plain" and not _may_be_preloaded(tag):
        mark = read_mark(tag, rules, inert=True) if may_wait(tag.source) else None
        return Decision(_disarm(tag)) if mark is None else _decide_inert_script(tag, base, mark, rules)
    if kind not in _SCRIPT_TYPES and not _may_be_preloaded(tag):
        return Decision(_disarm(tag))
    mark = read_mark(tag, rules, inert=False)
    refused = gravest(map(rules.refused_at, (address, *_addresses(tag, base))))
    if refused is not None or (mark is not None and mark.refuses(rules)):
        named = mark if mark is not None and mark.refuses(rules) else None
        return _gate_script(tag, _name_it(tag, base, named, refused, [address], rules))
    return Decision(_disarm(tag), reads_content=b"src" not in tag)


def _may_be_preloaded(tag: Tag) -> bool:
    """Whether one of several types makes this a script for a preload scanner, whatever the first one says."""
    types = [x.strip().lower() for x in _texts(tag, b"type")[1:]]
    return any(not x or x in _SCRIPT_TYPES for x in types)


def _decide_inert_script(tag: Tag, base: Address, mark: Mark, rules: Rules) -> Decision:
    external = b"src" in tag or b"data-src" in tag
    address = _script_address(tag, base)
    refused = rules.refused_at(address)
    if mark.is_reported(rules) or rules.is_reported_at(address):
        return Decision(_disarm(tag))
    if not mark.permits(rules) or refused is not None:
        name = _name_it(tag, base, mark if refused is None else None, refused, [address], rules)
        if not name.label:
            return Decision(_disarm(tag))
        edits = _merge(_disarm(tag), [mark_inert(tag, name.label)])
        return Decision(edits, name.key, reads_content=not external, count=name.counted)
    wanted = tag.text(b"data-type").strip().lower()
    may_load = not external or rules.may_activate(address, frozenset(mark.categories))
    if (wanted and wanted not in _SCRIPT_TYPES) or not may_load:
        return Decision(_disarm(tag))
    edits = _merge(_disarm(tag), _activate_type(tag, wanted))
    if external and b"src" not in tag:
        edits = _merge(edits, [(x.start, x.end, b"src") for x in tag.occurrences((b"data-src",))[:1]])
    return Decision(edits, reads_content=not external)


def _activate_type(tag: Tag, wanted: str) -> list[Edit]:
    """Put the wanted type in place of the first `type`, and take repeated ones away."""
    edits: list[Edit] = []
    for attribute in tag.occurrences((b"type",)):
        text = b'type="%b"' % wanted.encode() if wanted else b""
        if not text and tag.source[attribute.stop :].lstrip().startswith(b"="):
            text = b'type=""'
        edits.append((attribute.start, attribute.stop, text))
    return edits


def _gate_script(tag: Tag, name: _Name) -> Decision:
    names = {b"type", *LOADING[b"script"], b"data-src"}
    insert = (tag.name_end, tag.name_end, b' type="text/plain"' + mark_inert(tag, name.label)[2])
    return Decision(_merge(_disarm(tag), _rename(tag, names), [insert]), name.key, count=name.counted)


def _script_type(tag: Tag) -> str:
    if b"type" in tag:
        return tag.text(b"type").strip().lower() or "text/javascript"
    language = tag.text(b"language").strip().lower() if b"language" in tag else ""
    return f"text/{language}" if language else "text/javascript"


def _script_address(tag: Tag, base: Address) -> Address | None:
    name = b"src" if b"src" in tag else b"data-src"
    return _address(tag.text(name), base) if name in tag else None


def _may_load(tag: Tag) -> bool:
    if tag.name == b"link":
        return any(not _LOADING_RELS.isdisjoint(x.lower().split()) for x in _texts(tag, b"rel"))
    return tag.name != b"input" or any(x.strip().lower() == "image" for x in _texts(tag, b"type"))


def _texts(tag: Tag, name: bytes) -> list[str]:
    """Every value of an attribute: repeated ones don't count in the tree, but Chromium's preload scanner heeds them."""
    return [Tag.decode(x) for x in tag.occurrences((name,))]


def _refused_attributes(tag: Tag, rules: Rules, base: Address, read_srcdoc: SrcdocReader) -> dict[bytes, ServiceRule]:
    """The attributes, by name, that lead to refused services."""
    found: dict[bytes, ServiceRule] = {}
    for attribute in tag.occurrences((*LOADING[tag.name], *_LAZY)):
        if attribute.name == b"srcdoc":
            rule = read_srcdoc(tag.text(b"srcdoc"))
        else:
            value = Tag.decode(attribute)
            rule = _refused_url(value, attribute.name in _LISTS, rules, base)
            if rule is None and tag.name in _NESTING and (document := read_data_url(value)):
                rule = read_srcdoc(document)
        if rule is not None:
            found.setdefault(attribute.name, rule)
    return found


def _refused_url(value: str, is_list: bool, rules: Rules, base: Address) -> ServiceRule | None:
    urls = _listed_urls(value) if is_list else (value,)
    return gravest(rules.refused_at(_address(url, base)) for url in urls)


def gravest(rules: Iterable[ServiceRule | None]) -> ServiceRule | None:
    """The first rule, but what nobody has declared before all: that can't be allowed, whatever else is."""
    found: ServiceRule | None = None
    for rule in rules:
        if rule is not None and (found is None or (found.category and not rule.category)):
            found = rule
    return found


def _listed_urls(value: str) -> list[str]:
    """Whatever a browser may take for a URL in a list: a comma ends one, or belongs to it."""
    urls = _URL_SEPARATORS.split(value)
    if _INNER_COMMA.search(value):
        urls += [x.strip(",") for x in _SPACES.split(value) if "," in x]
    return urls


def _addresses(tag: Tag, base: Address) -> list[Address | None]:
    names = (*LOADING[tag.name], *_LAZY)
    return [_address(Tag.decode(x), base) for x in tag.occurrences(names) if x.name not in _LISTS]


def _address(url: str, base: Address) -> Address | None:
    address = read_address(url)
    return base if address is RELATIVE else address


def _activate_lazy(tag: Tag, mark: Mark, rules: Rules, base: Address) -> list[Edit]:
    """Turn `data-src` and `data-srcset` of a marked element into what loads, unless it loads something already."""
    loading = LOADING[tag.name]
    if any(x in tag for x in loading) or not may_wait(tag.source):
        return []
    edits: list[Edit] = []
    for lazy in _LAZY:
        live = lazy.removeprefix(b"data-")
        if live not in loading or lazy not in tag:
            continue
        urls = _URL_SEPARATORS.split(tag.text(lazy).strip()) if lazy in _LISTS else [tag.text(lazy)]
        addresses = [_address(x, base) for x in urls]
        if all(rules.may_activate(a, frozenset(mark.categories)) for a in addresses):
            edits += [(x.start, x.end, live) for x in tag.occurrences((lazy,))[:1]]
    return edits


class _Name(NamedTuple):
    """The label an inert element carries, the key it goes by, and what is counted. Empty: nothing known to name."""

    label: str
    key: str
    counted: Count | None


def _name_it(
    tag: Tag,
    base: Address,
    mark: Mark | None,
    service: ServiceRule | None,
    addresses: list[Address | None],
    rules: Rules,
) -> _Name:
    host = next((x.host for x in _all_addresses(tag, base) if rules.refused_at(x) == service or service is None), "")
    if service is None and mark is not None and not (mark.service and rules.reports_service(mark.service)):
        service = mark.service
    category = mark.waits_for(rules) if mark is not None else ""
    if service is None and category:
        service = next((x for a in addresses if (x := rules.owner_in(a, category)) is not None), None)
    key = service.service if service is not None else f"category:{category}" if category else ""
    label = label_of(service) if service is not None else category
    counted = f"{key} {host}" if host and not key.startswith(UNDECLARED) else key
    return _Name(label, key, ("blocked", counted) if key else None)


def _all_addresses(tag: Tag, base: Address) -> Iterator[Address]:
    """Every address with a host that the tag names, in lists too."""
    for attribute in tag.occurrences((*LOADING[tag.name], *_LAZY)):
        value = Tag.decode(attribute)
        for url in _listed_urls(value) if attribute.name in _LISTS else (value,):
            address = _address(url, base)
            if address is not None and address.host:
                yield address


def label_of(rule: ServiceRule) -> str:
    """What an element carries that waits for this service."""
    return f"{canonical_category(rule.category)}/{rule.service}" if rule.category else rule.service


def mark_inert(tag: Tag, label: str) -> Edit:
    """The label. What nobody has declared gets one that our script does not look for, so that no browser loads it."""
    name, text = b"data-ckit", label
    if label.startswith(UNDECLARED):
        name, text = b"data-ckit-undeclared", label.removeprefix(UNDECLARED).strip()
    value = escape(text).encode("ascii", "xmlcharrefreplace")
    return (tag.name_end, tag.name_end, b" " + name + b'="' + value + b'"')


def _rename(tag: Tag, names: Iterable[bytes]) -> list[Edit]:
    return [(x.start, x.start, b"data-ckit-") for x in tag.occurrences(names)]


def _disarm(tag: Tag) -> tuple[Edit, ...]:
    """Take our own names off attributes the page wrote itself, so that our script never acts on them."""
    if b"data-ckit" not in tag.source.lower():
        return ()
    return tuple(
        (x.start, x.start + len(b"data-ckit"), b"data-page-ckit")
        for x in tag.attributes
        if x.name.startswith(b"data-ckit")
    )


def _merge(*groups: Iterable[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted((x for group in groups for x in group), key=lambda x: (x[0], x[1])))


def is_invisible(tag: Tag) -> bool:
    """Whether nobody is to see this element, so that nothing need stand in its place."""
    if b"hidden" in tag or _INVISIBLE.search(tag.text(b"style")):
        return True
    sizes = (_LENGTH.match(tag.text(name)) for name in (b"width", b"height"))
    return any(size is not None and int(size[1][:9]) <= _TINY for size in sizes)
