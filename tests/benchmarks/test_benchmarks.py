"""The benchmarks run, and their pages are what they say. No figure is looked at here."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import pytest
from benchmarks.__main__ import PARTS
from benchmarks.pages import make_page, stamped
from benchmarks.table import QUICK, Rounds, Row, at_least, print_heading, print_rows

TINY = replace(QUICK, rounds=1, count=2, seconds=0.05, stream=200_000)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_gives_a_table(part: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each part prints its title and one line for each of its rows, at least one of which has a goal."""
    print_heading()
    rows = print_rows(PARTS[part].TITLE, PARTS[part].rows(TINY))
    heading, title, *lines = capfd.readouterr().out.splitlines()
    assert heading.split() == ["ours", "baseline", "found", "goal", "met"]
    assert PARTS[part].TITLE in title
    assert len(lines) == len(rows) == len({row.what for row in rows})
    assert any(row.goal for row in rows)


def test_a_page_is_as_heavy_as_a_real_one() -> None:
    """100 KB with 40 scripts, 20 images and 60 comments, as compressible as news pages are."""
    page = make_page(1)
    assert 95_000 < len(page) < 108_000
    assert 38 <= len(re.findall(rb"<script[ >]", page)) <= 45
    assert 18 <= page.count(b"<img ") <= 24
    assert page.count(b'<li class="comment ') == 60
    assert 4 < len(page) / len(zlib.compress(page, 9)) < 6


def test_a_small_page_is_small() -> None:
    """What stands for 10 KB has about that."""
    assert 9_500 < len(make_page(1, 10_000)) < 11_000


def test_pages_depend_on_the_seed_alone() -> None:
    """The same seed gives the same bytes, another one others, and a stamp makes a page new."""
    assert make_page(1) == make_page(1)
    assert make_page(1) != make_page(2)
    assert len({stamped(make_page(1), number) for number in (1, 2)}) == 2


def test_a_baseline_that_is_missing_is_named() -> None:
    """A row without its baseline says so and counts neither as met nor as missed."""
    found = Rounds()
    for _ in range(2):
        found.add("ours", 7)
    assert at_least("what", found, "ours", "theirs", "MB/s", least=2) == Row(
        "what", "7.0 MB/s", "not installed", "", "≥ 2 ×"
    )
