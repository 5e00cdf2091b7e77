"""What may be sent to the choice endpoint, and what comes of anything else."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.endpoints.visits import CHOICE, FORM, BrokenLog, make_app, post, token

BAD_RETURNS = [
    "http://evil.test", "http:///evil.test", "https://evil.test", "ftp://evil.test", r"\\evil.test", r"\\\evil.test",
    r"/\\/evil.test", r"\\\//evil.test", "///evil.test", "//evil.test", r"/\evil.test", r"\/evil.test", r"\evil.test",
    "http:/evil.test", "http:evil.test", "javascript:alert(1)", "\njavascript:alert(1)", "java\nscript:alert(1)",
    "\x08//evil.test", r"http://otherserver\evil.test", r"http:\\testserver\@evil.test", "http://testserver\\evil",
    "http://[2001:cdba:0000::3257:9652", "time:8080", "", " /x", "/\t/evil.test", "/%09/evil.test", "/%5cevil.test",
    "/%2fevil.test", "/%2F%2Fevil.test", "\uff0f\uff0fevil.test", "/\uff0fevil.test", "/x\r\nSet-Cookie: a=b", "/x\x00",
    "/\r/evil.test",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "", "application/xml", f"{FORM}-x"])
def test_other_content_types_are_refused(client: TestClient, log: BrokenLog, kind: str) -> None:
    """Only the two types that a page of ours sends are read."""
    answer = client.post(CHOICE, content=b"action=reject-all", headers={"content-type": kind})
    assert answer.status_code == 415
    assert not log.appended


def test_a_doubled_content_type_is_refused(client: TestClient) -> None:
    """Two answers to the question what a body is are no answer."""
    headers = [("content-type", FORM), ("content-type", "application/json")]
    assert client.post(CHOICE, content=b"action=reject-all", headers=headers).status_code == 415


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "Get", "__init__", "X" * 10_000]
)
def test_other_methods_get_405_and_change_nothing(client: TestClient, log: BrokenLog, method: str) -> None:
    """Only POST changes consent."""
    answer = client.request(method, CHOICE, headers={"sec-purpose": "prefetch"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert not log.appended


@pytest.mark.parametrize("value", BAD_RETURNS)
def test_a_foreign_return_address_becomes_the_front_page(client: TestClient, value: str) -> None:
    """No redirect ever leaves the site."""
    answer = post(client, action="reject-all", return_to=value)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "value", ["/", "/a", "/a/b?c=d&e=%2F%2Fx", "/caf%C3%A9#top", "/a//b", "/?next=https://x.test/"]
)
def test_an_own_return_address_is_kept(client: TestClient, value: str) -> None:
    """Path, query and fragment on this site come back as they were."""
    assert post(client, action="reject-all", return_to=value).headers["location"] == value


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"a=" + b"x" * 9000, {}, 413),
        (b"&".join(b"f%d=1" % n for n in range(70)), {}, 400),
        (b"action=reject-all", {"content-length": "5"}, 400),
        (b"action=reject-all", {"content-length": "-5"}, 400),
        (b"action=reject-all", {"content-length": "1e3"}, 400),
        (b"action=reject-all", {"content-length": "99999"}, 413),
        (b"action=%FF%FE", {}, 400),
        ("action=réject".encode(), {}, 400),
        (b"action=explode", {}, 400),
        (b"[" * 8000, {"content-type": "application/json"}, 400),
        (b'{"action": ["save"]}', {"content-type": "application/json"}, 400),
        (b'{"action": "save", "categories": "analytics"}', {"content-type": "application/json"}, 400),
        (b'{"action": "save", "categories": [1]}', {"content-type": "application/json"}, 400),
        (b"[]", {"content-type": "application/json"}, 400),
        (b"\xff", {"content-type": "application/json"}, 400),
    ],
)
def test_bad_bodies_change_nothing(
    client: TestClient, log: BrokenLog, content: bytes, headers: dict[str, str], status: int
) -> None:
    """Too long, too many, wrong length, wrong shape: a plain answer and no record."""
    answer = client.post(CHOICE, content=content, headers={"content-type": FORM} | headers)
    assert answer.status_code == status
    assert not log.appended


def test_a_slow_body_is_given_up(log: BrokenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends nothing within the deadline gets 408."""
    from consentkit.endpoints import body
    from tests.asgi import http_scope, run

    monkeypatch.setattr(body.read_body, "__kwdefaults__", {"deadline": 0.01})
    scope = http_scope(CHOICE, method="POST", headers=[(b"content-type", FORM.encode())])
    sent = run(make_app(log), scope, [{"type": "http.request", "body": b"action=", "more_body": True}])
    assert sent[0]["status"] == 408


def test_an_endless_body_is_cut_at_the_limit(log: BrokenLog) -> None:
    """Chunks without end are read only up to 8 KB."""
    from tests.asgi import http_scope

    read: list[int] = []
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        read.append(1000)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = http_scope(CHOICE, method="POST", headers=[(b"content-type", FORM.encode())])
    asyncio.run(make_app(log)(scope, receive, send))
    assert sent[0]["status"] == 413
    assert sum(read) <= 9000


def test_of_doubled_fields_the_last_counts_and_semicolons_separate_nothing(client: TestClient, log: BrokenLog) -> None:
    """One fixed rule for duplicates; brackets and semicolons are just characters."""
    field = token(client)
    body = urlencode(
        [("token", field), ("action", "accept-all"), ("action", "reject-all"), ("category[0]", "analytics")]
    )
    client.post(CHOICE, content=body.encode(), headers={"content-type": FORM})
    assert log.appended[0].action == "reject-all"
    body = urlencode({"token": field, "action": "save"}) + "&category=analytics;category=marketing"
    client.post(CHOICE, content=body.encode(), headers={"content-type": FORM})
    assert not any(log.appended[1].categories.values())
