"""The app that each server serves: the same routes bare, with consentkit, and with compression on either side of it."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.asgi import HTML, App, body, start
from tests.conftest import SECRET, policy_data

HOST = "site.test"
GATED = b'<script src="https://stats.test/s.js"></script>'
TEXT = b"<p>" + b"text " * 400 + b"</p>"
PAGE = b"<!doctype html><html><head><title>t</title></head><body>" + TEXT + GATED + b"</body></html>"
CHUNK = b"<p>" + b"many words " * 5_900 + b"</p>" + GATED
BIG = [b"<!doctype html><title>big</title><body>", *[CHUNK] * 308]
ENDLESS = [b"<!doctype html><title>endless</title><body>", *[CHUNK] * 1_000]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
HINTS = [b"<https://stats.test/s.js>; rel=preload; as=script", b"</own.css>; rel=preload; as=style"]
FILES = Path(os.environ.get("CONSENTKIT_TEST_FILES", "."))
#: Set once the endless page is no longer being sent.
left = asyncio.Event()


async def whole(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def streamed(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(PAGE), 100):
            yield PAGE[at : at + 100]

    return StreamingResponse(pieces(), media_type="text/html", headers={"content-length": str(len(PAGE))})


async def big(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in BIG:
            yield piece

    return StreamingResponse(pieces(), media_type="text/html")


async def endless(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            for piece in ENDLESS:
                yield piece
                await asyncio.sleep(0)
        finally:
            left.set()

    left.clear()
    return StreamingResponse(pieces(), media_type="text/html")


async def until_left(request: Request) -> Response:
    await asyncio.wait_for(left.wait(), 15)
    return Response(b"left")


async def bare(scope: Any, receive: Any, send: Any) -> None:
    await send(start(200, HTML))
    await send(body(PAGE))


async def hints(scope: Any, receive: Any, send: Any) -> None:
    if "http.response.early_hint" in scope.get("extensions", {}):
        await send({"type": "http.response.early_hint", "links": HINTS})
    await bare(scope, receive, send)


async def data(request: Request) -> Response:
    return JSONResponse({"a": ["<html><body>"], "offered": sorted(request.scope.get("extensions") or ())})


async def picture(request: Request) -> Response:
    headers = {"ETag": '"p1"', "Cache-Control": "public, max-age=60", "X-Odd": "1"}
    return Response(PICTURE, media_type="image/png", headers=headers)


async def packed(request: Request) -> Response:
    return Response(gzip.compress(PAGE, mtime=0), media_type="text/html", headers={"Content-Encoding": "gzip"})


async def empty(request: Request) -> Response:
    return Response(status_code=204)


async def unchanged(request: Request) -> Response:
    return Response(status_code=304, headers={"ETag": '"p1"', "Cache-Control": "public, max-age=60"})


async def away(request: Request) -> Response:
    return RedirectResponse("/elsewhere?a=1", 301, headers={"Content-Type": "text/html"})


async def page_file(request: Request) -> Response:
    return FileResponse(FILES / "page.html")


async def picture_file(request: Request) -> Response:
    return FileResponse(FILES / "picture.png")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


async def fails(request: Request) -> Response:
    raise RuntimeError("the app's own fault")


class Raw:
    """An endpoint that Starlette leaves the messages to."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


ROUTES = (whole, streamed, big, endless, until_left, data, picture, packed, empty, unchanged, away)
MORE = (page_file, picture_file, fails)
inner = Starlette(
    routes=[
        *[Route(f"/{endpoint.__name__}", endpoint) for endpoint in (*ROUTES, *MORE)],
        Route("/bare", Raw(bare)),
        Route("/hints", Raw(hints)),
        WebSocketRoute("/echo", echo),
    ]
)


def guarded(app: Any) -> ConsentMiddleware:
    """`app` behind consentkit."""
    policy = Policy.model_validate(policy_data(site={"url": f"http://{HOST}", "name": "Site"}))
    return ConsentMiddleware(app, policy, secret_key=SECRET, log="memory://")


FORMS: dict[str, Any] = {
    "plain": inner,
    "guarded": guarded(inner),
    "outside": GZipMiddleware(guarded(inner)),
    "inside": guarded(GZipMiddleware(inner)),
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The first part of the path chooses the form of the app."""
    if scope["type"] == "lifespan":
        await FORMS["guarded"](scope, receive, send)
        return
    form, _, rest = scope["path"].removeprefix("/").partition("/")
    raw = b"/" + rest.encode()
    await FORMS[form]({**scope, "path": f"/{rest}", "raw_path": raw}, receive, send)
