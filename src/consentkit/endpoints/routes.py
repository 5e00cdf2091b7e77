"""Which of consentkit's own routes a request is for, and the answer to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive

from consentkit.assets import Asset
from consentkit.endpoints.answers import message_answer
from consentkit.endpoints.choice import answer_choice
from consentkit.endpoints.pages import policy_page, preferences_page
from consentkit.endpoints.state import state_answer
from consentkit.http import header, own_path
from consentkit.site import GPC_PATH
from consentkit.visit import Visit

_READ = ("GET", "HEAD")


def is_own(path: str, prefix: str) -> bool:
    """Whether `path` (without `root_path`) belongs to consentkit."""
    return path in (prefix, GPC_PATH) or path.startswith(prefix + "/")


async def answer(visit: Visit, receive: Receive) -> Response:
    """The answer to a request for one of our routes: 404 for a path we don't have, 405 for a wrong method."""
    path = own_path(visit.scope)
    method: str = visit.scope["method"]
    if path == GPC_PATH:
        return gpc_statement(visit) if method in _READ else _wrong_method("GET, HEAD")
    name = path[len(visit.site.policy.path) :]
    if name == "/choice":
        return await answer_choice(visit, receive) if method == "POST" else _wrong_method("POST")
    found = _PAGES.get(name) or _asset_route(visit, name)
    if found is None:
        return message_answer(visit, 404, "bad_request")
    return found(visit) if method in _READ else _wrong_method("GET, HEAD")


def gpc_statement(visit: Visit) -> Response:
    """`/.well-known/gpc.json`: whether the site honours the signal. The same bytes for every visitor."""
    policy = visit.site.policy
    honoured = "true" if policy.honours_gpc else "false"
    body = f'{{"gpc": {honoured}, "lastUpdate": "{policy.signals.updated.isoformat()}"}}'
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type="application/json", headers=headers)


_PAGES: Mapping[str, Callable[[Visit], Response]] = {
    "/preferences": preferences_page,
    "/policy": policy_page,
    "/state": state_answer,
}


def _asset_route(visit: Visit, name: str) -> Callable[[Visit], Response] | None:
    asset = visit.site.assets.by_name.get(name.removeprefix("/assets/")) if name.startswith("/assets/") else None
    return (lambda visit: _asset(visit, asset)) if asset is not None else None


def _asset(visit: Visit, asset: Asset) -> Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": asset.content_type,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    sent = visit.scope["headers"]
    if asset.etag.encode() in (header(sent, b"if-none-match") or b""):
        return Response(b"", 304, headers=headers)
    if b"gzip" in (header(sent, b"accept-encoding") or b""):
        return Response(asset.compressed, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, headers=headers)


def _wrong_method(allowed: str) -> Response:
    return PlainTextResponse("Method Not Allowed", 405, headers={"Allow": allowed, "Cache-Control": "no-store"})
