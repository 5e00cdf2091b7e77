"""Starting, failing to start, and reading a policy again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.errors import ConfigurationError, LogError, LogUnavailableError
from consentkit.log.memory import MemoryLog
from consentkit.policy.models import Policy
from tests.apps import accept, granted_cookie, home, wrap, write_policy
from tests.conftest import SECRET, policy_data


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": b"x" * 40},
        {"secret_key": [b"x" * 40]},
        {"secret_key": 5},
        {"policy": 5},
        {"templates": 5},
        {"log": 5},
    ],
)
def test_arguments_of_a_wrong_type_are_told_at_start(wrong: dict[str, Any]) -> None:
    """Nothing is raised by the constructor; the start fails with a sentence."""
    settings: dict[str, Any] = {
        "policy": Policy.model_validate(policy_data()),
        "secret_key": SECRET,
        "log": "memory://",
    }
    app = ConsentMiddleware(Starlette(), **(settings | wrong))
    with pytest.raises(ConfigurationError), TestClient(app):
        pass


def test_a_broken_template_of_the_site_is_told_at_start(tmp_path: Path) -> None:
    """A mistake in an override names its file and line."""
    (tmp_path / "banner.html").write_text("<p>\n{% if %}")
    with (
        pytest.raises(ConfigurationError, match=r"banner\.html:2: "),
        TestClient(wrap(Starlette(), templates=tmp_path)),
    ):
        pass


def test_a_policy_that_is_narrowed_on_reload_keeps_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running worker knows what visitors agreed to before the reload."""
    monkeypatch.setattr("consentkit.sites._LOOK_EVERY", 0.0)
    file = write_policy(tmp_path)
    narrow = file.read_text()
    file.write_text(narrow + "  more: {category: analytics, hosts: [more.test], purpose: Counts more}\n")
    with TestClient(wrap(Starlette(), file, reload=True)) as client:
        accept(client)
        assert client.get("/_consent/state").json()["decided"]
        file.write_text(narrow)
        assert client.get("/_consent/state").json() == client.get("/_consent/state").json() | {
            "decided": True,
            "services": {"stats": True},
        }


def test_a_log_that_comes_back_is_asked_for_earlier_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start with the log down is made good later: then it keeps this policy and knows the earlier ones."""
    monkeypatch.setattr("consentkit.middleware._LEARN_EVERY", 0.0)

    class Away(MemoryLog):
        down = True

        async def open(self) -> None:
            if self.down:
                raise LogUnavailableError("away")
            await super().open()

        async def kept(self, kind: Any) -> dict[str, bytes]:
            if self.down:
                raise LogUnavailableError("away")
            return await super().kept(kind)

    wide = Policy.model_validate(policy_data())
    services = {name: service for name, service in policy_data()["services"].items() if name != "adnet"}
    narrow = Policy.model_validate(policy_data(services=services))
    log = Away()
    log.keep("policy", wide.digest, wide.canonical())
    cookie = granted_cookie(wrap(Starlette(), wide))
    with TestClient(wrap(Starlette(), narrow, log=log)) as client:
        headers = {"cookie": f"consent={cookie}"}
        assert not client.get("/_consent/state", headers=headers).json()["decided"]
        log.down = False
        assert client.get("/_consent/state", headers=headers).json()["decided"]


def test_a_policy_file_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With reload a change is live at once; a mistake is shown in the page and the old policy serves on."""
    monkeypatch.setattr("consentkit.sites._LOOK_EVERY", 0.0)
    file = write_policy(tmp_path, "First")
    with TestClient(wrap(Starlette(routes=[Route("/", home)]), file, reload=True)) as client:
        assert "First would like" in client.get("/").text
        write_policy(tmp_path, "Second one")
        assert "Second one would like" in client.get("/").text
        file.write_text(file.read_text() + "\nbannner: {}\n")
        page = client.get("/").text
        assert "Second one would like" in page
        assert "consent.yaml:6:1" in page
        write_policy(tmp_path, "Third site")
        page = client.get("/").text
        assert "Third site would like" in page
        assert "ckit-error" not in page


@pytest.mark.parametrize("how", ["outermost", "add_middleware"])
@pytest.mark.parametrize(
    ("secret", "policy", "said"),
    [
        ("", "consent.yaml", "consentkit keygen"),
        ("changeme", "consent.yaml", "consentkit keygen"),
        (SECRET, "missing.yaml", "missing.yaml"),
        (SECRET, "broken.yaml", "broken.yaml:2:"),
    ],
)
def test_a_configuration_error_stops_uvicorn_with_the_message_last(
    tmp_path: Path, how: str, secret: str, policy: str, said: str
) -> None:
    """The process exits non-zero, and the last thing it says is what to change."""
    write_policy(tmp_path)
    (tmp_path / "broken.yaml").write_text(
        "site: {url: https://a.example, name: A}\nservices: {x: {categry: analytics}}\n"
    )
    lines = ["from starlette.applications import Starlette", "from consentkit import ConsentMiddleware"]
    if how == "outermost":
        lines.append(f"app = ConsentMiddleware(Starlette(), {policy!r})")
    else:
        lines += ["app = Starlette()", f"app.add_middleware(ConsentMiddleware, policy={policy!r})"]
    (tmp_path / "main.py").write_text("\n".join(lines))
    env = {**os.environ, "CONSENTKIT_SECRET_KEY": secret}
    command = [sys.executable, "-m", "uvicorn", "main:app", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert said in done.stderr[done.stderr.rindex("consentkit can't start") :]
    assert "Exiting" not in last


def test_an_unusable_log_stops_the_start(tmp_path: Path) -> None:
    """A log in a folder that isn't there is a start-up error that names the path."""
    app = wrap(Starlette(), log=f"sqlite:///{tmp_path}/nowhere/consent.db")
    with pytest.raises(LogError, match="nowhere"), TestClient(app):
        pass


def test_an_app_without_lifespan_is_served_all_the_same() -> None:
    """Where no lifespan event comes the log is opened with the first request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await PlainTextResponse("ok")(scope, receive, send)

    client = TestClient(wrap(app), follow_redirects=False)
    assert client.get("/").text == "ok"
    assert client.post("/_consent/choice", data={"action": "reject-all"}).status_code == 303
