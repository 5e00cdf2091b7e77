"""The `send` the app is given for one request: the only place that knows the order of ASGI messages.

It holds `http.response.start` of a page until the first piece of body shows how the page comes, runs the header gates,
and then sends the body on as it is, or rewritten as a stream. All other messages pass in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import cast

from starlette.types import Message, Scope, Send

from consentkit.additions import PageStart
from consentkit.delivery import known_start, must_be_private, page_headers, page_start, with_expiries
from consentkit.endpoints.answers import missing_answer
from consentkit.http import header_values, made_private
from consentkit.injection import make_rewriter, parts_of, rewrite_whole
from consentkit.pages import has_unreadable_mark, may_become_mark, reason_untouched
from consentkit.rewrite.edits import Count
from consentkit.rewrite.stream import Rewriter
from consentkit.site import MISSING_HEADER, Site
from consentkit.visit import Visit

RawHeader = tuple[bytes, bytes]
_BODILESS = ("http.response.pathsend", "http.response.zerocopysend")
#: What most answers have, written as most apps write it, and never concerns a gate.
_ORDINARY = frozenset((b"content-length", b"date", b"server", b"cache-control", b"etag", b"last-modified", b"vary"))
_NO_PAGES = frozenset((b"application/json", b"image/jpeg", b"image/png", b"image/webp", b"text/plain; charset=utf-8"))
#: Why a page's body could not be looked at, though it is one.
_BLIND = frozenset({"charset", "encoded", "mark"})


class Responder(Visit):
    """One request whose answer comes from the app: what is known of it, and the gates for what the app sends.

    `send` is what the app is given. It answers with something to be awaited, so that a message that just passes costs
    no frame of its own: what comes back is the server's own `send`.
    """

    #: Whether something of a page waits for more.
    is_holding = False
    _passes = False
    _is_new = True
    _start: Message | None = None
    _page: PageStart | None = None
    _lead = b""
    _early: list[Message]
    _rewriter: Rewriter | None = None
    _handle: Send | None = None

    def __init__(self, site: Site, scope: Scope, send: Send) -> None:
        self.site = site
        self.scope = scope
        self.given = dict(scope["headers"])
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        """Take the app's next message."""
        if self._passes:
            return self._send(message)
        if self._is_new and message["type"] == "http.response.start" and self._is_plain(message):
            self._passes = True
            return self._send(message)
        return self._deliver(message)

    def _is_plain(self, message: Message) -> bool:
        """Whether all of this response may pass as it is: no page, no header for a gate, no cookie to be deleted."""
        headers: object = message.get("headers")
        if type(headers) is not list or message["status"] < 200 or self.carries_refused or self.conditions is not None:
            return False
        concerned = self.site.concerned
        for name, value in cast("list[RawHeader]", headers):
            if name in _ORDINARY or (name == b"content-type" and value in _NO_PAGES):
                continue
            lowered = name.lower()
            if lowered in concerned and (lowered != b"content-type" or b"html" in value.lower()):
                return False
        return True

    async def _deliver(self, message: Message) -> None:
        self._is_new = False
        await (self._handle or self._before_start)(message)

    async def finish(self) -> None:
        """The app is done: what is still held goes out, as it would have without us. What comes later goes nowhere."""
        await self._release("no body", then=_swallow)
        rewriter, self._rewriter = self._rewriter, None
        if rewriter is not None:
            self._handle = _swallow
            tail = rewriter.feed(self._lead) + rewriter.close()
            self._end_page(rewriter.counted)
            if tail:
                await self._send({"type": "http.response.body", "body": tail, "more_body": True})

    async def abandon(self) -> None:
        """The app failed: a start that is still held goes out, and the app's own error is what the server sees."""
        with suppress(OSError):
            await self._release("failed", then=_swallow)

    async def _before_start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.early_hint":
            await self._send(self._without_held_links(message))
        else:
            await self._send(message)

    def _without_held_links(self, message: Message) -> Message:
        links = list(message.get("links", ()))
        return {**message, "links": self.site.header_gates.early_hints(links, self.decision.enforcement)}

    async def _begin(self, message: Message) -> None:
        known = known_start(self, message) if _is_listed(message.get("headers")) else None
        if known is not None:
            self._hold(message, known)
            return
        headers: list[RawHeader] = [(name, value) for name, value in message.get("headers", ())]
        missing = header_values(headers, MISSING_HEADER)
        if missing:
            await self._send_missing(message, headers, missing[0].decode("latin-1"))
            return
        reason = reason_untouched(self.scope["method"], message["status"], headers, message)
        if reason is None:
            self._hold({**message, "headers": headers}, page_start(self, message, headers))
            return
        if reason in _BLIND:
            self._note_blind(reason)
        is_head = reason == "head"
        headers = page_start(self, message, headers).headers if is_head else self._gated(headers, reason)
        # An interim answer (1xx) is followed by the real one.
        after = self._without_body if is_head else self._send
        self._handle = after if message["status"] >= 200 else self._before_start
        await self._send({**message, "headers": headers} if "headers" in message or headers else message)

    async def _without_body(self, message: Message) -> None:
        """HEAD of a page: a server that is given the app's own body would tell the length of that."""
        await self._send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    def _hold(self, message: Message, page: PageStart) -> None:
        """A page begins: its start waits for the first piece of body."""
        self._start = message
        self._page = page
        self.for_everyone = page.shared
        self._handle = self._first_body
        self.is_holding = True

    def _gated(self, headers: list[RawHeader], reason: str) -> list[RawHeader]:
        """The header gates for what is no page. A 304 that stands for a page is bound to its consent state again.

        A page that can't be looked into gets a policy of ours where the site wants one for all.
        """
        conditions = self.conditions if reason == "confirmed" else None
        digest = conditions.digest if conditions is not None else None
        shared = digest is not None and digest == self.shared_additions.digest
        enforcement = self.site.decider.everyone if shared else self.decision.enforcement
        page = reason in _BLIND and self.site.policy.csp == "strict"
        gated = self.site.header_gates.response(headers, enforcement, page=page).headers
        if conditions is not None and digest is not None:
            gated = page_headers(self, gated, shared=shared, tag=conditions.tag)
        elif must_be_private(self, headers, reason, page=page):
            gated = made_private(gated)
        self.site.counters.flush_if_due(self.site.log)
        return gated if shared else with_expiries(self, gated)

    async def _first_body(self, message: Message) -> None:
        """Wait for the first bytes: a byte order mark can say that the page can't be read."""
        kind = message["type"]
        if kind == "http.response.body":
            self._lead += message.get("body", b"")
            if message.get("more_body", False) and may_become_mark(self._lead):
                return
        unreadable = has_unreadable_mark(self._lead)
        start, page = self._start, self._page
        if kind == "http.response.start" or kind in _BODILESS or unreadable or start is None or page is None:
            if unreadable or kind in _BODILESS:
                self._note_blind("charset" if unreadable else "file")
            await self._release("mark" if unreadable else "file", then=self._send)
            await (self._begin(message) if kind == "http.response.start" else self._send(self._with_lead(message)))
            return
        self._start = self._page = None
        await self._open_page(self._with_lead(message), start, page)

    def _with_lead(self, message: Message) -> Message:
        """The message with what was held of the body so far; another kind of message leaves that waiting."""
        if message["type"] != "http.response.body":
            return message
        lead, self._lead = self._lead, b""
        return message if message.get("body", b"") == lead else {**message, "body": lead}

    async def _open_page(self, message: Message, start: Message, page: PageStart) -> None:
        """The page begins. One message alone tells its exact length; a stream has none."""
        headers = page.headers
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._handle = self._send
            self.is_holding = False
            whole, counted = rewrite_whole(self, page, bytes(message.get("body", b"")))
            self._end_page(counted)
            if page.measured:
                headers.append((b"content-length", b"%d" % len(whole)))
            await self._send({**start, "headers": headers})
            await self._send({**message, "body": whole})
            return
        self._rewriter = make_rewriter(self, parts_of(self, page))
        self._early = [message]
        self._handle = self._wait_for_start
        try:
            await self._send({**start, "headers": headers})
            while self._early:
                await self._next_body(self._early.pop(0))
        finally:
            self._handle = self._next_body

    async def _wait_for_start(self, message: Message) -> None:
        """Another task of the app sends on while the start is still on its way."""
        self._early.append(message)

    async def _next_body(self, message: Message) -> None:
        rewriter = self._rewriter
        if rewriter is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        lead, self._lead = self._lead, b""
        body = rewriter.feed(lead + message.get("body", b""))
        if not message.get("more_body", False):
            body += rewriter.close()
            self._end_page(rewriter.counted)
            self._handle, self._rewriter = self._send, None
        await self._send({**message, "body": body})

    def _end_page(self, counted: Mapping[Count, int]) -> None:
        """A page is complete: what was held back in it is counted, and the app sees its own visitor again."""
        self.for_everyone = False
        if counted:
            self.site.report.markup(counted)
            self.site.counters.flush_if_due(self.site.log)

    def _note_blind(self, reason: str) -> None:
        self.site.report.blind(reason, self.app_scope or self.scope)

    async def _release(self, reason: str, *, then: Send) -> None:
        """Send a start that is held, without having touched the page, and what of the body came with it."""
        start, self._start, self._page = self._start, None, None
        if start is None:
            return
        self.for_everyone = False
        self._handle = then
        await self._send({**start, "headers": self._gated(list(start["headers"]), reason)})
        if self._lead and has_unreadable_mark(self._lead) is False:
            await self._send({"type": "http.response.body", "body": self._lead, "more_body": True})
            self._lead = b""

    async def _send_missing(self, message: Message, headers: list[RawHeader], category: str) -> None:
        """Our own page instead of the bare 403: what is missing, and a form that gives just that."""
        answer = missing_answer(self, category)
        ours = {key for key, _ in answer.raw_headers} | {MISSING_HEADER, b"content-encoding", b"etag", b"last-modified"}
        kept = [(key, value) for key, value in self._gated(headers, "replaced") if key.lower() not in ours]
        self._handle = _swallow
        await self._send({**message, "headers": [*kept, *answer.raw_headers]})
        body = b"" if self.scope["method"] == "HEAD" else answer.body
        await self._send({"type": "http.response.body", "body": body})


class HandshakeResponder(Visit):
    """The same for a websocket: only its handshake has headers, and an answer of its own if it is refused."""

    def __init__(self, site: Site, scope: Scope, send: Send) -> None:
        super().__init__(site, scope)
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        """Take the app's next message."""
        if message["type"] in ("websocket.accept", "websocket.http.response.start") and "headers" in message:
            headers: list[RawHeader] = [x for x in message["headers"] if x[0].lower() != MISSING_HEADER]
            gated = self.site.header_gates.response(headers, self.decision.enforcement, page=False).headers
            message = {**message, "headers": gated}
        return self._send(message)


def _is_listed(headers: object) -> bool:
    """Whether headers can be read twice: an app may send them as any iterable."""
    return isinstance(headers, (list, tuple))


async def _swallow(message: Message) -> None:
    """What reaches nobody: the app's own body of an answer that was replaced, or what it sends once it is done."""
