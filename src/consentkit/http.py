"""Reading and editing raw ASGI headers and cookies. Bytes in, bytes out; nothing here decides anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

RawHeaders = Sequence[tuple[bytes, bytes]]
Scope = Mapping[str, Any]

_COOKIE_SPACE = b" \t"
_LOOPBACK = re.compile(
    rb"(?:(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){0,8}localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?"
)


#: Printable ASCII without the backslash.
_PLAIN_TARGET = re.compile(r"[!-\[\]-~]+")


_MAX_HOST = 300


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


@lru_cache(maxsize=64)
def cookie_pattern(name: bytes) -> re.Pattern[bytes]:
    """Finds the values of a cookie whose exact name this is, in a `Cookie` header."""
    return re.compile(rb"(?:\A|;)[ \t]*+%b[ \t]*+=[ \t]*+([^;]*+)" % re.escape(name))


def sole_cookie(sent: Iterable[bytes], pattern: re.Pattern[bytes]) -> bytes | None:
    """The value of the cookie that `pattern` finds in these `Cookie` headers; None when it has none, or two."""
    values: list[bytes] = [found.rstrip(_COOKIE_SPACE) for value in sent for found in pattern.findall(value)]
    if not values or any(value != values[0] for value in values[1:]):
        return None
    return values[0]


def without_cookies(headers: RawHeaders, hidden: Callable[[bytes], bool]) -> list[tuple[bytes, bytes]]:
    """The headers with every cookie whose name `hidden` accepts taken out; other cookies keep their exact bytes."""
    kept: list[tuple[bytes, bytes]] = []
    for key, value in headers:
        if key != b"cookie":
            kept.append((key, value))
            continue
        parts = value.split(b";")
        left = [part for part in parts if not _is_hidden(part.partition(b"=")[0], hidden)]
        if len(left) == len(parts):
            kept.append((key, value))
        elif left:
            kept.append((key, b";".join(left).lstrip(_COOKIE_SPACE)))
    return kept


def _is_hidden(name: bytes, hidden: Callable[[bytes], bool]) -> bool:
    """Frameworks take more kinds of space off a name than browsers do: hidden is what any of them could read so."""
    stripped = name.strip(_COOKIE_SPACE)
    if hidden(stripped):
        return True
    barest = stripped.decode("latin-1").strip().encode("latin-1")
    return barest != stripped and hidden(barest)


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


@lru_cache(maxsize=256)
def loopback_origin(scheme: str, host: bytes) -> str | None:
    """`scheme://host` for a loopback host.

    Only the exact forms count: whatever else a client writes into Host must never get into a page.
    """
    match = _LOOPBACK.fullmatch(host.lower()) if len(host) <= _MAX_HOST else None
    if match is None or scheme not in ("http", "https", "ws", "wss"):
        return None
    return f"{scheme}://{match[0].decode()}"


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


def directives(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> dict[str, str]:
    """The parts of the comma-separated list `name`, in lower case, with what follows an equals sign."""
    found: dict[str, str] = {}
    for value in header_values(headers, name):
        for part in value.decode("latin-1").lower().split(","):
            key, _, content = part.partition("=")
            found[key.strip()] = content.strip().strip('"')
    return found


_SHARED_DIRECTIVES = ("public", "s-maxage", "proxy-revalidate", "private")
#: What caches in front of a site obey instead of Cache-Control.
_FOR_SHARED_CACHES = (b"surrogate-control", b"x-accel-expires", b"edge-control")


def made_private(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with a `Cache-Control` that no shared cache stores; what else the app said stays."""
    rest, said = _without_cache_control(headers)
    kept = [part for part in said if part.split("=")[0].strip().lower() not in _SHARED_DIRECTIVES]
    return [*rest, (b"cache-control", ", ".join(["private", *kept]).encode("latin-1"))]


def never_stored(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with a `Cache-Control` that keeps the response out of every cache."""
    return [*_without_cache_control(headers)[0], (b"cache-control", b"no-store")]


def _without_cache_control(headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    rest: list[tuple[bytes, bytes]] = []
    said: list[str] = []
    for key, value in headers:
        lowered = key.lower()
        if lowered == b"cache-control":
            said += [part.strip() for part in value.decode("latin-1").split(",") if part.strip()]
        elif not _is_for_shared_caches(lowered):
            rest.append((key, value))
    return rest, said


def _is_for_shared_caches(name: bytes) -> bool:
    return name in _FOR_SHARED_CACHES or name.endswith(b"cdn-cache-control")


def tells_shared_caches(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether caches in front of a site are told something that `Cache-Control` doesn't tell."""
    return any(_is_for_shared_caches(key.lower()) for key, _ in headers)


def safe_return_to(value: str) -> str:
    """A path on this site, or `/`. Only what begins with exactly one slash and stays plain ASCII is kept.

    Browsers drop tabs and newlines and read a backslash as a slash, also when a proxy has decoded the percent signs:
    so both forms are looked at.
    """
    if not value.isascii() or not value.startswith("/") or len(value) > 2000:
        return "/"
    decoded = unquote_to_bytes(value.partition("?")[0])
    for form in (value.encode(), decoded):
        if form[1:2] in (b"/", b"\\") or any(byte < 0x21 or byte in (0x5C, 0x7F) for byte in form[:3]):
            return "/"
    return value if _PLAIN_TARGET.fullmatch(value) else "/"
