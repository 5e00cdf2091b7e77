"""What the middleware costs a request, next to the bare app and a middleware that does nothing, in the same run.

Run: python -m benchmarks.requests [--rounds 15]

Every row is driven in process, without sockets, so that only our own work is seen. Rounds are interleaved and the
median is taken: a machine's speed drifts, a ratio within one round does not.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from consentkit import ConsentMiddleware, Policy
from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key

SECRET = "a-secret-for-benchmarks-0123456789"  # noqa: S105 - guards nothing
PARAGRAPH = "<p>The harbour was quiet when the ferry came in, an hour late and with nobody waiting for it.</p>\n"
SCRIPT = '<script src="https://stats.test/s{}.js" async></script><img src="/i/{}.jpg" alt="">\n'


def make_page(size: int, scripts: int) -> str:
    """An HTML page of about `size` bytes with `scripts` gated scripts and as many images."""
    tags = "".join(SCRIPT.format(number, number) for number in range(scripts))
    text = PARAGRAPH * ((size - len(tags) - 100) // len(PARAGRAPH))
    return f"<!doctype html><html><head><title>News</title></head><body>{tags}{text}</body></html>"


PAGE = make_page(10_000, 6)


async def json_endpoint(request: Request) -> Response:
    return JSONResponse({"status": "fine"})


async def html_endpoint(request: Request) -> Response:
    return HTMLResponse(PAGE)


def bare() -> Starlette:
    return Starlette(routes=[Route("/json", json_endpoint), Route("/html", html_endpoint)])


class NoOp:
    """The least a middleware can be."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def policy() -> Policy:
    services = {
        "stats": {"category": "analytics", "hosts": ["stats.test"], "cookies": ["_st*"], "purpose": "Counts"},
        "ads": {"category": "marketing", "hosts": ["ads.test"], "uses": ["sale"], "purpose": "Ads"},
        "maps": {"category": "functional", "hosts": ["maps.test"], "purpose": "Maps"},
    }
    return Policy.model_validate({"site": {"url": "https://news.test", "name": "News"}, "services": services})


def cookie(middleware: ConsentMiddleware, verdict: Verdict) -> bytes:
    """A consent cookie that says the same of every category."""
    site = middleware.site_for({"type": "http", "headers": []})
    digests = site.decider.digests
    entries = {
        category_key(name): CategoryChoice(verdict, digests[name] if verdict else b"")
        for name in site.policy.asked_categories
    }
    return site.cookies.dumps(StoredChoice(int(time.time()) - 60, "form", entries, "0" * 32)).encode()


def scope(path: str, cookie_value: bytes = b"") -> dict[str, Any]:
    headers = [(b"host", b"news.test"), (b"accept", b"text/html"), (b"user-agent", b"bench")]
    if cookie_value:
        headers.append((b"cookie", b"theme=dark; __Host-consent=" + cookie_value))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("198.51.100.7", 1), "server": ("news.test", 443), "state": {},
    }  # fmt: skip


async def drive(app: Any, path: str, cookie_value: bytes, count: int) -> float:
    """Microseconds for one request, over `count` of them."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        pass

    scopes = [scope(path, cookie_value) for _ in range(count)]
    begun = time.perf_counter()
    for each in scopes:
        await app(each, receive, send)
    return (time.perf_counter() - begun) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=400)
    arguments = parser.parse_args()
    ours = ConsentMiddleware(bare(), policy(), secret_key=SECRET, log="memory://")
    granted, refused = cookie(ours, Verdict.GRANTED), cookie(ours, Verdict.DENIED)
    plain, no_op, gzip = bare(), NoOp(bare()), GZipMiddleware(bare(), compresslevel=9)
    rows: list[tuple[str, Any, str, bytes, str]] = [
        ("JSON, bare app", plain, "/json", b"", ""),
        ("JSON, no-op middleware", no_op, "/json", b"", "JSON, bare app"),
        ("JSON, consentkit, no cookie", ours, "/json", b"", "JSON, bare app"),
        ("JSON, consentkit, with cookie", ours, "/json", granted, "JSON, bare app"),
        ("10 KB HTML, bare app", plain, "/html", b"", ""),
        ("10 KB HTML, no-op middleware", no_op, "/html", b"", "10 KB HTML, bare app"),
        ("10 KB HTML, undecided", ours, "/html", b"", "10 KB HTML, bare app"),
        ("10 KB HTML, decided: refused", ours, "/html", refused, "10 KB HTML, bare app"),
        ("10 KB HTML, decided: granted", ours, "/html", granted, "10 KB HTML, bare app"),
        ("10 KB HTML, gzip level 9", gzip, "/html", b"", "10 KB HTML, bare app"),
    ]
    asyncio.run(measure(rows, arguments.rounds, arguments.count))


async def measure(rows: list[tuple[str, Any, str, bytes, str]], rounds: int, count: int) -> None:
    times: dict[str, list[float]] = {name: [] for name, *_ in rows}
    for _ in range(rounds + 1):
        for name, app, path, cookie_value, _ in rows:
            times[name].append(await drive(app, path, cookie_value, count))
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}; median of {rounds}"
    )
    print(f"{'row':34} {'µs/request':>11} {'over bare':>10} {'ratio':>7}")
    median: Callable[[str], float] = lambda name: statistics.median(times[name][1:])  # noqa: E731 - a short name
    for name, _, _, _, base in rows:
        over = f"{median(name) - median(base):+10.1f} {median(name) / median(base):7.2f}" if base else ""
        print(f"{name:34} {median(name):11.1f} {over}")


if __name__ == "__main__":
    main()
