"""The `send` the app is given for one request: the only place that knows the order of ASGI messages.

It holds `http.response.start` of a page until the first piece of body shows how the page comes, runs the header gates,
and then sends the body on as it is, or rewritten as a stream. All other messages pass in order.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import NamedTuple

from starlette.types import Message, Send

from consentkit.delivery import depends_on_consent, page_headers, reason_personal, with_expiries
from consentkit.endpoints.answers import missing_answer
from consentkit.gates.validators import Conditions
from consentkit.http import header_values, made_private
from consentkit.injection import make_rewriter, make_shared_rewriter
from consentkit.pages import has_unreadable_mark, may_become_mark, reason_untouched
from consentkit.rewrite.stream import Rewriter
from consentkit.site import MISSING_HEADER
from consentkit.visit import Visit

RawHeader = tuple[bytes, bytes]
_BODILESS = ("http.response.pathsend", "http.response.zerocopysend")
#: Why a page's body could not be looked at, though it is one.
_BLIND = frozenset({"charset", "encoded"})


class _Page(NamedTuple):
    """A page whose start is held until its body begins."""

    start: Message
    shared: bool
    tightened: bool


class Responder:
    """Forwards what the app sends for one request, with the gates of `visit` in between.

    `conditions` are those that the app was given in place of the request's own, if they were translated.

    The object is called for every message. It answers with something to be awaited, so that a message that just passes
    costs no frame of its own: what comes back is the server's own `send`.
    """

    __slots__ = (
        "_conditions",
        "_handle",
        "_is_new",
        "_lead",
        "_page",
        "_passes",
        "_rewriter",
        "_send",
        "_visit",
        "is_holding",
    )

    def __init__(self, visit: Visit, send: Send, conditions: Conditions | None = None) -> None:
        self._visit = visit
        self._send = send
        self._conditions = conditions
        self._page: _Page | None = None
        self._lead = b""
        self._rewriter: Rewriter | None = None
        self._handle: Send = self._before_start
        self._is_new = True
        self._passes = False
        #: Whether something of a page waits for more.
        self.is_holding = False

    def __call__(self, message: Message) -> Awaitable[None]:
        if self._passes or (self._is_new and self._lets_pass(message)):
            return self._send(message)
        return self._deliver(message)

    def _lets_pass(self, message: Message) -> bool:
        """Whether all of this response may pass as it is: no page, no header for a gate, no cookie to be deleted."""
        if message["type"] != "http.response.start" or message["status"] < 200:
            return False
        visit, headers = self._visit, message.get("headers", ())
        if visit.carries_declared or not isinstance(headers, (list, tuple)) or visit.site.concerns(headers):
            return False
        self._passes = True
        return True

    async def _deliver(self, message: Message) -> None:
        self._is_new = False
        await self._handle(message)

    async def finish(self) -> None:
        """The app is done: what is still held goes out, as it would have without us."""
        await self._release()
        rewriter, self._rewriter = self._rewriter, None
        if rewriter is not None:
            tail = rewriter.feed(self._lead) + self._closed(rewriter)
            if tail:
                await self._send({"type": "http.response.body", "body": tail, "more_body": True})

    async def abandon(self) -> None:
        """The app failed: a start that is still held goes out, and the app's own error is what the server sees."""
        with suppress(OSError):
            await self._release()

    async def _before_start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif message["type"] == "http.response.early_hint":
            await self._send(self._without_held_links(message))
        else:
            await self._send(message)

    def _without_held_links(self, message: Message) -> Message:
        links = list(message.get("links", ()))
        kept = self._visit.site.header_gates.early_hints(links, self._visit.decision.enforcement)
        return message if kept == links else {**message, "links": kept}

    async def _start(self, message: Message) -> None:
        headers: list[RawHeader] = list(message.get("headers", ()))
        missing = header_values(headers, MISSING_HEADER)
        if missing:
            await self._send_missing(message, headers, missing[0].decode("latin-1"))
            return
        reason = reason_untouched(self._visit.scope["method"], message["status"], headers, message)
        if reason is None:
            self._page = self._page_of(message, headers)
            self._visit.for_everyone = self._page.shared
            self._handle = self._first_body
            self.is_holding = True
            return
        if reason in _BLIND:
            self._visit.note_blind(reason)
        if reason == "head":
            headers = _without_length(self._page_of(message, headers).start["headers"])
        else:
            headers = self._gated(headers, reason)
        # An interim answer (1xx) is followed by the real one.
        self._handle = self._send if message["status"] >= 200 else self._before_start
        await self._send({**message, "headers": headers} if "headers" in message or headers else message)

    def _page_of(self, message: Message, headers: list[RawHeader]) -> _Page:
        """The start of a page, its headers gated, in the form in which it will be delivered."""
        visit, gates = self._visit, self._visit.site.header_gates
        if reason_personal(visit, message, headers) is None:
            found = gates.response(headers, visit.site.decider.everyone, page=True)
            # A policy that names fewer hosts would keep the script from bringing them back.
            if not found.tightened:
                bound = page_headers(visit, found.headers, shared=True)
                return _Page({**message, "headers": bound}, shared=True, tightened=False)
        found = gates.response(headers, visit.decision.enforcement, page=True)
        bound = with_expiries(visit, page_headers(visit, found.headers, shared=False))
        return _Page({**message, "headers": bound}, shared=False, tightened=found.tightened)

    def _gated(self, headers: list[RawHeader], reason: str) -> list[RawHeader]:
        """The header gates for what is no page. A 304 that stands for a page is bound to its consent state again."""
        visit, conditions = self._visit, self._conditions
        gated = visit.site.header_gates.response(headers, visit.decision.enforcement, page=False).headers
        if reason == "status" and conditions is not None and conditions.digest is not None:
            shared = conditions.digest == visit.shared_additions.digest
            gated = page_headers(visit, gated, shared=shared, tag=conditions.tag)
        elif depends_on_consent(visit, headers):
            gated = made_private(gated)
        return with_expiries(visit, gated)

    async def _first_body(self, message: Message) -> None:
        """Wait for the first bytes: a byte order mark can say that the page can't be read."""
        kind = message["type"]
        if kind == "http.response.body":
            self._lead += message.get("body", b"")
            if message.get("more_body", False) and may_become_mark(self._lead):
                return
        unreadable = has_unreadable_mark(self._lead)
        if kind == "http.response.start" or kind in _BODILESS or unreadable:
            if unreadable:
                self._visit.note_blind("charset")
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
        page, self._page = self._page, None
        if page is None:
            return
        start, visit = page.start, self._visit
        if page.shared:
            rewriter = make_shared_rewriter(visit, start["headers"])
        else:
            rewriter = make_rewriter(visit, start["headers"], tightened=page.tightened)
        headers = _without_length(start["headers"])
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._handle = self._send
            whole = rewriter.feed(message.get("body", b"")) + self._closed(rewriter)
            if len(headers) < len(start["headers"]):
                headers.append((b"content-length", str(len(whole)).encode()))
            await self._send({**start, "headers": headers})
            await self._send({**message, "body": whole})
            return
        self._rewriter = rewriter
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
            body += self._closed(rewriter)
            self._handle, self._rewriter = self._send, None
        await self._send({**message, "body": body})

    def _closed(self, rewriter: Rewriter) -> bytes:
        """The end of a page: its last bytes, and what was held back in it is counted."""
        last = rewriter.close()
        self._visit.for_everyone = False
        self._visit.count_markup(rewriter)
        return last

    async def _release(self) -> None:
        """Send a start that is held as it is, and what of the body came with it."""
        page, self._page = self._page, None
        if page is None:
            return
        self._visit.for_everyone = False
        self._handle = self._send
        await self._send(page.start)
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


class HandshakeResponder:
    """The same for a websocket: only its handshake has headers, and an answer of its own if it is refused."""

    __slots__ = ("_send", "_visit")

    def __init__(self, visit: Visit, send: Send) -> None:
        self._visit = visit
        self._send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] in ("websocket.accept", "websocket.http.response.start") and "headers" in message:
            headers: list[RawHeader] = [x for x in message["headers"] if x[0].lower() != MISSING_HEADER]
            gates, enforcement = self._visit.site.header_gates, self._visit.decision.enforcement
            message = {**message, "headers": gates.response(headers, enforcement, page=False).headers}
        return self._send(message)


def _without_length(headers: list[RawHeader]) -> list[RawHeader]:
    return [header for header in headers if header[0].lower() != b"content-length"]


async def _swallow(message: Message) -> None:
    """The app's own body of an answer that was replaced."""
