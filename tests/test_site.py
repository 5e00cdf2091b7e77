"""A site at work: its cookies, the gates for those of services, and privacy signals."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from consentkit import get_consent
from consentkit.log.memory import MemoryLog
from consentkit.policy.models import Policy
from tests.apps import granted_cookie, home, wrap
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import OTHER_SECRET, SECRET, Clock, policy_data


def test_refused_cookies_are_hidden_from_the_app_and_expired() -> None:
    """Undecided: hidden only, and no Set-Cookie on a page view. Refused: expired as well, and never stored."""

    async def show(request: Request) -> Response:
        return JSONResponse(dict(request.cookies))

    with TestClient(wrap(Starlette(routes=[Route("/", show)]))) as client:
        cookies = {"cookie": "_st1=a; session=s; other=o; _ad=b"}
        answer = client.get("/", headers=cookies)
        assert answer.json() == {"session": "s", "other": "o"}
        assert "set-cookie" not in answer.headers
        client.post("/_consent/choice", data={"action": "reject-all"}, follow_redirects=False)
        refusal = client.cookies["consent"]
        answer = client.get("/", headers={"cookie": f"_st1=a; consent={refusal}; _ad=b"})
        assert answer.json() == {"consent": refusal}
        expired = [value.split("=")[0] for value in answer.headers.get_list("set-cookie")]
        assert set(expired) == {"_st1", "_ad"}
        assert answer.headers["cache-control"] == "no-store"


def test_the_response_may_only_set_what_is_allowed() -> None:
    """Declared cookies of closed services are dropped; deletions, necessary and undeclared ones pass, in order."""
    values = [
        "session=1; Path=/",
        "_st1=x",
        "odd=1",
        "_ad=; Max-Age=0",
        "_ad=; expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "_ad=1",
    ]
    app = wrap(replay(start(200, *((b"set-cookie", value.encode()) for value in values)), body()))
    (first, _) = run(app, http_scope())
    assert [value.decode() for _, value in first["headers"]] == [values[0], *values[2:5]]


def test_undeclared_cookies_are_reported_once_by_name_alone(caplog: pytest.LogCaptureFixture) -> None:
    """`report` warns once for each name and never writes a value down."""
    app = wrap(replay(start(200, (b"set-cookie", b"odd=secret-value")), body()))
    run(app, http_scope())
    run(app, http_scope())
    lines = [record.getMessage() for record in caplog.records if "odd" in record.getMessage()]
    assert len(lines) == 1
    assert "secret-value" not in caplog.text


def test_undeclared_cookies_can_be_blocked() -> None:
    """`unknown: {cookies: block}` lets only declared cookies through."""
    policy = Policy.model_validate(policy_data(unknown={"cookies": "block"}))
    app = wrap(replay(start(200, (b"set-cookie", b"odd=1"), (b"set-cookie", b"session=1")), body()), policy)
    assert run(app, http_scope())[0]["headers"] == [(b"set-cookie", b"session=1")]


def test_key_rotation_keeps_old_cookies(clock: Clock) -> None:
    """A cookie signed with the old key is good while that key is listed, and undecided after."""
    inner = Starlette(routes=[Route("/", home)])
    cookie = granted_cookie(wrap(inner, clock=clock))
    for keys, good in (([SECRET, OTHER_SECRET], True), ([OTHER_SECRET], False)):
        with TestClient(wrap(inner, secret_key=keys, clock=clock)) as client:
            state = client.get("/_consent/state", headers={"cookie": f"consent={cookie}"}).json()
            assert state["decided"] is good


@pytest.mark.parametrize(
    "header",
    [
        "=consent={}", "\xa0consent={}", "\x85consent={}", "\x1cconsent={}", "Consent={}", "consent\xa0={}",
        "$Version=1,consent={}", "__Host-consent={}", "consent=bad; consent={}", "consent={}; consent=bad",
    ],
)  # fmt: skip
def test_look_alikes_of_the_cookie_are_not_it(header: str) -> None:
    """Only the exact raw name counts, and two different values count as none."""
    app = wrap(Starlette(routes=[Route("/", home)]))
    raw = header.replace("{}", granted_cookie(app)).encode("latin-1")
    (first, second) = run(app, http_scope("/_consent/state", headers=[(b"cookie", raw)]))
    assert first["status"] == 200
    assert b'"decided":false' in second["body"]


def test_the_same_cookie_twice_is_one() -> None:
    """Equal values in one header or two are no contradiction."""
    app = wrap(Starlette(routes=[Route("/", home)]))
    raw = f"consent={granted_cookie(app)}".encode()
    twice = [(b"cookie", raw), (b"cookie", b"a=b; " + raw)]
    assert b'"decided":true' in run(app, http_scope("/_consent/state", headers=twice))[1]["body"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xa0_ad=x",
        b"_ad\xa0=x",
        b"a=1;\x0c_ad=x",
        b"\x85_ad=x",
        b"\x1c_ad=x",
        b"_ad =x",
        b"a=1;\t_ad=x",
        b"_ad=x; _ad=y",
    ],
)
def test_a_refused_cookie_is_hidden_however_a_framework_would_read_it(raw: bytes) -> None:
    """Frameworks strip more kinds of space than browsers send: the app never sees the name."""

    async def show(request: Request) -> Response:
        return JSONResponse(list(request.cookies))

    app = wrap(Starlette(routes=[Route("/", show)]))
    assert b"_ad" not in run(app, http_scope(headers=[(b"cookie", raw)]))[1]["body"]


def test_a_giant_cookie_header_is_no_problem() -> None:
    """200 other cookies and 64 KB are read like any other."""
    app = wrap(Starlette(routes=[Route("/", home)]))
    noise = b"; ".join(b"c%d=%s" % (n, b"x" * 300) for n in range(200))
    raw = noise + b"; consent=" + granted_cookie(app).encode()
    assert b'"decided":true' in run(app, http_scope("/_consent/state", headers=[(b"cookie", raw)]))[1]["body"]


def test_an_https_site_uses_the_host_prefix_whatever_the_scheme_behind_the_proxy() -> None:
    """`site.url` decides the cookie's name and Secure, not the connection to the proxy."""
    policy = Policy.model_validate(policy_data(site={"url": "https://testserver", "name": "T"}))
    with TestClient(wrap(Starlette(routes=[Route("/", home)]), policy)) as client:
        answer = client.post("/_consent/choice", data={"action": "reject-all"}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-consent=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} < set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_cookie_domain_gives_up_the_prefix() -> None:
    """A choice shared over subdomains needs a plain name and the domain."""
    site = {"url": "https://news.test", "name": "T", "cookie_domain": ".news.test"}
    with TestClient(wrap(Starlette(), Policy.model_validate(policy_data(site=site)))) as client:
        answer = client.post("/_consent/choice", data={"action": "reject-all"}, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("consent=")
    assert "Domain=news.test; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("value", "counts"), [("1", True), ("0", False), ("true", False), ("1, 1", False), ("1;x", False), ("", False)]
)
def test_only_a_signal_of_exactly_one_counts(value: str, counts: bool) -> None:
    """Sec-GPC is `1` or it is nothing, whatever the method; the app still sees it."""
    seen: list[str | None] = []

    async def show(request: Request) -> Response:
        seen.append(request.headers.get("sec-gpc"))
        return JSONResponse(sorted(get_consent(request).signals))

    with TestClient(wrap(Starlette(routes=[Route("/", show, methods=["GET", "POST"])]))) as client:
        for method in ("GET", "POST"):
            assert client.request(method, "/", headers={"sec-gpc": value}).json() == (["gpc"] if counts else [])
    assert seen == [value, value]


