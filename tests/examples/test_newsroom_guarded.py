"""The news site with consentkit around it: what leaves the server before and after a choice."""

from __future__ import annotations

import re

import html5lib
import pytest
from examples.newsroom.demo import POLICY
from starlette.applications import Starlette
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware, open_log
from tests.conftest import SECRET
from tests.examples.conftest import Rows

FERRY = "/articles/night-ferry-returns"
THIRD_PARTIES = ("8101", "8102", "8103", "8104")
COMMENT = {"author": "Reader", "email": "r@lantern.example", "website": "https://reader.example/", "comment": "Well."}


def choose(client: TestClient, label: str) -> None:
    """Press the button that is labelled so, on the preferences page, as a browser without scripts does."""
    document = html5lib.parse(client.get("/_consent/preferences").text, namespaceHTMLElements=False)
    for form in document.iter("form"):
        for button in form.iter("button"):
            if "".join(button.itertext()).strip() == label:
                hidden = (field for field in form.iter("input") if field.get("type") == "hidden")
                fields = {field.get("name", ""): field.get("value", "") for field in (*hidden, button)}
                client.post(form.get("action", ""), data=fields)
                return
    raise AssertionError(f"there is no button {label!r}")


def loads(page: str) -> set[str]:
    """The ports of third parties that a browser would call for this page, scripts on or off."""
    return set(re.findall(r'\s(?:src|href)="http://127\.0\.0\.1:(81\d\d)/', page))


@pytest.mark.parametrize("path", ["/", FERRY, "/fr/articles/le-bac-de-nuit", "/sections/town", "/demo", "/nothing"])
@pytest.mark.parametrize("refused", [False, True])
def test_without_consent_nothing_is_loaded_or_set(guarded: TestClient, path: str, refused: bool) -> None:
    """Undecided or refused: no third party is called, no advertisement snippet runs, no optional cookie is set."""
    if refused:
        choose(guarded, "Reject all")
    response = guarded.get(path)
    assert loads(response.text) == set()
    assert re.search(r'<script type="text/plain" data-ckit="marketing/advertising">[^<]*adq\.push', response.text) or (
        "adq.push" not in response.text
    )
    names = {line.split("=", 1)[0] for line in response.headers.get_list("set-cookie")}
    assert names <= {"lantern_session"}


def test_after_accepting_everything_is_there(guarded: TestClient) -> None:
    """All four third parties, the inline snippet, the native script and the site's own cookies come through."""
    choose(guarded, "Accept all")
    response = guarded.get(FERRY)
    assert loads(response.text) == set(THIRD_PARTIES)
    assert "data-ckit=" not in response.text
    assert "<script>window.adq = " in response.text
    assert {"_visits", "_ad_seg"} <= set(guarded.cookies)


def test_after_withdrawing_it_is_gone_on_the_next_response(guarded: TestClient) -> None:
    """The cookies are expired and the markup is inert again."""
    choose(guarded, "Accept all")
    guarded.get(FERRY)
    choose(guarded, "Reject all")
    assert loads(guarded.get(FERRY).text) == set()
    assert not {"_visits", "_ad_seg"} & set(guarded.cookies)


def test_contact_details_are_kept_and_remembered_only_with_consent(guarded: TestClient, rows: Rows) -> None:
    """Refused: comment and name alone, no cookie in spite of the tick. Accepted: all of it."""
    choose(guarded, "Reject all")
    guarded.post(f"{FERRY}/comments", data=COMMENT | {"remember": "yes"})
    assert "comment-author" not in guarded.cookies
    choose(guarded, "Accept all")
    guarded.post(f"{FERRY}/comments", data=COMMENT | {"comment": "Again.", "remember": "yes"})
    assert "comment-author" in guarded.cookies
    kept = ("Reader", "r@lantern.example", "https://reader.example/")
    assert rows("SELECT author, email, website FROM comments ORDER BY id") == [("Reader", None, None), kept]


def test_a_reader_cannot_make_a_script_run(guarded: TestClient) -> None:
    """A comment that copies the markup of gated scripts stays text for those who accepted."""
    choose(guarded, "Accept all")
    planted = '<script type="text/plain" data-category="analytics">steal()</script>'
    page = guarded.post(f"{FERRY}/comments", data=COMMENT | {"comment": planted}).text
    assert "&lt;script type=&#34;text/plain&#34;" in page
    assert planted not in page


def test_the_panel_tells_what_the_server_knew(guarded: TestClient) -> None:
    """Without JavaScript too, each page says what is allowed, why, and which cookies the app got to see."""
    choose(guarded, "Reject all")
    page = guarded.get("/").text
    assert "regime <strong>strictest</strong>" in page
    assert re.search(r'<th scope="row">advertising</th><td>no</td><td>choice</td>', page)


def test_the_policy_page_speaks_both_languages(guarded: TestClient) -> None:
    """The purposes written in the policy file appear in the language that is asked for."""
    english = guarded.get("/_consent/policy", headers={"accept-language": "en"}).text
    french = guarded.get("/_consent/policy", headers={"accept-language": "fr"}).text
    assert "Measures which stories are read" in english
    assert "Mesure quels articles sont lus" in french


def test_the_french_edition_is_asked_in_french(guarded: TestClient) -> None:
    """The path decides the language of the bar, whatever the browser prefers."""
    assert "Votre choix" in guarded.get("/fr/", headers={"accept-language": "en"}).text


@pytest.mark.parametrize(
    ("place", "regime"), [("FR", "eu"), ("US", "us-opt-out"), ("", "strictest"), ("XX", "strictest")]
)
def test_the_place_decides_the_regime(site: Starlette, place: str, regime: str) -> None:
    """The header of a trusted proxy names the place; an unknown one gets the strictest reading."""
    app = ConsentMiddleware(site, policy=POLICY, secret_key=SECRET, log=open_log("memory://"))
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000)) as client:
        assert client.get("/_consent/state", headers={"CF-IPCountry": place}).json()["regime"] == regime
