"""A policy file becomes a policy with every default, or every fault of it is told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from consentkit.errors import ConsentKitError, PolicyError
from consentkit.policy.check import parse_policy
from consentkit.policy.fields import Duration
from consentkit.policy.load import load_policy
from consentkit.policy.models import Banner, Choice, Form, Policy, Service
from consentkit.policy.parts import Declaration
from consentkit.policy.texts import TextOverrides
from tests.policy.marked import MINIMAL, problems, warnings

SKETCH = Path(__file__).with_name("sketch.yaml")


def test_the_sketch_of_the_design_loads() -> None:
    """The file of the design document loads, with what it leaves to the catalogue and the defaults filled in."""
    policy = load_policy(SKETCH, environ={})
    assert list(policy.services) == ["session", "remember-me", "matomo", "youtube", "adnet", "akismet"]
    assert policy.services["matomo"].hosts == ("stats.news.example",)
    assert policy.services["matomo"].inline == ("_paq.push(",)
    assert policy.asked_categories == ("functional", "analytics", "marketing")


def test_site_and_services_are_enough() -> None:
    """Two keys make a policy; every other key has the default that the documents name."""
    policy = parse_policy(MINIMAL, "consent.yaml", environ={})[0]
    assert policy.choice.lifetime.refused == Duration(6, "mo")
    assert (policy.path, policy.language.default, policy.unknown.cookies) == ("/_consent", "en", "report")
    assert policy.asked_categories == ()


def test_parts_left_out_are_as_parts_written_empty() -> None:
    """A part that isn't in the file has the very values that its validator gives for `{}`."""
    parts = [
        field.default
        for model in (Declaration, Service, Form, Choice, Banner, TextOverrides)
        for field in model.model_fields.values()
        if isinstance(field.default, BaseModel)
    ]
    assert len(parts) == 19
    assert [part for part in parts if part != type(part).model_validate({})] == []


