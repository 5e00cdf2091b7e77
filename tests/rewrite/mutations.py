"""Documents for the campaign: one for every number, always the same one, and most of them spoilt in some way."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.rewrite.documents import random_document, random_nesting
from tests.rewrite.page_maker import page
from tests.rewrite.short_documents import SHORT_DOCUMENTS

#: No document is longer, so that a million stay affordable.
LONGEST = 6000

_TOKENS = [
    *(
        b"<",
        b">",
        b"</",
        b"/>",
        b"<!--",
        b"-->",
        b"--!>",
        b"<!-->",
        b"<!--->",
        b"<!-",
        b"<!",
        b"<?",
        b"</>",
        b"</ ",
        b"<!doctype",
    ),
    *(
        b"<![CDATA[",
        b"]]>",
        b"]]",
        b'"',
        b"'",
        b"=",
        b"/",
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"\x0c",
        b"\x00",
        b"\x0b",
        b"&",
    ),
    *(
        b"&#60;",
        b"&lt",
        b"&lt;",
        b"&#x26;",
        b"&#0;",
        b"&notit;",
        b"\xef\xbb\xbf",
        b"\xe9",
        b"\xc3\xa9",
    ),
    *(b"\x80", b"\xff", b"\xf0\x9f\x8d\xaa", b"\xe2\x80\xa8", b"\xc2\xa0", b"\xe2\x80\x8b"),
    *(
        b"<script>",
        b"</script>",
        b"</script ",
        b"</scrip",
        b"<script",
        b"<style>",
        b"</style>",
        b"<title>",
        b"</title>",
    ),
    *(b"<textarea>", b"</textarea>", b"<xmp>", b"</xmp>", b"<iframe>", b"</iframe>", b"<noframes>", b"</noframes>"),
    *(
        b"<noembed>",
        b"</noembed>",
        b"<noscript>",
        b"</noscript>",
        b"<plaintext>",
        b"<template>",
        b"</template>",
        b"<svg>",
    ),
    *(
        b"</svg>",
        b"<math>",
        b"</math>",
        b"<foreignObject>",
        b"</foreignObject>",
        b"<desc>",
        b"<mi>",
        b"<annotation-xml>",
    ),
    *(
        b"<annotation-xml encoding=text/html>",
        b"<select>",
        b"</select>",
        b"<option>",
        b"<table>",
        b"</table>",
        b"<tr>",
        b"<td>",
    ),
    *(
        b"<caption>",
        b"<colgroup>",
        b"<col>",
        b"<form>",
        b"</form>",
        b"<p>",
        b"</p>",
        b"<b>",
        b"</b>",
        b"<a>",
        b"</a>",
        b"<li>",
    ),
    *(
        b"<html>",
        b"<head>",
        b"</head>",
        b"<body>",
        b"</body>",
        b"</html>",
        b"<frameset>",
        b"<frame>",
        b"<br>",
        b"</br>",
    ),
    *(
        b"<base href=//ads.example/>",
        b"<img src=//ads.example/p>",
        b"<script src=//ads.example/s></script>",
        b"adq.push(",
    ),
    *(
        b"<iframe src=//ads.example/f></iframe>",
        b"<svg/>",
        b"<p/>",
        b"<script/>",
        b"<a href=#m>S</a>",
        b"<input type=hidden>",
    ),
]
_NAMES = [
    *(
        b"img",
        b"IMG",
        b"script",
        b"ScRiPt",
        b"iframe",
        b"source",
        b"video",
        b"embed",
        b"object",
        b"link",
        b"input",
        b"image",
    ),
    *(b"svg", b"div", b"p", b"a", b"body", b"html", b"template", b"x-y", b"img\x00", b"b", b"base", b"track", b"frame"),
]
_ATTRIBUTES = [
    *(
        b"src",
        b"SRC",
        b"srcset",
        b"href",
        b"data",
        b"poster",
        b"srcdoc",
        b"type",
        b"rel",
        b"data-src",
        b"class",
        b"alt",
    ),
    *(
        b"sandbox",
        b"s\x00rc",
        b"xlink:href",
        b"imagesrcset",
        b"'",
        b'"',
        b"=",
        b"<img",
        b"a<b",
        b"\xe9",
        b"id",
        b"style",
    ),
]
_VALUES = [
    *(
        b"//ads.example/x",
        b"https://cdn.ads.example/y",
        b"https:/\\ads.example",
        b"//ads&period;example",
        b"//a&#100;s.example",
    ),
    *(
        b"HTTPS://ADS.EXAMPLE/",
        b"//ads.example:80/q?a=b&c",
        b"/own.png",
        b"own",
        b"",
        b"a > b",
        b"module",
        b"text/javascript",
    ),
    *(
        b"image",
        b"stylesheet",
        b"preload",
        b"text/plain",
        b"/a 1x, //ads.example/b 2x",
        b"data:,",
        b"a/",
        b"/",
        b"\xe9",
    ),
    *(
        b"&lt;img src=//ads.example/n&gt;",
        b"//stats.example",
        b"http://127.0.0.1:8001/s",
        b"\n//ads.example\t",
        b"\x00",
    ),
]


def document(number: int) -> bytes:
    """The document of this number."""
    source = random.Random(number)
    make = _MAKERS[number % len(_MAKERS)]
    return make(source)[:LONGEST].replace(b"ckit", b"kit")


def _pieces(source: random.Random) -> bytes:
    return random_document(source, source.choice((6, 14, 25)), templates=source.random() < 0.5).encode()


def _nesting(source: random.Random) -> bytes:
    return random_nesting(source).encode()


def _mutated_pieces(source: random.Random) -> bytes:
    return mutate(_pieces(source), source)


def _mutated_short(source: random.Random) -> bytes:
    return mutate(source.choice(SHORT_DOCUMENTS), source)


def _mutated_page(source: random.Random) -> bytes:
    return mutate(page(source), source)


def _part_of_page(source: random.Random) -> bytes:
    whole = page(source)
    start = source.randrange(len(whole))
    return mutate(whole[start : start + source.randrange(20, 900)], source)


def _tokens(source: random.Random) -> bytes:
    return b"".join(source.choice(_TOKENS) for _ in range(source.randrange(1, 24)))


def _attributes(source: random.Random) -> bytes:
    opening = source.choice((b"", b"<body>", b"<!doctype html><head>", b"<p>", b"<svg>", b"<select>", b"<noscript>"))
    return opening + b"x".join(_tag(source) for _ in range(source.randrange(1, 5)))


def _tag(source: random.Random) -> bytes:
    parts = [b"<", source.choice(_NAMES)]
    for _ in range(source.randrange(6)):
        parts += [source.choice((b" ", b" ", b"\n", b"/", b"\x0c", b"", b"\t ")), source.choice(_ATTRIBUTES)]
        if source.random() < 0.85:
            quote = source.choice((b'"', b"'", b"", b""))
            parts += [source.choice((b"=", b"=", b" = ", b"=\n")), quote, source.choice(_VALUES), quote]
    return b"".join([*parts, source.choice((b">", b">", b" >", b"/>", b" />", b""))])


_MAKERS: tuple[Callable[[random.Random], bytes], ...] = (
    *(_pieces, _nesting, _tokens, _attributes, _mutated_pieces, _mutated_short, _part_of_page, _tokens, _mutated_page),
    *(_nesting, _attributes, _part_of_page),
)


def mutate(data: bytes, source: random.Random) -> bytes:
    """`data` with one to six things done to it."""
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        data = source.choice(_MUTATIONS)(data, source)
    return data


def _flip(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + bytes((source.randrange(256),)) + data[at + 1 :]


def _insert(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.choice(_TOKENS) + data[at:]


def _insert_at_markup(data: bytes, source: random.Random) -> bytes:
    """Put something where it is most likely to matter: around a `<`, `>` or quote."""
    places = [i for i, x in enumerate(data) if x in b"<>\"'="]
    at = source.choice(places) + source.randrange(2) if places else 0
    return data[:at] + source.choice(_TOKENS) + data[at:]


def _delete(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + data[at + source.choice((1, 1, 2, 5, 30)) :]


def _repeat(data: bytes, source: random.Random) -> bytes:
    start = source.randrange(len(data) + 1)
    end = start + source.choice((1, 3, 10, 60))
    return data[:end] + data[start:end] * source.choice((1, 2, 9)) + data[end:]


def _splice(data: bytes, source: random.Random) -> bytes:
    """Go on with a piece of this document from elsewhere in it."""
    start, end = sorted(source.randrange(len(data) + 1) for _ in range(2))
    at = source.randrange(len(data) + 1)
    return data[:at] + data[start : min(end, start + 400)] + data[at:]


def _cut(data: bytes, source: random.Random) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def _upper(data: bytes, source: random.Random) -> bytes:
    start = source.randrange(len(data) + 1)
    end = start + source.randrange(40)
    return data[:start] + data[start:end].swapcase() + data[end:]


_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flip, _insert, _insert_at_markup, _insert_at_markup, _delete, _repeat, _splice, _cut, _upper),
)
