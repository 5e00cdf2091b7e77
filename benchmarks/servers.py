"""Requests a second under uvicorn: the bare app and the same behind our middleware, over loopback.

Both servers run all the time; short stretches of load alternate between them, each compared with the one beside it.
Load over sockets is noisy, so the processor time that the server itself spent is given, too.

Run by itself with the name of an app and the number of a listening socket, it is the server.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from benchmarks.apps import Headers, browser, cookie_header, raw, site_of, starlette, with_consent
from benchmarks.baselines import ROOT
from benchmarks.table import Effort, Rounds, Row, at_least, compared
from consentkit.cookie import Verdict

TITLE = "Under uvicorn (JSON from Starlette, 8 connections kept alive, loopback)"
_CONNECTIONS = 8


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about a whole server."""
    json = browser(b"empty", b"*/*")
    granted = json + cookie_header(site_of(with_consent(raw)), Verdict.GRANTED)
    with ExitStack() as running:
        servers = {name: running.enter_context(serving(name)) for name in ("bare", "ours")}
        for what, headers in (("no cookie", json), ("with cookie", granted)):
            found = _measured(servers, headers, effort)
            yield at_least(f"requests/s, 15 headers, {what}", found, "ours", "bare", "/s", least=0.97)
            if found.has("ours, processor"):
                name = f"the server's processor time of one request, {what}"
                yield compared(name, found, "ours, processor", "bare, processor", "µs")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where, and in which process."""

    port: int
    process: int

    def processor_time(self) -> float | None:
        """Microseconds its main thread has run, where the system tells."""
        told = Path(f"/proc/{self.process}/schedstat")
        return int(told.read_text().split()[0]) / 1000 if told.exists() else None


@contextmanager
def serving(name: str) -> Iterator[Server]:
    """A uvicorn process with one of the apps, for as long as the context lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "benchmarks.servers", name, str(number)]
        process = subprocess.Popen(command, pass_fds=[number], cwd=ROOT)  # noqa: S603 - our own command
        try:
            yield Server(listening.getsockname()[1], process.pid)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _measured(servers: dict[str, Server], headers: Headers, effort: Effort) -> Rounds:
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    request = b"GET /json HTTP/1.1\r\n" + lines + b"\r\n"
    found = Rounds()
    for number in range(min(effort.rounds, 12) + 1):
        for name in sorted(servers, reverse=number % 2 == 0):
            server = servers[name]
            before = server.processor_time()
            count = asyncio.run(load(server.port, request, effort.seconds))
            after = server.processor_time()
            found.add(name, count / effort.seconds)
            if before is not None and after is not None:
                found.add(f"{name}, processor", (after - before) / count)
    return found


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer, which is always as long as the first one."""

    def __init__(self, request: bytes, until: float) -> None:
        self._request = request
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._got = b""
        self._missing = 0
        self._length = 0
        self._transport: asyncio.Transport | None = None
        self.count = 0
        self.done = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._length:
            self._got += data
            self._length = self._missing = _answer_length(self._got)
            data = self._got
        self._missing -= len(data)
        if self._missing or self._transport is None or not self._length:
            return
        self.count += 1
        self._missing = self._length
        if self._loop.time() < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        if not self.done.done():
            self.done.set_result(None)


def _answer_length(got: bytes) -> int:
    """How long the answer is as a whole, or 0 while its head hasn't come whole."""
    head, found, _ = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
    if not found:
        return 0
    if length is None or b" 200 " not in head[:20]:
        raise RuntimeError(f"not the answer that was expected: {head!r}")
    return len(head) + 4 + int(length[1])


async def load(port: int, request: bytes, seconds: float) -> int:
    """How many answers came within that time, from this machine alone."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    clients = []
    for _ in range(_CONNECTIONS):
        _, client = await loop.create_connection(partial(_Client, request, until), "127.0.0.1", port)
        clients.append(client)
    async with asyncio.timeout(seconds + 20):
        await asyncio.gather(*(client.done for client in clients))
    return sum(client.count for client in clients)


def serve(name: str, number: int) -> None:
    """Be the server."""
    app: ASGIApp = starlette() if name == "bare" else with_consent(starlette())
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
    server.run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
