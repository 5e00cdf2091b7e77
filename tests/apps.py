"""Small apps inside the middleware, and the cookie of a visitor who accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.asgi import http_scope
from tests.conftest import SECRET, policy_data

POLICY_YAML = """
site: {url: "http://testserver", name: "{site}"}
services:
  stats: {category: analytics, hosts: [stats.test], purpose: Counts readers}
"""


GATED = '<script src="https://stats.test/a.js"></script>'


async def home(request: Request) -> Response:
    return HTMLResponse(f"<!doctype html><title>t</title><p>hello{GATED}")


async def broken(request: Request) -> Response:
    raise RuntimeError("the app's fault")


def write_policy(folder: Path, name: str = "Test Site") -> Path:
    file = folder / "consent.yaml"
    file.write_text(POLICY_YAML.replace("{site}", name))
    return file


def wrap(app: Any, policy: Any = None, **more: Any) -> ConsentMiddleware:
    more = {"secret_key": SECRET, "log": "memory://"} | more
    return ConsentMiddleware(app, policy or Policy.model_validate(policy_data()), **more)


def accept(client: TestClient) -> None:
    client.cookies.set("consent", granted_cookie(client.app))


def granted_cookie(app: Any) -> str:
    from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key

    site = app.site_for(http_scope())
    entries = {
        category_key(name): CategoryChoice(Verdict.GRANTED, site.decider.digests[name])
        for name in site.policy.asked_categories
    }
    return str(site.cookies.dumps(StoredChoice(int(site.clock()) - 10, "form", entries, "0" * 32)))
