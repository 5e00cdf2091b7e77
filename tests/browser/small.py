"""A site of one page, to put a browser before exactly the markup and headers a test is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from consentkit import ConsentMiddleware, open_log
from consentkit.policy.models import Policy
from tests.browser.serving import served
from tests.conftest import SECRET

#: The same machine under another name: to the browser and to the policy another host.
THIRD = "localhost"
STATS = {"category": "analytics", "hosts": [THIRD], "inline": ["stats("], "purpose": "Counts readers"}
_SHARED = {"Access-Control-Allow-Origin": "*"}


def policy_for(origin: str, **changes: Any) -> Policy:
    """A policy with one service of the other host; top-level keys can be replaced."""
    data = {"site": {"url": origin, "name": "Small Site"}, "services": {"stats": STATS}}
    return Policy.model_validate(data | changes)


@contextmanager
def small_site(html: str, headers: Mapping[str, str] | None = None, **changes: Any) -> Iterator[str]:
    """The origin of a site whose pages are all `html`, in which `{third}` stands for the other host's origin.

    `/third/<name>` are scripts that append their name to `order`; those named `slow…` take their time.
    """

    async def page(request: Request) -> Response:
        third = f"http://{THIRD}:{request.url.port}/third"
        return HTMLResponse(html.replace("{third}", third), headers=dict(headers or {}))

    async def script(request: Request) -> Response:
        name = request.path_params["name"]
        if name.startswith("slow"):
            await asyncio.sleep(0.2)
        body = f"(window.order ??= []).push({name!r})"
        return Response(body, media_type="text/javascript", headers=_SHARED)

    app = Starlette(routes=[Route("/third/{name}", script), Route("/{path:path}", page)])

    def guarded(origin: str) -> ConsentMiddleware:
        log = open_log("memory://")
        return ConsentMiddleware(app, policy=policy_for(origin, **changes), secret_key=SECRET, log=log)

    with served(guarded) as origin:
        yield origin
