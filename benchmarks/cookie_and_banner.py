"""The consent cookie and the banner: read and made for many requests, so in about a microsecond.

Cold: a cookie not seen before, whose signature must be verified. Warm: one seen before. Every value read is in bytes of
its own, as it comes off the wire.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from http.cookies import SimpleCookie
from typing import Any

from itsdangerous import Signer, URLSafeSerializer
from starlette.requests import cookie_parser

from benchmarks.apps import SECRET, Headers, browser, choice, cookie_header, raw, scope, site_of, with_consent
from benchmarks.table import Effort, Rounds, Row, clock, interleaved, limit
from consentkit.banner import categories
from consentkit.cookie import CookieCodec, StoredChoice, Verdict
from consentkit.http import cookie_pattern, header_values, sole_cookie
from consentkit.site import Site
from consentkit.visit import Visit

TITLE = "Cookie and banner (processor time of one, in process)"
Work = Callable[[Any], object]


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about cookie and banner."""
    site = site_of(with_consent(raw))
    yield from _reading(site, effort)
    yield from _sizes(site)
    yield from _banner(site, effort)


def each(work: Work, values: list[Any]) -> float:
    """Microseconds for one value."""
    begun = clock()
    for value in values:
        work(value)
    return (clock() - begun) / len(values) * 1e6


def _fresh(values: list[bytes]) -> list[bytes]:
    return [bytes(bytearray(value)) for value in values]


def _reading(site: Site, effort: Effort) -> Iterator[Row]:
    choices = [choice(site, Verdict.GRANTED, seconds_ago=60 + number) for number in range(effort.count)]
    cookies = [site.cookies.dumps(said).encode() for said in choices]
    known = CookieCodec((SECRET,), site.policy.site_id)
    each(known.loads, cookies)
    serializer, signer = URLSafeSerializer(SECRET, salt="consent"), Signer(SECRET, salt="consent")
    documents = [serializer.dumps(as_document(said)) for said in choices]
    signed = [signer.sign(cookie.rpartition(b".")[0]) for cookie in cookies]
    headers: list[Headers] = [[*browser(), *cookie_header(site, Verdict.GRANTED)] for _ in range(effort.count)]
    texts = [found[-1][1].decode("latin-1") for found in headers]

    def cold() -> float:
        return each(CookieCodec((SECRET,), site.policy.site_id).loads, _fresh(cookies))

    def from_header(found: Headers) -> StoredChoice | None:
        value = sole_cookie(header_values(found, b"cookie"), cookie_pattern(site.cookie_name.encode()))
        return known.loads(value) if value is not None else None

    measures: dict[str, Callable[[], float]] = {
        "cold": cold,
        "warm": lambda: each(known.loads, _fresh(cookies)),
        "from header": lambda: each(from_header, [scope("/", found)["headers"] for found in headers]),
        "URLSafeSerializer": partial(each, serializer.loads, documents),
        "Signer": partial(each, signer.unsign, signed),
        "SimpleCookie": partial(each, SimpleCookie, texts),
        "Starlette's parser": partial(each, cookie_parser, texts),
    }
    found = interleaved(effort.rounds, measures)
    for base in ("URLSafeSerializer", "Signer"):
        yield _beside(f"cookie read, warm; {base} loads", found, "warm", base, most=1)
        yield _beside(f"cookie read, cold; {base} loads", found, "cold", base, most=5.5)
    for base in ("SimpleCookie", "Starlette's parser"):
        yield _beside(f"out of 16 headers to the choice, warm; {base}", found, "from header", base, most=None)


def as_document(said: StoredChoice) -> dict[str, Any]:
    """The same choice as one would write it into a JSON cookie."""
    entries = {str(key): [int(entry.verdict), entry.digest.hex()] for key, entry in said.categories.items()}
    return {"v": 1, "t": said.issued_at, "m": said.mechanism, "id": said.record_id, "c": entries}


def _beside(what: str, found: Rounds, name: str, base: str, *, most: float | None) -> Row:
    """A cost with a limit of its own, and another one to compare."""
    ours = found.median(name)
    goal, met = ("", None) if most is None else (f"≤ {most:g} µs", ours <= most)
    return Row(what, f"{ours:.2f} µs", f"{found.median(base):.2f} µs", f"{found.ratio(name, base):.2f} ×", goal, met)


def _sizes(site: Site) -> Iterator[Row]:
    serializer = URLSafeSerializer(SECRET, salt="consent")
    for name, verdict in (("granted", Verdict.GRANTED), ("refused", Verdict.DENIED)):
        said = choice(site, verdict)
        value, document = site.cookies.dumps(said), serializer.dumps(as_document(said))
        what = f"cookie, five categories {name}; URLSafeSerializer"
        yield limit(what, len(value), "bytes", most=100, baseline=f"{len(document):.2f} bytes")


def _banner(site: Site, effort: Effort) -> Iterator[Row]:
    asked = Visit(site, scope("/story", browser()))
    decided = Visit(site, scope("/story", browser() + cookie_header(site, Verdict.DENIED)))
    template, facts = site.environment.get_template("banner.html"), banner_facts(site)
    paths = [f"/politics/{number}-{time.time_ns()}" for number in range(effort.count)]
    some = paths[: effort.few(20)]
    measures = {
        "banner": partial(each, asked.additions.banner, paths),
        "control": partial(each, lambda _: decided.additions.reopen, paths),
        "Jinja2": partial(each, lambda path: template.render(facts, return_to=path).encode(), some),
    }
    found = interleaved(effort.rounds, measures)
    yield _beside("banner for this address, warm; precompiled Jinja2 render", found, "banner", "Jinja2", most=1)
    yield _beside("control for who has decided, warm; the same", found, "control", "Jinja2", most=1)


def banner_facts(site: Site) -> dict[str, Any]:
    """What the banner's template needs for a visitor who is asked about everything."""
    wording = site.languages.wording("en")
    shown = [facts for facts in categories(site.policy, wording) if facts["name"] in site.policy.asked_categories]
    return {
        "t": wording,
        "path": site.policy.path,
        "token": "a-token",
        "origin": "https://news.test",
        "categories": [{**facts, "open": False} for facts in shown],
        "opt_out": False,
        "changes": [],
        "position": site.policy.banner.position,
        "reopen": True,
    }
