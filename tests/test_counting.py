"""What the gates held back reaches the counters, and from there the log, on every way a request can take."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from consentkit import open_log
from consentkit.policy.models import Policy
from tests.apps import wrap
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import Clock, policy_data

PAGE = b"<!doctype html><title>t</title><body><script src=//stats.test/s.js?user=7></script>"
HINTS = {
    "type": "http.response.early_hint",
    "links": [b"<https://stats.test/h.js>; rel=preload", b"</a.css>; rel=preload"],
}


def test_every_gate_counts_by_name() -> None:
    """Markup, cookies both ways, links, early hints: names and hosts, no paths, values or query strings."""
    headers = ((b"set-cookie", b"_st1=secret"), (b"link", b"<https://adnet.test/x?y=1>; rel=preload"))
    app = wrap(replay(HINTS, start(200, HTML, *headers), body(PAGE)))
    sent = run(app, http_scope(headers=[(b"cookie", b"_st9=value; session=1")]))
    assert sent[0]["links"] == [b"</a.css>; rel=preload"]
    assert app.counters.snapshot() == {
        ("cookie", "blocked", "_st*"): 1,
        ("link", "blocked", "adnet.test"): 1,
        ("link", "blocked", "stats.test"): 1,
        ("markup", "blocked", "stats stats.test"): 1,
        ("set-cookie", "blocked", "_st1"): 1,
    }


def test_a_streamed_page_counts_once_it_ends() -> None:
    """Also when the app stops without an end."""
    for last in ([body()], []):
        app = wrap(replay(start(200, HTML), body(PAGE, more=True), *last))
        run(app, http_scope())
        assert app.counters.snapshot() == {("markup", "blocked", "stats stats.test"): 1}


def test_a_shared_page_counts_too() -> None:
    """What is inert for everyone was held back by the gates as well."""
    app = wrap(replay(start(200, HTML, (b"cache-control", b"public")), body(PAGE)))
    run(app, http_scope())
    assert app.counters.snapshot() == {("markup", "blocked", "stats stats.test"): 1}


def test_what_cannot_be_read_is_said_once_a_route(caplog: pytest.LogCaptureFixture) -> None:
    """A page that is encoded all the same, or UTF-16: one line for its route, a count for every page; CSP stands."""

    async def packed(request: Request) -> Response:
        policy = "script-src 'self' https://stats.test"
        headers = {"content-encoding": "gzip", "content-security-policy": policy}
        return Response(b"\x1f\x8b", media_type="text/html", headers=headers)

    async def wide(request: Request) -> Response:
        return Response("<p>".encode("utf-16"), media_type="text/html")

    inner = Starlette(routes=[Route("/story/{name}", packed), Route("/wide/{name}", wide)])
    app = wrap(inner, Policy.model_validate(policy_data(csp="strict")))
    with TestClient(app) as client, caplog.at_level(logging.WARNING, "consentkit.gates"):
        for name in ("a", "b", "c"):
            stories = client.get(f"/story/{name}"), client.get(f"/wide/{name}")
    assert stories[0].headers["content-security-policy"] == "script-src 'self'"
    assert "stats.test" not in stories[1].headers["content-security-policy"]
    assert [record.getMessage() for record in caplog.records if "looked into" in record.getMessage()] == [
        "a page of /story/{name} could not be looked into, so nothing in it was held back: encoded",
        "a page of /wide/{name} could not be looked into, so nothing in it was held back: charset",
    ]
    assert app.counters.snapshot()["markup", "blind", "encoded"] == 3
    assert app.counters.snapshot()["markup", "blind", "charset"] == 3
    assert app.counters.snapshot()["csp", "blocked", "stats.test"] == 3


def test_counts_go_to_the_log_now_and_then_and_at_the_end(clock: Clock) -> None:
    """Another process can read them there."""
    log = open_log("memory://")
    app = wrap(replay(start(200, HTML), body(PAGE)), log=log, clock=clock)

    def counted() -> dict[str, int]:
        found = asyncio.run(log.counts())
        return {what: n for (_, what), n in found.items() if what.startswith("gate:")}

    run(app, http_scope())
    assert counted() == {}
    clock.now += 60
    run(app, http_scope())
    assert counted() == {"gate:markup:blocked:stats stats.test": 2}
    asyncio.run(stopped(app))
    assert counted() == {"gate:markup:blocked:stats stats.test": 2}
    run(app, http_scope())
    asyncio.run(stopped(app))
    assert counted() == {"gate:markup:blocked:stats stats.test": 3}


async def stopped(app: Any) -> None:
    """The lifespan's end, as a server would bring it about."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        pass

    async def quiet(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})

    inner, app.app = app.app, quiet
    await app({"type": "lifespan"}, receive, send)
    app.app = inner
