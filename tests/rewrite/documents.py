"""Random HTML documents, nasty on purpose: the pieces that make tokenizers and tree builders change their mind."""

from __future__ import annotations

import random

_PLAIN = [
    "text ",
    " ",
    "\n",
    "&amp;",
    "&lt;script src=//ads.example/x&gt;",
    "a < b",
    "<",
    "</",
    "<3",
    "\u00e9",
    "<!",
    "<?php x>",
    "<!-- c -->",
    "<!-- <img src=//ads.example/c> -->",
    "<!-->",
    "<!--->",
    "<!-- a --!>",
    "<!--",
    "-->",
    "<!doctype html>",
    "<![CDATA[",
    "]]>",
    "<![CDATA[ <img src=//ads.example/d> ]]>",
    "</>",
    "</ x>",
    "<!x>",
    "<a",
    "'",
    '"',
    "=",
    ">",
    "/>",
]
_GATED = [
    "<script src=//ads.example/s.js></script>",
    "<script src='https:/\\ads.example/t.js'>",
    "<script>adq.push(1)</script>",
    "<script>var a = '<!--<script>'; </script>",
    "<script><!-- <script> </script> adq.push( --></script>",
    "</script>",
    "<img src=//ads.example/p.gif>",
    "<img src='//cdn.ads.example/p' alt='a > b'>",
    '<img alt="</p>" src="//ADS.example">',
    "<img src=/own.png>",
    "<IMG SRC=//ads.example/up>",
    "<image src=//ads.example/i>",
    "<img src=//ads.example/1 src=2>",
    "<iframe src=https://ads.example/f></iframe>",
    "<iframe src=//ads.example/f sandbox=a>",
    "</iframe>",
    "<iframe>",
    "<iframe srcdoc='<img src=//ads.example/n>'></iframe>",
    "<img/src=//ads.example/sl/>",
    "<script src=/own.js></script>",
    '<script type=application/json>{"u": "</body>adq.push("}</script>',
    "<script>",
    "<script >x</script >",
    "<img src=//ads.example/e\nalt = 'x' = y>",
    "<img srcset='//ads.example/a 1x, /b 2x' src=/own>",
    "<img src=//ads&period;example>",
    "<embed src=//ads.example/em>",
    "<script/src=//ads.example/z></script>",
    "<frame src=//ads.example/fr>",
    "<svg><script href=//ads.example/h></script></svg>",
    "<script type=module src=//ads.example/m></script>",
]
_RAW = ["style", "textarea", "title", "xmp", "noembed", "noframes", "noscript"]
_ELEMENTS = [
    "html",
    "head",
    "body",
    "p",
    "div",
    "span",
    "a",
    "b",
    "i",
    "em",
    "strong",
    "font",
    "h1",
    "h2",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "tbody",
    "tr",
    "td",
    "th",
    "caption",
    "colgroup",
    "col",
    "select",
    "option",
    "optgroup",
    "button",
    "form",
    "input",
    "br",
    "hr",
    "pre",
    "svg",
    "math",
    "g",
    "path",
    "foreignObject",
    "desc",
    "title",
    "mi",
    "mo",
    "annotation-xml",
    "nobr",
    "applet",
    "object",
    "marquee",
    "ruby",
    "rt",
    "address",
    "section",
    "center",
    "frameset",
    "textarea",
    "style",
    "xmp",
]
_NESTING = (
    *("svg", "math", "select", "table", "tr", "td", "b", "a", "p", "div", "foreignObject", "mi", "desc"),
    *("annotation-xml", "option", "button", "li", "form"),
)
_ATTRIBUTES = [
    "",
    "",
    "",
    " class=x",
    " id='a>b'",
    ' title="</div>"',
    " hidden",
    "/",
    " a=b/",
    " a='",
    " color=red",
    ' x="y"z',
]
_OPENINGS = [
    "",
    "",
    "<!doctype html>",
    "<html>",
    "<!doctype html><html><head>",
    "<head>",
    "<body>",
    "<title>x</title>",
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>t</title></head><body>",
    "<meta charset=utf-8>",
]


def random_document(random_source: random.Random, pieces: int = 14, *, templates: bool = False) -> str:
    """A document of up to so many pieces, the same for the same state of `random_source`."""
    chosen = [random_source.choice(_OPENINGS)]
    chosen += [_piece(random_source, templates=templates) for _ in range(random_source.randrange(1, pieces))]
    return "".join(chosen)


_PROBES = [
    "<style><img src=//ads.example></style>",
    "<title><img src=//ads.example></title>",
    "<![CDATA[<img src=//ads.example>]]>",
    "<iframe><img src=//ads.example></iframe>",
]


def random_nesting(random_source: random.Random) -> str:
    """Elements opened and closed in the wrong order, then something that reads differently by what is open."""
    tags = ["<body>"]
    for _ in range(random_source.randrange(2, 12)):
        name = random_source.choice(random_source.choice((_ELEMENTS, _NESTING)))
        tags.append(random_source.choice((f"<{name}>", f"<{name}>", f"<{name} color=x>", f"</{name}>", "x")))
    return "".join([*tags, random_source.choice(_PROBES), random_source.choice(tags), random_source.choice(_PROBES)])


def _piece(source: random.Random, *, templates: bool) -> str:
    kind = source.random()
    if kind < 0.2:
        return source.choice(_PLAIN)
    if kind < 0.5:
        return source.choice(_GATED)
    if kind < 0.6:
        name = source.choice(_RAW)
        return (
            f"<{name}>"
            + source.choice(["x", source.choice(_GATED), source.choice(_PLAIN)])
            + source.choice(["", f"</{name}>"])
        )
    name = "template" if templates and source.random() < 0.2 else source.choice(_ELEMENTS)
    if kind < 0.72:
        return f"</{name}>"
    return f"<{name}{source.choice(_ATTRIBUTES)}>"
