"""How fast the rewriter goes through pages in 16 KB chunks, beside parsers and other streaming rewriters.

Cold: no tag is remembered when a page begins. Warm: all the pages were seen before. The two other rewriters do the same
work by handlers: they look at what loads, and rename the attribute where its host is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any

from benchmarks.apps import policy
from benchmarks.baselines import module
from benchmarks.pages import make_page
from benchmarks.parts import Parts
from benchmarks.table import Effort, Row, at_least, clock, interleaved
from consentkit.cookie import Verdict

TITLE = "Rewriter throughput in 16 KB chunks (100 KB pages, visitor has refused)"
CHUNK = 16_384
_LOADING = ("script", "iframe", "img", "source", "video", "audio", "embed", "object", "link", "input")
_HOST = re.compile(r"(?:https?:)?//([^/:?#]+)")
Job = Callable[[bytes], object]


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about throughput."""
    pages = [make_page(seed) for seed in range(effort.pages)]
    jobs = {name: job for name, job in _jobs().items() if job is not None}
    found = interleaved(effort.rounds, {name: partial(megabytes, job, pages) for name, job in jobs.items()})
    goals = [
        ("ours, cold", "selectolax parse", 0.75),
        ("ours, warm", "selectolax parse", 0.9),
        ("ours, cold", "html.parser", 9),
        ("ours, cold", "turbohtml.rewrite", 1.7),
        ("ours, cold", "lol-html", 0.45),
        ("ours, warm", "lol-html", 0.45),
    ]
    for name, base, least in goals:
        yield at_least(f"{name}; {base}", found, name, base, "MB/s", least=least)


def megabytes(job: Job, pages: list[bytes]) -> float:
    """Megabytes in a second of processor time."""
    begun = clock()
    for page in pages:
        job(page)
    return sum(map(len, pages)) / (clock() - begun) / 1e6


def chunks(page: bytes) -> list[bytes]:
    """The page as it comes off a stream."""
    return [page[at : at + CHUNK] for at in range(0, len(page), CHUNK)]


def _jobs() -> dict[str, Job | None]:
    warm, cold = Parts(Verdict.DENIED), Parts(Verdict.DENIED)

    def through_cold(page: bytes) -> None:
        cold.forget()
        for _ in cold.stream(chunks(page)):
            pass

    def through_warm(page: bytes) -> None:
        for _ in warm.stream(chunks(page)):
            pass

    return {
        "ours, cold": through_cold,
        "ours, warm": through_warm,
        "selectolax parse": _selectolax(),
        "html.parser": _html_parser,
        "turbohtml.rewrite": _turbohtml(),
        "lol-html": _lol_html(),
    }


def _html_parser(page: bytes) -> None:
    parser = HTMLParser()
    for chunk in chunks(page):
        parser.feed(chunk.decode("ascii"))
    parser.close()


def _selectolax() -> Job | None:
    lexbor = module("selectolax.lexbor")
    return None if lexbor is None else lexbor.LexborHTMLParser


def refused_hosts() -> frozenset[str]:
    """Every host the policy declares."""
    return frozenset(host for service in policy().services.values() for host in service.hosts)


def is_refused(address: str | None, refused: frozenset[str]) -> bool:
    """Whether the address is on a refused host or a subdomain of one: the least a rewriter must find out."""
    found = _HOST.match(address) if address else None
    name = found[1].lower() if found else ""
    while name:
        if name in refused:
            return True
        name = name.partition(".")[2]
    return False


def _turbohtml() -> Job | None:
    turbohtml = module("turbohtml.rewrite")
    refused = refused_hosts()

    def gate(element: Any) -> None:
        name = "href" if element.tag == "link" else "src"
        address = next((value for key, value in element.attrs if key == name), None)
        if is_refused(address, refused):
            element.remove_attribute(name)
            element.set_attribute(f"data-ckit-{name}", address)

    def rewrite(page: bytes) -> None:
        turbohtml.rewrite(page.decode(), elements=[(name, gate) for name in _LOADING]).encode()

    return None if turbohtml is None else rewrite


def _lol_html() -> Job | None:
    lolhtml = module("lolhtml")
    refused = refused_hosts()

    class Gate:
        def element(self, element: Any) -> None:
            name = "href" if element.tag_name == "link" else "src"
            address = element.get_attribute(name)
            if is_refused(address, refused):
                element.remove_attribute(name)
                element.set_attribute(f"data-ckit-{name}", address)

    def rewrite(page: bytes) -> None:
        written: list[bytes] = []
        rewriter = lolhtml.HTMLRewriter(written.append)
        for name in _LOADING:
            rewriter.on(name, Gate())
        for chunk in chunks(page):
            rewriter.write(chunk)
        rewriter.end()

    return None if lolhtml is None else rewrite
