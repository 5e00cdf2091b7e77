"""Sites on which something is only reported, or hosts are held back that nobody has declared: from end to end."""

from __future__ import annotations

from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.log.memory import MemoryLog
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import SECRET, policy_data

PAGE = (
    b"<!doctype html><title>t</title><body><script src=//stats.test/s.js></script><img src=//adnet.test/p?id=7>"
    b"<iframe src=//evil.test/x></iframe><script type=text/plain data-category=marketing>run()</script>"
)


def send(page: bytes = PAGE, **changes: Any) -> bytes:
    """The page as a visitor gets it who has not been asked yet."""
    policy = Policy.model_validate(policy_data(**changes))
    app = ConsentMiddleware(replay(start(200, HTML), body(page)), policy, secret_key=SECRET, log=MemoryLog())
    sent: bytes = run(app, http_scope())[1]["body"]
    return sent


def test_in_report_only_mode_a_page_is_sent_as_it_is() -> None:
    """No byte of it changes, whatever is unknown."""
    assert send(mode="report-only", unknown={"hosts": "block"}) == PAGE


def test_one_category_can_be_enforced() -> None:
    """Its services are held back and asked about; the others are let through."""
    sent = send(mode="report-only", categories={"analytics": {"mode": "enforce"}})
    assert b'data-ckit="analytics/stats"' in sent
    assert b"<img src=//adnet.test/p?id=7>" in sent
    assert b'id="ckit-root"' in sent


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_a_frame_of_an_undeclared_host_says_so(locale: str) -> None:
    """It names the host and has nothing to click; necessary services and the site itself are not held back."""
    services = {"pay": {"category": "necessary", "hosts": ["pay.test"]}, **policy_data()["services"]}
    page = PAGE + b"<img src=//pay.test/a><img src=http://testserver/b><img src=//cdn.testserver/c>"
    sent = send(page, services=services, unknown={"hosts": "block"}, language={"default": locale})
    _, _, frame = sent.partition(b'<iframe data-ckit-undeclared="evil.test"')
    frame = frame.partition(b"</iframe>")[0]
    assert b"srcdoc=" in frame
    assert b"evil.test" in frame.partition(b"srcdoc=")[2]
    assert b"button" not in frame
    assert sent.endswith(page[len(PAGE) :])
