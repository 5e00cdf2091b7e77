"""The middleware as an app uses it: what it sees, where our routes and links lead, what pages carry."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from consentkit import ConsentMiddleware, current_consent, get_consent
from consentkit.policy.models import Policy
from tests.apps import GATED, accept, broken, granted_cookie, home, wrap
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import SECRET, policy_data


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
