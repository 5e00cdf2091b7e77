"""What is measured: small apps, our middleware around them, and requests as a server would hand them over.

The raw app is the least an app can be: beside Starlette, a microsecond is hard to see.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.table import clock
from consentkit import ConsentMiddleware, Policy
from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key
from consentkit.site import Site

SECRET = "a-secret-for-benchmarks-0123456789"  # noqa: S105 - guards nothing
Headers = list[tuple[bytes, bytes]]
JSON = b'{"status":"fine"}'
IMAGE = bytes(range(256)) * 160
PIECE = b"data: the harbour was quiet\n\n" * 8
PIECES = 20
HTML: Headers = [(b"content-type", b"text/html; charset=utf-8")]
#: Where the raw app finds the page it is to answer with.
PAGE = "benchmark.page"

_CATEGORIES = ("functional", "preferences", "analytics", "marketing", "social")
_SERVICES: dict[str, dict[str, Any]] = {
    "stats": {"category": "analytics", "hosts": ["metrics.test"], "inline": ["_paq.push("], "cookies": ["_pk*"]},
    "tags": {"category": "analytics", "hosts": ["tags.test"], "inline": ["dataLayer.push("], "cookies": ["_ga*"]},
    "adnet": {"category": "marketing", "hosts": ["adnet.test", "ads.test"], "inline": ["adq.push("], "uses": ["sale"]},
    "recommend": {"category": "marketing", "hosts": ["recommend.test"], "uses": ["profiling"]},
    "social": {"category": "social", "hosts": ["social.test"], "inline": ["px('init'"], "cookies": ["_px"]},
    "video": {"category": "functional", "hosts": ["video.test"]},
    "layout": {"category": "preferences", "cookies": ["theme"]},
    "session": {"category": "necessary", "cookies": ["session"]},
}


@lru_cache(maxsize=1)
def policy() -> Policy:
    """A news site with eight services in five categories that are asked about."""
    services = {name: {"purpose": f"What {name} is for", **facts} for name, facts in _SERVICES.items()}
    categories: dict[str, Any] = {name: {} for name in _CATEGORIES}
    site = {"url": "https://news.test", "name": "News"}
    return Policy.model_validate({"site": site, "services": services, "categories": categories})


def with_consent(app: ASGIApp) -> ConsentMiddleware:
    """Our middleware around `app`, with the log in memory."""
    return ConsentMiddleware(app, policy(), secret_key=SECRET, log="memory://")


def site_of(middleware: ConsentMiddleware) -> Site:
    """The one site of this middleware."""
    return middleware.site_for({"type": "http", "headers": []})


def choice(site: Site, verdict: Verdict, *, seconds_ago: int = 60) -> StoredChoice:
    """What a visitor says who says the same of every category."""
    digests = site.decider.digests
    entries = {
        category_key(name): CategoryChoice(verdict, digests[name] if verdict else b"")
        for name in site.policy.asked_categories
    }
    return StoredChoice(int(time.time()) - seconds_ago, "form", entries, f"{seconds_ago:032x}")


def cookie_header(site: Site, verdict: Verdict) -> Headers:
    """The cookies of a visitor who has decided, in one header as browsers send it."""
    value = site.cookies.dumps(choice(site, verdict)).encode()
    return [(b"cookie", b"session=eyJ1c2VyIjo0Mn0.aGVsbG8; theme=dark; __Host-consent=" + value)]


# requests

FEW: Headers = [(b"host", b"news.test"), (b"accept", b"*/*"), (b"user-agent", b"bench")]
COMPRESSED: Headers = [(b"accept-encoding", b"gzip, deflate, br, zstd")]
OTHER_COOKIES: Headers = [(b"cookie", b"session=eyJ1c2VyIjo0Mn0.aGVsbG8; theme=dark; _ga=GA1.1.1234.5678; seen=1")]


def browser(destination: bytes = b"document", accept: bytes = b"text/html,application/xhtml+xml,*/*;q=0.8") -> Headers:
    """The 15 headers a current browser sends."""
    return [
        (b"host", b"news.test"),
        (b"connection", b"keep-alive"),
        (b"sec-ch-ua", b'"Chromium";v="130", "Not?A_Brand";v="99"'),
        (b"sec-ch-ua-mobile", b"?0"),
        (b"sec-ch-ua-platform", b'"Linux"'),
        (b"upgrade-insecure-requests", b"1"),
        (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari"),
        (b"accept", accept),
        (b"sec-fetch-site", b"same-origin"),
        (b"sec-fetch-mode", b"navigate" if destination == b"document" else b"no-cors"),
        (b"sec-fetch-user", b"?1"),
        (b"sec-fetch-dest", destination),
        (b"referer", b"https://news.test/politics/"),
        *COMPRESSED,
        (b"accept-language", b"en-GB,en;q=0.9,fr;q=0.8"),
    ]


def scope(path: str, headers: Headers, page: bytes = b"") -> Scope:
    """A scope as a server makes it: every header in bytes of its own, as they came off the wire."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in headers],
        "client": ("198.51.100.7", 50_000),
        "server": ("news.test", 443),
        "state": {},
        PAGE: page,
    }


async def never() -> Message:
    """A `receive` on an open connection whose request has come whole."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def swallow(message: Message) -> None:
    """A `send` into nowhere."""


async def drive(app: ASGIApp, scopes: Iterable[Scope]) -> float:
    """Microseconds of processor time for one request, over all of `scopes`."""
    begun, count = clock(), 0
    for each in scopes:
        await app(each, never, swallow)
        count += 1
    return (clock() - begun) / count * 1e6


def drive_all(app: ASGIApp, scopes: Iterable[Scope]) -> float:
    """The same, in an event loop of its own."""
    return asyncio.run(drive(app, scopes))


# apps


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers by path with JSON, an image, a stream, or the page that the scope holds, and does nothing else."""
    path = scope["path"]
    if path == "/json":
        await _answer(send, b"application/json", JSON)
    elif path == "/image":
        await _answer(send, b"image/jpeg", IMAGE)
    elif path == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    else:
        await _answer(send, b"text/html; charset=utf-8", scope[PAGE])


async def _answer(send: Send, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _json(request: Request) -> Response:
    return JSONResponse({"status": "fine"})


async def _image(request: Request) -> Response:
    return Response(IMAGE, media_type="image/jpeg")


async def _stream(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield PIECE

    return StreamingResponse(pieces(), media_type="text/event-stream")


def starlette() -> Starlette:
    """The same answers from Starlette."""
    return Starlette(routes=[Route("/json", _json), Route("/image", _image), Route("/stream", _stream)])


class NoOp:
    """The least a middleware can be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
