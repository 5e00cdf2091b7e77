"""From policy, regime, signal and cookie to one consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from consentkit.consent import NOBODY, current_consent
from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key, service_key
from consentkit.decision import Decider, Decision, Revisions
from consentkit.enforcement import Enforcement
from consentkit.errors import UnknownNameError
from consentkit.policy.models import Policy
from consentkit.regimes import PRESETS
from tests.conftest import Clock, policy_data

MakePolicy = Callable[..., Policy]


def make_decider(policy: Policy, clock: Clock, *earlier: Policy, loaded_at: int | None = None) -> Decider:
    revisions = Revisions(loaded_at=int(clock()) if loaded_at is None else loaded_at)
    for known in (*earlier, policy):
        revisions.add(known.digest, json.loads(known.canonical()))
    return Decider(policy, revisions, clock=clock)


def choice(decider: Decider, clock: Clock, verdicts: dict[str, Verdict], *, age: int = 100) -> StoredChoice:
    entries = {
        category_key(name): CategoryChoice(verdict, decider.digests[name] if verdict else b"")
        for name, verdict in verdicts.items()
    }
    return StoredChoice(int(clock()) - age, "form", entries, "0" * 32)


def decide(decider: Decider, stored: StoredChoice | None, *, regime: str = "eu", signal: bool = False) -> Decision:
    raw = repr(stored).encode() if stored else None
    return decider.decide(raw, stored, PRESETS[regime], signal)


ALL = {"analytics": Verdict.GRANTED, "marketing": Verdict.GRANTED}
NONE = {"analytics": Verdict.DENIED, "marketing": Verdict.DENIED}


def test_silence_under_opt_in_allows_only_what_is_necessary(policy: Policy, clock: Clock) -> None:
    """Nobody answered: closed, undecided, and to be asked."""
    found = decide(make_decider(policy, clock), None)
    assert found.asking == ("analytics", "marketing")
    assert found.consent.services == {"session": True, "stats": False, "adnet": False, "video": False}
    assert found.consent.state("analytics") == "undecided"
    assert found.consent.allows("necessary")
    assert not found.consent.decided
    assert not found.enforcement.refused


def test_silence_under_opt_out_allows_until_refused(policy: Policy, clock: Clock) -> None:
    """Under opt-out silence opens the gates, and a refusal closes them."""
    decider = make_decider(policy, clock)
    silent = decide(decider, None, regime="us-ca")
    assert silent.consent.allows("marketing")
    assert silent.consent.state("marketing") == "undecided"
    refused = decide(decider, choice(decider, clock, NONE), regime="us-ca")
    assert not refused.consent.allows("marketing")
    assert refused.enforcement.refused == {"stats", "adnet", "video"}


def test_a_choice_decides(policy: Policy, clock: Clock) -> None:
    """What was granted is allowed, what was refused is not, and nobody is asked again."""
    decider = make_decider(policy, clock)
    found = decide(decider, choice(decider, clock, {"analytics": Verdict.GRANTED, "marketing": Verdict.DENIED}))
    assert found.consent.allows("analytics")
    assert found.consent.allows("statistics")
    assert found.consent.state("marketing") == "denied"
    assert found.consent.decided
    assert found.asking == ()
    assert found.consent.reason("stats") == "choice"


def test_a_service_alone_can_be_granted(policy: Policy, clock: Clock) -> None:
    """A partly granted category is not allowed as a whole, but its granted service is."""
    decider = make_decider(policy, clock)
    entry = CategoryChoice(Verdict.PARTIAL, decider.digests["marketing"], frozenset({service_key("video")}))
    stored = StoredChoice(int(clock()), "form", {category_key("marketing"): entry})
    found = decide(decider, stored).consent
    assert found.allows_service("video")
    assert not found.allows_service("adnet")
    assert not found.allows("marketing")


def test_the_signal_refuses_sale_and_ads_whatever_the_regime(policy: Policy, clock: Clock) -> None:
    """Sec-GPC closes the services with those uses, and pops up no banner where silence is yes."""
    decider = make_decider(policy, clock)
    found = decide(decider, None, regime="us-ca", signal=True)
    assert not found.consent.allows_service("adnet")
    assert found.consent.allows_service("video")
    assert found.consent.allows_service("stats")
    assert not found.consent.allows("marketing")
    assert found.consent.reason("adnet") == "signal"
    assert found.consent.signals == {"gpc"}
    assert found.asking == ()
    assert found.enforcement.refused == {"adnet"}


def test_the_signal_wins_over_a_click_unless_the_policy_says_otherwise(make_policy: MakePolicy, clock: Clock) -> None:
    """By default the signal beats an accepted sale; with `conflict: choice` the click does."""
    for conflict, allowed in (("signal", False), ("choice", True)):
        decider = make_decider(make_policy(signals={"conflict": conflict}), clock)
        stored = choice(decider, clock, ALL)
        consent = decide(decider, stored, signal=True).consent
        assert consent.allows_service("adnet") is allowed
        assert consent.allows_service("video")
        assert consent.state("marketing") == ("granted" if allowed else "denied")


def test_a_grant_ends_after_its_lifetime_and_a_refusal_after_its_own(make_policy: MakePolicy, clock: Clock) -> None:
    """Lifetimes follow the calendar, are checked on the server, and each verdict has its own."""
    policy = make_policy(choice={"lifetime": {"granted": "1mo", "refused": "6mo"}})
    decider = make_decider(policy, clock)
    stored = choice(decider, clock, {"analytics": Verdict.GRANTED, "marketing": Verdict.DENIED}, age=0)
    assert decide(decider, stored).consent.allows("analytics")
    clock.now += 32 * 86_400
    later = decide(decider, stored)
    assert later.consent.state("analytics") == "undecided"
    assert later.consent.state("marketing") == "denied"
    assert later.asking == ("analytics",)
    clock.now += 160 * 86_400
    assert decide(decider, stored).asking == ("analytics", "marketing")


def test_a_refusal_holds_six_full_months(policy: Policy, clock: Clock) -> None:
    """After a refusal no new question for at least six calendar months."""
    decider = make_decider(policy, clock)
    day = int(clock()) - int(clock()) % 86_400
    stored = StoredChoice(day, "form", choice(decider, clock, NONE).categories)
    clock.now = day + 86_399 + 184 * 86_400 - 86_400 * 3
    assert decide(decider, stored).asking == ()


def test_a_cookie_from_the_future_counts_as_none(policy: Policy, clock: Clock) -> None:
    """When the clock went back ten minutes the visitor is asked again; a small skew is forgiven."""
    decider = make_decider(policy, clock)
    assert decide(decider, choice(decider, clock, ALL, age=-600)).asking == ("analytics", "marketing")
    assert decide(decider, choice(decider, clock, ALL, age=-30)).consent.decided


def widened(**service: Any) -> dict[str, Any]:
    services = policy_data()["services"]
    services["stats"] = services["stats"] | service
    return {"services": services}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"uses": ["profiling"]}, "use"),
        ({"provider": {"name": "Other Ltd", "country": "FR"}}, "provider"),
        ({"provider": {"name": "Stats Ltd", "country": "US"}}, "transfer"),
        ({"transfers": ["A partner"]}, "recipient"),
        ({"cookies": [{"name": "_st*", "lifetime": "24mo"}]}, "longer"),
        ({"cookies": [{"name": "_st*", "lifetime": "13mo"}, "_new"]}, "cookie"),
        ({"storage": {"local": ["key", "other"], "session": ["more"]}}, "cookie"),
        ({"revision": 2}, "purpose"),
    ],
)
def test_a_widening_asks_again_and_says_what_changed(
    policy: Policy, make_policy: MakePolicy, clock: Clock, change: dict[str, Any], kind: str
) -> None:
    """Whoever agreed to less is asked again, for that category alone."""
    stored = choice(make_decider(policy, clock), clock, ALL)
    found = decide(make_decider(make_policy(**widened(**change)), clock, policy), stored)
    assert found.asking == ("analytics",)
    assert [(item.kind, item.service) for item in found.changes] == [(kind, "stats")]
    assert not found.consent.allows("analytics")
    assert found.consent.allows("marketing")


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": {"en": "Other words"}},
        {"cookies": [{"name": "_st*", "lifetime": "1mo"}]},
        {"cookies": []},
        {"hosts": ["stats.test", "cdn.stats.test"]},
        {"retention": "1y"},
    ],
)
def test_narrowing_and_wording_never_ask_again(
    policy: Policy, make_policy: MakePolicy, clock: Clock, change: dict[str, Any]
) -> None:
    """Less than was agreed to, or the same in other words, keeps the choice."""
    stored = choice(make_decider(policy, clock), clock, ALL)
    found = decide(make_decider(make_policy(**widened(**change)), clock, policy), stored)
    assert found.asking == ()
    assert found.consent.allows("analytics")


def test_a_new_service_asks_again_and_a_rollback_does_not(
    policy: Policy, make_policy: MakePolicy, clock: Clock
) -> None:
    """Adding a service widens; going back to the old policy is what the visitor agreed to."""
    services = policy_data()["services"] | {"extra": {"category": "analytics", "hosts": ["extra.test"]}}
    wide = make_policy(services=services)
    agreed_to_less = choice(make_decider(policy, clock), clock, ALL)
    assert decide(make_decider(wide, clock, policy), agreed_to_less).asking == ("analytics",)
    agreed_to_more = choice(make_decider(wide, clock), clock, ALL)
    assert decide(make_decider(policy, clock, wide), agreed_to_more).asking == ()
    assert decide(make_decider(policy, clock, wide), agreed_to_less).asking == ()


def test_a_refusal_is_not_reopened_by_a_widening(policy: Policy, make_policy: MakePolicy, clock: Clock) -> None:
    """Who said no is not asked again because there is now more to say no to."""
    stored = choice(make_decider(policy, clock), clock, NONE)
    assert decide(make_decider(make_policy(**widened(uses=["profiling"])), clock, policy), stored).asking == ()


def test_an_unknown_declaration_is_closed_and_asked_unless_the_cookie_is_newer_than_the_worker(
    policy: Policy, make_policy: MakePolicy, clock: Clock
) -> None:
    """During a rolling deploy an older worker neither opens a gate nor shows a banner."""
    other = make_policy(**widened(revision=9))
    stored = choice(make_decider(other, clock), clock, ALL, age=50)
    old = decide(make_decider(policy, clock), stored)
    assert old.asking == ("analytics",)
    assert not old.consent.allows("analytics")
    rolling = decide(make_decider(policy, clock, loaded_at=int(clock()) - 1000), stored)
    assert rolling.asking == ()
    assert not rolling.consent.allows("analytics")


def test_unknown_names_are_told_apart_from_refused_ones(policy: Policy, clock: Clock) -> None:
    """A misspelt name is an error with a suggestion; a known category without services is simply not allowed."""
    consent = decide(make_decider(policy, clock), None).consent
    with pytest.raises(UnknownNameError, match="analytics"):
        consent.allows("analitics")
    with pytest.raises(UnknownNameError, match="video"):
        consent.allows_service("vidoe")
    assert not consent.allows("preferences")


def test_outside_a_request_only_the_necessary_is_allowed() -> None:
    """Code without a request is denied, whatever it asks for."""
    assert current_consent() is NOBODY
    assert current_consent().allows("necessary")
    assert not current_consent().allows("analytics")
    assert not current_consent().allows_service("anything")
    assert not current_consent().decided


def test_answers_are_remembered_but_expiry_is_checked(make_policy: MakePolicy, clock: Clock) -> None:
    """A remembered answer is not served past the moment it ends."""
    decider = make_decider(make_policy(choice={"lifetime": {"granted": "1d", "refused": "6mo"}}), clock)
    stored = choice(decider, clock, ALL, age=0)
    first = decide(decider, stored)
    assert decide(decider, stored) is first
    clock.now += 86_400
    assert decide(decider, stored).asking == ("analytics", "marketing")


def test_only_enforced_services_are_held_and_refused(make_policy: MakePolicy, clock: Clock) -> None:
    """What a category in report-only mode would be held back is told apart; consent itself says the same as ever."""
    decider = make_decider(make_policy(categories={"marketing": {"mode": "report-only"}}), clock)
    silent = decide(decider, None)
    assert silent.enforcement == Enforcement(frozenset({"stats"}), frozenset(), frozenset({"adnet", "video"}))
    assert silent.asking == ("analytics",)
    assert silent.consent.state("marketing") == "undecided"
    refused = decide(decider, choice(decider, clock, NONE))
    assert refused.enforcement.refused == refused.enforcement.held == {"stats"}
    assert refused.enforcement.reported == {"adnet", "video"}
    assert refused.consent.state("marketing") == "denied"
    assert not refused.consent.allows_service("video")
    assert decide(decider, choice(decider, clock, ALL)).enforcement.does_nothing


def test_a_shared_page_holds_back_what_anyone_may_have_refused(make_policy: MakePolicy, clock: Clock) -> None:
    """For everyone at once every optional service is refused, or reported where its category is not enforced."""
    decider = make_decider(make_policy(categories={"analytics": {"mode": "report-only"}}), clock)
    marketing = frozenset({"adnet", "video"})
    assert decider.everyone == Enforcement(marketing, marketing, frozenset({"stats"}))


def test_a_choice_is_complete_without_what_is_only_reported(make_policy: MakePolicy, clock: Clock) -> None:
    """Who has answered every question that was asked has decided."""
    decider = make_decider(make_policy(categories={"marketing": {"mode": "report-only"}}), clock)
    assert decide(decider, choice(decider, clock, {"analytics": Verdict.DENIED})).consent.decided


@pytest.mark.parametrize(("before", "after"), [("enforce", "report-only"), ("report-only", "enforce")])
def test_changing_the_mode_never_asks_again(make_policy: MakePolicy, clock: Clock, before: str, after: str) -> None:
    """A mode is how a category is treated, not what was consented to, so a choice outlives it."""
    earlier, now = make_policy(mode=before), make_policy(mode=after)
    decider = make_decider(now, clock, earlier)
    stored = choice(make_decider(earlier, clock), clock, ALL)
    found = decide(decider, stored)
    assert found.consent.allows("marketing")
    assert not found.asking
    assert not found.changes
