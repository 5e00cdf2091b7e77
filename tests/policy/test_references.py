"""The parts of a policy agree with each other, however it was built."""

from __future__ import annotations

import pytest

from consentkit.policy.languages import missing_texts
from consentkit.policy.places import place_fault
from consentkit.policy.references import covers_site
from consentkit.policy.texts import TEXT_KEYS, TextOverrides
from tests.policy.marked import MINIMAL, problems

SITE = 'site: {url: "https://news.example", name: News}\n'


@pytest.mark.parametrize(
    ("host", "site", "covered"),
    [
        ("news.example", "https://news.example", True),
        ("example", "https://news.example", True),
        ("news.example", "https://www.news.example", True),
        ("stats.news.example", "https://news.example", False),
        ("ews.example", "https://news.example", False),
        ("127.0.0.1:8001", "http://127.0.0.1:8000", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("news.example:443", "https://news.example", True),
        ("news.example:80", "https://news.example", False),
        ("[::1]", "http://[::1]:8000", True),
        ("[::1]:9000", "http://[::1]:8000", False),
    ],
)
def test_a_host_that_covers_the_site_is_known(host: str, site: str, covered: bool) -> None:
    """A declared host covers its subdomains and, without a port, every port: the site itself must not be among them."""
    assert covers_site(host, site) is covered


@pytest.mark.parametrize("place", ["GB", "US", "US-CA", "CA-QC", "EU", "EEA", "default", "DE-BY"])
def test_real_places_are_places(place: str) -> None:
    """Countries, subdivisions, EU, EEA and default can be keys of regimes.map."""
    assert place_fault(place) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("UK", "GB"),
        ("EL", "GR"),
        ("USA", "US"),
        ("us-ca", "US-CA"),
        ("US_CA", "US-CA"),
        ("california", "US-CA"),
        ("NV", "US-NV"),
        ("eea", "EEA"),
        ("defualt", "default"),
    ],
)
def test_near_misses_are_told_what_was_meant(name: str, meant: str) -> None:
    """Codes that people write but no proxy sends are refused with the right one."""
    fault = place_fault(name)
    assert fault is not None
    assert fault.endswith(f"Did you mean {meant!r}?")


@pytest.mark.parametrize("name", ["ZZ", "US-ZZ", "QQ-1", "", "Atlantis"])
def test_what_is_nowhere_is_no_place(name: str) -> None:
    """Codes that belong to no country or state are refused."""
    assert place_fault(name) is not None


def test_a_language_without_built_in_wording_needs_all_texts() -> None:
    """What is missing is counted and named; with every text it is a language like any other."""
    assert missing_texts("tlh", {}) == list(TEXT_KEYS)
    groups: dict[str, dict[str, str]] = {}
    for key in TEXT_KEYS:
        group, _, name = key.partition(".")
        groups.setdefault(group, {})[name] = "Qapla"
    complete = {"tlh": TextOverrides.model_validate(groups)}
    assert missing_texts("tlh", complete) == []
    assert missing_texts("tlh-QO", complete) == []
    del groups["banner"]["title"]
    assert missing_texts("tlh", {"tlh": TextOverrides.model_validate(groups)}) == ["banner.title"]


def test_a_regional_variant_of_a_built_in_language_needs_nothing() -> None:
    """`en-GB` is spoken where `en` is."""
    assert problems(MINIMAL + "language: {default: en-GB}\n") == ()


def test_services_that_only_a_form_names_come_from_the_catalogue() -> None:
    """`spam: {service: akismet}` needs no entry under services, but a name in neither is refused."""
    form = "forms: {c: {match: POST /c, fields: {a: {basis: contract}}, spam: {service: %s, send: [a]}}}\n"
    assert problems(MINIMAL + form % "akismet") == ()
    assert "no service 'akizmet'" in problems(MINIMAL + form % "akizmet")[0].message


def test_the_policy_beats_the_catalogue() -> None:
    """A key that is written replaces the catalogue's, the others are taken from it."""
    from consentkit.policy.check import parse_policy

    text = SITE + "services: {matomo: {use: matomo, category: marketing, cookies: [_mine]}}\n"
    service = parse_policy(text, "x", environ={})[0].services["matomo"]
    assert service.category == "marketing"
    assert [cookie.name for cookie in service.cookies] == ["_mine"]
    assert service.inline == ("_paq.push(",)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("{a: {basis: consent, for: functional}}", None),
        ("{a: {basis: contract}}", None),
        ("{a: {basis: consent, for: necessary}}", "is required and never asked"),
        ("{a: {basis: consent, for: functionnal}}", "Did you mean 'functional'?"),
        ("{a: {basis: legal-obligation, for: functional}}", "what rests on legal-obligation can't be withheld"),
    ],
)
def test_only_consent_can_be_withheld(fields: str, fault: str | None) -> None:
    """A field with `for` or `otherwise` rests on consent to a category that is asked."""
    found = problems(f"{MINIMAL}forms: {{c: {{match: POST /c, fields: {fields}}}}}\n")
    assert len(found) == (fault is not None)
    assert all((fault or "") in problem.message for problem in found)


def test_two_forms_cannot_match_the_same_request() -> None:
    """Which rules apply to a request is never a matter of order."""
    found = problems(MINIMAL + "forms: {a: {match: POST /c}, b: {match: POST /c}}\n")
    assert ["'a' matches the same requests" in problem.message for problem in found] == [True]


@pytest.mark.parametrize(("prefix", "refused"), [("/_consent", True), ("/_consent/x", False), ("/_con", False)])
def test_excluded_paths_never_hide_our_own_pages(prefix: str, refused: bool) -> None:
    """A path prefix covers whole segments; one that covers our own pages is refused."""
    assert bool(problems(f"{MINIMAL}exclude: [{prefix}]\n")) is refused
