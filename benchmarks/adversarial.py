"""How fast the rewriter reads what is made to be slow to read, and whether twice as much takes twice as long.

Run: python -m benchmarks.adversarial [--size 500000] [--chunk 1460] [only ...]

Every row feeds one document in chunks. MB/s is of CPU time; T(2n)/T(n) should be near 2. Tags that differ each time
must each be decided on, so that those rows show what a decision costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from html import escape

from consentkit.rewrite.rules import Ruleset, ServiceRule
from consentkit.rewrite.stream import Rewriter

_RULES = Ruleset(
    [
        ServiceRule("adnet", "marketing", ("ads.example",), ("adq.push(",)),
        ServiceRule("stats", "analytics", ("stats.example",), ("stats.track",)),
    ],
    ["necessary", "analytics", "marketing"],
).for_consent(frozenset(), frozenset())
_GOAL = 5.0


def _repeat(text: str, before: str = "<body>") -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        return (before + text * (size // len(text) + 1)).encode()[:size]

    return make


def _count(text: str, before: str = "<body>") -> Callable[[int], bytes]:
    """Every occurrence is another one: `{}` is its number."""

    def make(size: int) -> bytes:
        return (before + "".join(map(text.format, range(size // len(text) + 1)))).encode()[:size]

    return make


def _nested(size: int) -> bytes:
    document = "<img src=//ads.example/x>" * 40
    for _ in range(3):
        document = f'<iframe srcdoc="{escape(document)}"></iframe>'
    return ("<body>" + document * (size // len(document) + 1)).encode()[:size]


_COLUMNS = "<body><template><col>"
_FOREIGN = "<body><svg><desc><b></b></desc><font></font></svg>"
DOCUMENTS: dict[str, Callable[[int], bytes]] = {
    "text": _repeat("word "),
    "<a ": _repeat("<a "),
    "<": _repeat("<"),
    "</": _repeat("</"),
    "</a ": _repeat("</a "),
    "<!--": _repeat("<!--"),
    "<!": _repeat("<!"),
    "<!-->": _repeat("<!-->"),
    "<!-- - -->": _repeat("<!-- - -->"),
    "<?": _repeat("<? "),
    "</ >": _repeat("</ >"),
    "one tag of attributes": _repeat(" a", "<body><a"),
    "one gated tag of attributes": _repeat(" a", "<body><img"),
    "attributes with values": _repeat(" a='b'", "<body><img"),
    "unclosed quote": _repeat("x", "<body><a b='"),
    "unclosed quote in a gated tag": _repeat("x", "<body><img src='"),
    "a quote in every tag": _repeat("<a b='"),
    "<b>": _repeat("<b>"),
    "<b>x</b>": _repeat("<b>x</b>"),
    "<a><b></a>": _repeat("<a><b></a>x"),
    "<b><p></b>": _repeat("<b><p></b>"),
    "<p>": _repeat("<p>"),
    "<form>": _repeat("<form>"),
    "<div>": _repeat("<div>"),
    "<script>": _repeat("<script>"),
    "<script></script>": _repeat("<script></script>"),
    "<script>x</script>": _count("<script>x{}</script>"),
    "</script": _repeat("</script", "<body><script>"),
    "<!--<script>": _repeat("<!--<script>", "<body><script>"),
    "<script><!--": _repeat("<script><!--</script>"),
    "</script in a comment": _repeat("<script></script>-->", "<body><script><!--"),
    "<style>": _repeat("<style>"),
    "<style></style>": _repeat("<style></style>"),
    "<title>": _repeat("<title><b></title>"),
    "<textarea>": _repeat("<textarea><p></textarea>"),
    "<plaintext>": _repeat("<b>", "<body><plaintext>"),
    "<svg>": _repeat("<svg>"),
    "<svg></svg>": _repeat("<svg></svg>"),
    "<svg><g>": _repeat("<g>", "<body><svg>"),
    "<svg><g></g>": _repeat("<g></g>", "<body><svg>"),
    "<svg><path/>": _repeat("<path/>", "<body><svg>"),
    "<svg></g>": _repeat("</g>", "<body><svg>"),
    "<svg><b>": _repeat("<svg><b>"),
    "<svg><desc><p>": _repeat("<svg><desc><p>"),
    "<svg><script>": _repeat("<svg><script>x</script></svg>"),
    "<svg><style>": _repeat("<svg><style><b></style></svg>"),
    "<![CDATA[": _repeat("<![CDATA[", "<body><svg>"),
    "<![CDATA[]]>": _repeat("<![CDATA[]]>", "<body><svg>"),
    "<math><mi>": _repeat("<math><mi>"),
    "<math><mi>x</mi></math>": _repeat("<math><mi>x</mi></math>"),
    "<select><option>": _repeat("<select><option>"),
    "<select><b></select>": _repeat("<select><b></select>"),
    "<table><tr><td>": _repeat("<table><tr><td>"),
    "<template>": _repeat("<template>"),
    "<template></template>": _repeat("<template></template>"),
    "<noscript>": _repeat("<noscript>"),
    "<noscript></noscript>": _repeat("<noscript></noscript>"),
    "<noscript><img></noscript>": _count("<noscript><img src=//x.test/{}></noscript>"),
    "<frameset>": _repeat("<frameset>"),
    "<frameset> in the head": _repeat("<frameset><frame>", ""),
    "<img>": _repeat("<img src=//x.test/>"),
    "<img> each another": _count("<img src=//x{}>"),
    "<img> each gated": _count("<img src=//ads.example/{}>"),
    "<img> under a base": _count("<img src=//x{}>", "<base href=//b.test><body>"),
    "<iframe srcdoc>": _count("<iframe srcdoc='<img src=//ads.example/{}>'></iframe>"),
    "<iframe srcdoc> nested": _nested,
    "&amp; in addresses": _repeat("&amp;", "<body><img src='//x.test/"),
    "&amp; in many addresses": _count("<img src='{}" + "&amp;" * 100 + "'>"),
    "commas in lists": _count("<img srcset='{}" + ",a" * 200 + "'>"),
    "head: <meta>": _repeat("<meta a=b>", "<head>"),
    "head: <link>": _count("<link rel=icon href={}>", "<head>"),
    "head: <noscript>": _repeat("<noscript><link></noscript>", "<head>"),
    "html: <!---->": _repeat("<!---->", "<html>"),
    **{
        f"{name}, then {text}": _repeat(text, before)
        for name, before in (("<template><col>", _COLUMNS), ("<svg><font>", _FOREIGN))
        for text in ("<b>", "<p>", "<a><b></a>x", "<b><p></b>", "<div class=x>word</div>", "<table><tr><td>", "<svg>")
    },
}


def _seconds(document: bytes, chunk: int) -> float:
    rewriter = Rewriter(_RULES, head=b"<link>", body=b"<div></div>")
    _RULES.memory.clear()
    start = time.process_time()
    for at in range(0, len(document), chunk):
        rewriter.feed(document[at : at + chunk])
    rewriter.close()
    return time.process_time() - start


def measure(make: Callable[[int], bytes], size: int, chunk: int) -> tuple[float, float]:
    """Megabytes a second, and how much longer twice as much takes."""
    once = min(_seconds(make(size), chunk) for _ in range(2))
    twice = min(_seconds(make(2 * size), chunk) for _ in range(2))
    return 2 * size / twice / 1e6, twice / once


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=250_000)
    parser.add_argument("--chunk", type=int, default=1460)
    parser.add_argument("only", nargs="*", help="parts of the names of the rows to measure")
    options = parser.parse_args()
    print(f"{'document':34} {'MB/s':>8} {'T(2n)/T(n)':>11}")
    slow = 0
    for name, make in DOCUMENTS.items():
        if options.only and not any(x in name for x in options.only):
            continue
        speed, growth = measure(make, options.size, options.chunk)
        slow += speed < _GOAL
        print(f"{name:34} {speed:8.1f} {growth:11.2f}{'' if speed >= _GOAL else '  below goal'}", flush=True)
    print(f"{slow} rows below {_GOAL:.0f} MB/s")


if __name__ == "__main__":
    main()
