"""The middleware as an app uses it: set-up, lifespan, several sites, reload, and what the app sees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from consentkit import ConsentMiddleware, current_consent, get_consent
from consentkit.errors import ConfigurationError, LogError, LogUnavailableError
from consentkit.log.memory import MemoryLog
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import OTHER_SECRET, SECRET, Clock, policy_data

POLICY_YAML = """
site: {url: "http://testserver", name: "{site}"}
services:
  stats: {category: analytics, hosts: [stats.test], purpose: Counts readers}
"""
GATED = '<script src="https://stats.test/a.js"></script>'


async def home(request: Request) -> Response:
    return HTMLResponse(f"<!doctype html><title>t</title><p>hello{GATED}")


async def broken(request: Request) -> Response:
    raise RuntimeError("the app's fault")


def write_policy(folder: Path, name: str = "Test Site") -> Path:
    file = folder / "consent.yaml"
    file.write_text(POLICY_YAML.replace("{site}", name))
    return file


def wrap(app: Any, policy: Any = None, **more: Any) -> ConsentMiddleware:
    more = {"secret_key": SECRET, "log": "memory://"} | more
    return ConsentMiddleware(app, policy or Policy.model_validate(policy_data()), **more)


def accept(client: TestClient) -> None:
    client.cookies.set("consent", granted_cookie(client.app))


def granted_cookie(app: Any) -> str:
    from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key

    site = app.site_for(http_scope())
    entries = {
        category_key(name): CategoryChoice(Verdict.GRANTED, site.decider.digests[name])
        for name in site.policy.asked_categories
    }
    return str(site.cookies.dumps(StoredChoice(int(site.clock()) - 10, "form", entries, "0" * 32)))


def test_outermost_even_the_frameworks_error_page_is_gated() -> None:
    """Starlette's own 500 page passes the gates when the middleware wraps the whole app."""

    class HtmlErrors(Starlette):
        pass

    inner = HtmlErrors(debug=True, routes=[Route("/", broken)])
    with TestClient(wrap(inner), raise_server_exceptions=False) as client:
        answer = client.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "RuntimeError" in answer.text
    assert answer.text.count('id="ckit-root"') == 1


def test_an_error_page_of_the_app_is_gated_too() -> None:
    """A custom 500 handler that embeds a gated script sends it inert."""

    async def sorry(request: Request, error: Exception) -> Response:
        return HTMLResponse(f"<!doctype html><title>Sorry</title><body>{GATED}", 500)

    inner = Starlette(routes=[Route("/", broken)], exception_handlers={500: sorry})
    with TestClient(wrap(inner), raise_server_exceptions=False) as client:
        answer = client.get("/")
    assert answer.status_code == 500
    assert 'data-ckit="analytics/stats"' in answer.text


def test_add_middleware_works_with_the_same_arguments() -> None:
    """Starlette's own way to add middleware gives the same pages."""
    app = Starlette(routes=[Route("/", home)])
    policy = Policy.model_validate(policy_data())
    app.add_middleware(ConsentMiddleware, policy=policy, secret_key=SECRET, log="memory://")
    with TestClient(app) as client:
        assert client.get("/").text.count('id="ckit-root"') == 1


def test_the_app_sees_consent_in_every_way(  # one request answers for all of them
) -> None:
    """get_consent, request.state and current_consent give the same value; afterwards nothing is left behind."""

    async def show(request: Request) -> Response:
        consent = get_consent(request)
        same = consent is request.state.consent is current_consent() is get_consent(request.scope)
        return JSONResponse({"same": same, "allowed": consent.allows("analytics")})

    with TestClient(wrap(Starlette(routes=[Route("/", show)]))) as client:
        assert client.get("/").json() == {"same": True, "allowed": False}
        accept(client)
        assert client.get("/").json() == {"same": True, "allowed": True}
    assert not current_consent().allows("analytics")


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


def test_websockets_are_gated_at_their_handshake() -> None:
    """The handshake sees no hidden cookie and sets no refused one; consent is at hand."""
    seen: dict[str, Any] = {}

    async def talk(websocket: WebSocket) -> None:
        seen.update(cookies=dict(websocket.cookies), allowed=get_consent(websocket).allows("analytics"))
        await websocket.accept(headers=[(b"set-cookie", b"_st1=1"), (b"set-cookie", b"session=1")])
        await websocket.close()

    client = TestClient(wrap(Starlette(routes=[WebSocketRoute("/ws", talk)])))
    with client, client.websocket_connect("/ws", headers={"cookie": "_st1=a; session=s"}) as socket:
        extra: list[tuple[bytes, bytes]] = list(socket.extra_headers or [])
        headers = [value for key, value in extra if key == b"set-cookie"]
    assert headers == [b"session=1"]
    assert seen == {"cookies": {"session": "s"}, "allowed": False}


