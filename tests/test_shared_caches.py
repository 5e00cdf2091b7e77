"""What must never lie in a shared cache, whatever the app says: what differs by visitor, or was not looked into."""

from __future__ import annotations

from typing import Any

import pytest

from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key
from consentkit.policy.models import Policy
from tests.apps import granted_cookie, wrap
from tests.asgi import HTML, Headers, Message, body, header_of, http_scope, replay, run, start
from tests.conftest import policy_data

PAGE = b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script>"
PUBLIC = (b"cache-control", b"public, max-age=600")
PRIVATE = [b"private, max-age=600"]
IMAGE = (b"sec-fetch-dest", b"image")
ACCEPT = (b"accept", b"text/html")
LINK = (b"link", b"<https://stats.test/s.js>; rel=preload; as=script")
PICTURE = (b"content-type", b"image/png")


def refused_cookie(app: Any) -> bytes:
    site = app.site_for(http_scope())
    entries = {category_key(name): CategoryChoice(Verdict.DENIED) for name in site.policy.asked_categories}
    return f"consent={site.cookies.dumps(StoredChoice(int(site.clock()) - 10, 'form', entries))}".encode()


UNSEEN: dict[str, list[Message]] = {
    "encoded": [start(200, HTML, PUBLIC, (b"content-encoding", b"gzip")), body(b"packed")],
    "charset": [start(200, (b"content-type", b"text/html; charset=utf-16"), PUBLIC), body(PAGE)],
    "mark": [start(200, HTML, PUBLIC), body(b"\xff\xfe" + PAGE)],
    "part": [start(206, HTML, PUBLIC, (b"content-range", b"bytes 0-9/50")), body(PAGE[:10])],
    "two lengths": [start(200, HTML, PUBLIC, (b"content-length", b"5"), (b"content-length", b"6")), body(PAGE)],
    "digest trailer": [start(200, HTML, PUBLIC, (b"trailer", b"digest"), trailers=True), body(PAGE)],
    "file": [start(200, HTML, PUBLIC), {"type": "http.response.pathsend", "path": "/page.html"}],
}


@pytest.mark.parametrize("reason", UNSEEN)
def test_a_page_that_no_gate_could_read_is_private(reason: str) -> None:
    """Its bytes are the app's own; but it may have come about by one visitor's odd request."""
    messages = UNSEEN[reason]
    answer = run(wrap(replay(*messages)), http_scope())
    assert header_of(answer[0], b"cache-control") == PRIVATE
    assert answer[1:] == messages[1:]


@pytest.mark.parametrize("said", [(), ((b"surrogate-control", b"max-age=600"),), ((b"x-accel-expires", b"600"),)])
def test_a_page_fetched_as_a_picture_is_private_in_any_case(said: tuple[tuple[bytes, bytes], ...]) -> None:
    """The app was offered compression and files, as for a picture; caches that keep what says nothing must not."""
    packed = replay(start(200, HTML, (b"content-encoding", b"gzip"), *said), body(b"packed"))
    answer = run(wrap(packed), http_scope(headers=[IMAGE]))[0]
    assert header_of(answer, b"cache-control") == [b"private"]
    assert {key for key, _ in answer["headers"]} == {b"content-type", b"content-encoding", b"cache-control"}
    picture = [start(200, PICTURE, PUBLIC), body(b"png")]
    assert run(wrap(replay(*picture)), http_scope(headers=[IMAGE])) == picture


@pytest.mark.parametrize("said", [[PUBLIC], []])
def test_a_made_policy_on_a_page_that_cannot_be_read_is_its_visitors_own(said: Headers) -> None:
    """Under `csp: strict` such a page gets a policy by consent: it must not lie in a cache for others."""
    strict = Policy.model_validate(policy_data(csp="strict"))
    app = wrap(replay(start(200, HTML, (b"content-encoding", b"gzip"), *said), body(b"packed")), strict)
    cookie = (b"cookie", f"consent={granted_cookie(app)}".encode())
    policies = set()
    for headers in ([], [cookie]):
        first = run(app, http_scope(headers=headers))[0]
        assert header_of(first, b"cache-control") == (PRIVATE if said else [b"private"])
        policies |= set(header_of(first, b"content-security-policy"))
    assert len(policies) == 2


