"""What the app sees of a request that may get a page, and of one that can't."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps import wrap
from tests.asgi import HTML, Headers, body, http_scope, replay, run, start

NAVIGATION = (b"accept", b"text/html,*/*;q=0.8")
PART = [(b"range", b"bytes=500-"), (b"if-range", b"Mon, 02 Nov 2026 10:00:00 GMT")]


def seen(headers: Headers, **more: Any) -> dict[str, Any]:
    """The scope that the app is called with."""
    scopes: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    run(wrap(app), http_scope(headers=headers, **more))
    return scopes[0]


def test_a_navigation_asks_for_the_whole_page() -> None:
    """The rest of the app's page, put behind the beginning of ours that a browser kept, would be no page."""
    assert seen([NAVIGATION, *PART])["headers"] == [(b"host", b"testserver"), NAVIGATION]


@pytest.mark.parametrize(
    "other", [(b"accept", b"*/*"), (b"sec-fetch-dest", b"video"), (b"accept", b"application/octet-stream")]
)
def test_parts_of_films_and_files_can_be_asked_for(other: tuple[bytes, bytes]) -> None:
    """Players, download tools and scripts get the part they ask for."""
    assert seen([other, *PART])["headers"][1:] == [other, *PART]


@pytest.mark.parametrize("kind", [b"image", b"script", b"style", b"font", b"audio", b"video"])
def test_what_is_never_a_page_is_asked_for_as_it_was(kind: bytes) -> None:
    """Encodings, conditions, parts and ways to send files stay."""
    headers = [
        (b"sec-fetch-dest", kind),
        (b"accept-encoding", b"br"),
        (b"if-none-match", b'"v1"'),
        *PART,
    ]
    scope = seen(headers, extensions={"http.response.pathsend": {}})
    assert scope["headers"][1:] == headers
    assert scope["extensions"] == {"http.response.pathsend": {}}


@pytest.mark.parametrize("kind", [b"document", b"iframe", b"frame", b"embed", b"object", b"empty", b"odd"])
def test_whatever_may_be_a_page_comes_through_our_hands(kind: bytes) -> None:
    """No compression, and no way to send a file around the gates."""
    bypasses = {"http.response.pathsend", "http.response.zerocopysend"}
    extensions: dict[str, Any] = {name: {} for name in (*bypasses, "http.response.push")}
    scope = seen([(b"sec-fetch-dest", kind), (b"accept-encoding", b"br")], extensions=extensions)
    assert (b"accept-encoding", b"identity") in scope["headers"]
    assert set(scope["extensions"]) == {"http.response.push"}
    assert bypasses < set(extensions)


def test_what_the_site_knows_of_a_visitor_may_stand_in_the_state() -> None:
    """The callables for place and language see the state that an outer middleware has filled, at any time."""
    seen: list[object] = []

    def region(scope: Any) -> str:
        seen.append(scope["state"]["user"])
        return "GB"

    for headers in ([], [(b"cookie", b"_st1=1")]):
        app = wrap(replay(start(200, HTML), body(b"<p>x")), region=region)
        run(app, http_scope(headers=headers, state={"user": "somebody"}))
    assert seen == ["somebody", "somebody"]
