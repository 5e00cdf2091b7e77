"""What the runner needs: its folder with secret and databases, its ports, its policy, and the servers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from consentkit import ConsentMiddleware

from .app import create_app
from .thirdparty import ROLES, ThirdParty, create_third_party

HOST = "127.0.0.1"
POLICY = Path(__file__).with_name("consent.yaml")
DEFAULT_PORT = 8000
FIRST_THIRD_PARTY_PORT = 8101
STARTUP_FAILED = 3


class PortTakenError(Exception):
    """Another program listens on `port` already."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} on {HOST} is taken by another program")


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bound sockets: the site's, and one for each third party."""

    site: socket.socket
    third_parties: Mapping[str, socket.socket]

    @property
    def origin(self) -> str:
        """The address of the site."""
        return origin_of(self.site)


def origin_of(bound: socket.socket) -> str:
    """The origin a bound socket is reached at."""
    return f"http://{HOST}:{bound.getsockname()[1]}"


def bind_all(port: int, first_third_party_port: int = FIRST_THIRD_PARTY_PORT) -> Sockets:
    """Bind the site to `port` and the third parties to the ports from `first_third_party_port` on.

    With `port` 0 the system picks free ports for all of them. Raises `PortTakenError`; nothing stays bound then.
    """
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(_bind(port))
        third_parties = {
            role: stack.enter_context(_bind(first_third_party_port + number if port else 0))
            for number, role in enumerate(ROLES)
        }
        stack.pop_all()
    return Sockets(site, third_parties)


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(port) from error
        raise
    return bound


def make_secret(folder: Path) -> str:
    """The demo's own secret: made once, in a file that only its owner may read."""
    path = folder / "secret"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")


def policy_for(sockets: Sockets, folder: Path) -> Path:
    """The policy with the ports that are in use: `consent.yaml` itself, or a copy in `folder` with other ports."""
    ports = {
        f"{HOST}:{FIRST_THIRD_PARTY_PORT + number}": origin_of(sockets.third_parties[role]).removeprefix("http://")
        for number, role in enumerate(ROLES)
    }
    if all(written == used for written, used in ports.items()):
        return POLICY
    either = re.compile("|".join(rf"{re.escape(written)}\b" for written in ports))
    text = either.sub(lambda found: ports[found[0]], POLICY.read_text(encoding="utf-8"))
    copy = folder / "consent.yaml"
    copy.write_text(text, encoding="utf-8")
    return copy


def build(sockets: Sockets, policy: Path, folder: Path) -> list[tuple[ASGIApp, socket.socket]]:
    """Every server of the demo with its socket, the site first, consentkit around it."""
    os.environ["CONSENTKIT_SITE_URL"] = sockets.origin
    parties = [ThirdParty(role, origin_of(bound)) for role, bound in sockets.third_parties.items()]
    site = ConsentMiddleware(
        create_app(database=str(folder / "newsroom.db"), third_parties=parties),
        policy=policy,
        secret_key=make_secret(folder),
        log=log_url(folder),
        reload=True,
    )
    others = [(create_third_party(party), sockets.third_parties[party.role]) for party in parties]
    return [(site, sockets.site), *others]


def log_url(folder: Path) -> str:
    """Where the demo keeps its consent log."""
    return f"sqlite:///{folder / 'consent.db'}"


class _Server(uvicorn.Server):
    """One of several servers in one loop: the signals are the runner's, not each server's."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(apps: list[tuple[ASGIApp, socket.socket]], on_ready: Callable[[], None], stop: asyncio.Event) -> int:
    """Run all servers until `stop` is set, or until one couldn't start. Answers the exit code."""
    waiting = set(range(len(apps)))

    def started(number: int) -> None:
        waiting.discard(number)
        if not waiting:
            on_ready()

    servers = [
        _Server(
            uvicorn.Config(app, log_level="warning", access_log=False),
            partial(started, number),
        )
        for number, (app, _) in enumerate(apps)
    ]
    runs = [
        asyncio.ensure_future(server.serve(sockets=[bound])) for server, (_, bound) in zip(servers, apps, strict=True)
    ]
    asked = asyncio.ensure_future(stop.wait())
    await asyncio.wait([*runs, asked], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*runs)
    return 0 if not waiting else STARTUP_FAILED
