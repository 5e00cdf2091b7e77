"""Many visitors behind one shared cache: nothing of one visitor's consent ever reaches another."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.servers.cache import MISSING, Cached, cached_site, find_nginx
from tests.servers.pages import KINDS, PICTURES
from tests.servers.running import Answer, Running
from tests.servers.site import HOST

HOT = b'<script src="https://stats.test/s.js">'
SHARED = b"data-ckit-shared"
BANNER = b"<form"
ON_THE_WAY = {"content-length", "transfer-encoding", "accept-ranges", "connection"}
PAGE = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cached]:
    """A site behind nginx."""
    nginx = find_nginx()
    if nginx is None:
        if os.environ.get("CONSENTKIT_NO_SKIPS") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with cached_site(nginx, tmp_path_factory.mktemp("nginx")) as found:
        yield found


@dataclass
class Visitor:
    """Somebody with a browser: what it sends with every request."""

    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> dict[str, str]:
        return PAGE | self.headers

    def chooses(self, action: str, site: Cached) -> Visitor:
        """This visitor after a choice, made with the form of the banner, through the cache."""
        _, page = site.get("/silent/ask", self.sent)
        token = re.search(rb'name="token" value="([^"]+)"', page.body)
        assert token is not None
        form = urlencode({"action": action, "token": unescape(token[1].decode()), "return_to": "/"})
        answer = _post(site.front, form, self.sent)
        assert answer.status == 303
        (cookie,) = (value.partition(";")[0] for value in answer.values("set-cookie") if value.startswith("consent="))
        cookies = [cookie, *filter(None, [self.headers.get("Cookie")])]
        return Visitor(self.headers | {"Cookie": "; ".join(cookies)})


def _post(server: Running, form: str, headers: dict[str, str]) -> Answer:
    connection = server.connect()
    try:
        own = {"Host": HOST, "Origin": f"http://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/_consent/choice", form, headers | own)
        response = connection.getresponse()
        return Answer(response.status, [(key.lower(), value) for key, value in response.getheaders()], response.read())
    finally:
        connection.close()


def visitors(site: Cached) -> dict[str, Visitor]:
    """Very different visitors."""
    return {
        "new": Visitor(),
        "allows": Visitor().chooses("accept-all", site),
        "refuses": Visitor().chooses("reject-all", site),
        "refuses with cookies at hand": Visitor({"Cookie": "_st1=x; _ad=y"}).chooses("reject-all", site),
        "signals": Visitor({"Sec-GPC": "1"}),
        "French": Visitor({"Accept-Language": "fr"}),
        "allows in French": Visitor({"Accept-Language": "fr"}).chooses("accept-all", site),
        "compressed": Visitor({"Accept-Encoding": "gzip"}),
    }


def in_any_order(answer: Answer) -> Answer:
    """The answer without what nginx changes: the order of headers, and how the body is cut on its way."""
    return answer._replace(headers=sorted(pair for pair in answer.headers if pair[0] not in ON_THE_WAY))


@pytest.mark.parametrize(("first", "second"), [("allows", "new"), ("new", "allows"), ("refuses", "allows")])
@pytest.mark.parametrize("kind", KINDS)
def test_who_comes_second_gets_nothing_of_who_came_first(kind: str, first: str, second: str, site: Cached) -> None:
    """Whoever fills the cache, the next one gets what the site itself would give; shared pages come from the cache."""
    known = visitors(site)
    path = f"/{kind}/{first}-{second}"
    site.get(path, known[first].sent)
    status, answer = site.get(path, known[second].sent)
    direct = site.get_directly(path, known[second].sent)
    assert answer.body == direct.body
    assert answer.values("set-cookie") == direct.values("set-cookie")
    is_shared = SHARED in answer.body
    assert is_shared is (kind in ("public", "dated", "brief"))
    assert (status in ("HIT", "REVALIDATED")) is is_shared
    assert (HOT in answer.body) is (second == "allows" and not is_shared)
    assert (BANNER in answer.body) is (second == "new" and not is_shared)


def test_hundreds_of_requests_in_any_order_keep_apart(site: Cached) -> None:
    """Every answer through the cache is the one the site gives this visitor; and the cache did answer many."""
    chance = random.Random(7)
    known = list(visitors(site).values())
    paths = [f"/{kind}/{place}" for kind in (*KINDS, *PICTURES, "away") for place in ("mixed", "fr/mixed", "missing")]
    direct: dict[tuple[int, str], Answer] = {}
    seen: Counter[str] = Counter()
    for _ in range(700):
        who, path = chance.randrange(len(known)), chance.choice(paths)
        status, answer = site.get(path, known[who].sent)
        seen[status] += 1
        if (who, path) not in direct:
            direct[who, path] = site.get_directly(path, known[who].sent)
        expected = direct[who, path]
        assert (answer.status, answer.body) == (expected.status, expected.body), (path, known[who], status)
        if status != "MISS":
            assert [value for value in answer.values("set-cookie") if value not in expected.values("set-cookie")] == []
    assert seen["HIT"] > 150
    assert seen["MISS"] > 150


def test_a_shared_page_is_confirmed_by_the_cache_itself(site: Cached) -> None:
    """Its tag holds for every visitor, also after the cache has asked again; a personal tag holds for nobody else."""
    known = visitors(site)
    _, first = site.get("/public/confirmed", known["allows"].sent)
    (tag,) = first.values("etag")
    for visitor in known.values():
        if "Accept-Encoding" not in visitor.headers:
            status, answer = site.get("/public/confirmed", visitor.sent | {"If-None-Match": tag})
            assert (answer.status, status) == (304, "HIT")
            assert answer.values("set-cookie") == []
    _, own = site.get("/private/confirmed", known["allows"].sent)
    (tag,) = own.values("etag")
    assert site.get("/private/confirmed", known["new"].sent | {"If-None-Match": tag})[1].status == 200
    assert site.get("/private/confirmed", known["new"].sent | {"If-None-Match": '"v1"'})[1].status == 200


@pytest.mark.parametrize("who", ["allows", "refuses with cookies at hand", "signals"])
def test_whoever_makes_the_cache_ask_again_leaves_no_trace(who: str, site: Cached) -> None:
    """The cache asks with that visitor's cookies whether its page still holds; the answer is that for everyone."""
    known = visitors(site)
    path = f"/brief/{len(who)}"
    _, first = site.get(path, known["new"].sent)
    revalidated = _ask_until(site, path, known[who], "REVALIDATED")
    status, then = site.get(path, known["new"].sent)
    assert status in ("HIT", "REVALIDATED")
    for answer in (revalidated, then):
        assert answer.body == first.body
        assert answer.values("set-cookie") == []
        assert answer.values("link") == []
        assert answer.values("cache-control") == first.values("cache-control")


