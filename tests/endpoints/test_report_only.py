"""Our own pages while some categories are only reported: nothing is asked about them, and nothing untrue is said."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from consentkit.i18n import Languages
from consentkit.policy.models import Policy
from tests.conftest import policy_data
from tests.endpoints.visits import BrokenLog, make_app, post, token

MARKETING = {"categories": {"marketing": {"mode": "report-only"}}}
WORDING = Languages(Policy.model_validate(policy_data())).wording("en")


@pytest.mark.parametrize("path", ["/_consent/preferences", "/_consent/policy"])
def test_what_is_only_reported_is_called_so(log: BrokenLog, path: str) -> None:
    """Both pages say that it is not part of the choice, and only where that is so."""
    with TestClient(make_app(log, **MARKETING)) as client:
        assert client.get(path).text.count(WORDING("policy.report_only")) == 1
    with TestClient(make_app(log)) as client:
        assert WORDING("policy.report_only") not in client.get(path).text


def test_nobody_is_asked_about_it(log: BrokenLog) -> None:
    """Neither the banner nor the preferences page offers it, and accepting all does not include it."""
    with TestClient(make_app(log, **MARKETING), follow_redirects=False) as client:
        for page in ("/", "/_consent/preferences"):
            html = client.get(page).text
            assert 'value="analytics"' in html
            assert 'value="marketing"' not in html
        post(client, action="accept-all", token=token(client))
        allowed = client.get("/_consent/state").json()["allowed"]
        assert (allowed["analytics"], allowed["marketing"]) == (True, False)
    assert "marketing" not in log.appended[0].categories


def test_without_anything_enforced_there_is_no_banner(log: BrokenLog) -> None:
    """In report-only mode a page is sent without any part of ours."""
    with TestClient(make_app(log, mode="report-only")) as client:
        assert "ckit" not in client.get("/").text
        assert WORDING("policy.change") not in client.get("/_consent/policy").text


@pytest.mark.parametrize(("mode", "honoured"), [("enforce", True), ("report-only", False)])
def test_the_signal_is_not_said_to_be_honoured_where_it_is_not(log: BrokenLog, mode: str, honoured: bool) -> None:
    """Pages and `/.well-known/gpc.json` tell the same, also to a browser that sends the signal."""
    with TestClient(make_app(log, categories={"marketing": {"mode": mode}}), headers={"sec-gpc": "1"}) as client:
        page = client.get("/_consent/policy").text
        assert client.get("/.well-known/gpc.json").json()["gpc"] is honoured
        assert (WORDING("policy.signals_honoured") in page) is honoured
        assert WORDING("policy.signals_ignored") not in page
        for shown in (page, client.get("/_consent/preferences").text):
            assert ("and this site honours it" in shown) is honoured
