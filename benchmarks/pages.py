"""Pages as heavy as those of real news sites: the same seed gives the same bytes, and no two seeds the same text.

At 100 KB: 40 scripts (of the site, of declared services, of undeclared hosts, inline), 20 images with `srcset`, icons
in SVG, embeds, tracking pixels in `<noscript>`, structured data, styles, a comment form and 60 comments. Words come
from a vocabulary of thousands with the frequencies of a language, so that compression finds about what it finds in
real pages.
"""

from __future__ import annotations

import json
import random
from functools import lru_cache
from itertools import accumulate

from benchmarks import snippets

#: Stands once in the head and once in the text, for making a page new without writing it anew.
STAMP = b"0000000000"
_COMMON = "the of to and a in is it that was for on with as at by from this be or an are not have they you which"
_ONSETS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w"
_VOWELS = "a ai e ea ee i ie o oa oo ou u"
_CODAS = ["", "", "", "ck", "d", "ft", "l", "ld", "m", "n", "nd", "ng", "nt", "r", "rn", "s", "st", "t", "x"]
_WORDS = 5_000


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[list[str], list[float]]:
    """Words, and how often each comes (by Zipf's law), summed up."""
    draw = random.Random(1)
    made = dict.fromkeys(_COMMON.split())
    parts = (_ONSETS.split(), _VOWELS.split(), _CODAS)
    while len(made) < _WORDS:
        syllables = draw.choices((1, 2, 3), (2, 5, 3))[0]
        made["".join(draw.choice(part) for _ in range(syllables) for part in parts)] = None
    return list(made), list(accumulate((rank + 2.7) ** -1.15 for rank in range(_WORDS)))


