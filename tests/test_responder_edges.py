"""Responders in odd company: iterators, split marks, interim answers, tasks, caches, conditions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from consentkit.policy.models import Policy
from tests.asgi import HTML, body, header_of, http_scope, replay, run, start
from tests.test_responder import GATED, JSON, PAGE, bodies, wrap


def test_headers_may_come_as_any_iterable(policy: Policy) -> None:
    """ASGI allows an iterator; every header survives it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = iter([HTML, (b"x-a", b"1"), (b"set-cookie", b"session=1")])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(body(PAGE))

    first, second = run(wrap(app, policy), http_scope())
    assert header_of(first, b"x-a") == [b"1"]
    assert header_of(first, b"set-cookie") == [b"session=1"]
    assert GATED in second["body"]


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_byte_order_mark_may_come_in_pieces(cut: int, policy: Policy) -> None:
    """A page in UTF-16 stays as it is, wherever its first bytes are cut."""
    data = b"\xff\xfe" + "<body><p>x".encode("utf-16-le")
    pieces = [body(data[:cut], more=True), body(data[cut:])]
    assert bodies(run(wrap(replay(start(200, HTML), *pieces), policy), http_scope())) == data


@pytest.mark.parametrize("page", [b"", b"\xff", b"\xfe", b"\x00\x00", b"\xef\xbb\xbf<p>x"])
def test_short_and_odd_beginnings_lose_nothing(page: bytes, policy: Policy) -> None:
    """What was held for a closer look comes out, in one piece or in many."""
    whole = bodies(run(wrap(replay(start(200, HTML), body(page)), policy), http_scope()))
    pieces = [body(bytes([byte]), more=True) for byte in page]
    parts = bodies(run(wrap(replay(start(200, HTML), *pieces, body()), policy), http_scope()))
    assert whole == parts
    assert page.lstrip(b"\xef\xbb\xbf") in whole


def test_an_app_that_stops_in_the_middle_has_sent_what_it_sent(policy: Policy) -> None:
    """Without a last piece of body nothing of the earlier ones stays behind."""
    app = replay(start(200, HTML), body(b"<body><p>text<", more=True))
    assert bodies(run(wrap(app, policy), http_scope())).endswith(b"<p>text<")


def test_an_interim_answer_is_not_the_real_one(policy: Policy) -> None:
    """After a 1xx start the response itself is still gated."""
    cookie = (b"set-cookie", b"_ad=1")
    app = replay(start(103, (b"link", b"</a>")), start(200, HTML, cookie), body(PAGE))
    sent = run(wrap(app, policy), http_scope())
    assert header_of(sent[1], b"set-cookie") == []
    assert GATED in sent[2]["body"]


def test_a_second_start_while_the_first_is_held_is_gated_too(policy: Policy) -> None:
    """Whatever an app does twice, no refused cookie gets through."""
    app = replay(start(200, HTML), start(500, HTML, (b"set-cookie", b"_ad=1")), body(PAGE))
    sent = run(wrap(app, policy), http_scope())
    assert [message["type"].rpartition(".")[2] for message in sent] == ["start", "start", "body"]
    assert header_of(sent[1], b"set-cookie") == []


def test_pieces_sent_at_the_same_time_keep_their_order(policy: Policy) -> None:
    """Tasks that send without waiting for each other don't break the state."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, HTML, (b"content-length", b"9")))
        async with asyncio.TaskGroup() as group:
            group.create_task(send(body(b"<body><p>a", more=True)))
            group.create_task(send(body(b"b", more=True)))
        await send(body(b"c"))

    sent = run(wrap(app, policy), http_scope())
    assert sent[0]["type"] == "http.response.start"
    assert bodies(sent).endswith(b"<p>abc")


def test_no_cache_header_of_any_kind_makes_a_page_shared(policy: Policy) -> None:
    """Caches in front that obey headers of their own are told nothing else."""
    own = [
        b"CDN-Cache-Control",
        b"Cloudflare-CDN-Cache-Control",
        b"Surrogate-Control",
        b"X-Accel-Expires",
        b"Edge-Control",
    ]
    headers = [(name, b"max-age=600") for name in own]
    first, _ = run(wrap(replay(start(200, HTML, *headers), body(PAGE)), policy), http_scope())
    names = {key.lower() for key, _ in first["headers"]}
    assert names == {b"content-type", b"cache-control", b"vary", b"permissions-policy"}


def test_a_conditional_write_is_left_alone(policy: Policy) -> None:
    """`If-None-Match: *` keeps a PUT from overwriting; it is none of our business."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])

    run(wrap(app, policy), http_scope(method="PUT", headers=[(b"if-none-match", b"*"), (b"accept", b"text/html")]))
    assert (b"if-none-match", b"*") in seen


def test_data_keeps_its_validators(policy: Policy) -> None:
    """A script that revalidates JSON gets its 304 as without us."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        known = (b"if-none-match", b'"v1"') in scope["headers"]
        await replay(start(304 if known else 200, JSON, (b"etag", b'"v1"')), body())(scope, receive, send)

    headers = [(b"if-none-match", b'"v1"'), (b"accept", b"*/*"), (b"sec-fetch-dest", b"empty")]
    sent = run(wrap(app, policy), http_scope(headers=headers))
    assert sent[0] == start(304, JSON, (b"etag", b'"v1"'))


def test_bytes_that_were_held_survive_another_message(policy: Policy) -> None:
    """A debug message between the first bytes of a page loses none of them."""
    debug: Any = {"type": "http.response.debug", "info": {}}
    page = [body(b"\xff", more=True), debug, body(b"<body><p>x")]
    sent = bodies(run(wrap(replay(start(200, HTML), *page), policy), http_scope()))
    assert b"\xff" in sent
    assert sent.endswith(b"<p>x")
