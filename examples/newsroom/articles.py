"""The articles: plain text files under `content/`, read once at start.

A file begins with `key: value` lines and a blank line. Then come paragraphs; `## ` makes a heading, `> ` a pull quote,
and a line such as `[video]` says where an embed goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

CONTENT = Path(__file__).with_name("content")
SECTIONS = ("harbour", "town", "science", "culture")
WORDS_PER_MINUTE = 210

BlockKind = Literal["paragraph", "heading", "quote", "video", "social"]
_MARKS: dict[str, BlockKind] = {"[video]": "video", "[social]": "social"}


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, quote or embed of an article."""

    kind: BlockKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language."""

    slug: str
    locale: str
    title: str
    standfirst: str
    section: str
    desk: str
    published: date
    art: str
    caption: str
    lead: bool
    translates: str | None
    blocks: tuple[Block, ...]

    @property
    def path(self) -> str:
        """Where the article is read."""
        return f"{'' if self.locale == 'en' else '/' + self.locale}/articles/{self.slug}"

    @property
    def minutes(self) -> int:
        """Reading time, in whole minutes."""
        words = sum(len(block.text.split()) for block in self.blocks)
        return max(1, math.ceil(words / WORDS_PER_MINUTE))


class Articles:
    """All articles, newest first."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._all = sorted(articles, key=lambda article: (article.published, article.slug), reverse=True)
        self._by_slug = {article.slug: article for article in self._all}

    @classmethod
    def load(cls, folder: Path = CONTENT) -> Articles:
        """Read `folder/<locale>/<slug>.txt`. Raises `KeyError` or `ValueError` when a file lacks a key."""
        return cls(parse(path) for path in folder.glob("*/*.txt"))

    def find(self, slug: str, locale: str | None = None) -> Article | None:
        """The article of that name, if there is one (in `locale`)."""
        article = self._by_slug.get(slug)
        return article if article and locale in (None, article.locale) else None

    def edition(self, locale: str) -> list[Article]:
        """Everything in one language: the lead story first, then newest first."""
        return sorted((a for a in self._all if a.locale == locale), key=lambda article: not article.lead)

    def untranslated(self) -> list[Article]:
        """English articles that have no translation, newest first."""
        return [a for a in self._all if a.locale == "en" and self.translation(a) is None]

    def in_section(self, section: str, locale: str = "en") -> list[Article]:
        """One section of one edition, newest first."""
        return [a for a in self._all if a.section == section and a.locale == locale]

    def related(self, article: Article, limit: int = 3) -> list[Article]:
        """What to read next: the same section first."""
        others = [a for a in self._all if a.locale == article.locale and a is not article]
        return sorted(others, key=lambda other: other.section != article.section)[:limit]

    def translation(self, article: Article) -> Article | None:
        """The same article in the other language, if it was translated."""
        if article.translates:
            return self._by_slug.get(article.translates)
        return next((a for a in self._all if a.translates == article.slug), None)


def parse(path: Path) -> Article:
    """Read one file; its folder is the language and its name the slug."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    keys = dict(line.split(": ", 1) for line in head.splitlines())
    if keys["section"] not in SECTIONS:
        raise ValueError(f"{path.name}: there is no section {keys['section']!r}")
    return Article(
        slug=path.stem,
        locale=path.parent.name,
        title=keys["title"],
        standfirst=keys["standfirst"],
        section=keys["section"],
        desk=keys["desk"],
        published=date.fromisoformat(keys["date"]),
        art=keys["art"],
        caption=keys["caption"],
        lead=keys.get("lead") == "yes",
        translates=keys.get("translates"),
        blocks=tuple(_blocks(body)),
    )


def _blocks(body: str) -> Iterator[Block]:
    for part in body.strip().split("\n\n"):
        if part in _MARKS:
            yield Block(_MARKS[part])
        elif part.startswith("## "):
            yield Block("heading", part.removeprefix("## "))
        elif part.startswith("> "):
            yield Block("quote", part.removeprefix("> "))
        else:
            yield Block("paragraph", part)
