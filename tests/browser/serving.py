"""Servers for a real browser: an app of a test's own in a thread, and the demo in a process."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import uvicorn

ROOT = Path(__file__).parents[2]


@contextmanager
def served(make_app: Callable[[str], object]) -> Iterator[str]:
    """The origin under which the app that `make_app(origin)` gives is served, on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        origin = f"http://127.0.0.1:{bound.getsockname()[1]}"
        config = uvicorn.Config(make_app(origin), log_level="error", access_log=False)  # type: ignore[arg-type] # any ASGI app
        server = _Announced(config)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        if not server.is_up.wait(timeout=20):
            raise RuntimeError("the test's own server didn't start")
        yield origin
        server.should_exit = True
        thread.join(timeout=20)


class _Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


class Demo:
    """The newsroom and its third parties, running."""

    def __init__(self, welcome: str) -> None:
        self.origin, *parties = re.findall(r"http://127\.0\.0\.1:\d+", welcome)[:5]
        self.parties = tuple(parties)

    def calls(self) -> list[str]:
        """What the third parties themselves have counted, as `origin/path`, and then forget."""
        found = []
        for party in self.parties:
            with urlopen(f"{party}/hits") as response:  # noqa: S310 - our own loopback server
                found += [party + path for path in re.findall(r'"(/[^"]*)"', response.read().decode())]
            with urlopen(Request(f"{party}/hits/reset", method="POST")):  # noqa: S310 - our own loopback server
                pass
        return found


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """The demo of `examples/newsroom`, with what it keeps in `folder`."""
    command = [sys.executable, "-m", "examples.newsroom", "--port", "0", "--folder", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no output of the demo to read")
        welcome = "".join(iter(process.stdout.readline, "  Ctrl+C stops it.\n"))
        try:
            yield Demo(welcome)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
