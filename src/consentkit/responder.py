"""The `send` the app is given for one request: the only place that knows the order of ASGI messages.

It holds `http.response.start` of a page until the first piece of body shows how the page comes, runs the header gates,
and then sends the body on as it is, or rewritten as a stream. All other messages pass in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import Message, Send

from consentkit.endpoints.answers import MISSING_HEADER, missing_answer
from consentkit.gates.validators import response_validators
from consentkit.http import RawHeaders, header_values, made_private, merged, never_stored
from consentkit.injection import make_rewriter
from consentkit.pages import has_unreadable_mark, may_become_mark, reason_untouched
from consentkit.rewrite.stream import Rewriter
from consentkit.site import Visit

RawHeader = tuple[bytes, bytes]
_BODILESS = ("http.response.pathsend", "http.response.zerocopysend")


class Responder:
    """Forwards what the app sends for one request, with the gates of `visit` in between.

    `translated` says that the request's conditions were changed, so that a 304 must be changed back.
    """

    def __init__(self, visit: Visit, send: Send, *, translated: bool) -> None:
        self._visit = visit
        self._send = send
        self._translated = translated
        self._held: Message | None = None
        self._lead = b""
        self._rewriter: Rewriter | None = None
        self._handle: Callable[[Message], Awaitable[None]] = self._before_start

    async def __call__(self, message: Message) -> None:
        await self._handle(message)

    async def finish(self) -> None:
        """The app is done: what is still held goes out, as it would have without us."""
        await self._release()
        rewriter, self._rewriter = self._rewriter, None
        tail = rewriter.feed(self._lead) + rewriter.close() if rewriter is not None else b""
        if tail:
            await self._send({"type": "http.response.body", "body": tail, "more_body": True})

    async def abandon(self) -> None:
        """The app failed: a start that is still held goes out, and the app's own error is what the server sees."""
        with suppress(OSError):
            await self._release()

    async def _before_start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        else:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        headers: list[RawHeader] = list(message.get("headers", ()))
        missing = header_values(headers, MISSING_HEADER)
        if missing:
            await self._send_missing(message, headers, missing[0].decode("latin-1"))
            return
        method: str = self._visit.scope["method"]
        reason = reason_untouched(method, message["status"], headers, message)
        message = {**message, "headers": self._gated(headers, reason)} if headers else message
        if reason is None:
            self._held = message
            self._handle = self._first_body
        else:
            # An interim answer (1xx) is followed by the real one.
            self._handle = self._send if message["status"] >= 200 else self._before_start
            await self._send(message)

    def _gated(self, headers: RawHeaders, reason: str | None) -> list[RawHeader]:
        """The header gates. A page, or the answer that stands for one, is bound to this visitor's consent."""
        visit = self._visit
        gate = visit.site.cookie_gate
        gated = gate.response_headers(headers, visit.consent)
        expiries = gate.expiries(visit.scope["headers"], visit.consent, visit.decision.enforcement.refused)
        if reason is None or reason == "head" or (reason == "status" and self._translated):
            gated = response_validators(gated, visit.state_digest(), rewritten=True)
            gated = merged(made_private(gated), b"vary", *_vary(visit))
            if reason == "head":
                gated = _without_length(gated)
        return [*never_stored(gated), *expiries] if expiries else gated

    async def _first_body(self, message: Message) -> None:
        """Wait for the first bytes: a byte order mark can say that the page can't be read."""
        kind = message["type"]
        if kind == "http.response.body":
            self._lead += message.get("body", b"")
            if message.get("more_body", False) and may_become_mark(self._lead):
                return
        if kind == "http.response.start" or kind in _BODILESS or has_unreadable_mark(self._lead):
            await self._release()
            await (self._start(message) if kind == "http.response.start" else self._send(self._with_lead(message)))
            return
        await self._open_page(self._with_lead(message))

    def _with_lead(self, message: Message) -> Message:
        """The message with what was held of the body so far; another kind of message leaves that waiting."""
        if message["type"] != "http.response.body":
            return message
        lead, self._lead = self._lead, b""
        return message if message.get("body", b"") == lead else {**message, "body": lead}

    async def _open_page(self, message: Message) -> None:
        """The page begins. One message alone tells its exact length; a stream has none."""
        start, self._held = self._held or {}, None
        rewriter = self._rewriter = make_rewriter(self._visit, start.get("headers", ()))
        headers = _without_length(start["headers"])
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._handle, self._rewriter = self._send, None
            whole = rewriter.feed(message.get("body", b"")) + rewriter.close()
            if len(headers) < len(start["headers"]):
                headers.append((b"content-length", str(len(whole)).encode()))
            await self._send({**start, "headers": headers})
            await self._send({**message, "body": whole})
            return
        self._handle = self._next_body
        await self._send({**start, "headers": headers})
        await self._next_body(message)

    async def _next_body(self, message: Message) -> None:
        rewriter = self._rewriter
        if rewriter is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        lead, self._lead = self._lead, b""
        body = rewriter.feed(lead + message.get("body", b""))
        if not message.get("more_body", False):
            body += rewriter.close()
            self._handle, self._rewriter = self._send, None
        await self._send({**message, "body": body})

    async def _release(self) -> None:
        """Send a start that is held as it is, and what of the body came with it."""
        start, self._held = self._held, None
        if start is None:
            return
        self._handle = self._send
        await self._send(start)
        if self._lead and has_unreadable_mark(self._lead) is False:
            await self._send({"type": "http.response.body", "body": self._lead, "more_body": True})
            self._lead = b""

    async def _send_missing(self, message: Message, headers: list[RawHeader], category: str) -> None:
        """Our own page instead of the bare 403: what is missing, and a form that gives just that."""
        answer = missing_answer(self._visit, category)
        ours = {key for key, _ in answer.raw_headers} | {MISSING_HEADER, b"content-encoding", b"etag", b"last-modified"}
        kept = [(key, value) for key, value in self._gated(headers, "replaced") if key.lower() not in ours]
        self._handle = _swallow
        await self._send({**message, "headers": [*kept, *answer.raw_headers]})
        body = b"" if self._visit.scope["method"] == "HEAD" else answer.body
        await self._send({"type": "http.response.body", "body": body})


async def _swallow(message: Message) -> None:
    """The app's own body of an answer that was replaced."""


def _vary(visit: Visit) -> tuple[str, ...]:
    policy = visit.site.policy
    by_language = len(policy.locales) > 1 and "accept-language" in policy.language.detect
    return ("Cookie", "Sec-GPC", "Accept-Language") if by_language else ("Cookie", "Sec-GPC")


def _without_length(headers: RawHeaders) -> list[RawHeader]:
    return [(key, value) for key, value in headers if key.lower() != b"content-length"]
