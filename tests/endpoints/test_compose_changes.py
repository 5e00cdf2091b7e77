"""Choices that meet another policy, another worker, or a log that is down."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.conftest import Clock, policy_data
from tests.endpoints.visitor import DAY, Visitor, more_marketing
from tests.endpoints.visits import BrokenLog


def test_the_notice_of_the_preferences_page_is_what_was_shown(clock: Clock) -> None:
    """Boxes that were ticked on the page are ticked in the kept notice."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}})
    kept: dict[str, bytes] = {}
    visitor.log.keep = lambda kind, digest, body: kept.update({digest: body})  # type: ignore[method-assign]
    field = visitor.token("/_consent/preferences")
    visitor.post(token=field, action="save", category="analytics")
    digest = visitor.log.appended[-1].notice_digest
    assert digest is not None
    assert kept[digest].count(b" checked") == 2


def test_allowing_again_what_is_allowed_is_no_new_record(clock: Clock) -> None:
    """A second tab's click finds it done already."""
    visitor = Visitor(clock)
    field = visitor.button("video")
    assert [visitor.post(token=field, action="grant", service="video").status_code for _ in range(2)] == [303, 303]
    assert len(visitor.log.appended) == 1


def test_a_refused_service_stays_refused_when_its_category_is_widened(clock: Clock) -> None:
    """Where silence is yes, what was turned down by name doesn't run again because something new came beside it."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}})
    visitor.post(action="reject-all")
    visitor.post(token=visitor.button("video"), action="grant", service="video")
    visitor.move(regimes={"map": {"default": "us-ca"}}, services=more_marketing())
    assert not visitor.state()["services"]["adnet"]
    visitor.post(token=visitor.token("/_consent/preferences"), action="grant", category="analytics")
    assert not visitor.state()["services"]["adnet"]


def test_the_refused_half_of_a_category_lasts_as_long_as_any_refusal(clock: Clock) -> None:
    """A single service that was granted runs out; the others stay refused for their own time."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}})
    visitor.post(action="reject-all")
    visitor.post(token=visitor.button("video"), action="grant", service="video")
    clock.now += 190 * DAY
    assert visitor.state()["services"] == {"session": True, "stats": False, "adnet": False, "video": False}


def test_a_refused_service_that_changes_asks_nobody_again(clock: Clock) -> None:
    """Only what was granted can be widened."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="save", service="video")
    services = policy_data()["services"]
    services["adnet"] = services["adnet"] | {"cookies": ["_ad", "_ad2"]}
    visitor.move(services=services)
    assert visitor.state()["services"]["video"]
    assert "ckit-decided" in visitor.get().text


def test_the_only_service_of_a_category_answers_for_it(clock: Clock) -> None:
    """Nothing is ticked beforehand and the words stay those of opt-in after a single grant."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.button("stats"), action="grant", service="stats")
    page = visitor.get().text
    assert "They stay off unless you allow them" in page
    assert " checked" not in page
    assert visitor.state()["categories"]["analytics"] == "granted"


def test_saying_yes_again_counts_from_today(clock: Clock) -> None:
    """A grant that is repeated is recorded and has its full life again."""
    visitor = Visitor(clock)
    field = visitor.token()
    for _ in range(2):
        clock.now += 170 * DAY
        visitor.post(token=field, action="grant", category="marketing")
        assert visitor.state()["allowed"]["marketing"]
    assert len(visitor.log.appended) == 2
    clock.now += 30 * DAY
    assert visitor.state()["allowed"]["marketing"]


def test_ages_do_not_drift(clock: Clock) -> None:
    """However often other things are chosen, each part ends on its own day."""
    visitor = Visitor(clock)
    field = visitor.token()
    visitor.post(token=field, action="save", category="analytics")
    for _ in range(100):
        clock.now += 23 * 3600
        visitor.post(token=field, action="grant", service="video")
        visitor.post(token=field, action="grant", category="marketing")
    assert visitor.state()["allowed"]["analytics"]
    clock.now += 80 * DAY
    assert visitor.state()["allowed"]["analytics"]
    clock.now += 10 * DAY
    assert not visitor.state()["allowed"]["analytics"]


