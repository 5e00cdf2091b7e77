"""Pages as sites really send them: a newspaper, a blog, a shop and an application, from the templates in `pages`.

In a template a line that begins with `@maybe` may be left out, one with `@often` may come several times, and `@words`
stands for some words.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

_WORDS = [
    *("council", "vote", "harbour", "rain", "minister", "budget", "school", "bridge", "market", "library", "election"),
    *(
        "caf\u00e9",
        "na\u00efve",
        "stra\u00dfe",
        "5&nbsp;%",
        "R&amp;D",
        "\u201cquoted\u201d",
        "a&lt;b",
        "&copy=1",
        "\U0001f36a",
        "x<y",
    ),
]
_TEMPLATES = [x.read_text(encoding="utf-8") for x in sorted((Path(__file__).parent / "pages").glob("*.html"))]


def page(source: random.Random) -> bytes:
    """One of the pages, with other words and parts each time."""
    lines = [_line(x, source) for x in source.choice(_TEMPLATES).splitlines(keepends=True)]
    text = re.sub("@words", lambda _: " ".join(source.choices(_WORDS, k=source.randrange(1, 12))), "".join(lines))
    return text.encode(source.choice(("utf-8", "utf-8", "cp1252")), "xmlcharrefreplace")


def _line(line: str, source: random.Random) -> str:
    mark, _, rest = line.partition(" ")
    if mark == "@maybe":
        return rest if source.random() < 0.6 else ""
    return rest * source.randrange(4) if mark == "@often" else line
