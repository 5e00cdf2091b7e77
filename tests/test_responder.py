"""The message table: whatever an app sends comes out as it would have without us, but for the gates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.asgi import HTML, App, Message, body, header_of, http_scope, replay, run, start
from tests.conftest import SECRET

PAGE = b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script>"
JSON = (b"content-type", b"application/json")
ROOT = b'id="ckit-root"'
GATED = b'data-ckit="analytics/stats"'


def wrap(app: App, policy: Policy) -> ConsentMiddleware:
    return ConsentMiddleware(app, policy, secret_key=SECRET, log="memory://")


def bodies(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


UNTOUCHED: dict[str, list[Message]] = {
    "json": [start(200, JSON, (b"content-length", b"2")), body(b"{}")],
    "no content type": [start(200, (b"x-a", b"1")), body(PAGE)],
    "two content types": [start(200, HTML, HTML), body(PAGE)],
    "missing headers": [{"type": "http.response.start", "status": 200}, body(PAGE)],
    "xhtml": [start(200, (b"content-type", b"application/xhtml+xml")), body(PAGE)],
    "plain": [start(200, (b"content-type", b"text/plain")), body(PAGE)],
    "sandboxed": [start(200, (b"content-type", b"text/html-sandboxed")), body(PAGE)],
    "event stream": [start(200, (b"content-type", b"text/event-stream")), body(b"data: 1\n\n", more=True), body()],
    "gzip": [start(200, HTML, (b"content-encoding", b"gzip")), body(PAGE)],
    "unknown encoding": [start(200, HTML, (b"content-encoding", b"x-odd")), body(PAGE)],
    "utf-16 header": [start(200, (b"content-type", b"text/html; charset=UTF-16LE")), body(PAGE)],
    "iso-2022-jp": [start(200, (b"content-type", b'text/html; charset="ISO-2022-JP"')), body(PAGE)],
    "attachment": [start(200, HTML, (b"content-disposition", b"attachment; filename=a.html")), body(PAGE)],
    "redirect": [start(302, HTML, (b"location", b"/")), body(PAGE)],
    "no content": [start(204), body()],
    "reset content": [start(205, HTML), body()],
    "partial": [start(206, HTML, (b"content-range", b"bytes 0-9/50")), body(PAGE[:10])],
    "not modified": [start(304, (b"etag", b'"a"')), body()],
    "two lengths": [start(200, HTML, (b"content-length", b"5"), (b"content-length", b"6")), body(PAGE)],
    "digest trailer": [
        start(200, HTML, (b"trailer", b"Repr-Digest"), trailers=True),
        body(PAGE),
        {"type": "http.response.trailers", "headers": [(b"repr-digest", b"x")]},
    ],
    "only start": [start(200, JSON)],
    "body before start": [body(PAGE)],
    "early hint": [{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}, start(200, JSON), body()],
    "push": [{"type": "http.response.push", "path": "/a", "headers": []}, start(200, JSON), body()],
    "debug": [{"type": "http.response.debug", "info": {"template": "x"}}, start(200, JSON), body()],
    "invented": [{"type": "http.response.future", "odd": object}, start(200, JSON), body(b"1", more=True), body(b"2")],
    "pathsend": [start(200, JSON), {"type": "http.response.pathsend", "path": "/a.json"}],
    "start twice": [start(200, JSON), start(200, JSON), body()],
}


@pytest.mark.parametrize("name", UNTOUCHED)
def test_what_is_no_page_passes_message_by_message(name: str, policy: Policy) -> None:
    """Status, headers in order, every byte and the sequence of messages are those of the app."""
    messages = UNTOUCHED[name]
    assert run(wrap(replay(*messages), policy), http_scope()) == run(replay(*messages), http_scope())


@pytest.mark.parametrize("name", UNTOUCHED)
def test_bodies_that_pass_are_not_even_copied(name: str, policy: Policy) -> None:
    """The very objects the app sent reach the server."""
    messages = UNTOUCHED[name]
    sent = run(wrap(replay(*messages), policy), http_scope())
    for message, original in zip(sent, messages, strict=True):
        if "body" in original:
            assert message["body"] is original["body"]


def test_a_page_in_one_message_has_its_exact_length(policy: Policy) -> None:
    """Content-Length is right when the body came whole."""
    app = replay(start(200, HTML, (b"content-length", str(len(PAGE)).encode())), body(PAGE))
    first, second = run(wrap(app, policy), http_scope())
    assert header_of(first, b"content-length") == [str(len(second["body"])).encode()]
    assert second["body"].count(ROOT) == 1
    assert GATED in second["body"]


def test_a_streamed_page_has_no_length_and_is_not_held_back(policy: Policy) -> None:
    """The first bytes leave as soon as the app sent them."""
    sent: list[Message] = []
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, HTML, (b"content-length", str(len(PAGE)).encode())))
        for index in range(0, len(PAGE), 10):
            await send(body(PAGE[index : index + 10], more=True))
            seen.append(sum(len(message.get("body", b"")) for message in sent))
        await send(body())

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(wrap(app, policy)(http_scope(), receive, send))
    assert header_of(sent[0], b"content-length") == []
    assert bodies(sent).count(ROOT) == 1
    assert seen[3] > 0
    assert len(sent) == 2 + -(-len(PAGE) // 10)


def test_a_page_without_length_gets_none(policy: Policy) -> None:
    """A header that was absent stays absent."""
    first, _ = run(wrap(replay(start(200, HTML), body(PAGE)), policy), http_scope())
    assert header_of(first, b"content-length") == []


def test_head_of_a_page_says_what_the_get_would(policy: Policy) -> None:
    """HEAD has no body, no stale length, and the same privacy headers."""
    app = replay(start(200, HTML, (b"content-length", b"99"), (b"etag", b'"a"')), body())
    first, second = run(wrap(app, policy), http_scope(method="HEAD"))
    get, _ = run(wrap(app, policy), http_scope())
    assert second["body"] == b""
    assert header_of(first, b"content-length") == []
    assert header_of(first, b"etag") == header_of(get, b"etag")
    assert header_of(first, b"vary") == header_of(get, b"vary")


def test_other_messages_between_start_and_body_keep_their_place(policy: Policy) -> None:
    """A debug message or trailers in a page response come out in order, and the body is still rewritten."""
    debug = {"type": "http.response.debug", "info": {}}
    trailers = {"type": "http.response.trailers", "headers": []}
    app = replay(start(200, HTML, trailers=True), debug, body(PAGE), trailers)
    sent = run(wrap(app, policy), http_scope())
    assert [message["type"].rpartition(".")[2] for message in sent] == ["start", "debug", "body", "trailers"]
    assert sent[0]["trailers"] is True
    assert sent[2]["body"].count(ROOT) == 1


@pytest.mark.parametrize("kind", ["http.response.pathsend", "http.response.zerocopysend"])
def test_ways_around_the_body_are_hidden_but_never_lose_a_start(kind: str, policy: Policy) -> None:
    """The app is not offered them for a page; if it uses one all the same, start and message come out."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope["extensions"])
        await send(start(200, HTML, (b"content-length", b"5")))
        await send({"type": kind, "path": "/page.html"})

    sent = run(wrap(app, policy), http_scope(extensions={kind: {}, "http.response.debug": {}}))
    assert seen == {"http.response.debug": {}}
    assert [message["type"] for message in sent] == ["http.response.start", kind]
    assert header_of(sent[0], b"content-length") == [b"5"]


