"""The `send` the app is given for one request: the only place that knows the order of ASGI messages.

It holds `http.response.start` of a page until the first piece of body shows how the page comes, runs the header gates,
and then sends the body on as it is, or rewritten as a stream. All other messages pass in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message, Send

from consentkit.endpoints.answers import missing_answer
from consentkit.gates.validators import response_validators
from consentkit.http import RawHeaders, made_private, merged
from consentkit.injection import make_rewriter
from consentkit.pages import has_unreadable_mark, reason_untouched
from consentkit.rewrite.stream import Rewriter
from consentkit.site import Visit

RawHeader = tuple[bytes, bytes]
_BODILESS = ("http.response.pathsend", "http.response.zerocopysend")


class Responder:
    """Forwards what the app sends for one request, with the gates of `visit` in between."""

    def __init__(self, visit: Visit, send: Send, *, translated: bool) -> None:
        self._visit = visit
        self._send = send
        self._translated = translated
        self._held: Message | None = None
        self._rewriter: Rewriter | None = None
        self._handle: Callable[[Message], Awaitable[None]] = self._before_start

    async def __call__(self, message: Message) -> None:
        await self._handle(message)

    async def finish(self) -> None:
        """The app is done, well or not: a start that is still held goes out, as it would have without us."""
        if self._held is not None:
            await self._release()

    async def _before_start(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            await self._send(message)
        elif self._visit.missing is not None and message["status"] == 403:
            await self._send_missing(self._visit.missing)
        else:
            await self._start(message)

    async def _start(self, message: Message) -> None:
        headers: RawHeaders = message.get("headers", ())
        reason = reason_untouched(self._visit.scope["method"], message["status"], headers, message)
        gated = self._gated(headers, reason)
        if gated != list(headers):
            message = {**message, "headers": gated}
        if reason is None:
            self._held = message
            self._handle = self._first_body
        else:
            self._handle = self._send
            await self._send(message)

    def _gated(self, headers: RawHeaders, reason: str | None) -> list[RawHeader]:
        """The header gates. A page, or the answer that stands for one, is bound to this visitor's consent."""
        visit = self._visit
        gate = visit.site.cookie_gate
        gated = gate.response_headers(headers, visit.consent)
        expiries = gate.expiries(visit.scope["headers"], visit.consent, visit.decision.refused)
        if reason is None or reason == "head" or (reason == "status" and self._translated):
            gated = response_validators(gated, visit.state_digest(), rewritten=True)
            gated = merged(made_private(gated), b"vary", *_vary(visit))
            if reason == "head":
                gated = _without_length(gated)
        if expiries:
            gated = [(key, value) for key, value in gated if key.lower() != b"cache-control"]
            gated += [(b"cache-control", b"no-store"), *expiries]
        return gated

    async def _first_body(self, message: Message) -> None:
        if message["type"] in _BODILESS:
            await self._release()
            await self._send(message)
            return
        body: bytes = message.get("body", b"") if message["type"] == "http.response.body" else b""
        if has_unreadable_mark(body):
            await self._release()
            await self._send(message)
            return
        await self._open_page(message, body)

    async def _open_page(self, message: Message, body: bytes) -> None:
        """The page begins. One message alone tells its exact length; a stream has none."""
        start, self._held = self._held or {}, None
        rewriter = self._rewriter = make_rewriter(self._visit, start.get("headers", ()))
        headers = _without_length(start["headers"])
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            whole = rewriter.feed(body) + rewriter.close()
            if len(headers) < len(start["headers"]):
                headers.append((b"content-length", str(len(whole)).encode()))
            await self._send({**start, "headers": headers})
            self._handle = self._send
            await self._send({**message, "body": whole})
            return
        await self._send({**start, "headers": headers})
        self._handle = self._next_body
        await self._next_body(message)

    async def _next_body(self, message: Message) -> None:
        rewriter = self._rewriter
        if rewriter is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        body = rewriter.feed(message.get("body", b""))
        if not message.get("more_body", False):
            body += rewriter.close()
            self._handle = self._send
        await self._send({**message, "body": body})

    async def _release(self) -> None:
        start, self._held = self._held, None
        self._handle = self._send
        if start is not None:
            await self._send(start)

    async def _send_missing(self, category: str) -> None:
        """Our own page instead of the bare 403: what is missing, and a form that gives just that."""
        answer = missing_answer(self._visit, category)
        self._handle = _swallow
        start: dict[str, Any] = {"type": "http.response.start", "status": 403, "headers": answer.raw_headers}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": answer.body})


async def _swallow(message: Message) -> None:
    """The app's own body of an answer that was replaced."""


def _vary(visit: Visit) -> tuple[str, ...]:
    policy = visit.site.policy
    by_language = len(policy.locales) > 1 and "accept-language" in policy.language.detect
    return ("Cookie", "Sec-GPC", "Accept-Language") if by_language else ("Cookie", "Sec-GPC")


def _without_length(headers: RawHeaders) -> list[RawHeader]:
    return [(key, value) for key, value in headers if key.lower() != b"content-length"]
