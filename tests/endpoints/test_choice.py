"""`POST {path}/choice`, from outside: who may choose what, and what is left behind."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.conftest import SECRET, policy_data
from tests.endpoints.visits import CHOICE, BrokenLog, allowed, make_app, post, token


def test_a_visitor_with_a_form_alone_can_accept_change_and_withdraw(client: TestClient, log: BrokenLog) -> None:
    """The fields of the page are all one needs; each choice is in the log with mechanism form."""
    field = token(client)
    answer = post(client, token=field, action="accept-all", return_to="/article?page=2#end")
    assert (answer.status_code, answer.headers["location"]) == (303, "/article?page=2#end")
    assert answer.headers["cache-control"] == "no-store"
    assert allowed(client) == {"necessary": True, "analytics": True, "marketing": True}
    post(client, token=token(client, "/_consent/preferences"), action="save", category="analytics")
    assert allowed(client) == {"necessary": True, "analytics": True, "marketing": False}
    post(client, token=token(client, "/_consent/preferences"), action="reject-all")
    assert allowed(client) == {"necessary": True, "analytics": False, "marketing": False}
    assert [(record.action, record.mechanism) for record in log.appended] == [
        ("accept-all", "form"),
        ("custom", "form"),
        ("withdraw", "form"),
    ]
    assert log.appended[1].previous_id == log.appended[0].record_id
    assert log.appended[0].notice_digest != log.appended[1].notice_digest
    assert log.appended[1].services == {"stats": True, "adnet": False, "video": False}


def test_a_first_refusal_is_a_reject_all(client: TestClient, log: BrokenLog) -> None:
    """A refusal is recorded as such, and its cookie lives as long as the policy says."""
    answer = post(client, token=token(client), action="reject-all")
    assert log.appended[0].action == "reject-all"
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"consent=[^;]{20,60}; Path=/; Max-Age=15\d{6}; HttpOnly; SameSite=Lax", cookie)
    assert "ckit-decided" in client.get("/").text


@pytest.mark.parametrize("action", ["accept-all", "save", "grant"])
@pytest.mark.parametrize("field", ["", "forged", "AAAA.BBBB"])
def test_a_grant_without_a_good_token_is_refused(client: TestClient, log: BrokenLog, action: str, field: str) -> None:
    """Nobody can grant what they were not shown: no record, no cookie, gates closed."""
    answer = post(client, token=field, action=action, category="analytics", service="video")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert not log.appended
    assert not allowed(client)["analytics"]


def test_a_refusal_without_a_token_is_honoured(client: TestClient, log: BrokenLog) -> None:
    """Saying no needs no proof of what was shown; the mechanism is direct."""
    assert post(client, action="reject-all").status_code == 303
    assert log.appended[0].mechanism == "direct"
    assert log.appended[0].notice_digest is None


def test_a_token_of_another_site_grants_nothing(client: TestClient) -> None:
    """The site's id is in the token's salt."""
    other = make_app(BrokenLog(), site={"url": "http://other.test", "name": "Other"})
    with TestClient(other, base_url="http://other.test") as elsewhere:
        foreign = token(elsewhere)
    assert post(client, token=foreign, action="accept-all").status_code == 403


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "http://testserver"}, 303),
        ({}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://testserver.evil.test"}, 403),
        ({"origin": "https://testserver"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_only_our_own_pages_may_post(
    client: TestClient, log: BrokenLog, headers: dict[str, str], expected: int
) -> None:
    """Sec-Fetch-Site decides where it is sent, else Origin; a cross-site post leaves nothing in the log."""
    assert post(client, headers, token=token(client), action="reject-all").status_code == expected
    assert len(log.appended) == (expected == 303)


def test_on_loopback_the_own_host_is_the_origin(log: BrokenLog) -> None:
    """A site tried out on the own machine works under the address it is opened at."""
    app = make_app(log, site={"url": "https://news.example", "name": "N"})
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        page = client.get("/").text
        assert 'action="http://127.0.0.1:8000/_consent/choice"' in page
        good = {"origin": "http://127.0.0.1:8000"}
        assert post(client, good, token=token(client), action="reject-all").status_code == 303
        assert post(client, {"origin": "http://127.0.0.1:9000"}, action="reject-all").status_code == 403


def test_unknown_names_are_ignored_and_the_necessary_is_never_asked(client: TestClient, log: BrokenLog) -> None:
    """Only what the policy asks about can be part of a choice."""
    post(client, token=token(client), action="save", category=["analytics", "necessary", "nonsense", "__proto__"])
    assert log.appended[0].categories == {"analytics": True, "marketing": False}
    assert allowed(client)["necessary"]


def test_a_single_service_can_be_granted_without_answering_for_the_rest(client: TestClient, log: BrokenLog) -> None:
    """Loading one video leaves its category to be asked about."""
    post(client, token=token(client), action="grant", service="video")
    state = client.get("/_consent/state").json()
    assert state["services"]["video"]
    assert not state["services"]["adnet"]
    assert state["categories"]["marketing"] == "undecided"
    assert log.appended[0].services == {"video": True}
    assert 'value="accept-all"' in client.get("/").text


def test_granting_one_thing_more_does_not_prolong_the_rest(log: BrokenLog) -> None:
    """The earlier choice keeps its own end."""
    from tests.conftest import Clock

    clock = Clock()
    app = make_app(log)
    app = ConsentMiddleware(app.app, Policy.model_validate(policy_data()), secret_key=SECRET, log=log, clock=clock)
    with TestClient(app, follow_redirects=False) as client:
        field = token(client)
        post(client, token=field, action="save", category="analytics")
        clock.now += 150 * 86_400
        post(client, token=field, action="grant", service="video")
        assert allowed(client)["analytics"]
        clock.now += 40 * 86_400
        assert not allowed(client)["analytics"]


def test_json_in_and_out(client: TestClient, log: BrokenLog) -> None:
    """A script may send JSON and gets the new state; the record says api."""
    body = {"token": token(client), "action": "custom", "categories": ["analytics"], "services": ["video"]}
    answer = client.post(CHOICE, json=body, headers={"accept": "application/json"})
    assert answer.json()["services"] == {"session": True, "stats": True, "adnet": False, "video": True}
    assert answer.json()["recorded"] is True
    assert log.appended[0].mechanism == "api"
    assert not {"token", "record", "id"} & answer.json().keys()


def test_a_fetch_of_the_form_is_recorded_as_script(client: TestClient, log: BrokenLog) -> None:
    """The banner's own script is told apart from a plain form."""
    post(client, {"accept": "application/json"}, token=token(client), action="reject-all")
    assert log.appended[0].mechanism == "script"