def test_two_sites_in_one_process_share_nothing() -> None:
    """A callable chooses the policy; a cookie of one site is nothing at the other."""
    one = Policy.model_validate(policy_data(site={"url": "http://one.test", "name": "One"}))
    two = Policy.model_validate(policy_data(site={"url": "http://two.test", "name": "Two"}))

    def choose(scope: Any) -> Policy:
        host = dict(scope["headers"]).get(b"host", b"")
        return one if host == b"one.test" else two

    app = wrap(Starlette(routes=[Route("/", home)]), choose)
    with TestClient(app, base_url="http://one.test") as client:
        cookie = granted_cookie(wrap(home, one))
        there = {"cookie": f"consent={cookie}"}
        assert client.get("/_consent/state", headers=there).json()["allowed"]["analytics"]
        assert "One would like" in client.get("/").text
    with TestClient(app, base_url="http://two.test") as client:
        assert not client.get("/_consent/state", headers=there).json()["allowed"]["analytics"]
        assert "Two would like" in client.get("/").text


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


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example/.localhost",
        b"evil.example?.localhost",
        b"x@evil.localhost",
        b"[127.0.0.1",
        b"localhost\n",
        b"127.0.0.1:x",
        b"a..localhost",
    ],
)
def test_only_an_exact_loopback_host_counts(host: bytes) -> None:
    """Whatever else is in Host, links and forms are those of the policy's site."""
    app = wrap(replay(start(200, HTML), body(b"<body>x")))
    page = run(app, http_scope() | {"headers": [(b"host", host)]})[1]["body"]
    assert page.count(b"http://testserver/_consent/") >= 4
    assert b"localhost" not in page
    twice = http_scope() | {"headers": [(b"host", b"localhost"), (b"host", b"localhost")]}
    assert b"localhost" not in run(app, twice)[1]["body"]


def test_a_page_whose_address_looks_foreign_leads_back_to_the_front() -> None:
    """A path that a browser would read as another site is never put into the form."""
    app = wrap(replay(start(200, HTML), body(b"<body>x")))
    for path in ("//evil.example/phish", "/\\evil.example", "/\t/evil.example"):
        scope = http_scope() | {"path": path, "raw_path": path.encode()}
        assert b'name="return_to" value="/"' in run(app, scope)[1]["body"]


def test_excluded_paths_deny_instead_of_failing(make_policy: Any) -> None:
    """Code shared with an excluded path finds a consent there that allows nothing."""

    async def show(request: Request) -> Response:
        return JSONResponse([request.state.consent.allows("analytics"), get_consent(request).allows_service("stats")])

    app = wrap(Starlette(routes=[Route("/embed", show)]), make_policy(exclude=["/embed"]))
    assert run(app, http_scope("/embed"))[1]["body"] == b"[false,false]"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": b"x" * 40},
        {"secret_key": [b"x" * 40]},
        {"secret_key": 5},
        {"policy": 5},
        {"templates": 5},
        {"log": 5},
    ],
)
def test_arguments_of_a_wrong_type_are_told_at_start(wrong: dict[str, Any]) -> None:
    """Nothing is raised by the constructor; the start fails with a sentence."""
    settings: dict[str, Any] = {
        "policy": Policy.model_validate(policy_data()),
        "secret_key": SECRET,
        "log": "memory://",
    }
    app = ConsentMiddleware(Starlette(), **(settings | wrong))
    with pytest.raises(ConfigurationError), TestClient(app):
        pass


def test_a_broken_template_of_the_site_is_told_at_start(tmp_path: Path) -> None:
    """A mistake in an override names its file and line."""
    (tmp_path / "banner.html").write_text("<p>\n{% if %}")
    with (
        pytest.raises(ConfigurationError, match=r"banner\.html:2: "),
        TestClient(wrap(Starlette(), templates=tmp_path)),
    ):
        pass


