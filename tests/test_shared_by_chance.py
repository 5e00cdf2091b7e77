"""Random apps, policies and visitors: all answers that a shared cache may keep for one address are the same answer."""

from __future__ import annotations

import random
from typing import Any

import pytest

from consentkit.policy.models import Policy
from tests.apps import granted_cookie, wrap
from tests.asgi import App, Headers, Message, body, header_of, http_scope, run, start
from tests.conftest import policy_data
from tests.test_shared_caches import refused_cookie

PAGE = (
    b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script><img src=//adnet.test/p>"
    b"<iframe src=https://video.test/v width=400 height=300></iframe><img src=//other.test/i>"
)
POLICIES: list[dict[str, Any]] = [
    {},
    {"csp": "strict"},
    {"csp": "off", "permissions_policy": False},
    {"delivery": "shared"},
    {"delivery": "personal"},
    {"mode": "report-only"},
    {"categories": {"marketing": {"mode": "report-only"}}},
    {"unknown": {"hosts": "block", "cookies": "block"}},
    {"regimes": {"map": {"default": "us-opt-out"}}},
    {"language": {"default": "en", "available": ["en", "fr"]}},
]
TYPES = [b"text/html", b"Text/HTML; charset=utf-8", b"text/html; charset=utf-16", b"image/png", b"application/json"]
SAID: list[Headers] = [
    [(b"cache-control", b"public, max-age=600")],
    [(b"Cache-Control", b"s-maxage=60")],
    [(b"cache-control", b"max-age=60, public, stale-while-revalidate=9")],
    [(b"cache-control", b"no-store"), (b"surrogate-control", b"max-age=60")],
    [(b"X-Accel-Expires", b"60")],
    [(b"cache-control", b"private")],
    [],
]
MORE: Headers = [
    (b"link", b"<https://stats.test/s.js>; rel=preload"),
    (b"link", b"</own.css>; rel=preload"),
    (b"content-security-policy", b"script-src 'self' https://stats.test"),
    (b"content-security-policy", b"default-src 'self'"),
    (b"content-security-policy-report-only", b"img-src https://adnet.test; report-uri https://stats.test/r"),
    (b"set-cookie", b"_st1=1"),
    (b"permissions-policy", b"browsing-topics=*, camera=()"),
    (b"observe-browsing-topics", b"?1"),
    (b"reporting-endpoints", b'a="https://stats.test/r"'),
    (b"etag", b'"v1"'),
    (b"last-modified", b"Mon, 02 Nov 2026 10:00:00 GMT"),
    (b"vary", b"Accept-Encoding"),
    (b"content-length", str(len(PAGE)).encode()),
]
REQUESTS: list[Headers] = [
    [],
    [(b"sec-gpc", b"1")],
    [(b"sec-fetch-dest", b"image"), (b"accept-encoding", b"gzip")],
    [(b"accept", b"text/html"), (b"range", b"bytes=0-9")],
    [(b"range", b"bytes=0-9")],
    [(b"hx-request", b"true")],
    [(b"accept-language", b"fr")],
    [(b"authorization", b"Basic x")],
    [(b"accept", b"text/html"), (b"if-none-match", b'"v1"')],
]


def made_by(chance: random.Random) -> App:
    """An app that answers one address in one way, as far as the request lets it with pages."""
    kind = chance.choice(TYPES)
    status = chance.choice([200, 200, 200, 404, 410, 500, 301])
    is_page = b"html" in kind.lower() and status != 301
    headers = [(b"content-type", kind), *chance.choice(SAID), *chance.sample(MORE, chance.randrange(5))]
    chance.shuffle(headers)
    cut = chance.choice([0, 0, 3, 60])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]) if is_page else {}
        packed = [(b"content-encoding", b"gzip")] if given.get(b"accept-encoding") == b"gzip" else []
        await send(start(206 if b"range" in given else status, *headers, *packed))
        if is_page and "http.response.pathsend" in scope["extensions"]:
            await send({"type": "http.response.pathsend", "path": "/page.html"})
            return
        if cut:
            await send(body(PAGE[:cut], more=True))
        await send(body(PAGE[cut:]))

    return app


def may_be_kept(answer: list[Message]) -> bool:
    """Whether a shared cache may keep the answer: it is told to, or it is a page that nobody says anything of."""
    said = b",".join(header_of(answer[0], b"cache-control")).lower()
    if header_of(answer[0], b"surrogate-control") or header_of(answer[0], b"x-accel-expires"):
        return True
    if b"private" in said or b"no-store" in said:
        return False
    is_page = b"html" in b"".join(header_of(answer[0], b"content-type")).lower()
    return (
        b"public" in said
        or b"max-age" in said
        or b"s-maxage" in said
        or (is_page and answer[0]["status"] in (200, 404, 410))
    )


def whole(answer: list[Message]) -> tuple[object, ...]:
    """Status, headers and body, however it was cut."""
    pieces = b"".join(message.get("body", message.get("path", "").encode()) for message in answer[1:])
    return answer[0]["status"], tuple(answer[0]["headers"]), pieces


@pytest.mark.parametrize("number", range(len(POLICIES)))
def test_what_may_be_kept_is_the_same_for_all(number: int) -> None:
    """Any two visitors whose answers may be kept get the same one; and some of them may be."""
    chance = random.Random(number)
    policy = Policy.model_validate(policy_data(**POLICIES[number]))
    kept = 0
    for _ in range(12):
        app = wrap(made_by(chance), policy)
        granted, refused = f"consent={granted_cookie(app)}".encode(), refused_cookie(app)
        cookies: list[Headers] = [[], *([(b"cookie", value)] for value in (granted, refused, b"_st1=x; " + refused))]
        answers = set()
        for request in REQUESTS:
            for cookie in cookies:
                scope = http_scope("/a", headers=[*request, *cookie], extensions={"http.response.pathsend": {}})
                answer = run(app, scope)
                if may_be_kept(answer):
                    answers.add(whole(answer))
        assert len(answers) <= 1, answers
        kept += len(answers)
    assert kept or POLICIES[number].get("delivery") == "personal"