class Page:
    """Writes one page of about `size` bytes. Parts are drawn in the order in which they stand in it."""

    def __init__(self, seed: int, size: int) -> None:
        self._draw = random.Random(seed)
        self._size = size
        # Some parts come whole even in a small page.
        self._share = max(0.03, (size - 4_000) / 96_000)
        self._scripts = 0

    def write(self) -> bytes:
        """The page."""
        parts = [
            self._head(),
            self._navigation(),
            self._article(),
            "".join(self._teaser() for _ in range(self._some(13))),
            self._embeds(),
            self._comments(),
            self._footer(),
            self._closing_scripts(),
        ]
        missing = self._size - sum(len(part.encode()) for part in parts)
        parts.insert(3, self._more_text(missing))
        return "".join(parts).encode()

    # words

    def _some(self, at_100_kb: int) -> int:
        return max(1, round(at_100_kb * self._share))

    def _words(self, count: int) -> str:
        words, weights = _vocabulary()
        return " ".join(self._draw.choices(words, cum_weights=weights, k=count))

    def _slug(self, count: int = 4) -> str:
        return self._words(count).replace(" ", "-")

    def _hex(self, digits: int) -> str:
        return f"{self._draw.getrandbits(4 * digits):0{digits}x}"

    def _sentence(self) -> str:
        text = self._words(self._draw.randint(6, 22)).capitalize()
        return text + self._draw.choice((". ", ". ", ", though. ", "? ", " &ndash; so far. "))

    def _text(self, sentences: int) -> str:
        return "".join(self._sentence() for _ in range(sentences))

    def _paragraph(self) -> str:
        link = f'<a href="/{self._slug()}-{self._hex(6)}.html" data-track="inline">{self._words(3)}</a>'
        accent = self._draw.choice((f"<strong>{self._words(3)}</strong> ", f"<em>{self._words(2)}</em> ", "", ""))
        return f'<p class="body-text">{self._text(2)}{accent}{self._sentence()}{link}, {self._text(1)}</p>\n'

    # parts

    def _head(self) -> str:
        title, picture = self._words(8).capitalize(), self._hex(12)
        metas = "".join(
            f'<meta {kind}="{name}" content="{self._words(9)}">\n'
            for kind, name in snippets.METAS[: self._some(len(snippets.METAS))]
        )
        links = "".join(f"{each}\n" for each in snippets.LINKS[: self._some(len(snippets.LINKS))])
        scripts = "".join(self._inline_script() for _ in range(self._some(5)))
        return (
            f'<!DOCTYPE html>\n<html lang="en" class="no-js">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            f'<meta name="request-id" content="{STAMP.decode()}">\n{metas}'
            f'<meta property="og:image" content="https://img.news.test/{picture}/1200.jpg">\n{links}'
            f"<style>{self._styles()}</style>\n"
            f'<script type="application/ld+json">{self._structured_data(title)}</script>\n{scripts}'
            f"{''.join(self._script() for _ in range(self._some(7)))}</head>\n"
        )

    def _styles(self) -> str:
        return "".join(
            snippets.STYLE.format(name=self._slug(1), number=self._draw.randint(1, 64), colour=self._hex(6))
            for _ in range(self._some(45))
        )

    def _structured_data(self, title: str) -> str:
        data = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": title,
            "description": self._text(2),
            "image": [f"https://img.news.test/{self._hex(12)}/{width}.jpg" for width in (640, 1200)],
            "author": [{"@type": "Person", "name": self._words(2).title()}],
        }
        return json.dumps(data).replace("/", r"\/")

    def _navigation(self) -> str:
        items = "".join(
            f'<li class="nav__item nav__item--level-1 menu-item"><a class="nav__link" href="/{self._slug(1)}/" '
            f'data-track-group="navigation" data-track-position="{number}">'
            f"{self._icon() if number % 3 == 0 else ''}<span>{self._words(2).capitalize()}</span></a></li>\n"
            for number in range(self._some(30))
        )
        return (
            f'<body class="article theme-light" data-page="{self._hex(8)}">\n{snippets.PIXEL_IN_BODY}\n'
            f'<header class="site-header" role="banner"><nav aria-label="Sections"><ul class="nav">{items}</ul></nav>'
            f"{snippets.SEARCH}</header>\n<!-- {self._words(6)} -->\n"
        )

    def _icon(self) -> str:
        points = " ".join(f"{self._draw.randint(1, 23)}.{self._draw.randint(0, 9)}" for _ in range(14))
        return (
            '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">'
            f'<path fill="currentColor" d="M{points}z"/></svg>'
        )

    def _article(self) -> str:
        figures = self._some(7)
        body = "".join(self._paragraph() + self._paragraph() + self._figure() for _ in range(figures))
        return (
            f'<main id="content"><article class="story" itemscope itemtype="https://schema.org/NewsArticle">\n'
            f'<h1 itemprop="headline">{self._words(9).capitalize()}</h1>\n'
            f'<p class="byline">By <a rel="author" href="/by/{self._slug(2)}">{self._words(2).title()}</a> '
            f"<time datetime=2026-03-0{self._draw.randint(1, 9)}>{STAMP.decode()}</time></p>\n{body}</article>\n"
        )

    def _figure(self) -> str:
        name = self._hex(12)
        widths = ", ".join(f"https://img.news.test/{name}/{width}.webp {width}w" for width in (320, 640, 960, 1280))
        return (
            f'<figure class="figure"><picture><source type="image/webp" srcset="{widths}" sizes="(min-width: 60em) '
            f'40rem, 100vw"><img src="https://img.news.test/{name}/640.jpg" alt="{self._words(6)}" width="640" '
            f'height="360" loading="lazy" decoding="async"></picture><figcaption>{self._sentence()}'
            f"<small>Photo: {self._words(2).title()}</small></figcaption></figure>\n"
        )

    def _teaser(self) -> str:
        name = self._hex(12)
        slot = self._draw.random() < 0.4
        return (
            f'<section class="teaser teaser--{self._draw.choice("sml")} grid__cell" data-id="{self._hex(8)}">\n'
            f'<div class="teaser__media media media--ratio-16-9"><a class="teaser__link" '
            f'href="/{self._slug()}-{self._hex(6)}.html"><img class="teaser__image" src="/media/{name}-300.jpg" '
            f'srcset="/media/{name}-300.jpg 1x, /media/{name}-600.jpg 2x" alt="{self._words(4)}" width="300" '
            f'height="169" loading="lazy"></a></div>'
            f'<div class="teaser__body"><h3 class="teaser__title">{self._words(7).capitalize()}</h3>'
            f'<p class="teaser__text">{self._sentence()}</p><span class="teaser__meta">{self._icon()}'
            f"{self._draw.randint(2, 59)} min</span></div></section>\n{self._slot() if slot else ''}"
        )

    def _slot(self) -> str:
        self._scripts += 1
        name = f"ad-{self._hex(6)}"
        return f'<div class="ad-slot" id="{name}"><script>adq.push(function(){{adq.show("{name}");}});</script></div>\n'

    def _embeds(self) -> str:
        embeds = snippets.EMBEDS[: self._some(len(snippets.EMBEDS))]
        return "".join(each.format(id=self._hex(11), title=self._words(4)) for each in embeds)

    def _comments(self) -> str:
        comments = "".join(self._comment(number) for number in range(self._some(60)))
        return (
            f'<section id="comments"><h2>Comments</h2>\n{snippets.COMMENT_FORM}<ol>{comments}</ol></section></main>\n'
        )

    def _comment(self, number: int) -> str:
        return (
            f'<li class="comment depth-{number % 3} thread-item" id="comment-{number}">'
            f'<article class="comment__body">\n'
            f'<footer class="comment__meta"><div class="comment__author"><b class="fn">{self._words(2).title()}</b>'
            f' <span class="says">says:</span></div><div class="comment__metadata"><a class="comment__date" '
            f'href="/articles/story#comment-{number}"><time>{self._draw.randint(1, 23)} hours ago</time></a></div>'
            f'</footer>\n<div class="comment__content"><p>{self._text(self._draw.randint(1, 2))}</p></div>\n'
            f'<div class="comment__actions"><button type="button" class="button button--quiet" aria-label="Recommend" '
            f'data-vote="{self._draw.randint(10000, 99999)}">+{self._draw.randint(0, 99)}</button><a rel="nofollow" '
            f'class="comment__reply" href="/articles/story?replyto={number}#respond">Reply</a></div></article></li>\n'
        )

    def _footer(self) -> str:
        links = "".join(
            f'<li><a href="/{self._slug(2)}">{self._words(2).capitalize()}</a></li>\n' for _ in range(self._some(36))
        )
        return f'<footer class="site-footer"><ul>{links}</ul><p>&copy; 2026 {self._words(5)}</p></footer>\n'

    def _closing_scripts(self) -> str:
        state = {self._slug(1): {"id": self._hex(10), "title": self._words(6)} for _ in range(self._some(60))}
        self._scripts += 1
        scripts = [f"<script>window.__STATE__={json.dumps(state)};</script>\n"]
        while self._scripts < self._some(40):
            scripts.append(self._inline_script() if self._scripts % 4 == 0 else self._script())
        return "".join(scripts) + f"{snippets.PIXELS}</body>\n</html>\n"

    def _script(self) -> str:
        host = snippets.SCRIPT_HOSTS[self._scripts % len(snippets.SCRIPT_HOSTS)]
        self._scripts += 1
        how = self._draw.choice((" async", " defer", "", ' async crossorigin="anonymous"'))
        return f'<script src="{host}/{self._slug(2)}.{self._hex(8)}.js?v={self._hex(4)}"{how}></script>\n'

    def _inline_script(self) -> str:
        snippet = snippets.INLINE[self._scripts % len(snippets.INLINE)]
        self._scripts += 1
        return f"<script>{snippet.replace('%ID%', self._hex(9)).replace('%NAME%', self._slug(2))}</script>\n"

    def _more_text(self, missing: int) -> str:
        """What the page still lacks of its size, as further stories."""
        parts: list[str] = []
        while missing > 300:
            parts.append(f"<h2>{self._words(5).capitalize()}</h2>\n{self._paragraph()}{self._paragraph()}")
            missing -= len(parts[-1].encode())
        return f'<section class="more">{"".join(parts)}</section>\n'


def make_page(seed: int, size: int = 100_000) -> bytes:
    """A page of about `size` bytes, with 40 scripts, 20 images and 60 comments for each 100 KB."""
    return Page(seed, size).write()


def stamped(page: bytes, number: int) -> bytes:
    """The same page with other bytes near its beginning and in its text: new to whatever remembers pages."""
    return page.replace(STAMP, b"%010d" % number)