def test_a_policy_that_is_narrowed_on_reload_keeps_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running worker knows what visitors agreed to before the reload."""
    monkeypatch.setattr("consentkit.sites._LOOK_EVERY", 0.0)
    file = write_policy(tmp_path)
    narrow = file.read_text()
    file.write_text(narrow + "  more: {category: analytics, hosts: [more.test], purpose: Counts more}\n")
    with TestClient(wrap(Starlette(), file, reload=True)) as client:
        accept(client)
        assert client.get("/_consent/state").json()["decided"]
        file.write_text(narrow)
        assert client.get("/_consent/state").json() == client.get("/_consent/state").json() | {
            "decided": True,
            "services": {"stats": True},
        }


def test_a_log_that_comes_back_is_asked_for_earlier_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start with the log down is made good later: then it keeps this policy and knows the earlier ones."""
    monkeypatch.setattr("consentkit.middleware._LEARN_EVERY", 0.0)

    class Away(MemoryLog):
        down = True

        async def open(self) -> None:
            if self.down:
                raise LogUnavailableError("away")
            await super().open()

        async def kept(self, kind: Any) -> dict[str, bytes]:
            if self.down:
                raise LogUnavailableError("away")
            return await super().kept(kind)

    wide = Policy.model_validate(policy_data())
    services = {name: service for name, service in policy_data()["services"].items() if name != "adnet"}
    narrow = Policy.model_validate(policy_data(services=services))
    log = Away()
    log.keep("policy", wide.digest, wide.canonical())
    cookie = granted_cookie(wrap(Starlette(), wide))
    with TestClient(wrap(Starlette(), narrow, log=log)) as client:
        headers = {"cookie": f"consent={cookie}"}
        assert not client.get("/_consent/state", headers=headers).json()["decided"]
        log.down = False
        assert client.get("/_consent/state", headers=headers).json()["decided"]


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
    assert {what: n for (_, what), n in asyncio.run(log.counts()).items()} == {"signal:gpc": 2}


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


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_consent", 404), ("/_consent/", 404), ("/_consent/nothing", 404), ("/_consent/assets/../x", 404),
        ("/_consent/assets/nope.css", 404), ("/_consent/policy/", 404), ("/_consent\x00/policy", 418),
        ("//_consent/policy", 418), ("/_consentx", 418), ("_consent/policy", 418), ("/a/_consent/policy", 418),
        ("/%5f" + "x" * 65536, 418), ("/_consent/policy", 200),
    ],
)  # fmt: skip
def test_routes_are_found_by_path_alone(path: str, status: int) -> None:
    """Our routes answer under their exact paths; everything else is the app's, whatever the Host says."""
    app = wrap(replay(start(418), body()))
    for host in (b"testserver", b"a/b?c", b"x@y", b""):
        scope = http_scope(headers=[]) | {"path": path, "raw_path": b"", "headers": [(b"host", host), (b"host", b"z")]}
        assert run(app, scope)[0]["status"] == status


def test_below_a_mount_routes_and_links_follow_the_root_path() -> None:
    """With a root_path our pages answer below it, and every link of ours carries it."""
    app = wrap(replay(start(200, HTML), body(b"<body>x")))
    inside = http_scope("/sub/page", root_path="/sub")
    page = run(app, inside)[1]["body"].decode()
    assert 'action="http://testserver/sub/_consent/choice"' in page
    assert 'href="http://testserver/sub/_consent/assets/' in page
    assert run(app, http_scope("/sub/_consent/policy", root_path="/sub"))[0]["status"] == 200


def test_a_foreign_base_moves_none_of_our_links() -> None:
    """Form, style and script of ours are absolute, so that `<base>` can't send them elsewhere."""
    import re

    page = b'<!doctype html><head><base href="https://evil.test/"></head><body>x'
    text = run(wrap(replay(start(200, HTML), body(page))), http_scope("/a"))[1]["body"].decode()
    links = re.findall(r'(?:action|href|src)="([^"]*)"', text)
    assert all(link.startswith("http://testserver/") for link in links if link != "https://evil.test/")
    assert len(links) >= 5


def test_gzip_outside_works_and_inside_is_disarmed() -> None:
    """Compression belongs outside; inside it finds nobody asking for it."""
    big = f"<!doctype html><title>t</title><p>{'x' * 2000}{GATED}"

    async def page(request: Request) -> Response:
        return HTMLResponse(big)

    inner = Starlette(routes=[Route("/", page)])
    for app in (GZipMiddleware(wrap(inner)), wrap(GZipMiddleware(inner))):
        with TestClient(app) as client:
            answer = client.get("/", headers={"accept-encoding": "gzip"})
            assert 'data-ckit="analytics/stats"' in answer.text
            assert ("content-encoding" in answer.headers) is isinstance(app, GZipMiddleware)


