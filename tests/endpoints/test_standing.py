"""Choices that meet an earlier choice: what stands, what ends, and what the record then says."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, replay, start
from tests.conftest import SECRET, Clock, policy_data
from tests.endpoints.test_choice import CHOICE, BrokenLog

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


def more_marketing() -> dict[str, Any]:
    services: dict[str, Any] = policy_data()["services"]
    return services | {"newad": {"category": "marketing", "hosts": ["n.test"], "purpose": "Ads"}}


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
