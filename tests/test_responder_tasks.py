"""Responders and Python: tasks, context, disconnects, and what apps write in place of tuples and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from consentkit import current_consent
from tests.apps import granted_cookie, wrap
from tests.asgi import HTML, App, Message, body, header_of, http_scope, replay, run, start

PAGE = b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script>"
ROOT = b'id="ckit-root"'
HELD = b"data-ckit-src=//stats.test/s.js"
Send = Callable[[Any], Awaitable[None]]


def drive(app: App, *, slow: bool = False, fails_after: int | None = None) -> list[Message]:
    """What a server gets whose `send` may take its time, or fail once somebody has gone."""
    sent: list[Message] = []

    async def send(message: Any) -> None:
        for _ in range(3 * slow):
            await asyncio.sleep(0)
        if fails_after is not None and len(sent) >= fails_after:
            raise OSError("gone")
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def main() -> None:
        async with asyncio.timeout(20):
            await app(http_scope(), receive, send)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    return sent


def bodies(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize("headers", [[[b"content-type", b"text/html"]], [[b"Content-Type", b"text/html"]], ()])
def test_headers_may_be_lists(headers: Any) -> None:
    """ASGI asks for two things that can be iterated, not for tuples; a page may come so twice, or without any."""
    kept = [list(header) for header in headers]
    app = wrap(replay({"type": "http.response.start", "status": 200, "headers": headers}, body(PAGE)))
    for _ in range(2):
        answer = run(app, http_scope())
        assert (HELD in answer[1]["body"]) is bool(headers)
    assert [list(header) for header in headers] == kept


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_body_may_be_any_kind_of_bytes(kind: Any) -> None:
    """Starlette sends memory views on as they are; whole and in pieces."""
    whole = [start(200, HTML), {"type": "http.response.body", "body": kind(PAGE)}]
    pieces = [
        {"type": "http.response.body", "body": kind(PAGE[at : at + 9]), "more_body": True} for at in range(0, 99, 9)
    ]
    assert bodies(run(wrap(replay(*whole)), http_scope())).count(HELD) == 1
    assert bodies(run(wrap(replay(start(200, HTML), *pieces, body())), http_scope())).count(HELD) == 1


def test_early_hints_may_come_from_an_iterator() -> None:
    """Looking at the links doesn't use them up."""
    links = iter([b"</a.css>; rel=preload", b"<https://stats.test/s.js>; rel=preload"])
    app = replay({"type": "http.response.early_hint", "links": links}, start(200), body())
    assert run(wrap(app), http_scope())[0]["links"] == [b"</a.css>; rel=preload"]


def test_pieces_sent_while_the_start_is_on_its_way_wait_for_it() -> None:
    """Several tasks send at once to a server that takes its time: start first, every piece in order, all gated."""

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send(start(200, HTML))
        async with asyncio.TaskGroup() as group:
            for at in range(0, len(PAGE), 30):
                group.create_task(send(body(PAGE[at : at + 30], more=True)))  # type: ignore[arg-type] # a coroutine
        await send(body(b"<p>end"))

    sent = drive(wrap(app), slow=True)
    assert [message["type"] for message in sent[:2]] == ["http.response.start", "http.response.body"]
    page = bodies(sent)
    assert page.endswith(HELD + b"></script><p>end")
    assert page.count(ROOT) == 1


@pytest.mark.parametrize("first", [None, body(b"<body><p>a", more=True)])
def test_what_is_sent_after_the_app_has_returned_never_passes_the_gates(first: Message | None) -> None:
    """The server takes the answer for ended; a task that sends on reaches nobody, least of all unread."""
    tasks: list[asyncio.Task[None]] = []
    gone = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send(start(200, HTML))
        if first is not None:
            await send(first)

        async def later() -> None:
            await gone.wait()
            await send(body(PAGE))

        tasks.append(asyncio.create_task(later()))

    async def outside(scope: Any, receive: Any, send: Send) -> None:
        await wrap(app)(scope, receive, send)
        gone.set()
        await tasks[0]

    assert b"<script src=//stats" not in bodies(drive(outside))


@pytest.mark.parametrize("after", [0, 1, 3])
def test_who_leaves_while_a_page_streams_is_noticed_by_the_app(after: int) -> None:
    """OSError from the server reaches the app each time, and no task stays behind."""
    caught: list[int] = []

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send(start(200, HTML))
        for at in range(4):
            try:
                await send(body(b"<p>text", more=at < 3))
            except OSError:
                caught.append(at)

    drive(wrap(app), fails_after=after)
    assert caught == list(range(max(0, after - 1), 4))


def test_an_error_in_the_middle_of_a_page_is_the_servers_to_see() -> None:
    """What was sent stays sent; nothing is made up behind it."""
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send(start(200, HTML))
        await send(body(b"<body><p>a<", more=True))
        raise ZeroDivisionError

    async def outside(scope: Any, receive: Any, send: Send) -> None:
        async def keep(message: Any) -> None:
            sent.append(message)

        with pytest.raises(ZeroDivisionError):
            await wrap(app)(scope, receive, keep)

    drive(outside)
    assert [message.get("more_body") for message in sent] == [None, True]