def test_with_the_log_down_a_grant_is_refused(client: TestClient, log: BrokenLog) -> None:
    """No evidence, no consent: 503, no cookie, and the banner is there again."""
    field = token(client)
    log.down = True
    answer = post(client, token=field, action="accept-all")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert "set-cookie" not in answer.headers
    assert "nothing has been switched on" in answer.text
    assert 'value="accept-all"' in client.get("/").text


def test_with_the_log_down_a_refusal_and_a_withdrawal_are_honoured(client: TestClient, log: BrokenLog) -> None:
    """Taking away needs no log; the record is kept for later, and the visitor is told."""
    field = token(client)
    post(client, token=field, action="accept-all")
    log.down = True
    answer = post(client, token=field, action="reject-all")
    assert answer.status_code == 200
    assert "as soon as possible" in answer.text
    assert not allowed(client)["analytics"]
    assert [record.action for record in log.deferred] == ["withdraw"]


def test_a_script_is_told_when_the_record_must_wait(client: TestClient, log: BrokenLog) -> None:
    """The answer says that the refusal holds and that its record comes later, for the banner to show."""
    log.down = True
    answer = post(client, {"accept": "application/json"}, token=token(client), action="reject-all").json()
    assert answer["recorded"] is False
    assert "as soon as possible" in answer["message"]


def test_with_the_log_down_a_mixed_choice_only_takes_away(client: TestClient, log: BrokenLog) -> None:
    """What was withdrawn is withdrawn; what would be new is not granted."""
    field = token(client)
    post(client, token=field, action="save", category="analytics")
    log.down = True
    assert post(client, token=field, action="save", category="marketing").status_code == 503
    assert allowed(client) == {"necessary": True, "analytics": False, "marketing": False}
    assert log.deferred[0].categories == {"analytics": False, "marketing": False}


def test_a_narrower_choice_is_honoured_with_the_log_down(client: TestClient, log: BrokenLog) -> None:
    """Keeping a part of what was granted grants nothing new."""
    field = token(client)
    post(client, token=field, action="accept-all")
    log.down = True
    assert post(client, token=field, action="save", category="analytics").status_code == 200
    assert allowed(client) == {"necessary": True, "analytics": True, "marketing": False}


def test_withdrawal_expires_the_services_cookies_at_once(client: TestClient) -> None:
    """The answer to a withdrawal already deletes what the refused services had set."""
    field = token(client)
    post(client, token=field, action="accept-all")
    client.cookies.set("_st9", "x")
    answer = post(client, token=field, action="reject-all")
    expired = [value for value in answer.headers.get_list("set-cookie") if value.startswith("_st9=;")]
    assert any("Domain=testserver" in value for value in expired)
    assert all("Max-Age=0" in value for value in expired)


def test_a_grant_on_an_old_notice_is_bound_to_what_was_shown(log: BrokenLog) -> None:
    """A page that was open while the policy widened grants only what it showed: the rest is asked again."""
    old = Policy.model_validate(policy_data())
    services = policy_data()["services"]
    services["stats"] = services["stats"] | {"uses": ["profiling"]}
    with TestClient(make_app(log)) as client:
        field = token(client)
    with TestClient(make_app(log, services=services), follow_redirects=False) as client:
        assert post(client, token=field, action="accept-all").status_code == 303
        state = client.get("/_consent/state").json()
        assert state["categories"] == {"necessary": "granted", "analytics": "undecided", "marketing": "granted"}
    assert log.appended[0].policy_digest == old.digest
