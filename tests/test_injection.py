"""What is put into a page's head, and when."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from consentkit import ConsentMiddleware, open_log
from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key
from consentkit.policy.models import Policy
from tests.asgi import HTML, body, http_scope, replay, run, start
from tests.conftest import SECRET, policy_data

MakePolicy = Callable[..., Policy]
CSP = b"content-security-policy"
STORAGE = {"local": ["reader", "_st*", "both"], "session": ["visit"], "indexed_db": ["reader-db"]}


def storing(make_policy: MakePolicy, **changes: Any) -> Policy:
    services = policy_data()["services"]
    services["stats"] |= {"storage": STORAGE}
    services["video"] |= {"storage": {"local": "both"}}
    return make_policy(services=services, **changes)


def script(policy: Policy, *headers: tuple[bytes, bytes], refused: tuple[str, ...] = (), gpc: bool = False) -> str:
    """The tag of our script in a page with `headers`, for who has refused these categories; empty when it has none."""
    inner = replay(start(200, HTML, *headers), body(b"<!doctype html><title>t</title><body><p>x"))
    app = ConsentMiddleware(inner, policy, secret_key=SECRET, log=open_log("memory://"))
    sent = [(b"sec-gpc", b"1")] if gpc else []
    if refused:
        site = app.site_for(http_scope())
        digests = site.decider.digests
        entries = {
            category_key(name): CategoryChoice(Verdict.DENIED)
            if name in refused
            else CategoryChoice(Verdict.GRANTED, digests[name])
            for name in policy.asked_categories
        }
        record = None if set(refused) == set(policy.asked_categories) else "0" * 32
        value = site.cookies.dumps(StoredChoice(int(site.clock()) - 10, "form", entries, record))
        sent.append((b"cookie", f"consent={value}".encode()))
    page = run(app, http_scope(headers=sent))[1]["body"].decode()
    _, found, after = page.partition("<script ")
    return f"{found}{after.partition('</script>')[0]}" if found else ""


def cleared(tag: str) -> dict[str, list[str]]:
    _, found, rest = tag.partition('data-ckit-clear="')
    names: dict[str, list[str]] = json.loads(unescape(rest.partition('"')[0])) if found else {}
    return names


def test_a_refusing_visitor_gets_the_names_to_delete(make_policy: MakePolicy) -> None:
    """The script comes with the storage names of the refused services, by store."""
    assert cleared(script(storing(make_policy), refused=("analytics", "marketing"))) == {
        "localStorage": ["_st*", "both", "reader"],
        "sessionStorage": ["visit"],
        "indexedDB": ["reader-db"],
    }


def test_what_an_allowed_service_stores_too_is_kept(make_policy: MakePolicy) -> None:
    """A name that a service still allowed has declared as well is not among those to delete."""
    assert "both" not in cleared(script(storing(make_policy), refused=("analytics",)))["localStorage"]
    assert cleared(script(storing(make_policy), refused=("marketing",))) == {}
    unenforced = storing(make_policy, categories={"marketing": {"mode": "report-only"}})
    assert "both" not in cleared(script(unenforced, refused=("analytics",)))["localStorage"]


def test_who_has_decided_gets_no_script_without_a_reason(make_policy: MakePolicy) -> None:
    """Where refused services store nothing, and where the storing ones are allowed, there is no script at all."""
    assert script(make_policy(), refused=("analytics", "marketing")) == ""
    assert script(storing(make_policy), refused=("marketing",)) == ""


def test_the_names_are_there_without_any_control_in_the_page(make_policy: MakePolicy) -> None:
    """A site that places no "Privacy choices" control gets the names to delete all the same."""
    policy = storing(make_policy, banner={"reopen": "none"})
    assert "reader" in cleared(script(policy, refused=("analytics", "marketing")))["localStorage"]


def test_a_signal_deletes_what_it_refuses(make_policy: MakePolicy) -> None:
    """The signal alone gives the names of the services it refuses, beside the banner for the rest."""
    services = policy_data()["services"]
    services["adnet"] |= {"storage": {"local": "ad"}}
    assert cleared(script(make_policy(services=services), gpc=True)) == {"localStorage": ["ad"]}
    assert cleared(script(make_policy(services=services))) == {}


def test_names_with_markup_in_them_stay_names(make_policy: MakePolicy) -> None:
    """A storage name can hold quotes, tags and letters of any script."""
    services = policy_data()["services"]
    name = '"><script>alert(1)</script>&quot;é'
    services["stats"] |= {"storage": {"local": [name]}}
    assert cleared(script(make_policy(services=services), refused=("analytics", "marketing"))) == {
        "localStorage": [name]
    }


@pytest.mark.parametrize(
    ("header", "regime", "expected"),
    [
        (b"default-src 'self'", "strictest", None),
        (b"require-trusted-types-for 'script'", "strictest", "granted"),
        (b"default-src 'self'; Require-Trusted-Types-For 'script'", "us-opt-out", "refused granted"),
        (b"default-src 'self'", "us-opt-out", "refused"),
    ],
)
def test_the_script_is_told_when_only_a_new_page_will_do(
    make_policy: MakePolicy, header: bytes, regime: str, expected: str | None
) -> None:
    """After a refusal where services run already; after a grant where the page's policy lets no script be made."""
    tag = script(make_policy(regimes={"map": {"default": regime}}), (CSP, header))
    assert ("data-ckit-reload" in tag) is (expected is not None)
    assert expected is None or f'data-ckit-reload="{expected}"' in tag


def test_the_nonce_of_any_of_several_policies_is_used(make_policy: MakePolicy) -> None:
    """A page may carry several policies; the first nonce among them goes onto our tags."""
    tag = script(make_policy(), (CSP, b"default-src 'self'"), (CSP, b"script-src 'nonce-abc123=='"))
    assert 'nonce="abc123=="' in tag
