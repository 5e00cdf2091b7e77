"""The news site alone, without consentkit around it: pages, comments, newsletter, bad input."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import html5lib
import pytest
from examples.newsroom.articles import Articles
from starlette.testclient import TestClient

from tests.examples.conftest import Rows

FERRY = "/articles/night-ferry-returns"
PAGES = ["/", "/fr/", "/sections/town", FERRY, "/fr/articles/le-bac-de-nuit", "/demo"]
COMMENT = {"author": "Reader", "email": "r@lantern.example", "website": "https://reader.example/", "comment": "Well."}


def test_there_is_enough_to_read() -> None:
    """Eight articles in English and two in French, each of real length and with a picture of its own."""
    articles = Articles.load()
    english, french = articles.edition("en"), articles.edition("fr")
    assert (len(english), len(french)) == (8, 2)
    assert all(sum(len(block.text.split()) for block in story.blocks) > 300 for story in (*english, *french))
    assert len({story.art for story in english}) == 8
    assert [story.lead for story in english] == [True] + [False] * 7


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_strict_html_with_its_skip_link_first(bare: TestClient, path: str) -> None:
    """A strict HTML5 parser finds no fault, the first element of the body is the skip link, the language is stated."""
    response = bare.get(path)
    assert response.status_code == 200
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)
    first = tree.find("body")[0]
    assert (first.tag, first.get("href")) == ("a", "#main")
    assert tree.get("lang") == ("fr" if path.startswith("/fr/") else "en")
    assert len(tree.findall(".//h1")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_links_within_the_site_lead_somewhere(bare: TestClient, path: str) -> None:
    """Every address of this site that a page names can be fetched; consentkit's own pages aside."""
    links = set(re.findall(r'(?:href|src)="(/[^"#]*)', bare.get(path).text))
    assert {"/_consent/preferences", "/_consent/policy"} <= links
    for link in links:
        if not link.startswith("/_consent/"):
            assert bare.get(link).status_code == 200, link


def test_a_page_names_nothing_outside_but_its_third_parties(bare: TestClient) -> None:
    """All that an article would load from elsewhere comes from the four servers of the demo."""
    loaded = re.findall(r'(?:src|srcset|data)="(https?://[^/"]+)', bare.get(FERRY).text)
    assert set(loaded) == {f"http://127.0.0.1:{port}" for port in (8101, 8102, 8103, 8104)}


def test_bare_the_site_sets_its_own_tracking_cookies(bare: TestClient) -> None:
    """Without consentkit each page sets the analytics and the advertising cookie: there is something to gate."""
    names = {line.split("=", 1)[0] for line in bare.get(FERRY).headers.get_list("set-cookie")}
    assert names == {"_visits", "_ad_seg", "lantern_session"}
    assert bare.get("/").headers.get_list("set-cookie")[0].startswith("_visits=2;")


def test_a_comment_appears_escaped_and_without_its_address(bare: TestClient) -> None:
    """What was written is shown as text, paragraphs kept; the e-mail address is not on the page."""
    text = "First <script>alert(1)</script>\r\n\r\nSecond & last"
    response = bare.post(f"{FERRY}/comments", data=COMMENT | {"comment": text})
    assert response.url.path == FERRY
    assert "<p>First &lt;script&gt;alert(1)&lt;/script&gt;</p>" in response.text
    assert "<p>Second &amp; last</p>" in response.text
    assert "21 November 2026, 07:30 UTC" in response.text
    assert COMMENT["email"] not in response.text


def test_without_consentkit_no_contact_details_are_kept(bare: TestClient, rows: Rows) -> None:
    """Where nobody can vouch for consent, e-mail and website are not stored."""
    response = bare.post(f"{FERRY}/comments", data=COMMENT)
    assert rows("SELECT author, email, website FROM comments") == [("Reader", None, None)]
    assert "weren’t kept" in response.text


def test_the_remember_box_is_not_ticked_for_the_reader(bare: TestClient) -> None:
    """The box comes empty, also when the form is filled in from an earlier comment."""
    assert " checked" not in bare.get(FERRY).text
    bare.post(f"{FERRY}/comments", data=COMMENT | {"remember": "yes"})
    again = bare.get(FERRY).text
    assert 'value="r@lantern.example"' in again
    assert " checked" not in again


def test_details_are_remembered_only_when_asked_and_can_be_forgotten(bare: TestClient) -> None:
    """No tick, no cookie; the forget button takes a remembered one away."""
    bare.post(f"{FERRY}/comments", data=COMMENT)
    assert "comment-author" not in bare.cookies
    bare.post(f"{FERRY}/comments", data=COMMENT | {"comment": "Again.", "remember": "yes"})
    assert "comment-author" in bare.cookies
    assert "Forget my details" in bare.get(FERRY).text
    bare.post(f"{FERRY}/forget", data=COMMENT)
    assert "comment-author" not in bare.cookies


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"comment": "  \n "}, "Please write something."),
        ({"author": ""}, "Please give a name."),
        ({"email": "nobody"}, "This doesn’t look like an e-mail address."),
        ({"website": "javascript:alert(1)"}, "Please write an address that begins with"),
        ({"website": "https://[::1"}, "Please write an address that begins with"),
        ({"website": "https://u:p@evil.example/"}, "Please write an address that begins with"),
        ({"author": "x" * 81}, "This is too long."),
        ({"comment": "x" * 5001}, "This is too long."),
    ],
)
def test_a_faulty_comment_comes_back_with_what_is_wrong(
    bare: TestClient, rows: Rows, changed: dict[str, str], message: str
) -> None:
    """The form is shown again with the message beside the field, what was written still in it, and nothing stored."""
    response = bare.post(f"{FERRY}/comments", data=COMMENT | changed)
    assert response.status_code == 422
    assert message in response.text
    assert 'aria-invalid="true"' in response.text
    assert "Your comment wasn’t stored" in response.text
    assert rows("SELECT * FROM comments") == []