@pytest.mark.parametrize("host", [b"localhost:666", b"127.0.0.1", b"[::1]:80"])
def test_a_page_for_a_trial_on_the_own_machine_is_private(host: bytes) -> None:
    """Its links lead to the host that was asked for; many caches don't tell pages apart by host."""
    scope = http_scope() | {"headers": [(b"host", host)]}
    answer = run(wrap(replay(start(200, HTML, PUBLIC), body(PAGE))), scope)
    assert header_of(answer[0], b"cache-control") == PRIVATE
    assert b"data-ckit-shared" not in answer[1]["body"]


def test_a_site_that_lives_on_the_own_machine_has_shared_pages() -> None:
    """There the host is the site's own."""
    local = Policy.model_validate(policy_data(site={"url": "http://localhost:8000", "name": "Local"}))
    scope = http_scope() | {"headers": [(b"host", b"localhost:8000")]}
    answer = run(wrap(replay(start(200, HTML, PUBLIC), body(PAGE)), local), scope)
    assert header_of(answer[0], b"cache-control") == [PUBLIC[1]]


@pytest.mark.parametrize("name", [b"surrogate-control", b"x-accel-expires", b"CDN-Cache-Control", b"edge-control"])
def test_what_only_caches_in_front_are_told_counts_too(name: bytes) -> None:
    """A picture with a link by consent is kept by nobody, also where Cache-Control itself forbids browsers to."""
    for said in ([], [(b"cache-control", b"no-store")]):
        messages = [start(200, PICTURE, LINK, (name, b"max-age=600"), *said), body(b"png")]
        answer = run(wrap(replay(*messages)), http_scope())[0]
        assert header_of(answer, name.lower()) == []
        assert header_of(answer, b"cache-control")[0].startswith(b"private")
    untouched = [start(200, PICTURE, (name, b"max-age=600")), body(b"png")]
    assert run(wrap(replay(*untouched)), http_scope()) == untouched


async def revalidating(scope: Any, receive: Any, send: Any) -> None:
    """A shared page with a link by consent, confirmed by its tag."""
    headers = (PUBLIC, (b"etag", b'"v1"'), LINK)
    if b'"v1"' in dict(scope["headers"]).get(b"if-none-match", b""):
        await replay(start(304, *headers), body())(scope, receive, send)
    else:
        await replay(start(200, HTML, *headers), body(PAGE))(scope, receive, send)


@pytest.mark.parametrize("who", ["new", "granted", "refused with cookies at hand", "signal"])
def test_a_cache_that_asks_again_hears_nothing_of_who_made_it_ask(who: str) -> None:
    """A cache puts the headers of a 304 onto its copy: they are those of everyone's page."""
    app = wrap(revalidating)
    headers = {
        "new": [],
        "granted": [(b"cookie", f"consent={granted_cookie(app)}".encode())],
        "refused with cookies at hand": [(b"cookie", b"_st1=x; _ad=y; " + refused_cookie(app))],
        "signal": [(b"sec-gpc", b"1")],
    }[who]
    (tag,) = header_of(run(app, http_scope(headers=[ACCEPT]))[0], b"etag")
    again = run(app, http_scope(headers=[ACCEPT, (b"if-none-match", tag), *headers]))[0]
    assert again == start(304, PUBLIC, (b"etag", tag))


@pytest.mark.parametrize("status", [301, 302, 204])
def test_a_condition_binds_nothing_but_a_page(status: int) -> None:
    """An address that redirects now does so as without us, though the browser has a tag of its page from before."""
    app = wrap(revalidating)
    (tag,) = header_of(run(app, http_scope(headers=[ACCEPT]))[0], b"etag")
    moved = [start(status, PUBLIC, (b"location", b"/b")), body()]
    assert run(wrap(replay(*moved)), http_scope(headers=[ACCEPT, (b"if-none-match", tag)])) == moved


@pytest.mark.parametrize(
    "said", [b'private="a, b"', b"max-age=600, private", b"no-store, public", b"MAX-AGE=0", b"max-age=6, s-maxage=0"]
)
def test_no_word_against_caches_is_missed(said: bytes) -> None:
    """A page of whom the app says so is its visitor's own."""
    answer = run(wrap(replay(start(200, HTML, (b"Cache-Control", said)), body(PAGE))), http_scope())
    assert b"data-ckit-shared" not in answer[1]["body"]
    assert header_of(answer[0], b"cache-control")[0].startswith(b"private")