def test_an_image_request_keeps_its_ways_and_encodings(policy: Policy) -> None:
    """Where no page can come, extensions and Accept-Encoding are left alone."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    headers = [(b"sec-fetch-dest", b"image"), (b"accept-encoding", b"gzip")]
    run(wrap(app, policy), http_scope(headers=headers, extensions={"http.response.pathsend": {}}))
    assert seen["extensions"] == {"http.response.pathsend": {}}
    assert (b"accept-encoding", b"gzip") in seen["headers"]


def test_the_inner_app_is_asked_for_an_uncompressed_page(policy: Policy) -> None:
    """For what may be a page the app sees Accept-Encoding: identity, so that the gates can read it."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])

    run(wrap(app, policy), http_scope(headers=[(b"accept-encoding", b"gzip, br")]))
    assert [value for key, value in seen if key == b"accept-encoding"] == [b"identity"]


def test_a_start_without_body_still_goes_out(policy: Policy) -> None:
    """An app that starts a page and stops leaves what it would have left without us."""
    assert [message["type"] for message in run(wrap(replay(start(200, HTML)), policy), http_scope())] == [
        "http.response.start"
    ]


@pytest.mark.parametrize("after_start", [False, True])
def test_exceptions_pass_through(after_start: bool, policy: Policy) -> None:
    """An error of the app is the server's to see, before the start and after it; a start that was sent is not lost."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if after_start:
            await send(start(200, HTML))
        raise RuntimeError("the app's own")

    sent: list[Message] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    with pytest.raises(RuntimeError, match="the app's own"):
        asyncio.run(wrap(app, policy)(http_scope(), receive, send))
    assert len(sent) == int(after_start)


def test_a_disconnect_seen_while_sending_passes_through(policy: Policy) -> None:
    """OSError from the server's send reaches the app."""
    caught: list[OSError] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, HTML))
        try:
            await send(body(PAGE))
        except OSError as error:
            caught.append(error)

    async def send(message: Any) -> None:
        raise OSError("gone")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    asyncio.run(wrap(app, policy)(http_scope(), receive, send))
    assert len(caught) == 1


def test_a_byte_order_mark_of_utf_16_leaves_the_page_alone(policy: Policy) -> None:
    """What can't be read byte by byte is not rewritten."""
    data = b"\xff\xfe" + "<p>x".encode("utf-16-le")
    sent = run(wrap(replay(start(200, HTML, (b"content-length", b"10")), body(data)), policy), http_scope())
    assert sent[1]["body"] == data
    assert header_of(sent[0], b"content-length") == [b"10"]


