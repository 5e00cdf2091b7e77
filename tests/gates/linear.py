"""The doubling test: twice the input may take about twice the time."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST = 64 * 1024
#: What is over this quickly is no trap, whatever its growth.
_QUICK = 0.02


def assert_linear(work: Callable[[bytes], object], piece: bytes) -> None:
    """Assert that `work` on `piece` repeated up to 64 KB grows no faster than its input, with room for noise."""
    text = piece * (_LONGEST // len(piece))
    whole = _fastest(work, text)
    if whole > _QUICK:
        assert whole < 3 * _fastest(work, text[: len(text) // 2])


def _fastest(work: Callable[[bytes], object], text: bytes) -> float:
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        work(text)
        times.append(time.perf_counter() - start)
    return min(times)
