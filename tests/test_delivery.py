"""The two forms of a page: for one visitor, or the same for everyone, so that a shared cache may keep it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from consentkit import current_consent, get_consent
from consentkit.integrations.starlette import consent_banner, privacy_choices
from consentkit.policy.models import Policy
from tests.apps import granted_cookie, wrap
from tests.asgi import HTML, App, Headers, Message, body, header_of, http_scope, replay, run, start
from tests.conftest import OTHER_SECRET, SECRET, policy_data

PAGE = (
    b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script>"
    b"<iframe src=https://video.test/v width=400 height=300></iframe>"
)
PUBLIC = (b"cache-control", b"public, max-age=600")
CSP = b"content-security-policy"


def bytes_of(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


def page(*headers: tuple[bytes, bytes]) -> App:
    return replay(start(200, HTML, *headers), body(PAGE))


def is_shared(messages: list[Message]) -> bool:
    """Whether a page went out in the shared form; a page that did not must be out of shared caches' reach."""
    shared = b"data-ckit-shared" in bytes_of(messages)
    said = b", ".join(header_of(messages[0], b"cache-control"))
    assert shared or b"private" in said or b"no-store" in said
    return shared


def visitors(app: Any) -> dict[str, Headers]:
    """Requests of very different visitors for the same address."""
    cookie = f"consent={granted_cookie(app)}".encode()
    return {
        "new": [],
        "granted": [(b"cookie", cookie)],
        "signal": [(b"sec-gpc", b"1")],
        "French": [(b"accept-language", b"fr"), (b"cookie", b"other=1")],
        "refused cookies at hand": [(b"cookie", b"_st1=x; _ad=y")],
    }


def test_a_shared_page_is_the_same_for_everyone() -> None:
    """Status, headers and every byte; nothing in it is open, and it may lie in a cache as the app said."""
    policy = Policy.model_validate(policy_data(language={"default": "en", "available": ["en", "fr"]}))
    app = wrap(page(PUBLIC, (b"etag", b'"v1"'), (b"last-modified", b"Mon, 02 Nov 2026 10:00:00 GMT")), policy)
    answers = {name: run(app, http_scope("/a", headers=headers)) for name, headers in visitors(app).items()}
    first = answers["new"]
    assert all(answer == first for answer in answers.values())
    assert header_of(first[0], b"cache-control") == [b"public, max-age=600"]
    assert header_of(first[0], b"vary") == []
    assert header_of(first[0], b"set-cookie") == []
    assert b'data-ckit-src="//stats.test' not in bytes_of(first)
    assert b"data-ckit-src=//stats.test" in bytes_of(first)
    assert b"<form" not in bytes_of(first)
    assert b'href="http://testserver/_consent/preferences"' in bytes_of(first)


def test_the_address_alone_chooses_the_language() -> None:
    """With `detect: [path]` the French part of a site has French parts, whatever the browser prefers."""
    policy = Policy.model_validate(policy_data(language={"default": "en", "available": ["en", "fr"]}))
    app = wrap(page(PUBLIC), policy)
    german = [(b"accept-language", b"en")]
    assert b'lang="fr"' in bytes_of(run(app, http_scope("/fr/a", headers=german)))
    assert b'lang="en"' in bytes_of(run(app, http_scope("/a", headers=[(b"accept-language", b"fr")])))


NOT_SHARED: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "nothing said of caches": (),
    "private": ((b"cache-control", b"private, max-age=600"),),
    "no-store": ((b"cache-control", b"public, no-store"),),
    "not a moment": ((b"cache-control", b"max-age=0"),),
    "not a moment in shared caches": ((b"cache-control", b"max-age=60, s-maxage=0"),),
    "sets a cookie": (PUBLIC, (b"set-cookie", b"session=1")),
    "varies by cookie": (PUBLIC, (b"vary", b"Accept, Cookie")),
    "varies by anything": (PUBLIC, (b"vary", b"*")),
    "no script may make a script": (PUBLIC, (CSP, b"require-trusted-types-for 'script'")),
    "its policy would be tightened": (PUBLIC, (CSP, b"script-src 'self' https://stats.test")),
}


@pytest.mark.parametrize("reason", NOT_SHARED)
def test_what_the_app_says_can_make_a_page_personal(reason: str) -> None:
    """One reason each; such a page is made private."""
    assert not is_shared(run(wrap(page(*NOT_SHARED[reason])), http_scope()))


@pytest.mark.parametrize(
    "said",
    [b"public", b"max-age=60", b"S-MaxAge=60, max-age=0", b"s-maxage=60", b"public, no-cache", b'max-age="60"'],
)
def test_what_lets_a_cache_keep_a_page(said: bytes) -> None:
    """The words of RFC 9111, in any case."""
    assert is_shared(run(wrap(page((b"cache-control", said))), http_scope()))


