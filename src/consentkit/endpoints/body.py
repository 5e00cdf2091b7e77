"""Reading the body of a choice: bounded in bytes and time, whatever the client does."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from consentkit.http import Scope, header_values

MAX_BODY = 8192
DEADLINE = 10.0


class BodyError(Exception):
    """The body can't be used. `status` is the answer: 400, 408, 413 or 415."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


async def read_body(scope: Scope, receive: Receive, *, deadline: float = DEADLINE) -> bytes:
    """The whole body. Raises `BodyError`: 413 over 8 KB, 400 for a wrong length, 408 after `deadline` seconds."""
    declared = _declared_length(scope)
    if declared is not None and declared > MAX_BODY:
        raise BodyError(413)
    try:
        async with asyncio.timeout(deadline):
            body = await _collect(receive)
    except TimeoutError:
        raise BodyError(408) from None
    if declared is not None and len(body) != declared:
        raise BodyError(400)
    return body


def _declared_length(scope: Scope) -> int | None:
    lengths = {value.strip() for value in header_values(scope["headers"], b"content-length")}
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not length.isdigit() or len(length) > 18:
        raise BodyError(400)
    return int(length)


async def _collect(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyError(400)
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise BodyError(413)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