def test_a_double_click_leaves_one_comment(bare: TestClient, rows: Rows) -> None:
    """The same text sent twice from one browser is kept once; another reader may write the same."""
    bare.get(FERRY)
    for _ in range(2):
        bare.post(f"{FERRY}/comments", data=COMMENT)
    assert rows("SELECT count(*) FROM comments") == [(1,)]
    bare.cookies.clear()
    bare.post(f"{FERRY}/comments", data=COMMENT)
    assert rows("SELECT count(*) FROM comments") == [(2,)]


def test_what_looks_like_spam_waits_for_a_person(bare: TestClient, rows: Rows) -> None:
    """A comment full of links is stored but not shown, and its writer is told."""
    response = bare.post(f"{FERRY}/comments", data=COMMENT | {"comment": "https://a https://b https://c"})
    assert "isn’t published yet" in response.text
    assert "https://a" not in response.text
    assert rows("SELECT held FROM comments") == [(1,)]


def test_the_newsletter_keeps_an_address_once_and_unconfirmed(bare: TestClient, rows: Rows) -> None:
    """An address is stored a single time, waiting for a confirmation; nonsense is not stored."""
    for address in ("r@lantern.example", "r@lantern.example", "nonsense"):
        response = bare.post("/newsletter", data={"address": address})
        assert response.status_code == 200
    assert "Nothing was stored" in response.text
    assert rows("SELECT address, confirmed FROM subscribers") == [("r@lantern.example", None)]
    assert bare.post("/newsletter", data={"address": "x", "edition": "fr"}).url.path == "/fr/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://127.0.0.1:8101"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[bad"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({}, 200),
    ],
)
def test_forms_are_taken_from_our_own_pages_only(
    bare: TestClient, rows: Rows, headers: dict[str, str], status: int
) -> None:
    """The browser's word on where a post comes from decides; without any it isn't a browser."""
    assert bare.post(f"{FERRY}/comments", data=COMMENT, headers=headers).status_code == status
    assert rows("SELECT count(*) FROM comments") == [(int(status == 200),)]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"comment=x", "", 415),
        (b"comment=" + b"x" * 40_000, "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=1"] * 30), "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe%zz%00=&;=%&comment=%ff%00", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 422),
    ],
)
def test_bad_bodies_are_answered_not_crashed_on(bare: TestClient, body: bytes, kind: str, status: int) -> None:
    """Whatever is posted, the answer is a page of the site with a status below 500."""
    response = bare.post(f"{FERRY}/comments", content=body, headers={"content-type": kind})
    assert response.status_code == status
    assert "The Wenmouth Lantern" in response.text


@pytest.mark.parametrize(
    "cookie",
    ["comment-author=%7B", "comment-author=[]", "comment-author=" + "%5B" * 2000, "_visits=-1; lantern_session=%00"],
)
def test_odd_cookies_do_no_harm(bare: TestClient, cookie: str) -> None:
    """A page is served whatever the browser claims to remember."""
    assert bare.get(FERRY, headers={"cookie": cookie}).status_code == 200


def test_a_remembered_website_is_checked_again(bare: TestClient) -> None:
    """A forged cookie can't put another kind of address into the form."""
    cookie = "comment-author=%7B%22author%22%3A%22A%22%2C%22website%22%3A%22javascript%3Ax%22%7D"
    page = bare.get(FERRY, headers={"cookie": cookie}).text
    assert 'value="A"' in page
    assert "javascript:" not in page


@pytest.mark.parametrize(
    "path", ["/nothing", "/articles/nothing", "/sections/x", "/fr/rien", "/articles/%00", "/fr/demo"]
)
def test_what_is_not_there_is_a_styled_404(bare: TestClient, path: str) -> None:
    """A wrong address gets the site's own page, in its edition's language."""
    response = bare.get(path)
    assert response.status_code == 404
    assert ("partie avec la marée" if path.startswith("/fr/") else "went out with the tide") in response.text


def test_a_wrong_method_is_a_styled_405(bare: TestClient) -> None:
    """The allowed methods are named."""
    response = bare.get(f"{FERRY}/comments")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_a_lost_database_is_a_styled_503(bare: TestClient, database: Path) -> None:
    """Without its comments an article says that something is broken, and doesn't crash."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE comments")
    response = bare.get(FERRY)
    assert response.status_code == 503
    assert "Something broke on our side" in response.text


def test_a_crash_is_a_styled_500(bare: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody expected still gets the site's own page."""

    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Articles, "in_section", broken)
    response = bare.get("/sections/town")
    assert response.status_code == 500
    assert "Something broke on our side" in response.text
