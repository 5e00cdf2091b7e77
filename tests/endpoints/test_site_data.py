"""`Clear-Site-Data` is sent with the choice that ends the last thing allowed, if the policy asks for it."""

from __future__ import annotations

from typing import Any

from tests.conftest import Clock
from tests.endpoints.visitor import Visitor, lifetimes

CLEARED: dict[str, Any] = {"choice": {**lifetimes("6mo", "6mo"), "clear_site_data": ["cache", "storage"]}}


def cleared(answer: Any) -> str | None:
    found: str | None = answer.headers.get("clear-site-data")
    return found


def test_the_last_withdrawal_clears_and_no_other_choice(clock: Clock) -> None:
    """A first refusal had nothing to clear; a part taken back leaves the rest; the last one clears; again does not."""
    visitor = Visitor(clock, **CLEARED)
    assert cleared(visitor.post(token=visitor.token(), action="reject-all")) is None
    page = "/_consent/preferences"
    assert cleared(visitor.post(token=visitor.token(page), action="accept-all")) is None
    assert cleared(visitor.post(token=visitor.token(page), action="save", category="analytics")) is None
    assert cleared(visitor.post(token=visitor.token(page), action="reject-all")) == '"cache", "storage"'
    assert cleared(visitor.post(token=visitor.token(page), action="reject-all")) is None


def test_refusing_what_ran_in_silence_clears_too(clock: Clock) -> None:
    """Under opt-out services ran before the first refusal, so it ends them."""
    visitor = Visitor(clock, **CLEARED, regimes={"map": {"default": "us-opt-out"}})
    assert cleared(visitor.post(action="reject-all")) == '"cache", "storage"'


def test_a_script_is_answered_alike(clock: Clock) -> None:
    """The header goes with the JSON answer as well."""
    visitor = Visitor(clock, **CLEARED)
    visitor.post(token=visitor.token(), action="accept-all")
    answer = visitor.post({"accept": "application/json"}, action="reject-all")
    assert answer.json()["decided"]
    assert cleared(answer) == '"cache", "storage"'


def test_nothing_is_cleared_unasked(clock: Clock) -> None:
    """By default no such header is ever sent."""
    visitor = Visitor(clock)
    visitor.post(token=visitor.token(), action="accept-all")
    assert cleared(visitor.post(action="reject-all")) is None
