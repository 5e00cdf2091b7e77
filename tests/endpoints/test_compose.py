"""Choices that meet an earlier choice: what stands, what ends, and what the record then says."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Clock, policy_data
from tests.endpoints.visitor import DAY, Visitor, lifetimes
from tests.endpoints.visits import BrokenLog


def test_with_the_log_down_nothing_that_has_ended_comes_back(clock: Clock) -> None:
    """A grant that has run out is a new grant, and a new grant needs the log."""
    visitor = Visitor(clock, choice=lifetimes("1mo", "6mo"))
    field = visitor.token()
    visitor.post(token=field, action="save", category="analytics")
    clock.now += 40 * DAY
    visitor.log.down = True
    assert visitor.post(token=field, action="save", category="analytics").status_code == 503
    assert not visitor.state()["services"]["stats"]


def test_with_the_log_down_a_single_service_can_be_taken_away(clock: Clock) -> None:
    """From all of a category to one service: the others go, and the record says just that."""
    visitor = Visitor(clock)
    field = visitor.token()
    visitor.post(token=field, action="accept-all")
    visitor.log.down = True
    answer = visitor.post(token=field, action="save", category="analytics", service="video")
    assert answer.status_code == 200
    assert visitor.state()["services"] == {"session": True, "stats": True, "adnet": False, "video": True}
    assert dict(visitor.log.deferred[-1].services) == {"stats": True, "adnet": False, "video": True}


@pytest.mark.parametrize("regime", ["eu", "us-ca"])
def test_with_the_log_down_a_choice_is_not_renewed(clock: Clock, regime: str) -> None:
    """Accepting again would prolong the grant, which needs evidence; silence that is open is no grant either."""
    visitor = Visitor(clock, regimes={"map": {"default": regime}})
    field = visitor.token()
    if regime == "eu":
        visitor.post(token=field, action="accept-all")
    clock.now += 150 * DAY
    visitor.log.down = True
    before = dict(visitor.cookies)
    assert visitor.post(token=field, action="accept-all").status_code == 503
    assert visitor.cookies == before
    assert not visitor.log.deferred


def test_the_signal_is_not_overridden_by_a_grant_of_something_else(clock: Clock) -> None:
    """Under opt-out with `conflict: choice` only what was clicked wins over the signal."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}}, signals={"conflict": "choice"})
    field = visitor.token()
    gpc = {"sec-gpc": "1"}
    visitor.post(gpc, token=field, action="grant", service="video")
    services = visitor.state(**gpc)["services"]
    assert services["video"]
    assert not services["adnet"]


def test_an_opt_out_holds_at_least_twelve_months(clock: Clock) -> None:
    """Where silence is yes, an end of the refusal would reopen the gates: so it lasts."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}})
    answer = visitor.post(action="reject-all")
    assert int(answer.headers["set-cookie"].split("Max-Age=")[1].split(";")[0]) >= 365 * DAY
    clock.now += 360 * DAY
    assert not visitor.state()["allowed"]["marketing"]


def test_a_grant_late_in_an_old_choice_has_its_full_life(clock: Clock) -> None:
    """What is allowed today counts from today; what was refused earlier ends when it would have."""
    visitor = Visitor(clock)
    field = visitor.token()
    visitor.post(token=field, action="reject-all")
    clock.now += 175 * DAY
    answer = visitor.post(token=field, action="grant", category="analytics")
    assert int(answer.headers["set-cookie"].split("Max-Age=")[1].split(";")[0]) > 170 * DAY
    clock.now += 30 * DAY
    state = visitor.state()
    assert state["categories"] == {"necessary": "granted", "analytics": "granted", "marketing": "undecided"}


def test_a_grant_does_not_prolong_an_earlier_one(clock: Clock) -> None:
    """Each category keeps its own age."""
    visitor = Visitor(clock)
    field = visitor.token()
    visitor.post(token=field, action="save", category="analytics")
    clock.now += 150 * DAY
    visitor.post(token=field, action="grant", category="marketing")
    clock.now += 40 * DAY
    assert visitor.state()["allowed"] == {"necessary": True, "analytics": False, "marketing": True}


def test_the_record_names_only_services_that_were_shown(clock: Clock) -> None:
    """A grant on a notice from before a new service says nothing of that service."""
    visitor = Visitor(clock)
    field = visitor.token()
    visitor.get("/_consent/state")
    services = policy_data()["services"] | {"new": {"category": "analytics", "hosts": ["new.test"], "purpose": "New"}}
    visitor.move(services=services)
    visitor.post(token=field, action="accept-all")
    record = visitor.log.appended[-1]
    assert record.services["new"] is False
    assert record.services["stats"] is True
    assert not visitor.state()["services"]["new"]


def test_a_category_open_for_re_asking_is_not_claimed_by_a_grant_of_another(clock: Clock) -> None:
    """What was widened stands no more, so the next record doesn't carry it on."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="save", category="analytics")
    services = policy_data()["services"]
    services["stats"] = services["stats"] | {"uses": ["profiling"]}
    visitor.move(services=services)
    assert visitor.state()["categories"]["analytics"] == "undecided"
    visitor.post(token=visitor.button("video"), action="grant", service="video")
    assert visitor.log.appended[-1].services["video"]
    assert "analytics" not in visitor.log.appended[-1].categories
    assert visitor.state()["categories"]["analytics"] == "undecided"


