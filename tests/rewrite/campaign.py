"""The campaign: documents by number, each rewritten and judged.

For every document it is checked that

- nothing raises;
- with what consentkit inserted taken away, the bytes are the original's;
- the output is the same in pieces of a random size, in two and three random pieces, and when the tree is followed from
  the start instead of taking the shortcut;
- two HTML5 parsers, each with scripting and without, see the same tree in the original and in the output once what
  consentkit added is taken away and what it made inert is live again (but for a `<frameset>` after an implied body);
- nothing of a refused service is left to load or to run, in any of these four trees (but without scripting, where the
  end of a `noscript` lies inside a comment, a value or raw text for such a browser);
- our parts stand in the head and in the body, once, and the banner wherever there is a place for one.

Where the two parsers disagree about the original, a fault counts only if both see one; such documents are counted.
Every `SAMPLE`-th document is read by html5lib too, as a third opinion that counts when it reads the original as the
others do.

    python -m tests.rewrite.campaign 1000000
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from consentkit.rewrite.rules import Rules
from consentkit.rewrite.stream import Rewriter
from tests.rewrite.dom import REFUSED, SETTINGS, accuse, judge, make_rewriter, rewrite
from tests.rewrite.mutations import document
from tests.rewrite.oracles import parse_html5lib, parse_turbohtml, read_bytes
from tests.rewrite.shrinking import shrink

SAMPLE = 50
_BATCH = 500
_SHOWN = 20
_DEEP = 20_000

#: What rewrites a document: the rewriter, or a spoilt one that the campaign must catch.
Rewrite = Callable[[bytes], tuple[bytes, Rewriter]]


@dataclass
class Report:
    """What came out: how many documents, on how many the parsers disagreed, how often a third opinion was had."""

    documents: int = 0
    disagreements: int = 0
    third_opinions: int = 0
    failures: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take in what another part of the campaign found."""
        self.documents += other.documents
        self.disagreements += other.disagreements
        self.third_opinions += other.third_opinions
        self.failures += other.failures


class Tracking(Rewriter):
    """A rewriter that follows the tree through the whole document."""

    def __init__(self, rules: Rules | None, **options: Any) -> None:
        super().__init__(rules, **options)
        self._tracks = True


def examine(number: int, rewrite_it: Rewrite = rewrite) -> Report:
    """Rewrite and judge the document of this number."""
    data = document(number)
    report = Report(documents=1)
    found = examine_bytes(data, number, rewrite_it, report)
    if found:
        report.failures.append((number, found))
    return report


def examine_bytes(data: bytes, number: int, rewrite_it: Rewrite, report: Report) -> tuple[str, ...]:
    """What is wrong with the rewriting of `data`."""
    try:
        output, rewriter = rewrite_it(data)
        verdict = judge(data, output, rewriter)
        cuts = _other_ways(data, number)
    except Exception as problem:  # noqa: BLE001 - whatever is raised is a finding
        return (f"raises {problem!r}",)
    report.disagreements += verdict.disagreed
    found = list(verdict.faults)
    found += [f"other output {way}" for way, other in cuts if rewrite_it is rewrite and other != output]
    if number % SAMPLE == 0 and not verdict.disagreed:
        report.third_opinions += 1
        found += _third_opinion(data, output, rewriter)
    return tuple(found)


def _other_ways(data: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    source = random.Random(number)
    size = source.choice((1, 1, 2, 3, 7, 16, 61))
    first, second = sorted(source.randrange(len(data) + 1) for _ in range(2))
    yield f"in pieces of {size}", rewrite(data, size=size)[0]
    yield f"cut at {first}", _in_pieces(make_rewriter(), data[:first], data[first:])
    yield f"cut at {first}, {second}", _in_pieces(make_rewriter(), data[:first], data[first:second], data[second:])
    yield "when tracked", _in_pieces(Tracking(REFUSED, **SETTINGS), data)


def _in_pieces(rewriter: Rewriter, *pieces: bytes) -> bytes:
    return b"".join([*map(rewriter.feed, pieces), rewriter.close()])


def _third_opinion(data: bytes, output: bytes, rewriter: Rewriter) -> list[str]:
    found: list[str] = []
    for scripting in (True, False):
        with contextlib.suppress(AssertionError):  # html5lib's own: some tables without an end make it give up
            original = parse_html5lib(read_bytes(data), scripting)
            if original == parse_turbohtml(read_bytes(data), scripting):
                accusations = accuse(data, output, rewriter, parse_html5lib, original, scripting)
                found += [f"{x} (html5lib, scripting={scripting})" for x in accusations]
    return found


def run(numbers: range, rewrite_it: Rewrite = rewrite) -> Report:
    """Examine the documents of these numbers, here and now."""
    sys.setrecursionlimit(_DEEP)
    report = Report()
    for number in numbers:
        report.add(examine(number, rewrite_it))
    return report


def run_all(count: int, processes: int, *, start: int = 0, progress: bool = False) -> Report:
    """Examine `count` documents in several processes."""
    batches = [range(i, min(i + _BATCH, start + count)) for i in range(start, start + count, _BATCH)]
    report = Report()
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for done, part in enumerate(pool.imap_unordered(run, batches), 1):
            report.add(part)
            if progress and done % 40 == 0:
                _say(f"{report.documents} documents, {len(report.failures)} failures, {time.monotonic() - began:.0f} s")
    report.failures.sort()
    return report


def describe(report: Report) -> str:
    """The report in words, with each failing document by number, and shrunk."""
    lines = [
        f"{report.documents} documents, {len(report.failures)} failures",
        f"the parsers disagreed about {report.disagreements}; html5lib was asked about {report.third_opinions}",
    ]
    for number, found in report.failures[:_SHOWN]:
        small = shrink(document(number), partial(_still_fails, number, found[0]))
        lines.append(f"number {number}: {', '.join(found)}\n  {small!r}\n  -> {rewrite(small)[0]!r}")
    return "\n".join(lines)


def _still_fails(number: int, fault: str, data: bytes) -> bool:
    kind = fault.partition(" ")[0]
    return any(x.startswith(kind) for x in examine_bytes(data, number, rewrite, Report()))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the campaign with as many documents as the arguments or the environment say."""
    count = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CONSENTKIT_FUZZ") or 1_000_000)
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    processes = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count() or 1
    report = run_all(count, processes, start=start, progress=True)
    _say(describe(report))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