def test_of_several_signal_headers_one_is_enough() -> None:
    """They are never joined and compared as a list."""
    app = wrap(Starlette())
    headers = [(b"sec-gpc", b"0"), (b"sec-gpc", b"1")]
    assert b'"signals":["gpc"]' in run(app, http_scope("/_consent/state", headers=headers))[1]["body"]


def test_a_signal_alone_writes_no_record_only_a_daily_count() -> None:
    """Without a cookie nobody could tell visitors apart, so nobody is recorded."""
    import asyncio

    log = MemoryLog()
    with TestClient(wrap(Starlette(routes=[Route("/", home)]), log=log)) as client:
        client.get("/", headers={"sec-gpc": "1"})
        client.get("/", headers={"sec-gpc": "1"})
    assert asyncio.run(log.head()) is None
    counts = {what: n for (_, what), n in asyncio.run(log.counts()).items() if not what.startswith("gate:")}
    assert counts == {"signal:gpc": 2}


def test_the_gpc_statement_is_the_same_for_everyone() -> None:
    """`/.well-known/gpc.json` says what the policy says, byte for byte alike."""
    with TestClient(wrap(Starlette())) as client:
        plain = client.get("/.well-known/gpc.json")
        signalled = client.get("/.well-known/gpc.json", headers={"sec-gpc": "1", "cookie": "consent=x"})
        assert plain.headers["content-type"] == "application/json"
        assert set(plain.json()) == {"gpc", "lastUpdate"}
        assert plain.json()["gpc"] is True
        assert plain.content == signalled.content
        assert client.post("/.well-known/gpc.json").status_code == 405


def test_a_required_service_keeps_its_host_under_that_of_a_refused_one() -> None:
    """The closest declaration decides in pages as it does in headers."""
    services = policy_data()["services"] | {"files": {"category": "necessary", "hosts": ["files.stats.test"]}}
    page = b"<!doctype html><title>t</title><body><img src=//files.stats.test/a><img src=//stats.test/b>"
    app = wrap(replay(start(200, HTML), body(page)), Policy.model_validate(policy_data(services=services)))
    sent = run(app, http_scope())[1]["body"]
    assert b"<img src=//files.stats.test/a>" in sent
    assert b"data-ckit-src=//stats.test/b" in sent
