"""The "other companies" of the demo: small servers of their own, on ports of their own, that count who called.

Each stands for one service of `consent.yaml`: `stats` measures, `ads` sells, `social` and `video` embed. Because every
one is a separate origin, a blocked request is really not made, and `/hits` proves it: only the demo's own pages and
tests ask there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

ROLES = ("stats", "ads", "social", "video")
_FILES = Path(__file__).with_name("thirdparty_files")
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_TYPES = {".js": "text/javascript", ".html": "text/html", ".svg": "image/svg+xml"}
_UNCOUNTED = ("/hits", "/hits/reset", "/favicon.ico")


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """One of them: its role, the origin it is reached at, and how often each of its paths was asked for."""

    role: str
    origin: str
    hits: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All requests that reached it."""
        return sum(self.hits.values())


def create_third_party(party: ThirdParty) -> ASGIApp:
    """The server of one third party."""

    async def hits(_: Request) -> Response:
        return JSONResponse(dict(party.hits), headers={"Cache-Control": "no-store"})

    async def reset(_: Request) -> Response:
        party.hits.clear()
        return Response(status_code=204)

    routes = [Route("/hits", hits), Route("/hits/reset", reset, methods=["POST"]), *_ROUTES[party.role]]
    return _Counted(Starlette(routes=routes), party.hits)


class _Counted:
    """Counts every request by path, also those that lead nowhere."""

    def __init__(self, app: ASGIApp, hits: Counter[str]) -> None:
        self._app = app
        self._hits = hits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _UNCOUNTED:
            self._hits[scope["path"]] += 1
        await self._app(scope, receive, send)


def _file(path: str, name: str) -> Route:
    body = (_FILES / name).read_bytes()
    kind = _TYPES[Path(name).suffix]

    async def serve(_: Request) -> Response:
        return Response(body, media_type=kind, headers={"Cache-Control": "no-store"})

    return Route(path, serve)


async def _pixel(request: Request) -> Response:
    response = Response(_PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store"})
    if "_px" not in request.cookies:
        response.set_cookie("_px", "seen", max_age=30 * 24 * 60 * 60, httponly=True, samesite="lax")
    return response


async def _beacon(_: Request) -> Response:
    return Response(status_code=204, headers={"Access-Control-Allow-Origin": "*"})


_ROUTES: Mapping[str, list[Route]] = {
    "stats": [
        _file("/stats.js", "stats.js"),
        Route("/pixel.gif", _pixel),
        Route("/noscript.gif", _pixel),
        Route("/beacon", _beacon, methods=["GET", "POST"]),
        Route("/depth", _beacon, methods=["GET", "POST"]),
    ],
    "ads": [_file("/adq.js", "adq.js"), _file("/advert.svg", "advert.svg")],
    "social": [_file("/embed.js", "embed.js"), _file("/avatar.svg", "avatar.svg")],
    "video": [
        _file("/player", "player.html"),
        _file("/player.js", "player.js"),
        _file("/poster.svg", "poster.svg"),
    ],
}