def test_cancelling_passes_through() -> None:
    """A request that is cancelled ends as one, with its held start sent as without us."""
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send(start(200, HTML))
        await asyncio.Event().wait()

    async def outside(scope: Any, receive: Any, send: Send) -> None:
        async def keep(message: Any) -> None:
            sent.append(message)

        task = asyncio.ensure_future(wrap(app)(scope, receive, keep))
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    drive(outside)
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_context_variables_go_in_and_come_out() -> None:
    """The app runs in the caller's context: it sees what was set outside, and what it sets is seen outside."""
    word = contextvars.ContextVar("word", default="")

    async def app(scope: Any, receive: Any, send: Send) -> None:
        assert word.get() == "outer"
        word.set("inner")
        await replay(start(200, HTML), body(PAGE))(scope, receive, send)

    async def outside(scope: Any, receive: Any, send: Send) -> None:
        word.set("outer")
        await wrap(app)(scope, receive, send)
        assert word.get() == "inner"

    drive(outside)


def test_background_tasks_run_after_the_page_and_know_the_consent() -> None:
    """The last piece is out before they start, and `current_consent` is still that of the request."""
    order: list[object] = []

    async def afterwards() -> None:
        order.append(current_consent().allows("analytics"))

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE, background=BackgroundTask(afterwards))

    app = wrap(Starlette(routes=[Route("/", page)]))

    async def send(message: Any) -> None:
        order.append(message["type"].rpartition(".")[2])

    async def receive() -> Message:
        return {"type": "http.request"}

    cookie = (b"cookie", f"consent={granted_cookie(app)}".encode())
    asyncio.run(app(http_scope(headers=[cookie]), receive, send))
    assert order == ["start", "body", True]
    assert not current_consent().allows("analytics")


def test_requests_at_the_same_time_each_see_their_own_consent() -> None:
    """Two visitors in one event loop, each waiting for the other."""
    seen: dict[str, list[bool]] = {"granted": [], "new": []}
    both = asyncio.Barrier(2)

    async def app(scope: Any, receive: Any, send: Send) -> None:
        name = scope["path"].removeprefix("/")
        for _ in range(3):
            await both.wait()
            seen[name].append(current_consent().allows("analytics"))

    wrapped = wrap(app)
    cookie = (b"cookie", f"consent={granted_cookie(wrapped)}".encode())

    async def nothing(*_: Any) -> Any:
        return None

    async def main() -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(
                wrapped(http_scope("/granted", headers=[cookie]), nothing, nothing),
                wrapped(http_scope("/new"), nothing, nothing),
            )

    asyncio.run(main())
    assert seen == {"granted": [True] * 3, "new": [False] * 3}


def test_a_guarded_app_mounted_in_a_guarded_app_adds_nothing() -> None:
    """One banner, from outside."""
    inner = wrap(Starlette(routes=[Route("/a", lambda request: HTMLResponse(PAGE))]))
    page = run(wrap(Starlette(routes=[Mount("/sub", inner)])), http_scope("/sub/a"))
    assert bodies(page).count(ROOT) == 1


def test_head_of_a_page_has_no_body_to_measure() -> None:
    """The app's own body, which servers drop but may measure, is not passed on; what is no page keeps its own."""
    length = (b"content-length", str(len(PAGE)).encode())
    head = run(wrap(replay(start(200, HTML, length), body(PAGE))), http_scope(method="HEAD"))
    assert header_of(head[0], b"content-length") == []
    assert bodies(head) == b""
    data = [start(200, (b"content-type", b"application/json"), (b"content-length", b"2")), body(b"{}")]
    assert run(wrap(replay(*data)), http_scope(method="HEAD")) == data


@pytest.mark.parametrize("kind", ["json", "page", "stream", "shared", "granted", "cookies"])
def test_a_request_leaves_nothing_for_the_collector(kind: str) -> None:
    """What a request needed is freed the moment it is over: nothing in it refers to itself."""
    answers: dict[str, list[Message]] = {
        "json": [start(200, (b"content-type", b"application/json")), body(b"{}")],
        "stream": [start(200, HTML), body(PAGE, more=True), body(PAGE, more=True), body()],
        "shared": [start(200, HTML, (b"cache-control", b"public")), body(PAGE)],
    }
    app = wrap(replay(*answers.get(kind, [start(200, HTML), body(PAGE)])))
    sent = [(b"accept-encoding", b"gzip"), (b"if-none-match", b'"x"')]
    if kind == "granted":
        sent.append((b"cookie", f"consent={granted_cookie(app)}".encode()))
    if kind == "cookies":
        sent.append((b"cookie", b"_st1=1; _ad=2"))

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    async def requests() -> None:
        for _ in range(20):
            await app(http_scope(headers=sent), receive, send)

    asyncio.run(requests())
    gc.collect()
    gc.disable()
    try:
        coroutine = requests()
        with contextlib.suppress(StopIteration):
            coroutine.send(None)
        assert gc.collect() == 0
    finally:
        gc.enable()
