"""The doubling test, twice over: four times the input may take about four times the time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_LONGEST = 64 * 1024
#: What is over this quickly is no trap, whatever its growth.
_QUICK = 0.02
#: Four would be exact; work that grows with the square of its input takes sixteen times as long.
_ALLOWED = 9
_TRIES = 4


def assert_linear(work: Callable[[bytes], object], piece: bytes) -> None:
    """Assert that `work` on `piece` repeated up to 64 KB grows no faster than its input, with room for noise."""
    text = piece * (_LONGEST // len(piece))
    assert any(_grows_with_its_input(work, text) for _ in range(_TRIES))


def _grows_with_its_input(work: Callable[[bytes], object], text: bytes) -> bool:
    whole = _seconds(work, text)
    return whole < _QUICK or whole < _ALLOWED * _seconds(work, text[: len(text) // 4])


def _seconds(work: Callable[[bytes], object], text: bytes) -> float:
    """What the work costs this thread alone, the collector apart."""
    times: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    for _ in range(3):
        start = time.thread_time()
        work(text)
        times.append(time.thread_time() - start)
    if collecting:
        gc.enable()
    return min(times)