def _ask_until(site: Cached, path: str, visitor: Visitor, expected: str) -> Answer:
    """Ask until the page in the cache, which holds for a second, is too old."""
    for _ in range(20_000):
        status, answer = site.get(path, visitor.sent)
        if status == expected:
            return answer
    raise AssertionError(f"the cache never said {expected}")


def test_deleted_cookies_are_never_kept(site: Cached) -> None:
    """An answer that deletes a visitor's refused cookies is for that visitor alone, whatever it is."""
    known = visitors(site)
    for path in ("/picture/deleted", "/silent/deleted", "/away/deleted"):
        for _ in range(2):
            status, answer = site.get(path, known["refuses with cookies at hand"].sent)
            assert status == "MISS"
            assert any(value.startswith("_st1=;") for value in answer.values("set-cookie"))
            assert answer.values("cache-control") == ["no-store"]
        assert site.get(path, known["new"].sent)[1].values("set-cookie") == []
    assert site.get("/picture/deleted", known["new"].sent)[0] == "HIT"


@pytest.mark.parametrize("path", ["preferences", "policy", "state", "choice", "nothing"])
def test_own_answers_are_never_kept(path: str, site: Cached) -> None:
    """Each comes from the site, every time, for every visitor."""
    for visitor in visitors(site).values():
        for _ in range(2):
            status, answer = site.get(f"/_consent/{path}", visitor.sent)
            assert status != "HIT"
            assert answer.values("cache-control") == ["no-store"]


