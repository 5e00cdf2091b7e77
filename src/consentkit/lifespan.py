"""The lifespan of the server around ours: start before the app, stop after it, refuse to start when we must."""

from __future__ import annotations

import atexit
import os
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consentkit.errors import ConsentKitError

_STDERR = 2


async def run_lifespan(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Hand the lifespan on to `app`, with `start` before its startup and `stop` after its shutdown.

    An error of ours in `start` is answered as `lifespan.startup.failed`, so that the server exits with its message, and
    raised, as Starlette does; the app is then never called.
    """
    first = await receive()
    try:
        await start()
    except ConsentKitError as error:
        message = f"consentkit can't start: {error}"
        say_last(message)
        await send({"type": "lifespan.startup.failed", "message": message})
        raise
    waiting = [first]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    async def send_on(message: Message) -> None:
        if message["type"].startswith(("lifespan.shutdown.", "lifespan.startup.failed")):
            await stop()
        await send(message)

    await app(scope, receive_again, send_on)


def say_last(message: str) -> None:
    """Write `message` when the process ends: a server adds a line of its own, but people read the last one first."""
    atexit.register(os.write, _STDERR, f"{message}\n".encode())
