"""Taking times in interleaved rounds, and one table that says what was found, what the goal is, and whether it is met.

A machine's speed drifts; a ratio or difference within one round does not. So every round takes each measure once, and
what counts is the median over the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

Measure = Callable[[], float]
#: Processor time: what else runs on the machine counts little, and nothing measured with it waits.
clock = time.process_time
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure. `count` is for what takes microseconds; slower things take a part of it."""

    rounds: int = 25
    count: int = 400
    pages: int = 12
    seconds: float = 1.0
    stream: int = 50_000_000

    def few(self, share: int) -> int:
        """A smaller count, never below two."""
        return max(2, self.count // share)


QUICK = Effort(rounds=2, count=4, pages=1, seconds=0.1, stream=500_000)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `met` is None where there is no goal, or nothing to compare with."""

    what: str
    ours: str
    baseline: str
    found: str
    goal: str = ""
    met: bool | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection falls into what is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Rounds:
    """What each measure found in each round. The first round only warms up and is left out."""

    def __init__(self) -> None:
        self._found: dict[str, list[float]] = {}
        self._seen: set[str] = set()

    def add(self, name: str, value: float) -> None:
        """Note what `name` found in this round."""
        if name in self._seen:
            self._found.setdefault(name, []).append(value)
        self._seen.add(name)

    def has(self, name: str) -> bool:
        """Whether anything was measured under this name."""
        return name in self._found

    def median(self, name: str) -> float:
        """The middle value."""
        return statistics.median(self._found[name])

    def over(self, name: str, base: str) -> float:
        """How much more `name` took than `base`, in the same round."""
        pairs = zip(self._found[name], self._found[base], strict=True)
        return statistics.median(ours - theirs for ours, theirs in pairs)

    def ratio(self, name: str, base: str) -> float:
        """How many times `base` it was, in the same round."""
        pairs = zip(self._found[name], self._found[base], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


def interleaved(rounds: int, measures: Mapping[str, Measure]) -> Rounds:
    """Take every measure once a round, in turn, so that none has the better part of the time."""
    found, order = Rounds(), list(measures)
    for number in range(rounds + 1):
        turn = number % len(order)
        for name in order[turn:] + order[:turn]:
            with quiet():
                found.add(name, measures[name]())
    return found


def over(what: str, found: Rounds, name: str, base: str, *, most: float | None) -> Row:
    """What was added to the baseline, in microseconds."""
    extra = found.over(name, base)
    ours, theirs = (f"{found.median(each):.2f} µs" for each in (name, base))
    goal, met = ("", None) if most is None else (f"≤ {most:g} µs", extra <= most)
    return Row(what, ours, theirs, f"{extra:+.2f} µs", goal, met)


def overheads(what: str, found: Rounds, name: str, other: str, base: str, *, most: float) -> Row:
    """What one thing added to `base` against what another added."""
    ours, theirs = found.over(name, base), found.over(other, base)
    ratio = ours / theirs if theirs > 0 else float("inf")
    return Row(what, f"{ours:+.2f} µs", f"{theirs:+.2f} µs", f"{ratio:.2f} ×", f"≤ {most:g} ×", ratio <= most)


def at_least(what: str, found: Rounds, name: str, base: str, unit: str, *, least: float) -> Row:
    """A rate that must reach a multiple of another one."""
    if not found.has(base):
        return Row(what, f"{found.median(name):,.1f} {unit}", NOT_INSTALLED, "", f"≥ {least:g} ×")
    ratio = found.ratio(name, base)
    ours, theirs = (f"{found.median(each):,.1f} {unit}" for each in (name, base))
    return Row(what, ours, theirs, f"{ratio:.2f} ×", f"≥ {least:g} ×", ratio >= least)


def at_most(what: str, found: Rounds, name: str, base: str, unit: str, *, most: float) -> Row:
    """A cost that must stay under a multiple of another one."""
    ratio = found.ratio(name, base)
    ours, theirs = (f"{found.median(each):,.1f} {unit}" for each in (name, base))
    return Row(what, ours, theirs, f"{ratio:.2f} ×", f"≤ {most:g} ×", ratio <= most)


def compared(what: str, found: Rounds, name: str, base: str, unit: str) -> Row:
    """Two costs side by side, without a goal."""
    ours, theirs = (f"{found.median(each):,.2f} {unit}" for each in (name, base))
    return Row(what, ours, theirs, f"{found.ratio(name, base):.2f} ×")


def limit(what: str, value: float, unit: str, *, most: float, baseline: str = "") -> Row:
    """A figure with a limit of its own."""
    return Row(what, f"{value:,.2f} {unit}", baseline, "", f"≤ {most:,g} {unit}", value <= most)


def print_heading() -> None:
    """The names of the columns."""
    print(_line("", "ours", "baseline", "found", "goal", "met"))


def print_rows(title: str, rows: Iterable[Row]) -> list[Row]:
    """Print the rows as they come, so that a long run shows where it is."""
    print(f"-- {title}", flush=True)
    printed = []
    for row in rows:
        met = {None: "–", True: "yes", False: "NO"}[row.met]
        print(_line(row.what, row.ours, row.baseline, row.found, row.goal, met), flush=True)
        printed.append(row)
    return printed


def _line(what: str, *cells: str) -> str:
    widths = (14, 14, 11, 12, 4)
    return f"{what:66}" + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
