"""Driving ASGI by hand: raw messages in, raw messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def http_scope(
    path: str = "/", *, method: str = "GET", headers: Iterable[tuple[bytes, bytes]] = (), **more: Any
) -> Message:
    """An HTTP scope as a server would make it."""
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("198.51.100.7", 50000),
        "server": ("testserver", 80),
        "extensions": {},
        "state": {},
        **more,
    }


def run(app: App, scope: Message, received: Iterable[Message] = ()) -> list[Message]:
    """Everything `app` sends for `scope`. Afterwards `receive` blocks, as on an open connection."""
    sent: list[Message] = []
    waiting = list(received)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        sent.append(message)

    async def main() -> None:
        async with asyncio.timeout(20):
            await app(scope, receive, send)

    asyncio.run(main())
    return sent


def replay(*messages: Message) -> App:
    """An app that sends just these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def start(status: int = 200, *headers: tuple[bytes, bytes], **more: Any) -> Message:
    """A response start."""
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(data: bytes = b"", *, more: bool = False) -> Message:
    """A piece of body."""
    return {"type": "http.response.body", "body": data, "more_body": more}


HTML = (b"content-type", b"text/html; charset=utf-8")


def header_of(message: Message, name: bytes) -> list[bytes]:
    """All values of a header of a start message."""
    return [value for key, value in message["headers"] if key.lower() == name]
