"""One browser at one site, with a clock and a log that can be broken."""

from __future__ import annotations

import re
from typing import Any

from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, replay, start
from tests.conftest import SECRET, Clock, policy_data
from tests.endpoints.visits import CHOICE, BrokenLog

DAY = 86_400


class Visitor:
    """One browser at one site, with a clock and a log that can be broken."""

    def __init__(self, clock: Clock, log: BrokenLog | None = None, **changes: Any) -> None:
        self.log = log or BrokenLog()
        self.clock = clock
        self.cookies: dict[str, str] = {}
        self.move(**changes)

    def move(self, **changes: Any) -> None:
        """The site starts anew with another policy."""
        inner = replay(start(200, HTML), body(b"<!doctype html><title>t</title><p>x"))
        self.policy = Policy.model_validate(policy_data(**changes))
        app = ConsentMiddleware(inner, self.policy, secret_key=SECRET, log=self.log, clock=self.clock)
        self.client = TestClient(app, follow_redirects=False)

    def get(self, path: str = "/", **headers: str) -> Any:
        return self.client.get(path, headers={**self._cookie(), **headers})

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def token(self, path: str = "/", **headers: str) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get(path, **headers).text)
        assert found
        return found[1]

    def button(self, service: str) -> str:
        """The token of the button that allows one service alone."""
        app: Any = self.client.app
        notices = app.site_for({"type": "http", "headers": []}).notices
        found = re.search(r'name="token" value="([^"]+)"', notices.grant_form("service", service, "en", "eu", "", "/"))
        assert found
        return found[1]

    def post(self, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        answer = self.client.post(CHOICE, data=fields, headers={**self._cookie(), **(headers or {})})
        for value in answer.headers.get_list("set-cookie"):
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
            if "Max-Age=0;" in value:
                del self.cookies[name]
        self.client.cookies.clear()
        return answer

    def state(self, **headers: str) -> Any:
        return self.get("/_consent/state", **headers).json()


def lifetimes(granted: str, refused: str) -> dict[str, Any]:
    return {"lifetime": {"granted": granted, "refused": refused}}


def more_marketing() -> dict[str, Any]:
    services: dict[str, Any] = policy_data()["services"]
    return services | {"newad": {"category": "marketing", "hosts": ["n.test"], "purpose": "Ads"}}
