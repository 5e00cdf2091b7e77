"""The doubling test, twice over: four times the input may take about four times the time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_LONGEST = 64 * 1024
#: What is over this quickly is no trap, whatever its growth.
_QUICK = 0.02
#: Four would be exact; work that grows with the square of its input takes sixteen times as long.
_ALLOWED = 10


def assert_linear(work: Callable[[bytes], object], piece: bytes) -> None:
    """Assert that `work` on `piece` repeated up to 64 KB grows no faster than its input, with room for noise."""
    text = piece * (_LONGEST // len(piece))
    whole = _fastest(work, text)
    if whole > _QUICK:
        assert whole < _ALLOWED * _fastest(work, text[: len(text) // 4])


def _fastest(work: Callable[[bytes], object], text: bytes) -> float:
    times: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    for _ in range(4):
        start = time.perf_counter()
        work(text)
        times.append(time.perf_counter() - start)
    if collecting:
        gc.enable()
    return min(times)