def test_a_re_ask_asks_only_what_is_open(clock: Clock) -> None:
    """Who refused analytics yesterday is asked about marketing alone, and answers for marketing alone."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="save", category="marketing")
    services = policy_data()["services"]
    services["video"] = services["video"] | {"uses": ["profiling"]}
    visitor.move(services=services)
    page = visitor.get().text
    assert 'value="marketing"' in page
    assert 'value="analytics"' not in page
    visitor.post(token=visitor.token(), action="accept-all")
    assert visitor.state()["categories"] == {"necessary": "granted", "analytics": "denied", "marketing": "granted"}


def test_during_a_rolling_deploy_nothing_is_deleted(clock: Clock) -> None:
    """A worker that doesn't know the newer policy hides, but does not expire."""
    services = policy_data()["services"]
    services["stats"] = services["stats"] | {"revision": 2}
    visitor = Visitor(clock)
    old = visitor.client
    visitor.log = BrokenLog()
    visitor.move(services=services)
    clock.now += 10
    visitor.post(token=visitor.token(), action="accept-all")
    visitor.client = old
    visitor.cookies["_st1"] = "x"
    answer = visitor.get()
    assert "set-cookie" not in answer.headers
    assert 'value="accept-all"' not in answer.text
    assert not visitor.state()["services"]["stats"]


def test_a_token_grants_no_more_than_its_form_asked(clock: Clock) -> None:
    """The token of a button for one service is not one for everything."""
    visitor = Visitor(clock)
    field = visitor.button("video")
    visitor.post(token=field, action="accept-all")
    assert not any(visitor.state()["services"][name] for name in ("stats", "adnet", "video"))
    assert visitor.post(token=field, action="grant", service="adnet").status_code == 400
    visitor.post(token=field, action="grant", service="video")
    assert visitor.state()["services"]["video"]


def test_a_grant_of_nothing_is_no_choice(clock: Clock) -> None:
    """Unknown names leave neither record nor cookie."""
    visitor = Visitor(clock)
    answer = visitor.post(token=visitor.token(), action="grant", service="nonsense", category="nonsense")
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
    assert not visitor.log.appended


def test_saving_preferences_keeps_a_service_that_was_allowed_alone(clock: Clock) -> None:
    """The page shows it with a box of its own; sent as it is, it stays."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="grant", service="video")
    page = visitor.get("/_consent/preferences").text
    boxes = re.findall(r'<input class="ckit-box" type="checkbox" name="(\w+)" value="(\w+)"( checked)?', page)
    assert ("service", "video", " checked") in boxes
    ticked = {name: value for name, value, checked in boxes if checked}
    visitor.post(token=visitor.token("/_consent/preferences"), action="save", **ticked)
    assert visitor.state()["services"] == {"session": True, "stats": False, "adnet": False, "video": True}
