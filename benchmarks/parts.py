"""The rewriter by itself, with the rules, banner and assets that the middleware would give it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.types import Message

from benchmarks.apps import Headers, browser, cookie_header, never, policy, raw, scope, site_of, with_consent
from consentkit.cookie import Verdict
from consentkit.rewrite.rules import Rules, Ruleset, ServiceRule
from consentkit.rewrite.stream import Rewriter, place_parts

_EMPTY_PAGE = b"<!doctype html><html><head></head><body></body></html>"
_PLACEHOLDER = "<!doctype html><title>Blocked</title><form method=post target=_top><button>Load it</button></form>" * 6


def placed(verdict: Verdict | None) -> tuple[bytes, bytes]:
    """What the middleware puts into head and body of this visitor's pages."""
    middleware = with_consent(raw)
    headers: Headers = browser()
    if verdict is not None:
        headers = headers + cookie_header(site_of(middleware), verdict)
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def run() -> None:
        await middleware(scope("/story", headers, _EMPTY_PAGE), never, send)

    asyncio.run(run())
    head, _, rest = b"".join(sent).partition(b"<head>")[2].partition(b"</head><body>")
    return head, rest.removesuffix(b"</body></html>")


def rules_for(verdict: Verdict | None) -> Rules:
    """The rules for this visitor, freshly compiled: nothing is remembered of tags seen before."""
    declared = policy()
    services = [
        ServiceRule(name, service.category, service.hosts, service.inline)
        for name, service in declared.services.items()
        if service.category != "necessary"
    ]
    categories = tuple(declared.all_categories)
    granted = verdict is Verdict.GRANTED
    allowed = frozenset(rule.service for rule in services) if granted else frozenset[str]()
    return Ruleset(services, categories).for_consent(allowed, frozenset(categories if granted else ["necessary"]))


class Parts:
    """Rewrites pages for a visitor who said the same of all; None for one who is still to be asked."""

    def __init__(self, verdict: Verdict | None) -> None:
        self._head, self._body = placed(verdict)
        self._rules = rules_for(verdict)

    def _rewriter(self) -> Rewriter:
        return Rewriter(self._rules, head=self._head, body=self._body, placeholder=lambda _: _PLACEHOLDER)

    def forget(self) -> None:
        """Nothing is remembered of tags seen before."""
        self._rules.memory.clear()
        self._rules.blocked.clear()

    def rewrite(self, page: bytes) -> bytes:
        """The page in one piece."""
        placed = place_parts(self._rules, page, head=self._head, body=self._body)
        return placed if placed is not None else self._rewriter().whole(page)

    def rewrite_cold(self, page: bytes) -> bytes:
        """The same, with no tag remembered."""
        self.forget()
        return self.rewrite(page)

    def stream(self, chunks: list[bytes]) -> Iterator[bytes]:
        """The page in the pieces in which it comes."""
        rewriter = self._rewriter()
        for chunk in chunks:
            yield rewriter.feed(chunk)
        yield rewriter.close()
