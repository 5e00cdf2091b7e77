"""Reading and editing raw ASGI headers and cookies. Bytes in, bytes out; nothing here decides anything."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

RawHeaders = Sequence[tuple[bytes, bytes]]
Scope = Mapping[str, Any]

_COOKIE_SPACE = b" \t"


def header(headers: RawHeaders, name: bytes) -> bytes | None:
    """The value of the first header `name` (lower-case), or None."""
    for key, value in headers:
        if key == name:
            return value
    return None


def header_values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """The values of every header `name` (lower-case), whatever the case the app wrote it in."""
    return [value for key, value in headers if key.lower() == name]


def cookie_pairs(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Every `name=value` of every `Cookie` header, in order, names exactly as sent.

    Only space and tab around a pair are taken off, as RFC 6265bis says: any other byte belongs to the name, so that
    no look-alike is ever read as ours (CVE-2023-23934).
    """
    pairs: list[tuple[bytes, bytes]] = []
    for key, value in headers:
        if key == b"cookie":
            for part in value.split(b";"):
                name, equals, content = part.strip(_COOKIE_SPACE).partition(b"=")
                if equals:
                    pairs.append((name.rstrip(_COOKIE_SPACE), content.lstrip(_COOKIE_SPACE)))
    return pairs


def sole_cookie(headers: RawHeaders, name: bytes) -> bytes | None:
    """The value of cookie `name`; None when it is missing or sent with two different values."""
    for key, value in headers:
        if key == b"cookie" and name in value:
            break
    else:
        return None
    values = {value for cookie, value in cookie_pairs(headers) if cookie == name}
    return values.pop() if len(values) == 1 else None


def without_cookies(headers: RawHeaders, hidden: Callable[[bytes], bool]) -> list[tuple[bytes, bytes]]:
    """The headers with every cookie whose name `hidden` accepts taken out; other cookies keep their exact bytes."""
    kept: list[tuple[bytes, bytes]] = []
    for key, value in headers:
        if key != b"cookie":
            kept.append((key, value))
            continue
        parts = value.split(b";")
        left = [part for part in parts if not hidden(part.partition(b"=")[0].strip(_COOKIE_SPACE))]
        if len(left) == len(parts):
            kept.append((key, value))
        elif left:
            kept.append((key, b";".join(left).lstrip(_COOKIE_SPACE)))
    return kept


def own_path(scope: Scope) -> str:
    """The path inside the mounted app: `scope["path"]` with `root_path` taken off."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def request_target(scope: Scope) -> str:
    """Path and query as the visitor's browser shows them, percent-encoded ASCII; `/` where that can't be said."""
    raw: bytes = scope.get("raw_path") or b""
    if not raw.startswith(b"/") or not raw.isascii():
        raw = quote(scope["path"], safe="/:@!$&'()*+,;=~-._%").encode()
    query: bytes = scope.get("query_string", b"")
    target = raw + (b"?" + query if query else b"")
    return target.decode("ascii", "replace") if target.isascii() else "/"


def is_loopback(scope: Scope) -> str | None:
    """`scheme://host` when the request names a loopback host, so that a site can be tried on the own machine."""
    host = header(scope["headers"], b"host")
    if host is None or not host.isascii():
        return None
    text = host.decode().lower()
    name, _, port = text.rpartition(":") if ":" in text and not text.endswith("]") else (text, "", "")
    if port and not port.isdigit():
        return None
    if name == "localhost" or name.endswith(".localhost") or _is_loopback_address(name):
        return f"{scope.get('scheme', 'http')}://{text}"
    return None


def _is_loopback_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def merged(headers: Iterable[tuple[bytes, bytes]], name: bytes, *tokens: str) -> list[tuple[bytes, bytes]]:
    """The headers with `tokens` added to the comma-separated list `name`, into one header; `*` swallows all."""
    rest: list[tuple[bytes, bytes]] = []
    present: list[str] = []
    for key, value in headers:
        if key.lower() == name:
            present += [part.strip() for part in value.decode("latin-1").split(",") if part.strip()]
        else:
            rest.append((key, value))
    if "*" in present:
        present = ["*"]
    else:
        known = {part.lower() for part in present}
        present += [token for token in tokens if token.lower() not in known]
    return [*rest, (name, ", ".join(present).encode("latin-1"))]


_SHARED_DIRECTIVES = ("public", "s-maxage", "proxy-revalidate", "private")


def made_private(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with a `Cache-Control` that no shared cache stores; what else the app said stays."""
    rest: list[tuple[bytes, bytes]] = []
    kept = ["private"]
    for key, value in headers:
        if key.lower() == b"cache-control":
            kept += [part.strip() for part in value.decode("latin-1").split(",") if part.strip()]
        elif key.lower() not in (b"surrogate-control", b"cdn-cache-control"):
            rest.append((key, value))
    directives = kept[:1] + [d for d in kept[1:] if d.split("=")[0].strip().lower() not in _SHARED_DIRECTIVES]
    return [*rest, (b"cache-control", ", ".join(directives).encode("latin-1"))]
