"""`Content-Security-Policy`: the hosts of closed services are taken out of the app's own policy, or one is made.

A browser enforces every policy it is sent, so each is tightened by itself; what a page may do can only shrink. All that
is no host stays as it is, byte for byte: keywords, nonces, hashes, schemes, other directives.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from consentkit.gates.hosts import Closed, HostIndex

#: The fetch directives (CSP Level 3 section 6.1), and one that is obsolete but understood.
_FETCH = frozenset(
    {b"child-src", b"connect-src", b"default-src", b"fenced-frame-src", b"font-src", b"frame-src", b"img-src"}
    | {b"manifest-src", b"media-src", b"object-src", b"prefetch-src", b"script-src", b"script-src-attr"}
    | {b"script-src-elem", b"style-src", b"style-src-attr", b"style-src-elem", b"worker-src"}
)
_REPORT = b"report-uri"
#: ASCII whitespace before a word, and that word; at the end, the whitespace alone.
_WORD = re.compile(rb"[\t\n\f\r ]*+(?:[^\t\n\f\r ]++|\Z)")
_SPACE = b"\t\n\f\r "
#: All that a policy can forbid, but for hosts.
_ANYTHING_BUT_HOSTS = ("'self'", "'unsafe-eval'", "'unsafe-inline'", "blob:", "data:", "mediastream:")
_NUMERIC = re.compile(r"[0-9.]+")


def tighten(value: bytes, closed: Closed) -> bytes:
    """One header's value without the sources of closed services; the same object when there are none."""
    if not closed.may_be_named_in(value):
        return value
    policies = value.split(b",")
    tightened = [_policy(policy, closed) for policy in policies]
    return value if tightened == policies else b",".join(tightened)


def _policy(policy: bytes, closed: Closed) -> bytes:
    """Browsers pass over a directive that isn't ASCII, and of several with one name they take the first."""
    seen: set[bytes] = set()
    kept: list[bytes] = []
    for directive in policy.split(b";"):
        words = [word for word in _WORD.findall(directive) if word.strip(_SPACE)] if directive.isascii() else []
        name = words[0].strip(_SPACE).lower() if words else b""
        kept.append(directive if name in seen else _directive(name, directive, words, closed))
        seen.add(name)
    return b";".join(kept)


def _directive(name: bytes, directive: bytes, words: list[bytes], closed: Closed) -> bytes:
    """The directive without closed hosts. It stays when it is left empty: a second one of its name must not count."""
    is_closed = _question(name, closed)
    if is_closed is None:
        return directive
    kept = [word for word in words[1:] if not is_closed(word.strip(_SPACE))]
    if len(kept) == len(words) - 1:
        return directive
    if not kept and name != _REPORT:
        return b"%b 'none'" % words[0]
    return b"".join([words[0], *kept])


def _question(name: bytes, closed: Closed) -> Callable[[bytes], bool] | None:
    """What to ask about each word of a directive; None when its words are no hosts, or lead where visitors go."""
    if name in _FETCH:
        return closed.has_source
    return closed.has if name == _REPORT else None


def made(index: HostIndex, own: str, closed: frozenset[str]) -> bytes:
    """A policy for a page that has none: it may load from its own host and from those of services that aren't closed.

    About nothing but hosts: inline code, `eval`, `data:` and `blob:` stay as free as without a policy. A host's
    subdomains are left out while a closed service declares one of them, since a policy can't say "but not this one".
    `own` is the origin our own assets come from.
    """
    hosts: set[str] = {own}
    for host, port, with_subdomains in index.hosts_without(closed):
        if host.startswith("["):
            continue
        suffix = f":{port}" if port is not None else ""
        hosts.add(host + suffix)
        if with_subdomains and not _NUMERIC.fullmatch(host):
            hosts.add(f"*.{host}{suffix}")
    sockets = {f"wss://{host.partition('://')[2] or host}" for host in hosts}
    loads = " ".join((*_ANYTHING_BUT_HOSTS, *sorted(hosts)))
    connects = " ".join(("'self'", "blob:", "data:", *sorted(hosts | sockets)))
    return f"default-src {loads}; connect-src {connects}".encode()