def test_reject_all_leaves_nothing_granted(clock: Clock) -> None:
    """Also not in a category that has no service just now and might get one back."""
    names: dict[str, Any] = {"necessary": {}, "analytics": {}, "marketing": {}}
    visitor = Visitor(clock, categories=names)
    visitor.post(token=visitor.token(), action="accept-all")
    services = {name: service for name, service in policy_data()["services"].items() if name != "stats"}
    visitor.move(categories=names, services=services)
    visitor.post(token=visitor.token("/_consent/preferences"), action="reject-all")
    assert not any(visitor.log.appended[-1].categories.values())
    visitor.move(categories=names)
    assert not visitor.state()["services"]["stats"]


def test_a_page_of_another_workers_policy_is_understood(clock: Clock) -> None:
    """During a deploy the old worker looks the new policy up in the log before it judges a token."""
    log = BrokenLog()
    old = Visitor(clock, log)
    old.get()
    new = Visitor(clock, log, services=more_marketing())
    field = new.token()
    assert old.post(token=field, action="accept-all").status_code == 303
    assert old.log.appended[-1].mechanism == "form"


def test_with_the_log_down_a_part_of_what_silence_opened_can_be_refused(clock: Clock) -> None:
    """Under opt-out a refusal of some services holds at once, whatever becomes of the others."""
    visitor = Visitor(clock, regimes={"map": {"default": "us-ca"}})
    field = visitor.token("/_consent/preferences")
    visitor.log.down = True
    visitor.post(token=field, action="save", service="video")
    assert not visitor.state()["services"]["adnet"]


def test_a_stored_policy_of_another_shape_is_passed_over(clock: Clock) -> None:
    """A later version may write what this one can't read; nothing fails for it."""
    log = BrokenLog()
    for stored in (b'{"v": 2}', b"[]", b"\xff", b'{"services": {"x": {}}}'):
        log.keep("policy", sha256(stored).hexdigest(), stored)
    visitor = Visitor(clock, log)
    assert visitor.get().status_code == 200


@pytest.mark.parametrize("declared", [True, False])
def test_a_refusal_outlives_a_category_that_goes_and_comes_back(clock: Clock, declared: bool) -> None:
    """Choices made while a category has no service, or isn't there at all, don't forget that it was refused."""
    regimes = {"map": {"default": "us-ca"}}
    names: dict[str, Any] = {"necessary": {}, "analytics": {}, "marketing": {}, "social": {}}
    social = {"feed": {"category": "social", "hosts": ["feed.test"], "purpose": "Shows a feed"}}
    services = policy_data()["services"] | social
    visitor = Visitor(clock, categories=names, services=services, regimes=regimes)
    visitor.post(action="reject-all")
    fewer = names if declared else {name: {} for name in names if name != "social"}
    visitor.move(categories=fewer, regimes=regimes)
    visitor.post(token=visitor.token("/_consent/preferences"), action="accept-all")
    visitor.move(categories=names, services=services, regimes=regimes)
    assert visitor.state()["allowed"] == {"necessary": True, "analytics": True, "marketing": True, "social": False}


def test_reject_all_means_all_also_on_a_re_ask(clock: Clock) -> None:
    """A banner that asks about one category again still rejects everything when that is what its button says."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="accept-all")
    services = policy_data()["services"]
    services["stats"] = services["stats"] | {"uses": ["profiling"]}
    visitor.move(services=services)
    visitor.post(token=visitor.token(), action="reject-all")
    assert visitor.state()["allowed"] == {"necessary": True, "analytics": False, "marketing": False}
    assert visitor.log.appended[-1].action == "withdraw"


def test_allowing_a_service_again_after_a_widening_opens_nothing_that_was_refused(clock: Clock) -> None:
    """Where silence is yes, the refusal of the others outlives the button for the one."""
    regimes = {"map": {"default": "us-ca"}}
    visitor = Visitor(clock, regimes=regimes)
    visitor.post(action="reject-all")
    visitor.post(token=visitor.button("video"), action="grant", service="video")
    visitor.move(regimes=regimes, services=more_marketing())
    visitor.post(token=visitor.button("video"), action="grant", service="video")
    services = visitor.state()["services"]
    assert services["video"]
    assert not services["adnet"]
