"""A site behind a shared cache: the first part of the path says what its pages tell caches."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from consentkit import ConsentMiddleware, get_consent
from consentkit.policy.models import Policy
from tests.conftest import SECRET, policy_data
from tests.servers.site import GATED, HOST, PICTURE, TEXT

STATS = "<https://stats.test/s.js>; rel=preload; as=script"
TAG = '"v1"'
KINDS: dict[str, dict[str, str]] = {
    "public": {"Cache-Control": "public, max-age=600", "ETag": TAG},
    "dated": {"Cache-Control": "s-maxage=600", "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"},
    "brief": {"Cache-Control": "public, max-age=1", "ETag": TAG, "Link": STATS},
    "silent": {},
    "private": {"Cache-Control": "private, max-age=600", "ETag": TAG},
    "unstored": {"Cache-Control": "no-store"},
    "varies": {"Cache-Control": "public, max-age=600", "Vary": "Cookie"},
    "edge": {"X-Accel-Expires": "600", "Surrogate-Control": "max-age=600"},
    "sets": {"Cache-Control": "public, max-age=600", "Set-Cookie": "_st1=1"},
    "policied": {"Cache-Control": "public, max-age=600", "Content-Security-Policy": "script-src https://stats.test"},
    "reads": {"Cache-Control": "public, max-age=600"},
}
PICTURES: dict[str, dict[str, str]] = {
    "picture": {"Cache-Control": "public, max-age=600", "ETag": TAG},
    "pixel": {"Cache-Control": "public, max-age=600", "Set-Cookie": "_st1=1"},
    "linked": {"Cache-Control": "public, max-age=600", "Link": STATS},
}


async def page(request: Request) -> Response:
    kind = request.path_params["kind"]
    headers = KINDS[kind]
    if TAG in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    title = request.url.path
    if kind == "reads" and get_consent(request).allows("analytics"):
        title += " counted"
    html = b"<!doctype html><title>" + title.encode() + b"</title><body>" + TEXT + GATED
    return HTMLResponse(html, 404 if "missing" in title else 200, headers=headers)


async def picture(request: Request) -> Response:
    return Response(PICTURE, media_type="image/png", headers=PICTURES[request.path_params["kind"]])


async def either(request: Request) -> Response:
    return await (page if request.path_params["kind"] in KINDS else picture)(request)


async def away(request: Request) -> Response:
    return RedirectResponse("/public/a", 301, headers={"Cache-Control": "public, max-age=600"})


def _guarded() -> ConsentMiddleware:
    languages = {"default": "en", "available": ["en", "fr"], "detect": ["path", "accept-language"]}
    policy = Policy.model_validate(policy_data(site={"url": f"http://{HOST}", "name": "Site"}, language=languages))
    routes = [Route("/away/{rest:path}", away), Route("/{kind}/{rest:path}", either)]
    inner = GZipMiddleware(Starlette(routes=routes))
    return ConsentMiddleware(inner, policy, secret_key=SECRET, log="memory://")


app = _guarded()