@pytest.mark.parametrize(
    "request_headers",
    [[(b"hx-request", b"true")], [(b"sec-fetch-dest", b"empty")], [(b"authorization", b"Basic x")]],
)
def test_some_requests_get_a_page_of_their_own(request_headers: Headers) -> None:
    """A fragment is made for the script that asked; an authorised request is somebody's."""
    answer = run(wrap(page(PUBLIC)), http_scope(headers=request_headers))
    assert b"data-ckit-shared" not in bytes_of(answer)
    assert header_of(answer[0], b"cache-control") == [b"private, max-age=600"]


@pytest.mark.parametrize(("status", "method"), [(500, "GET"), (201, "GET"), (200, "POST")])
def test_only_what_caches_keep_is_shared(status: int, method: str) -> None:
    """Other statuses and methods are personal."""
    answer = run(wrap(replay(start(status, HTML, PUBLIC), body(PAGE))), http_scope(method=method))
    assert not is_shared(answer)


READERS: dict[str, Callable[[Any], object]] = {
    "get_consent": lambda scope: get_consent(scope).decided,
    "request.state": lambda scope: Request(scope).state.consent.allows("analytics"),
    "current_consent": lambda scope: current_consent().services,
    "banner by hand": consent_banner,
}


@pytest.mark.parametrize("way", READERS)
def test_a_look_at_the_consent_makes_a_page_personal(way: str) -> None:
    """In whichever way the app looks: what it then sends may differ."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        READERS[way](scope)
        await page(PUBLIC)(scope, receive, send)

    assert not is_shared(run(wrap(app), http_scope()))


def test_to_have_it_without_looking_changes_nothing() -> None:
    """Only use counts: a context processor that hands the consent to every template doesn't."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert get_consent(scope) is Request(scope).state.consent is current_consent()
        await page(PUBLIC)(scope, receive, send)

    assert is_shared(run(wrap(app), http_scope()))


def test_who_looks_too_late_sees_nobody() -> None:
    """While a shared page streams, the app sees what everyone's page was made with; afterwards the truth."""
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, HTML, PUBLIC))
        await send(body(PAGE, more=True))
        seen.append(get_consent(scope).allows("analytics"))
        seen.append(consent_banner(scope) == "")
        await send(body())
        seen.append(get_consent(scope).allows("analytics"))

    wrapped = wrap(app)
    granted = visitors(wrapped)["granted"]
    assert run(wrapped, http_scope(headers=granted)) == run(wrapped, http_scope())
    assert seen == [False, True, True, False, True, False]


def test_a_link_by_hand_is_the_same_for_all_who_speak_one_language() -> None:
    """`privacy_choices()` leaves a page shared, and takes the place of our control; with languages it can't."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        link = str(privacy_choices(scope)).encode()
        await replay(start(200, HTML, PUBLIC), body(PAGE + link))(scope, receive, send)

    answer = run(wrap(app), http_scope())
    assert is_shared(answer)
    assert bytes_of(answer).count(b"/_consent/preferences") == 1
    several = Policy.model_validate(policy_data(language={"default": "en", "available": ["en", "fr"]}))
    assert not is_shared(run(wrap(app, several), http_scope()))


def test_the_policy_can_choose() -> None:
    """`personal` shares nothing; `shared` also shares what the app says nothing about."""
    personal = Policy.model_validate(policy_data(delivery="personal"))
    shared = Policy.model_validate(policy_data(delivery="shared"))
    assert not is_shared(run(wrap(page(PUBLIC), personal), http_scope()))
    assert is_shared(run(wrap(page(), shared), http_scope()))
    assert not is_shared(run(wrap(page((b"cache-control", b"private")), shared), http_scope()))


def test_a_page_that_cant_be_read_says_what_the_app_said() -> None:
    """UTF-16 by its mark: nothing is injected, and the headers hold for everyone alike."""
    answer = run(wrap(replay(start(200, HTML, PUBLIC), body(b"\xff\xfe<\0p\0"))), http_scope())
    assert answer[1]["body"] == b"\xff\xfe<\0p\0"


def test_a_304_stands_for_the_form_the_browser_has() -> None:
    """A shared page is confirmed as such, a personal one as its visitor's own; neither as the other."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]).get(b"if-none-match", b"")
        if b'"v1"' in given:
            await replay(start(304, (b"etag", b'"v1"'), PUBLIC), body())(scope, receive, send)
        else:
            await page(PUBLIC, (b"etag", b'"v1"'))(scope, receive, send)

    wrapped = wrap(app)
    accept = (b"accept", b"text/html")
    granted = visitors(wrapped)["granted"]
    (shared_tag,) = header_of(run(wrapped, http_scope(headers=[accept]))[0], b"etag")
    for headers in ([accept], [accept, *granted]):
        again = run(wrapped, http_scope(headers=[*headers, (b"if-none-match", shared_tag)]))[0]
        assert (again["status"], header_of(again, b"etag")) == (304, [shared_tag])
        assert header_of(again, b"cache-control") == [b"public, max-age=600"]
    personal = run(wrapped, http_scope(headers=[accept, (b"hx-request", b"1")]))[0]
    (own_tag,) = header_of(personal, b"etag")
    again = run(wrapped, http_scope(headers=[accept, (b"if-none-match", own_tag)]))[0]
    assert (again["status"], header_of(again, b"cache-control")) == (304, [b"private, max-age=600"])
    other = run(wrapped, http_scope(headers=[accept, *granted, (b"if-none-match", own_tag)]))[0]
    assert other["status"] == 200


