"""Where browsers send reports: `Report-To`, `NEL` and `Reporting-Endpoints` without the addresses of held services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from consentkit.gates.hosts import Closed
from consentkit.policy.shapes import is_dict, is_list

_DEFAULT_GROUP = "default"
#: Keeps the nesting far below what the JSON reader and writer can bear.
_MAX_PARTS = 300
_BETWEEN = re.compile(r"[ \t\n\r]*+(,?+)[ \t\n\r]*+")
#: One member of a structured dictionary, up to the next comma outside of strings.
_MEMBER = re.compile(rb'(?:[^,"]++|"(?:[^"\\]++|\\.?+)*+"?+)++', re.DOTALL)
_ENDPOINT = re.compile(rb'[ \t]*+[a-z*][a-z0-9_\-.*]*+="((?:[^"\\]++|\\["\\])*+)"[^"]*+', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')


def endpoints(value: bytes, closed: Closed) -> bytes | None:
    """`Reporting-Endpoints` without those of closed services: the same object if unchanged, None if none is left."""
    if not closed.may_be_named_in(value):
        return value
    members = _MEMBER.findall(value)
    kept = [member for member in members if not _is_closed_endpoint(member, closed)]
    if len(kept) == len(members):
        return value
    return b",".join(kept).lstrip(b" \t") or None


def _is_closed_endpoint(member: bytes, closed: Closed) -> bool:
    match = _ENDPOINT.fullmatch(member)
    if match is None:
        return closed.is_named_in(member)
    return closed.has(_ESCAPED.sub(rb"\1", match[1]))


def report_to(values: Sequence[bytes], closed: Closed) -> tuple[list[bytes | None], frozenset[str]]:
    """The `Report-To` values without the endpoints of closed services, and the names of the groups that are gone.

    A value that isn't what it should be is left, unless it names the host of a closed service.
    """
    results: list[bytes | None] = []
    gone: set[str] = set()
    left: set[str] = set()
    for value in values:
        groups = _groups(value)
        if groups is None:
            results.append(None if closed.is_named_in(value) else value)
            continue
        written = [(_without_closed(group, text, closed), _name(group)) for group, text in groups]
        gone.update(name for text, name in written if text is None)
        left.update(name for text, name in written if text is not None)
        texts = [text for text, _ in written if text is not None]
        same = texts == [text for _, text in groups]
        results.append(value if same else _encoded(", ".join(texts)) or None)
    return results, frozenset(gone - left)


def nel(value: bytes, gone: frozenset[str], closed: Closed) -> bytes | None:
    """`NEL`, unless it reports to a group that is gone."""
    groups = _groups(value)
    if groups is None:
        return None if closed.is_named_in(value) else value
    return None if any(is_dict(found) and found.get("report_to") in gone for found, _ in groups) else value


def _groups(value: bytes) -> list[tuple[object, str]] | None:
    """The JSON values of a comma-separated list with the text of each; None when it is no such list."""
    try:
        return list(_read_groups(value.decode("utf-8", "surrogateescape")))
    except (ValueError, RecursionError):
        return None


def _read_groups(text: str) -> Iterator[tuple[object, str]]:
    if text.count("{") + text.count("[") > _MAX_PARTS:
        raise ValueError("too much to be read")
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip(" \t\n\r"))
    while at < len(text):
        found, end = decoder.raw_decode(text, at)
        yield found, text[at:end]
        gap = _BETWEEN.match(text, end)
        at = gap.end() if gap else end
        if at < len(text) and not (gap and gap[1]):
            raise ValueError("no comma between two values")


def _name(group: object) -> str:
    name = group.get("group", _DEFAULT_GROUP) if is_dict(group) else None
    return name if isinstance(name, str) else _DEFAULT_GROUP


def _without_closed(group: object, text: str, closed: Closed) -> str | None:
    """The group's text, written anew when some endpoints are gone, None when all are."""
    listed = group.get("endpoints") if is_dict(group) else None
    if not is_dict(group) or not is_list(listed):
        return None if closed.is_named_in(_encoded(text)) else text
    kept = [endpoint for endpoint in listed if not _leads_to_closed(endpoint, closed)]
    if len(kept) == len(listed):
        return text
    return json.dumps({**group, "endpoints": kept}, separators=(",", ":")) if kept else None


def _leads_to_closed(endpoint: object, closed: Closed) -> bool:
    url = endpoint.get("url") if is_dict(endpoint) else endpoint
    return isinstance(url, str) and closed.has(url.encode("utf-8", "surrogatepass"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