def test_style_and_script_are_kept_for_good(site: Cached) -> None:
    """Their name changes with their content, so that one copy serves everyone."""
    known = visitors(site)
    _, page = site.get("/silent/assets", known["new"].sent)
    paths = re.findall(rb'(?:href|src)="http://site\.test(/_consent/assets/[^"]+)"', page.body)
    assert len(paths) == 2
    for path in paths:
        site.get(path.decode(), known["new"].sent)
        status, answer = site.get(path.decode(), known["allows"].sent)
        assert status == "HIT"
        assert "immutable" in answer.values("cache-control")[0]


EVIL = "evil.example"
ATTACKS: dict[str, dict[str, str]] = {
    "another host": {"Host": EVIL},
    "a loopback host": {"Host": "localhost:666"},
    "a loopback address": {"Host": "127.0.0.1:666"},
    "forwarded host": {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL};proto=https"},
    "forwarded scheme": {"X-Forwarded-Proto": "javascript", "X-Forwarded-For": EVIL},
    "forwarded prefix": {"X-Forwarded-Prefix": f"//{EVIL}", "X-Script-Name": f"//{EVIL}"},
    "other address": {"X-Original-URL": f"//{EVIL}", "X-Rewrite-URL": f"//{EVIL}"},
    "language": {"Accept-Language": f'fr, "><script src=//{EVIL}>;q=1'},
    "referrer": {"Referer": f"https://{EVIL}/", "Origin": f"https://{EVIL}"},
    "for a picture": {"Sec-Fetch-Dest": "image", "Accept-Encoding": "gzip"},
    "a part": {"Range": "bytes=0-99"},
    "a fragment": {"HX-Request": "true"},
    "a fetch": {"Sec-Fetch-Dest": "empty", "Accept": "*/*"},
    "a signal": {"Sec-GPC": "1"},
    "credentials": {"Authorization": "Basic eDp5"},
    "forged consent": {"Cookie": f"consent={EVIL}; _st1={EVIL}"},
    "a condition": {"If-None-Match": '"v1"', "If-Modified-Since": "Mon, 02 Nov 2026 10:00:00 GMT"},
}


@pytest.mark.parametrize("kind", ["public", "dated", "brief", "silent", "edge", "picture"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_can_poison_the_cache(attack: str, kind: str, site: Cached) -> None:
    """What a hostile first visitor sends in headers that are not part of the key is in no other visitor's page."""
    path = f"/{kind}/poisoned?{attack.replace(' ', '-')}"
    site.get(path, PAGE | ATTACKS[attack])
    for sent in (PAGE, PAGE | {"Accept-Encoding": "gzip"}):
        _, answer = site.get(path, sent)
        clean = site.get_directly(path, sent)
        assert in_any_order(answer) == in_any_order(clean)
        assert EVIL.encode() not in answer.body


@pytest.mark.parametrize("kind", ["public", "silent", "picture"])
def test_head_and_get_fill_the_cache_alike(kind: str, site: Cached) -> None:
    """A cache that asks for the whole page when somebody asked for its head keeps the right one."""
    path = f"/{kind}/head"
    site.get(path, PAGE, method="HEAD")
    _, answer = site.get(path, PAGE)
    assert in_any_order(answer) == in_any_order(site.get_directly(path, PAGE))
    assert HOT not in answer.body