def test_a_page_with_a_date_alone_can_be_confirmed_too() -> None:
    """Its tag is ours: the app is asked by date, and only for the state that the tag is bound to."""
    date = b"Mon, 02 Nov 2026 10:00:00 GMT"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"])
        assert b"if-none-match" not in given
        if given.get(b"if-modified-since") == date:
            await replay(start(304), body())(scope, receive, send)
        else:
            await page((b"last-modified", date))(scope, receive, send)

    wrapped = wrap(app)
    accept = (b"accept", b"text/html")
    first = run(wrapped, http_scope(headers=[accept]))[0]
    (tag,) = header_of(first, b"etag")
    conditions = [(b"if-none-match", tag), (b"if-modified-since", date)]
    again = run(wrapped, http_scope(headers=[accept, *conditions]))[0]
    assert (again["status"], header_of(again, b"etag")) == (304, [tag])
    granted = visitors(wrapped)["granted"]
    assert run(wrapped, http_scope(headers=[accept, *granted, *conditions]))[0]["status"] == 200
    assert run(wrapped, http_scope(headers=[accept, (b"if-modified-since", date)]))[0]["status"] == 200


def test_a_tag_ends_with_what_the_page_was_made_with(tmp_path: Path) -> None:
    """A page whose forms were signed with a key that is gone, or that shows an earlier template, is sent anew."""

    def tags(**settings: Any) -> set[bytes]:
        app = wrap(page((b"etag", b'"v1"')), **settings)
        asked = (http_scope(headers=headers) for headers in (visitors(app)["new"], visitors(app)["granted"]))
        return {tag for scope in asked for tag in header_of(run(app, scope)[0], b"etag")}

    (tmp_path / "banner.html").write_text('<form id="own" data-token="{{ token }}">{{ return_to }}</form>')
    first, rotated = tags(), tags(secret_key=[SECRET, OTHER_SECRET])
    assert len(first) == len(rotated) == 2
    assert first == tags()
    assert first.isdisjoint(rotated)
    assert first != tags(templates=tmp_path)


def test_an_answer_whose_headers_were_gated_is_no_longer_public() -> None:
    """A public image with a refused cookie would put one visitor's headers into everybody's cache."""
    picture = replay(start(200, (b"content-type", b"image/png"), PUBLIC, (b"set-cookie", b"_st=1")), body(b"png"))
    wrapped = wrap(picture)
    for headers in ([], visitors(wrapped)["granted"]):
        first = run(wrapped, http_scope(headers=headers))[0]
        assert header_of(first, b"cache-control") == [b"private, max-age=600"]
    plain = replay(start(200, (b"content-type", b"image/png"), PUBLIC, (b"set-cookie", b"session=1")), body(b"png"))
    assert header_of(run(wrap(plain), http_scope())[0], b"cache-control") == [b"public, max-age=600"]


def told(messages: list[Message]) -> dict[str, Any]:
    _, _, rest = bytes_of(messages).decode().partition('data-ckit-state="')
    state: dict[str, Any] = json.loads(unescape(rest.partition('"')[0]))
    return state


def test_the_state_as_a_document_brings_the_banner() -> None:
    """The script of a shared page learns what is allowed, and gets the banner for who is to be asked."""
    wrapped = wrap(page(PUBLIC))
    accept = (b"accept", b"text/html")
    new = run(wrapped, http_scope("/_consent/state?return_to=/a%3Fb%3D1", headers=[accept]))
    assert told(new)["services"]["stats"] is False
    assert b'name="return_to" value="/a?b=1"' in bytes_of(new)
    assert header_of(new[0], b"cache-control") == [b"no-store"]
    granted = run(wrapped, http_scope("/_consent/state", headers=[accept, *visitors(wrapped)["granted"]]))
    assert told(granted)["services"]["stats"] is True
    assert b"<form" not in bytes_of(granted)


@pytest.mark.parametrize("asked", ["//evil.test", "https%3A%2F%2Fevil.test", "%2F%09%2Fevil", "\xe9", "&" * 50])
def test_the_state_leads_nowhere_else(asked: str) -> None:
    """A foreign address to return to becomes the front page."""
    scope = http_scope("/_consent/state", headers=[(b"accept", b"text/html")])
    answer = run(wrap(page()), scope | {"query_string": f"return_to={asked}".encode("latin-1")})
    assert answer[0]["status"] == 200
    assert b'name="return_to" value="/"' in bytes_of(answer)