def test_a_minimal_policy_has_no_warnings() -> None:
    """Nothing is said about a policy with which nothing is wrong."""
    assert warnings(MINIMAL) == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nowhere.yaml", "there is no such file; `consentkit init` writes one"),
        (lambda folder: folder, "this is a directory"),
        (lambda folder: folder / ("x" * 300), "can't be read"),
        (lambda folder: f"{folder}/a\0b", "can't be read"),
        (lambda _: "/dev/zero", "larger than 512 KB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, make: object, message: str) -> None:
    """A missing, unreadable or endless file is a policy error with a place, never an OSError."""
    assert callable(make)
    with pytest.raises(PolicyError) as caught:
        load_policy(make(tmp_path), environ={})
    assert message in str(caught.value)
    assert ":1:1: " in str(caught.value)


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read says so."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PolicyError, match="may not be read by this user"):
        load_policy(tmp_path / "consent.yaml")


def test_errors_are_one_family_and_carry_their_evidence() -> None:
    """A refused policy raises one ConsentKitError with the source, and every problem as an object."""
    with pytest.raises(ConsentKitError) as caught:
        parse_policy("services: {}\nx: 1\n", "my.yaml", environ={})
    assert isinstance(caught.value, PolicyError)
    assert caught.value.source == "my.yaml"
    assert [problem.path for problem in caught.value.problems] == ["site", "x"]
    assert str(caught.value).splitlines()[1].startswith("my.yaml:2:1: x: unknown key")


def test_the_environment_replaces_the_site_url() -> None:
    """CONSENTKIT_SITE_URL takes the place of site.url; empty counts as not set."""
    url = "CONSENTKIT_SITE_URL"
    assert parse_policy(MINIMAL, "x", environ={url: "http://127.0.0.1:8000/"})[0].site.url == "http://127.0.0.1:8000"
    assert parse_policy(MINIMAL, "x", environ={url: ""})[0].site.url == "https://news.example"
    assert (
        parse_policy("site: {name: N}\nservices: {}", "x", environ={url: "https://a.example"})[0].site_id == "a.example"
    )


def test_a_wrong_site_url_in_the_environment_names_the_variable() -> None:
    """A wrong value there is told with the variable's name, at the line it replaces."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(MINIMAL, "x", environ={"CONSENTKIT_SITE_URL": "ftp://x"})
    told = "x:1:13: site.url: the environment variable CONSENTKIT_SITE_URL replaces this, and its value must begin"
    assert str(caught.value).startswith(told)


def test_python_mappings_pass_through_the_same_checks() -> None:
    """A policy built in Python is refused for what a file would be refused for."""
    site = {"url": "https://news.example", "name": "News"}
    with pytest.raises(ValidationError, match="no category 'analitics'"):
        Policy.model_validate({"site": site, "services": {"a": {"category": "analitics"}}})
    with pytest.raises(ValidationError, match="excludes the whole site"):
        Policy.model_validate({"site": site, "services": {}, "exclude": ["/"]})


def test_the_stored_form_reads_back_as_the_same_policy() -> None:
    """What the log stores of a policy is a policy again, and the same one."""
    policy = load_policy(SKETCH, environ={})
    again = Policy.model_validate_json(policy.canonical())
    assert again == policy
    assert again.digest == policy.digest


@pytest.mark.parametrize("key", ["no", "on", "yes"])
def test_norwegian_stays_a_language(key: str) -> None:
    """`no:` is a key like any other: YAML 1.1 would have read it as false."""
    service = f"services: {{a: {{category: analytics, purpose: {{{key}: Teller lesere}}}}}}"
    policy = parse_policy(f"site: {{url: 'https://a.example', name: N}}\n{service}\n", "x", environ={})[0]
    assert policy.services["a"].purpose == {key: "Teller lesere"}


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "{0.__class__}", "%(x)s", "${x}", "<img src=x onerror=alert(1)>", "</script>", "]]>", "\u2028"]
)
def test_texts_are_kept_as_they_are_written(text: str) -> None:
    """A text is never evaluated or changed on loading."""
    written = text.replace("\u2028", "\\u2028")
    policy = parse_policy(f'{MINIMAL}texts: {{en: {{banner: {{title: "{written}"}}}}}}\n', "x", environ={})[0]
    assert policy.texts["en"].banner.title == text


BAD_URLS = [
    *("javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "java\nscript:x", "\x01https://a"),
    *("//evil.example", "/\\evil", "https://", "https:// a", " https://a.example", "ftp://a", "mailto:a@b", "\\\\evil"),
]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("place", ["site", "provider"])
def test_no_url_field_takes_anything_but_http(url: str, place: str) -> None:
    """Every URL field refuses other schemes, control characters and host-relative addresses."""
    data: dict[str, object] = {"site": {"url": "https://news.example", "name": "N"}, "services": {}}
    if place == "site":
        data["site"] = {"url": url, "name": "N"}
    else:
        data["services"] = {"a": {"category": "analytics", "provider": {"name": "A", "policy_url": url}}}
    with pytest.raises(ValidationError):
        Policy.model_validate(data)


JUNK = [
    *("5", "null", "[]", "{}", "[1]", "{a: b}", "true", "1.5", "''", "*a", "&a x", "!!python/name:os", '"\\ud800"'),
    *("[[]]", "-1", "9" * 30, "session", "0mo", "9999y", "\t", ":", "}", "'", "__Host-consent", "necessary", "/"),
]


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_spoiled_file_never_raises_anything_else(seed: int) -> None:
    """Whatever is written into a policy file, it loads or is refused with places: no other error ever comes out."""
    rng = random.Random(seed)
    words = SKETCH.read_text(encoding="utf-8").split(" ")
    for _ in range(rng.randint(1, 5)):
        words[rng.randrange(len(words))] = rng.choice([*JUNK, rng.choice(words)])
    for problem in problems(" ".join(words)):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message.encode()
