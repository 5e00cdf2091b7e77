"""Visits to a small site: a log that can be switched off, a client, and the fields of a form."""

from __future__ import annotations

import re
from typing import Any

from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.errors import LogUnavailableError
from consentkit.log.memory import MemoryLog
from consentkit.log.protocol import Entry
from consentkit.log.record import Record
from consentkit.policy.models import Policy
from tests.conftest import SECRET, policy_data

FORM = "application/x-www-form-urlencoded"


CHOICE = "/_consent/choice"


class BrokenLog(MemoryLog):
    """A log that can be switched off, and remembers what was put off."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.appended: list[Record] = []
        self.deferred: list[Record] = []

    async def append(self, record: Record) -> Entry:
        if self.down:
            raise LogUnavailableError("switched off")
        self.appended.append(record)
        return await super().append(record)

    def defer(self, record: Record) -> None:
        self.deferred.append(record)


def make_app(log: BrokenLog, **changes: Any) -> ConsentMiddleware:
    async def home(request: Any) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>t</title><p>hello")

    inner = Starlette(routes=[Route("/{path:path}", home, methods=["GET", "POST"])])
    return ConsentMiddleware(inner, Policy.model_validate(policy_data(**changes)), secret_key=SECRET, log=log)


def token(client: TestClient, path: str = "/") -> str:
    match = re.search(r'name="token" value="([^"]+)"', client.get(path).text)
    assert match
    return match[1]


def post(client: TestClient, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return client.post(CHOICE, data=fields, headers=headers)


def allowed(client: TestClient) -> dict[str, bool]:
    found: dict[str, bool] = client.get("/_consent/state").json()["allowed"]
    return found