@pytest.mark.parametrize(
    "kind", [b'Text/HTML ; Charset="UTF-8"', b"text/html;", b"text/html; a=b; charset=windows-1252"]
)
def test_every_spelling_of_a_page_is_a_page(kind: bytes, policy: Policy) -> None:
    """Case, spaces and parameters of the content type don't matter."""
    sent = run(wrap(replay(start(200, (b"Content-Type", kind)), body(PAGE)), policy), http_scope())
    assert bodies(sent).count(ROOT) == 1
    bodies(sent).decode("ascii")


def test_a_page_is_private_to_its_visitor(policy: Policy) -> None:
    """Vary and Cache-Control are merged with the app's own; nothing shared may store the page."""
    headers = ((b"vary", b"Accept"), (b"cache-control", b"public, max-age=60, s-maxage=600"))
    personal = policy.model_copy(update={"delivery": "personal"})
    first, _ = run(wrap(replay(start(200, HTML, *headers), body(PAGE)), personal), http_scope())
    assert header_of(first, b"vary") == [b"Accept, Cookie, Sec-GPC"]
    assert header_of(first, b"cache-control") == [b"private, max-age=60"]
    assert header_of(first, b"set-cookie") == []


def test_validators_are_bound_to_the_consent_state(policy: Policy) -> None:
    """A tag from the same state reaches the app as its own; one from another state is dropped."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append([pair for pair in scope["headers"] if pair[0].startswith(b"if-")])
        await replay(start(200, HTML, (b"etag", b'"v1"'), (b"last-modified", b"x")), body(PAGE))(scope, receive, send)

    accept = [(b"accept", b"text/html,*/*")]
    first, _ = run(wrap(app, policy), http_scope(headers=accept))
    (tag,) = header_of(first, b"etag")
    assert tag.startswith(b'W/"v1-ckit-')
    assert header_of(first, b"last-modified") == [b"x"]
    run(wrap(app, policy), http_scope(headers=[*accept, (b"if-none-match", tag), (b"if-modified-since", b"d")]))
    assert seen[-1] == [(b"if-none-match", b'"v1", W/"v1"'), (b"if-modified-since", b"d")]
    gpc = [*accept, (b"if-none-match", tag), (b"if-modified-since", b"d"), (b"sec-gpc", b"1")]
    run(wrap(app, policy), http_scope(headers=gpc))
    assert seen[-1] == []


def test_a_fragment_gets_the_gates_but_no_banner(policy: Policy) -> None:
    """What a script fetches as a piece is gated; a whole document fetched that way is a page."""
    piece = b"<p>x</p><script src=//stats.test/s.js></script>"
    for header in ((b"hx-request", b"true"), (b"turbo-frame", b"a"), (b"sec-fetch-dest", b"empty")):
        sent = bodies(run(wrap(replay(start(200, HTML), body(piece)), policy), http_scope(headers=[header])))
        assert ROOT not in sent
        assert b"ckit-asset" not in sent
        assert GATED in sent
        whole = bodies(run(wrap(replay(start(200, HTML), body(PAGE)), policy), http_scope(headers=[header])))
        assert whole.count(ROOT) == 1


def test_mounted_twice_there_is_one_banner(policy: Policy) -> None:
    """The outer middleware does the work; the inner one stands back."""
    inner = wrap(replay(start(200, HTML), body(PAGE)), policy)
    sent = bodies(run(wrap(inner, policy), http_scope()))
    assert sent.count(ROOT) == 1
    assert sent.count(b"ckit.") == 2


@pytest.mark.parametrize("kind", ["odd", "websocket"])
def test_other_scopes_pass(kind: str, policy: Policy) -> None:
    """Unknown scope types and websockets reach the app, and its messages come back unchanged."""
    messages: list[Message] = [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.send", "text": "hi"},
    ]
    scope = http_scope() | {"type": kind}
    assert run(wrap(replay(*messages), policy), scope) == messages


def test_we_never_read_the_body_of_a_page_request(policy: Policy) -> None:
    """The app gets every byte of the request itself."""
    got: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            got.append(message["body"])
            if not message["more_body"]:
                break
        await replay(start(200, HTML), body(PAGE))(scope, receive, send)

    pieces = [{"type": "http.request", "body": bytes([n]) * 5, "more_body": n < 3} for n in range(4)]
    run(wrap(app, policy), http_scope(method="POST"), pieces)
    assert got == [piece["body"] for piece in pieces]


def test_excluded_paths_are_left_alone(make_policy: Any) -> None:
    """Nothing is injected, gated or put in the scope there, nor below it; a longer name is another path."""
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append("consentkit" in scope)
        await replay(start(200, HTML), body(PAGE))(scope, receive, send)

    policy = make_policy(exclude=["/admin"])
    for path, excluded in (("/admin", True), ("/admin/x", True), ("/administer", False)):
        sent = bodies(run(wrap(app, policy), http_scope(path)))
        assert (ROOT in sent) is not excluded
        assert seen[-1] is not excluded