def test_our_script_takes_the_pages_nonce() -> None:
    """Under a nonce policy our tags carry the app's own nonce, each that of its own directive."""
    csp = (b"content-security-policy", b"style-src 'nonce-st1'; script-src 'nonce-abc123==' 'strict-dynamic'")
    page = run(wrap(replay(start(200, HTML, csp), body(b"<body>x"))), http_scope())[1]["body"].decode()
    assert '.css" nonce="st1"' in page
    assert '.js" defer nonce="abc123=="' in page
    csp = (b"content-security-policy", b"default-src 'self' 'nonce-both'")
    page = run(wrap(replay(start(200, HTML, csp), body(b"<body>x"))), http_scope())[1]["body"].decode()
    assert page.count('nonce="both"') == 2


def test_our_additions_are_plain_ascii_and_need_no_inline_code() -> None:
    """Nothing inline, so that a strict Content-Security-Policy is enough; every charset can carry it."""
    policy = Policy.model_validate(policy_data(language={"default": "fr", "available": ["fr", "en"]}))
    page = run(wrap(replay(start(200, HTML), body(b"<body>x")), policy), http_scope())[1]["body"]
    page.decode("ascii")
    assert b"<style" not in page
    assert b" style=" not in page
    assert b" on" not in page.replace(b" one", b"").replace(b" optionnel", b"")
    assert b"Vos choix" in page


def test_no_service_to_ask_about_means_no_banner() -> None:
    """With only necessary services pages stay as they are."""
    policy = Policy.model_validate(policy_data(services={"session": {"category": "necessary", "cookies": ["session"]}}))
    page = b"<!doctype html><body>x"
    assert run(wrap(replay(start(200, HTML), body(page)), policy), http_scope())[1]["body"] == page


def test_a_policy_file_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With reload a change is live at once; a mistake is shown in the page and the old policy serves on."""
    monkeypatch.setattr("consentkit.sites._LOOK_EVERY", 0.0)
    file = write_policy(tmp_path, "First")
    with TestClient(wrap(Starlette(routes=[Route("/", home)]), file, reload=True)) as client:
        assert "First would like" in client.get("/").text
        write_policy(tmp_path, "Second one")
        assert "Second one would like" in client.get("/").text
        file.write_text(file.read_text() + "\nbannner: {}\n")
        page = client.get("/").text
        assert "Second one would like" in page
        assert "consent.yaml:6:1" in page
        write_policy(tmp_path, "Third site")
        page = client.get("/").text
        assert "Third site would like" in page
        assert "ckit-error" not in page


@pytest.mark.parametrize("how", ["outermost", "add_middleware"])
@pytest.mark.parametrize(
    ("secret", "policy", "said"),
    [
        ("", "consent.yaml", "consentkit keygen"),
        ("changeme", "consent.yaml", "consentkit keygen"),
        (SECRET, "missing.yaml", "missing.yaml"),
        (SECRET, "broken.yaml", "broken.yaml:2:"),
    ],
)
def test_a_configuration_error_stops_uvicorn_with_the_message_last(
    tmp_path: Path, how: str, secret: str, policy: str, said: str
) -> None:
    """The process exits non-zero, and the last thing it says is what to change."""
    write_policy(tmp_path)
    (tmp_path / "broken.yaml").write_text(
        "site: {url: https://a.example, name: A}\nservices: {x: {categry: analytics}}\n"
    )
    lines = ["from starlette.applications import Starlette", "from consentkit import ConsentMiddleware"]
    if how == "outermost":
        lines.append(f"app = ConsentMiddleware(Starlette(), {policy!r})")
    else:
        lines += ["app = Starlette()", f"app.add_middleware(ConsentMiddleware, policy={policy!r})"]
    (tmp_path / "main.py").write_text("\n".join(lines))
    env = {**os.environ, "CONSENTKIT_SECRET_KEY": secret}
    command = [sys.executable, "-m", "uvicorn", "main:app", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert said in done.stderr[done.stderr.rindex("consentkit can't start") :]
    assert "Exiting" not in last


def test_an_unusable_log_stops_the_start(tmp_path: Path) -> None:
    """A log in a folder that isn't there is a start-up error that names the path."""
    app = wrap(Starlette(), log=f"sqlite:///{tmp_path}/nowhere/consent.db")
    with pytest.raises(LogError, match="nowhere"), TestClient(app):
        pass


def test_an_app_without_lifespan_is_served_all_the_same() -> None:
    """Where no lifespan event comes the log is opened with the first request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await PlainTextResponse("ok")(scope, receive, send)

    client = TestClient(wrap(app), follow_redirects=False)
    assert client.get("/").text == "ok"
    assert client.post("/_consent/choice", data={"action": "reject-all"}).status_code == 303
