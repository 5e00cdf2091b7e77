"""The demo's runner and its third parties."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from examples.newsroom.demo import POLICY, PortTakenError, Sockets, bind_all, make_secret, policy_for
from examples.newsroom.thirdparty import ROLES, ThirdParty, create_third_party
from starlette.testclient import TestClient

from consentkit import load_policy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Sockets on free ports."""
    bound = bind_all(0)
    yield bound
    for one in (bound.site, *bound.third_parties.values()):
        one.close()


def test_third_parties_count_every_call_but_the_question_itself() -> None:
    """`/hits` tells each path that was called, also a missing one, and can be set to zero."""
    client = TestClient(create_third_party(ThirdParty("stats", "http://127.0.0.1:8101")))
    for path in ("/stats.js", "/pixel.gif", "/pixel.gif", "/nothing"):
        client.get(path)
    assert client.get("/hits").json() == {"/stats.js": 1, "/pixel.gif": 2, "/nothing": 1}
    assert client.post("/hits/reset").status_code == 204
    assert client.get("/hits").json() == {}


@pytest.mark.parametrize(
    ("role", "path", "kind"),
    [
        ("stats", "/stats.js", "text/javascript"),
        ("stats", "/noscript.gif", "image/gif"),
        ("ads", "/adq.js", "text/javascript"),
        ("social", "/embed.js", "text/javascript"),
        ("video", "/player", "text/html"),
    ],
)
def test_third_parties_serve_what_the_pages_ask_for(role: str, path: str, kind: str) -> None:
    """Each has the file the site's pages name, with its right type."""
    response = TestClient(create_third_party(ThirdParty(role, "http://127.0.0.1:1"))).get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)


def test_the_policy_follows_the_ports(sockets: Sockets, tmp_path: Path) -> None:
    """On other ports a copy of the policy names them, is valid, and differs in nothing else."""
    path = policy_for(sockets, tmp_path)
    used = {f"127.0.0.1:{bound.getsockname()[1]}" for bound in sockets.third_parties.values()}
    named = {host for service in load_policy(path).services.values() for host in service.hosts}
    assert path == tmp_path / "consent.yaml"
    assert named == used
    changed = set(path.read_text().splitlines()) ^ set(POLICY.read_text().splitlines())
    assert all("hosts:" in line for line in changed)


def test_the_policy_names_the_default_ports() -> None:
    """As it stands in the repository, the policy gates the ports the runner uses by default."""
    named = {host for service in load_policy(POLICY).services.values() for host in service.hosts}
    assert named == {f"127.0.0.1:{8101 + number}" for number in range(len(ROLES))}


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    """The file has mode 0600, the secret is long, and the next start finds the same."""
    secret = make_secret(tmp_path)
    assert len(secret) >= 64
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert make_secret(tmp_path) == secret


def test_a_taken_port_is_named(sockets: Sockets) -> None:
    """When another program listens there, the error says which port, and nothing stays bound."""
    sockets.site.listen()
    port = sockets.site.getsockname()[1]
    with pytest.raises(PortTakenError, match=f"port {port} "):
        bind_all(port)


def _start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "examples.newsroom", "--folder", str(folder), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_runner_serves_guarded_pages_until_it_is_stopped(tmp_path: Path) -> None:
    """It prints where it is, serves the site with consentkit around it, and stops cleanly on a signal."""
    process = _start(tmp_path, "--port", "0")
    assert process.stdout is not None
    welcome = "".join(iter(process.stdout.readline, "  Ctrl+C stops it.\n"))
    origin = re.search(r"http://127\.0\.0\.1:\d+", welcome)
    assert "log verify" in welcome
    assert origin is not None
    with urlopen(f"{origin[0]}/articles/night-ferry-returns") as response:  # noqa: S310  # our own loopback server
        page = response.read().decode()
    assert 'id="ckit-root"' in page
    assert 'data-ckit="analytics/reader-stats"' in page
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_the_runner_says_what_to_do_about_a_taken_port(sockets: Sockets, tmp_path: Path) -> None:
    """A taken port ends the runner with exit code 2 and a way out."""
    sockets.site.listen()
    process = _start(tmp_path, "--port", str(sockets.site.getsockname()[1]))
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "is taken by another program" in errors
    assert "--port 0" in errors


def test_the_runner_fails_when_the_site_cannot_start(tmp_path: Path) -> None:
    """A start that fails ends the runner with an exit code, so that nobody waits for it."""
    (tmp_path / "secret").write_text("weak")
    process = _start(tmp_path, "--port", "0")
    rest, errors = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "is open" not in rest
    assert "keygen" in errors
