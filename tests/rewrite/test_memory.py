"""A stream of any length passes at flat memory."""

from __future__ import annotations

import itertools
import os
import random
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rewrite.dom import make_rewriter
from tests.rewrite.page_maker import page

#: How many megabytes are streamed; `make fuzz` asks for 1,024.
_MEGABYTES = int(os.environ.get("CONSENTKIT_STREAM", "64"))
_PIECE = 16_384
_START = b"<!doctype html><html><head><title>x</title></head><body>"
#: How much is fed three times over to see whether the third part needs more memory than the second.
_PART = 100_000
_LONG_PART = 400_000

_STREAMS = {
    "text": b"word ",
    "tags": b"<p class=x>a<b>c</b><img src=//ads.example/i><br></p>",
    "elements never closed": b"<div><b><svg><desc>",
    "scripts": b"<script>adq.push(1)</script><script src=//ads.example/%d></script>",
    "noscript never closed": b"<noscript><img src=//ads.example/%d>",
    "templates": b"<template><td>",
    "images": b"<img src=//ads.example/%d>",
    "distinct formatting": b"<b class=%d><a href=/%d><nobr></p>",
    "select": b"<select><option id=%d><svg>",
}
#: These begin once, and never end.
_ENDLESS = {
    "one comment": b"<!-- x - ",
    "one tag": b"<img a ",
    "one value": b"<img src='//ads.example/",
    "one script": b"<script>adq.pu ",
    "one svg script": b"<svg><script>adq.pu ",
    "one style": b"<style></styl ",
    "one doctype": b"</p <!doctype ",
    "one noscript": b"<noscript>x <!-- ",
}


def _repeated(unit: bytes) -> Iterator[bytes]:
    """Pieces that consist of `unit`."""
    return itertools.repeat((unit * (_PIECE // len(unit) + 1))[:_PIECE])


def _numbered(unit: bytes) -> Iterator[bytes]:
    """Pieces in which every `unit` has another number, of few enough to be remembered soon."""
    for number in itertools.count(step=100):
        yield b"".join(unit.replace(b"%d", b"%04d" % ((number + i) % 400)) for i in range(100))


def _pieces(kind: str) -> Iterator[bytes]:
    yield _START
    if kind in _ENDLESS:
        yield _ENDLESS[kind]
        yield from _repeated(_ENDLESS[kind][-4:])
    else:
        yield from _numbered(_STREAMS[kind])


def _peak(pieces: Iterator[bytes], size: int, feed: Callable[[bytes], object]) -> int:
    """How many bytes were allocated at most while `feed` took `size` bytes."""
    tracemalloc.reset_peak()
    while size > 0:
        piece = next(pieces)
        size -= len(piece)
        feed(piece)
    return tracemalloc.get_traced_memory()[1]


def _growth(pieces: Iterator[bytes], size: int, feed: Callable[[bytes], object]) -> int:
    """How much more memory the third part takes than the second."""
    tracemalloc.start()
    try:
        _, second, third = (_peak(pieces, size, feed) for _ in range(3))
    finally:
        tracemalloc.stop()
    return third - second


@pytest.mark.parametrize("kind", [*_STREAMS, *_ENDLESS])
def test_more_of_the_same_needs_no_more_memory(kind: str) -> None:
    """Whatever a stream consists of, what is held stops growing."""
    size = _LONG_PART if kind in _ENDLESS else _PART
    assert _growth(_pieces(kind), size, make_rewriter().feed) < size // 4


def test_a_reader_that_hoards_is_caught() -> None:
    """The measure sees a reader that keeps what it was given."""
    kept: list[bytes] = []
    assert _growth(_pieces("tags"), _PART, kept.append) > _PART // 2


def _resident() -> int:
    """The memory this process has in use."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to tell the memory in use")
def test_a_long_stream_passes_at_flat_memory() -> None:
    """The body of a page repeated for many megabytes leaves the process no larger than its first megabytes did."""
    body = page(random.Random(7)).partition(b"<body")[2]
    unit = (b"<main" + body) * (1_000_000 // len(body))
    rewriter = make_rewriter()
    rewriter.feed(_START)
    sizes = []
    for _ in range(_MEGABYTES):
        for at in range(0, len(unit), _PIECE):
            rewriter.feed(unit[at : at + _PIECE])
        sizes.append(_resident())
    assert rewriter.gated
    assert max(sizes[4:]) - sizes[3] < 4_000_000
