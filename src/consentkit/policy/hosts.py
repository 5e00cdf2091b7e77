"""Host names and networks as a policy writes them."""

from __future__ import annotations

import ipaddress
import re

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def check_host(value: str, what: str = "a host") -> str:
    """A host name or address, lower-case ASCII, with a port if one is written.

    A name covers its subdomains.
    """
    if "://" in value or "/" in value:
        raise ValueError(f"must be {what} alone, without scheme and path: for example cdn.example.org")
    name, port = _split_port(value)
    name = name.removeprefix("*.").removeprefix(".").removesuffix(".")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"has the port {port!r}, which is not a number from 1 to 65535")
    return _ascii_host(name) + (f":{int(port)}" if port else "")


def _split_port(value: str) -> tuple[str, str]:
    if value.startswith("["):
        name, _, port = value.partition("]")
        return name + "]", port.removeprefix(":")
    name, _, port = value.partition(":")
    return name, port


def _ascii_host(name: str) -> str:
    if name.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(name.strip('[]'))}]"
        except ValueError:
            raise ValueError("is not an IPv6 address in brackets") from None
    try:
        plain = name.lower() if name.isascii() else name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    if not plain or len(plain) > 253 or not all(_HOST_LABEL.fullmatch(part) for part in plain.split(".")):
        raise ValueError("is not a host name; write for example cdn.example.org")
    return plain


def check_network(value: object) -> object:
    """A network of proxies, an address alone, or `unix`."""
    if value == "unix" or isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return value
    meant = _network(value) if isinstance(value, str) else None
    if meant is not None and isinstance(value, str):
        try:
            return ipaddress.ip_network(value)
        except ValueError:
            raise ValueError(f"has bits set behind the prefix; did you mean {meant}?") from None
    raise ValueError("is not a network; write for example 10.0.0.0/8, 2001:db8::/32, 192.0.2.7 or unix")


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
