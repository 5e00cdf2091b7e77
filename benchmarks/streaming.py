"""A long page that comes in pieces: how soon the first byte goes out, and how much is held at any time."""

from __future__ import annotations

import asyncio
import contextlib
import time
import tracemalloc
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.apps import HTML, Headers, browser, cookie_header, never, scope, site_of, with_consent
from benchmarks.pages import make_page
from benchmarks.table import Effort, Row, limit, quiet
from benchmarks.throughput import CHUNK, chunks
from consentkit.cookie import Verdict

TITLE = "A page of 50 MB in 16 KB chunks (visitor has refused)"
_END = b"</body>"


class LongPage:
    """Streams one document whose stories and comments go on and on; notes when it handed out its first piece."""

    def __init__(self, size: int) -> None:
        page = make_page(1)
        start = page.index(b"<body")
        story = page[page.index(b">", start) + 1 : page.index(_END)]
        self._first, *self._head = chunks(page[: page.index(_END)])
        self._pieces = chunks(story)
        self._count = max(1, size // CHUNK)
        self.began = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI app
        await send({"type": "http.response.start", "status": 200, "headers": HTML})
        self.began = time.perf_counter()
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        for number in range(self._count):
            piece = self._head[number] if number < len(self._head) else self._pieces[number % len(self._pieces)]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"</body></html>", "more_body": False})


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about streams."""
    page = LongPage(effort.stream)
    ours = with_consent(page)
    headers = browser() + cookie_header(site_of(ours), Verdict.DENIED)
    waits = sorted(first_byte(ours, headers, page) for _ in range(effort.rounds))
    yield limit("first byte after the first chunk, median", waits[len(waits) // 2], "ms", most=1)
    yield limit("first byte after the first chunk, slowest", waits[-1], "ms", most=1)
    yield limit("held at most while 50 MB pass, beyond the chunk itself", held(ours, headers), "KB", most=256)


class _Seen(Exception):  # noqa: N818 - it ends a measurement, and isn't an error
    """The first byte has come; the rest doesn't matter."""


def first_byte(middleware: ASGIApp, headers: Headers, page: LongPage) -> float:
    """Milliseconds from the app's first piece of body to the first bytes of body that leave us."""
    arrived = 0.0

    async def send(message: Message) -> None:
        nonlocal arrived
        if message.get("body"):
            arrived = time.perf_counter()
            raise _Seen

    with quiet():
        _run(middleware, headers, send)
    return (arrived - page.began) * 1000


def held(middleware: ASGIApp, headers: Headers) -> float:
    """Kilobytes by which memory grew at most while the page passed, less one chunk, which the app itself holds."""

    async def send(message: Message) -> None:
        pass

    _run(middleware, headers, send)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        _run(middleware, headers, send)
        return max(0.0, (tracemalloc.get_traced_memory()[1] - before - CHUNK) / 1024)
    finally:
        tracemalloc.stop()


def _run(middleware: ASGIApp, headers: Headers, send: Send) -> None:
    async def run() -> None:
        with contextlib.suppress(_Seen):
            await middleware(scope("/story", headers), never, send)

    asyncio.run(run())
