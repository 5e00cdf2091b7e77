"""Places and what silence means there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.policy.models import Policy
from consentkit.regimes import PRESETS, RegimeName, parse_region, regime_for
from consentkit.visit import Visit
from tests.asgi import http_scope, replay
from tests.conftest import SECRET

MAP: dict[str, RegimeName] = {"EEA": "eu", "GB": "uk", "US-CA": "us-ca", "US": "us-opt-out", "default": "ch"}


@pytest.mark.parametrize(
    ("region", "name"),
    [("US-CA", "us-ca"), ("US-TX", "us-opt-out"), ("US", "us-opt-out"), ("FR", "eu"), ("NO", "eu"), ("GB", "uk"),
     ("CH", "ch"), ("JP", "ch"), (None, "strictest")],
)  # fmt: skip
def test_the_most_exact_place_wins(region: str | None, name: str) -> None:
    """State before country before group before default; an unknown place is the strictest."""
    assert regime_for(region, MAP, {}, located=True).name == name


def test_without_a_map_everyone_has_the_strictest() -> None:
    """Nothing said means silence is no."""
    assert regime_for("US-CA", {}, {}, located=True).name == "strictest"
    assert regime_for(None, {}, {}, located=False).name == "strictest"


def test_a_site_that_cannot_locate_uses_its_default() -> None:
    """With no way to learn a place, `default` is what the site decided for everyone."""
    assert regime_for(None, MAP, {}, located=False).name == "ch"


@pytest.mark.parametrize("value", [None, "", "XX", "T1", "U", "USA", "us_ca", "U\u017f", "<x>", "US-CALIFORNIA"])
def test_what_names_no_place_is_no_place(value: str | None) -> None:
    """Codes for "don't know", Tor, and anything malformed."""
    assert parse_region(value) is None


def test_overrides_change_single_categories() -> None:
    """The preset stays what it is for the others."""
    regime = regime_for("GB", MAP, {"uk": {"analytics": "opt-out"}}, located=True)
    assert (regime.mode_for("analytics"), regime.mode_for("marketing")) == ("opt-out", "opt-in")
    assert PRESETS["uk"].mode_for("analytics") == "opt-in"


def test_every_preset_names_its_source() -> None:
    """A preset without a source is an opinion."""
    assert all(len(preset.source) > 20 for preset in PRESETS.values())


def region_seen(policy: Policy, client: Any, header: bytes, **more: Any) -> str:
    app = ConsentMiddleware(replay(), policy, secret_key=SECRET, log="memory://", **more)
    scope = http_scope(headers=[(b"cf-ipcountry", header)]) | {"client": client}
    return Visit(app.site_for(scope), scope).consent.regime


def test_only_a_trusted_proxy_is_believed(make_policy: Callable[..., Policy]) -> None:
    """Anyone else's header counts for nothing: the place is unknown, so the strictest regime holds."""
    source = {"header": "CF-IPCountry", "trusted_proxies": ["10.0.0.0/8", "2001:db8::/32", "unix"]}
    policy = make_policy(regimes={"region": source, "map": {"US": "us-opt-out"}})
    assert region_seen(policy, ("10.1.2.3", 1), b"US") == "us-opt-out"
    assert region_seen(policy, ("2001:db8::5", 1), b"us") == "us-opt-out"
    assert region_seen(policy, None, b"US") == "us-opt-out"
    for client in (("198.51.100.7", 1), ("testclient", 1), ("::ffff:10.1.2.3", 1)):
        assert region_seen(policy, client, b"US") == "strictest"


def test_a_callable_knows_the_place(make_policy: Callable[..., Policy]) -> None:
    """The site's own callable replaces the header; what it can't say is unknown."""
    policy = make_policy(regimes={"map": {"US": "us-opt-out", "default": "ch"}})
    assert region_seen(policy, None, b"", region=lambda scope: "US") == "us-opt-out"
    assert region_seen(policy, None, b"", region=lambda scope: None) == "strictest"
