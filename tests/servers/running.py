"""Starting real servers, and talking to them over real sockets. Everything ends by itself after a while."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from tests.servers.site import HOST

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
#: Headers that servers add by themselves.
_SERVERS_OWN = {"date", "server"}


class Answer(NamedTuple):
    """What came back, without what the server says of itself."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class Running:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self.output.extend(self.process.stdout or ())

    def wait_until_it_answers(self) -> None:
        """Connect until somebody listens; each attempt ends when the process does."""
        for _ in range(400):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE):
                    return
            except ConnectionRefusedError:
                if _has_ended(self.process, 0.05):
                    break
        raise RuntimeError("the server didn't start: " + "".join(self.output))

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> Answer:
        """One request on a connection of its own."""
        connection = self.connect()
        try:
            return ask(connection, path, headers, method=method)
        finally:
            connection.close()

    def stop(self) -> str:
        """Stop the server; what it has written."""
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return "".join(self.output)


def ask(
    connection: HTTPConnection, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET"
) -> Answer:
    """One request on a connection that may be used again."""
    connection.request(method, path, headers={"Host": HOST, **(headers or {})})
    response = connection.getresponse()
    kept = [(key.lower(), value) for key, value in response.getheaders() if key.lower() not in _SERVERS_OWN]
    return Answer(response.status, kept, response.read())


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[Running]:
    """A process that serves on `port`, ready to answer, and gone afterwards."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    server = Running(process, port)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


def python_server(name: str, app: str, port: int) -> list[str]:
    """The command that serves `app` with one of the servers in use."""
    module, *options = {
        "uvicorn-h11": ["uvicorn", "--http", "h11", "--ws", "wsproto", "--port", str(port)],
        "uvicorn-httptools": ["uvicorn", "--http", "httptools", "--ws", "wsproto", "--port", str(port)],
        "hypercorn": ["hypercorn", "--bind", f"127.0.0.1:{port}"],
        "granian": ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)],
    }[name]
    return [sys.executable, "-m", module, *options, app]


SERVERS = ("uvicorn-h11", "uvicorn-httptools", "hypercorn", "granian")


def _has_ended(process: subprocess.Popen[str], within: float) -> bool:
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return False
    return True
