"""What a page costs: parts placed in it where all is allowed, and gated as a whole where nothing is.

Twice each: through the middleware, over the bare app, and by the rewriter alone. A page comes as the same bytes again,
or new each time. Compression is the measure for the whole rewriting: sites pay it for every page without a thought.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from benchmarks.apps import Headers, browser, cookie_header, drive, raw, scope, site_of, with_consent
from benchmarks.pages import make_page, stamped
from benchmarks.parts import Parts
from benchmarks.table import Effort, Rounds, Row, at_most, clock, compared, interleaved, over, overheads
from consentkit.cookie import Verdict

TITLE = "Pages (processor time of one page, in process)"
Supply = Callable[[int], list[bytes]]
_INJECTION = {10: 12.0, 100: 25.0}


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about whole pages."""
    yield from _injection(effort)
    yield from _full(effort)


def supplies(size: int, seeds: int) -> dict[str, Supply]:
    """Ways in which pages come: one object again and again, or bytes never seen before."""
    pages = [make_page(seed, size) for seed in range(seeds)]
    numbers = count(1)
    return {
        "the same page": lambda many: [pages[0]] * many,
        "new pages": lambda many: [stamped(pages[number % seeds], next(numbers)) for number in range(many)],
    }


def through(app: ASGIApp, headers: Headers, supply: Supply, many: int) -> float:
    """Microseconds for one page through the app."""
    return asyncio.run(drive(app, [scope("/story", headers, page) for page in supply(many)]))


def alone(work: Callable[[bytes], object], supply: Supply, many: int) -> float:
    """Microseconds for one page by `work`."""
    pages = supply(many)
    begun = clock()
    for page in pages:
        work(page)
    return (clock() - begun) / many * 1e6


def _injection(effort: Effort) -> Iterator[Row]:
    ours = with_consent(raw)
    headers = browser() + cookie_header(site_of(ours), Verdict.GRANTED)
    parts = Parts(Verdict.GRANTED)
    for kb, most in _INJECTION.items():
        many = effort.few(2 if kb == 10 else 8)
        for name, supply in supplies(kb * 1000, seeds=4).items():
            measures = {
                "bare": partial(through, raw, headers, supply, many),
                "ours": partial(through, ours, headers, supply, many),
                "rewriter": partial(alone, parts.rewrite, supply, many),
                "nothing": partial(alone, len, supply, many),
            }
            found = interleaved(effort.rounds, measures)
            yield over(f"{kb} KB, all granted, {name}: middleware over bare app", found, "ours", "bare", most=most)
            yield over(f"{kb} KB, all granted, {name}: rewriter alone", found, "rewriter", "nothing", most=most)


def _full(effort: Effort) -> Iterator[Row]:
    ours = with_consent(raw)
    refused = browser() + cookie_header(site_of(ours), Verdict.DENIED)
    many = effort.few(100)
    apps: dict[str, tuple[ASGIApp, Headers]] = {
        "bare": (raw, refused),
        "refused": (ours, refused),
        "undecided": (ours, browser()),
        "level 9": (GZipMiddleware(raw, compresslevel=9), refused),
        "level 4": (GZipMiddleware(raw, compresslevel=4), refused),
    }
    for name, supply in supplies(100_000, seeds=8).items():
        measures = {key: partial(through, app, headers, supply, many) for key, (app, headers) in apps.items()}
        found = interleaved(effort.rounds, measures)
        for visitor in ("refused", "undecided"):
            what = f"100 KB, {visitor}, {name}: GZipMiddleware"
            yield overheads(f"{what} level 9", found, visitor, "level 9", "bare", most=0.4)
            yield overheads(f"{what} level 4", found, visitor, "level 4", "bare", most=0.75)
    yield from _against_zlib(effort, many)


def _against_zlib(effort: Effort, many: int) -> Iterator[Row]:
    supply = supplies(100_000, seeds=8)["new pages"]
    parts = Parts(Verdict.DENIED)
    measures = {
        "warm": partial(alone, parts.rewrite, supply, many),
        "cold": partial(alone, parts.rewrite_cold, supply, many),
        "level 9": partial(alone, partial(zlib.compress, level=9), supply, many),
        "level 4": partial(alone, partial(zlib.compress, level=4), supply, many),
    }
    found: Rounds = interleaved(effort.rounds, measures)
    for state in ("warm", "cold"):
        what = f"100 KB, refused, new pages: rewriter alone, {state}; zlib"
        yield at_most(f"{what} level 9", found, state, "level 9", "µs", most=0.4)
        yield at_most(f"{what} level 4", found, state, "level 4", "µs", most=0.75)
    yield compared("zlib level 4 and level 9", found, "level 4", "level 9", "µs")
