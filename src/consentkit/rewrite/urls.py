"""The host a URL leads to, read as browsers read it (WHATWG URL Standard), from any spelling that markup allows."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from base64 import b64decode
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_REMEMBERED_LENGTH = 300
_EDGES = "".join(map(chr, range(0x21)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_ENDED_AUTHORITY = re.compile(r"[/\\]*+[^/\\?#]++[/\\?#]")
_AUTHORITY = re.compile(r"[^/\\?#]*")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_IGNORED = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Compatibility forms that came after the Unicode version of the oldest Python supported.
_NEWER_FORMS = {0xA7F1: "s", **dict(enumerate("abcdefghijklmnopqrstuvwxyz0123456789", 0x1CCD6))}
_DOTS = re.compile("[\u3002\uff0e\uff61]")


class Address(NamedTuple):
    """Where a URL leads. `host` is empty for a relative URL; `port` is None when the URL names none."""

    host: str
    scheme: str = ""
    port: int | None = None

    def uses_port(self, port: int) -> bool:
        """Whether this address is reached at `port`; without a scheme both http's and https' own count."""
        if self.port is not None:
            return self.port == port
        default = _DEFAULT_PORTS.get(self.scheme)
        return port == default if default is not None else port in (80, 443)


RELATIVE = Address("")


def read_address(url: str) -> Address | None:
    """The address `url` leads to, `RELATIVE` when it stays on the page's own host, None when to no host at all.

    None also stands for a URL that browsers refuse to parse, since they load nothing from it.
    """
    return _remembered(url) if len(url) <= _REMEMBERED_LENGTH else _read(url)


def read_data_url(url: str) -> str:
    """The content of a `data:` URL, as far as it is text; empty for any other URL."""
    text = url.strip(_EDGES).translate(_DROPPED)
    kind, _, content = text.partition(",")
    if kind[:5].lower() != "data:":
        return ""
    data = unquote_to_bytes(content.partition("#")[0])
    if kind.rstrip().lower().endswith("base64"):
        try:
            data = b64decode(data + b"==")
        except ValueError:
            return ""
    return data.decode(errors="replace")


def names_its_host(beginning: str) -> bool:
    """Whether the beginning of a URL is enough to know where the whole of it leads."""
    text = beginning.strip(_EDGES).translate(_DROPPED)
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[1].lower() not in _DEFAULT_PORTS:
        return True
    rest = text[scheme.end() :] if scheme is not None else text
    return _ENDED_AUTHORITY.match(rest) is not None


def _read(url: str) -> Address | None:
    text = url.strip(_EDGES).translate(_DROPPED)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        name = scheme[1].lower()
        if name not in _DEFAULT_PORTS:
            return None
        return _read_authority(text[scheme.end() :].lstrip("/\\"), name)
    if len(text) > 1 and text[0] in "/\\" and text[1] in "/\\":
        return _read_authority(text.lstrip("/\\"), "")
    return RELATIVE


_remembered = lru_cache(maxsize=4096)(_read)


def _read_authority(rest: str, scheme: str) -> Address | None:
    match = _AUTHORITY.match(rest)
    authority = (match[0] if match is not None else "").rpartition("@")[2]
    name, port = authority, ""
    if not authority.endswith("]") and ":" in authority:
        name, _, port = authority.rpartition(":")
    digits = port.lstrip("0")
    if port and not (port.isascii() and port.isdigit() and len(digits) < 6 and int(digits or "0") < 65536):
        return None
    host = normalise_host(name)
    return Address(host, scheme, int(digits or "0") if port else None) if host else None


def normalise_host(name: str) -> str:
    """The host as it goes over the wire: lower case, punycode, no trailing dot; empty when it is no host."""
    if name.startswith("["):
        return _read_ipv6(name)
    text = unquote_to_bytes(name).decode(errors="replace") if "%" in name else name
    if not text.isascii():
        text = _to_ascii(text)
    text = text.lower().removesuffix(".")
    if not text or len(text) > 253 or _FORBIDDEN.search(text):
        return ""
    return _read_ipv4(text) if _looks_numeric(text.rpartition(".")[2]) else text


def _to_ascii(text: str) -> str:
    """UTS 46 as far as hosts need it: compatibility forms folded, ignorable characters dropped, labels in punycode."""
    folded = _DOTS.sub(".", _IGNORED.sub("", text)).translate(_NEWER_FORMS)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).lower())
    labels = [x if x.isascii() else "xn--" + x.encode("punycode").decode() for x in folded.split(".")]
    return ".".join(labels)


def _read_ipv6(name: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1]).compressed}]" if name.endswith("]") else ""
    except ValueError:
        return ""


def _looks_numeric(label: str) -> bool:
    return label.isdigit() or (label.startswith("0x") and all(c in "0123456789abcdef" for c in label[2:]))


def _read_ipv4(text: str) -> str:
    """Four parts or fewer, each decimal, octal or hexadecimal, the last one filling what is left."""
    parts = text.split(".")
    if len(parts) > 4:
        return ""
    try:
        numbers = [_read_number(part) for part in parts]
    except ValueError:
        return ""
    *leading, last = numbers
    if any(n > 255 for n in leading) or last >= 256 ** (5 - len(parts)):
        return ""
    value = last + sum(n << (8 * (3 - i)) for i, n in enumerate(leading))
    return str(ipaddress.IPv4Address(value))


def _read_number(part: str) -> int:
    base = 16 if part.startswith("0x") else 8 if part.startswith("0") else 10
    digits = part.removeprefix("0x").lstrip("0")
    if len(digits) > 24:
        raise ValueError(part)
    return int(digits or "0", base)
