"""What a request costs that is only passed through, over the bare app and beside Starlette's SessionMiddleware.

Driven in process, without sockets, so that only our own work is seen. A response that isn't a page must cost next to
nothing: no cookie is read and no consent is decided unless a header gate or the app needs it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType

from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.apps import (
    COMPRESSED,
    FEW,
    OTHER_COOKIES,
    SECRET,
    Headers,
    NoOp,
    browser,
    cookie_header,
    drive_all,
    never,
    raw,
    scope,
    site_of,
    starlette,
    with_consent,
)
from benchmarks.table import Effort, Rounds, Row, compared, interleaved, limit, over, overheads
from consentkit.cookie import Verdict

TITLE = "Passing through (processor time of one request, in process)"
_KINDS = {"JSON": ("/json", b"empty"), "image": ("/image", b"image"), "stream": ("/stream", b"empty")}
_CHUNKS = 1_000


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about pass-through."""
    for name, app in (("raw app", raw), ("Starlette", starlette())):
        yield from _without_cookie(name, app, effort)
    yield from _with_cookie(effort)
    yield from _each_chunk(effort)


def measured(app: ASGIApp, path: str, headers: Headers, effort: Effort) -> Rounds:
    """One request to the bare app, through our middleware, through one that does nothing, and through sessions."""
    apps: dict[str, ASGIApp] = {
        "bare": app,
        "ours": with_consent(app),
        "no-op": NoOp(app),
        "session": SessionMiddleware(app, secret_key=SECRET),
    }
    count = effort.few(5) if path == "/stream" else effort.count

    def take(app: ASGIApp) -> float:
        return drive_all(app, [scope(path, headers) for _ in range(count)])

    return interleaved(effort.rounds, {name: partial(take, each) for name, each in apps.items()})


def _without_cookie(name: str, app: ASGIApp, effort: Effort) -> Iterator[Row]:
    for kind, (path, destination) in _KINDS.items():
        found = measured(app, path, browser(destination, b"*/*"), effort)
        yield over(f"{name}, {kind}, no cookie, 15 headers", found, "ours", "bare", most=1.5)
        yield overheads(
            f"{name}, {kind}, no cookie: over SessionMiddleware", found, "ours", "session", "bare", most=0.3
        )
    found = measured(app, "/json", FEW, effort)
    yield over(f"{name}, JSON, no cookie, 3 headers", found, "ours", "bare", most=1.5)
    yield over(f"{name}, JSON, a middleware that does nothing", found, "no-op", "bare", most=None)


def _with_cookie(effort: Effort) -> Iterator[Row]:
    site = site_of(with_consent(raw))
    granted, refused = cookie_header(site, Verdict.GRANTED), cookie_header(site, Verdict.DENIED)
    json = browser(b"empty", b"*/*")
    cases: dict[str, Headers] = {
        "cookie (granted), 3 headers": FEW + granted,
        "cookie (granted), Accept-Encoding, 3 headers": FEW + COMPRESSED + granted,
        "cookie (granted), 15 headers": json + granted,
        "cookie (refused), 15 headers": json + refused,
        "other cookies only, 15 headers": json + OTHER_COOKIES,
    }
    for name, headers in cases.items():
        yield over(f"raw app, JSON, {name}", measured(raw, "/json", headers, effort), "ours", "bare", most=4)
    found = measured(raw, "/image", browser(b"image", b"image/*") + granted, effort)
    yield over("raw app, image, cookie (granted), 15 headers", found, "ours", "bare", most=4)
    found = measured(starlette(), "/json", json + granted, effort)
    yield over("Starlette, JSON, cookie (granted), 15 headers", found, "ours", "bare", most=4)


# a stream of many pieces


async def _long_stream(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    for _ in range(_CHUNKS):
        await send({"type": "http.response.body", "body": b"{}\n", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _each_chunk(effort: Effort) -> Iterator[Row]:
    headers = browser(b"empty", b"*/*")
    frames = frames_between(with_consent(_long_stream), headers)
    yield limit("frames between app and server while a piece passes", frames, "", most=0, baseline="0")
    apps: dict[str, ASGIApp] = {"bare": _long_stream, "ours": with_consent(_long_stream)}

    def take(app: ASGIApp) -> float:
        return drive_all(app, [scope("/", headers) for _ in range(effort.few(100))]) / _CHUNKS

    found = interleaved(effort.rounds, {name: partial(take, each) for name, each in apps.items()})
    yield compared("one piece of a stream of 1,000", found, "ours", "bare", "µs")


def frames_between(middleware: ASGIApp, headers: Headers) -> int:
    """How many Python frames stand between the app's own and the server's `send` when a piece of body passes."""
    depths: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            depths.append(_depth_to(sys._getframe().f_back))

    async def run() -> None:
        await middleware(scope("/", headers), never, send)

    asyncio.run(run())
    return max(depths)


def _depth_to(frame: FrameType | None) -> int:
    depth = 0
    while frame is not None and frame.f_code is not _long_stream.__code__:
        frame, depth = frame.f_back, depth + 1
    return depth
