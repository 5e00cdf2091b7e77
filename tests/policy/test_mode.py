"""What report-only mode makes of a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consentkit.cli.summary import summary, summary_lines
from consentkit.policy.models import Policy
from tests.policy.marked import MINIMAL, warnings

MakePolicy = Callable[..., Policy]
MARKETING = {"categories": {"marketing": {"mode": "report-only"}}}


@pytest.mark.parametrize(
    ("changes", "reported", "asked"),
    [
        ({}, set(), ("analytics", "marketing")),
        ({"mode": "report-only"}, {"analytics", "marketing"}, ()),
        (MARKETING, {"marketing"}, ("analytics",)),
        ({"mode": "report-only", "categories": {"marketing": {"mode": "enforce"}}}, {"analytics"}, ("marketing",)),
        ({"mode": "report-only", "categories": {"marketing": {"required": True}}}, {"analytics"}, ()),
    ],
)
def test_a_category_that_is_only_reported_is_not_asked(
    make_policy: MakePolicy, changes: dict[str, Any], reported: set[str], asked: tuple[str, ...]
) -> None:
    """A category's own mode wins over the policy's, and what is required is always on."""
    services = {"ads": {"category": "marketing"}, "stats": {"category": "analytics"}}
    policy = make_policy(services=services, **changes)
    assert policy.report_only == reported
    assert set(policy.asked_categories) == set(asked)


@pytest.mark.parametrize(
    ("changes", "honoured"),
    [
        ({}, True),
        (MARKETING, False),
        ({"categories": {"analytics": {"mode": "report-only"}}}, True),
        ({"signals": {"gpc": False}}, False),
    ],
)
def test_a_signal_is_honoured_only_where_it_is_enforced(
    make_policy: MakePolicy, changes: dict[str, Any], honoured: bool
) -> None:
    """A site that lets one service with such uses pass must not say that it honours the signal."""
    assert make_policy(**changes).honours_gpc is honoured


@pytest.mark.parametrize(("mode", "block"), [("enforce", "block"), ("report-only", "report")])
def test_where_nothing_is_enforced_nothing_unknown_is_blocked(make_policy: MakePolicy, mode: str, block: str) -> None:
    """`block` for what no service declares means `report` while the site is tried out."""
    policy = make_policy(mode=mode, unknown={"cookies": "block", "hosts": "block"})
    assert (policy.unknown_cookies, policy.unknown_hosts) == (block, block)
    allowed = make_policy(mode=mode, unknown={"cookies": "allow", "hosts": "report"})
    assert (allowed.unknown_cookies, allowed.unknown_hosts) == ("allow", "report")


@pytest.mark.parametrize(
    ("site", "own"),
    [
        ({"url": "https://news.example"}, ("news.example",)),
        ({"url": "https://www.news.example:8443"}, ("news.example",)),
        ({"url": "https://a.news.example", "cookie_domain": "news.example"}, ("a.news.example", "news.example")),
        ({"url": "http://[::1]:8000"}, ("[::1]",)),
    ],
)
def test_hosts_that_need_no_consent(make_policy: MakePolicy, site: dict[str, str], own: tuple[str, ...]) -> None:
    """The site's own host, what shares its cookie, and what is required: with subdomains, on every port."""
    services = {
        "pay": {"category": "necessary", "hosts": ["pay.test"]},
        "chat": {"category": "help", "hosts": ["chat.test"]},
        "ads": {"category": "marketing", "hosts": ["ads.test"]},
    }
    policy = make_policy(site={"name": "N", **site}, services=services, categories={"help": {"required": True}})
    assert policy.open_hosts == (*own, "pay.test", "chat.test")


def test_the_summary_tells_what_is_not_enforced(make_policy: MakePolicy) -> None:
    """It is neither asked nor always on."""
    told = summary(make_policy(**MARKETING))
    assert (list(told["asked"]), list(told["report_only"])) == (["analytics"], ["marketing"])
    assert list(told["always_on"]) == ["necessary"]
    lines = summary_lines(make_policy(mode="report-only"))
    assert lines[1] == "Visitors are asked nothing: nothing is enforced, so there is no banner."
    assert lines[2:] == ["Not enforced, only counted:", "  analytics    stats", "  marketing    adnet, video"]


def test_enforcing_everything_is_no_news() -> None:
    """Writing the default mode warns about nothing."""
    assert warnings(MINIMAL + "mode: enforce\n") == warnings(MINIMAL)
