"""Spellings that once slipped past the gates, each seen to load in a browser, stay closed however they are cut."""

from __future__ import annotations

from html import escape
from ipaddress import IPv4Address

import pytest

from consentkit.rewrite.urls import read_address
from tests.rewrite.dom import RULESET, rewrite

_ZEROS = b"0" * 5000


def _nested(depth: int) -> bytes:
    inner = escape(_nested(depth - 1).decode()) if depth else ""
    return f'<iframe srcdoc="{inner or "//ads.example"}"></iframe>'.encode()


_DEEP = _nested(6)


@pytest.mark.parametrize(
    "markup",
    [
        b"<img src='//ads.example:00000000000000000443/x'>",
        b"<img src='//&#" + _ZEROS + b"97;ds.example/'>",
        b"<img src='//&#x" + _ZEROS + b"61;ds.example/'>",
        b"<img srcset='//u\x1c@ads.example/x'>",
        b"<img srcset='/a 1x, //u,v@ads.example/x 2x'>",
        b"<iframe src='data:text/html,<script src=//ads.example></script>'></iframe>",
        b"<iframe src='DATA:text/html;base64,PGltZyBzcmM9aHR0cHM6Ly9hZHMuZXhhbXBsZS96Pg'></iframe>",
        b"<object data='data:text/html,%3Cimg src=https://ads.example>'></object>",
        b"<embed src='data:text/html,<img src=https://ads.example>'>",
        b"<base href=//ads.example><iframe srcdoc='<img src=x>'></iframe>",
        b"<base href=//own.example/><iframe srcdoc='<base href=//ads.example/><img src=x>'></iframe>",
        b"<noscript><base href=//ads.example></noscript><img src=x>",
        b"<svg><script>adq.push(1)</script></svg>",
        b"<svg><script>ad&#113;.push(1)<b>x</script></svg>",
        b"<svg><script>adq.push(1)",
        b"<svg><script>x</script><script>adq.push(1)</script>",
        b"<script type=text/plain type=module src=//ads.example></script>",
        b"<script type=text/html type='' src=//ads.example></script>",
        b"<script type='\x0btext/javascript' src=//ads.example></script>",
        b"<link rel=canonical rel=preload as=script href=//ads.example>",
        b"<input type=text type=image src=//ads.example>",
        _DEEP,
    ],
)
def test_every_spelling_is_gated(markup: bytes) -> None:
    """The element is made inert for its service, whole and byte by byte."""
    output, rewriter = rewrite(markup, inject="never")
    assert rewriter.gated == {"adnet": 1}
    assert output.count(b'data-ckit="marketing/adnet"') == 1
    assert rewrite(markup, inject="never", size=1)[0] == output


@pytest.mark.parametrize(
    "markup",
    [
        b"<base href=/><base href=//ads.example><img src=x>",
        b"<svg><script/>adq.push(1)</script></svg>",
        b"<svg><script>x()</script>adq.push(1)<style><b></style></svg>",
        b"<iframe src='data:text/html,<p>adq'></iframe>",
        b"<iframe src='data:text/html;base64,x'></iframe>",
        b"<img src='data:image/svg+xml,<script src=//ads.example></script>'>",
        b"<img src='//a&#" + b"9" * 5000 + b";ds.example/'>",
        b"<link rel=canonical rel=author href=//ads.example>",
        b"<script type=text/html type=text/plain src=//ads.example></script>",
    ],
)
def test_what_loads_nothing_is_left_alone(markup: bytes) -> None:
    """Close relatives of those spellings that load nothing from a refused service pass byte for byte."""
    assert rewrite(markup, inject="never")[0] == markup
    assert rewrite(markup, inject="never", size=1)[0] == markup


def test_nothing_nested_is_too_deep_when_all_is_allowed() -> None:
    """Documents nested deeper than is read are closed only while something is refused."""
    rules = RULESET.for_consent(frozenset({"adnet", "stats"}), frozenset({"analytics", "marketing"}))
    assert rewrite(_DEEP, rules, inject="never")[0] == _DEEP


def test_a_script_in_svg_is_only_looked_into() -> None:
    """What is in it is still read as markup afterwards, so that an image in it is gated and raw text stays text."""
    markup = b"<svg><script>x<b><img src=//ads.example></b></script><style><img src=//ads.example></style>"
    output, rewriter = rewrite(markup, inject="never")
    assert rewriter.gated == {"adnet": 1}
    assert output.startswith(b'<svg><script>x<b><img data-ckit="marketing/adnet" data-ckit-src=//ads.example></b>')
    assert output.endswith(b"<style><img src=//ads.example></style>")
    assert rewrite(markup, inject="never", size=1)[0] == output


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("//ad\u180bs.example/", "ads.example"),
        ("//ad\u115fs.example/", "ads.example"),
        ("//ad\U000e0100s.example/", "ads.example"),
        ("//\U0001ccd6ds.example/", "ads.example"),
        ("//" + "0" * 40 + "17700000001/", "127.0.0.1"),
        ("//0x" + "0" * 40 + "7f000001/", "127.0.0.1"),
        ("//0x/", str(IPv4Address(0))),
    ],
)
def test_hosts_are_read_as_chromium_reads_them(url: str, host: str) -> None:
    """Ignored characters, newer compatibility forms and any number of leading zeros change nothing."""
    address = read_address(url)
    assert address is not None
    assert address.host == host


@pytest.mark.parametrize("port", ["65536", "1e3", "000000065536"])
def test_impossible_ports_lead_nowhere(port: str) -> None:
    """A port that browsers refuse makes the URL lead to no host; one of zeros alone is port 0."""
    assert read_address(f"//ads.example:{port}/") is None
    zero = read_address("//ads.example:000/")
    assert zero is not None
    assert zero.port == 0


@pytest.mark.parametrize(
    "script",
    [
        b"<![CDATA[/*</script>*/adq.push(1)]]></script>",
        b"<![CDATA[</script>adq.push(",
        b"<!-- </script> -->adq.push(1)</script>",
        b"<!-->adq.push(1)</script>",
        b"adq</>.push(1)</script>",
        b"ad<!-- x -->q.pu<b>sh(1)</script>",
        b"<![CDATA[adq]]>.push(1)</script>",
        b"a<g/>dq&#46;push(1)</script>",
    ],
)
def test_a_script_in_svg_is_read_as_the_markup_it_is(script: bytes) -> None:
    """An end tag inside CDATA or a comment is none, and tags that stand inside a word of the script don't hide it."""
    for size in (0, 1, 7):
        output, rewriter = rewrite(b"<svg><script>" + script, size=size)
        assert rewriter.gated == {"adnet": 1}
        assert b'<script type="text/plain" data-ckit="marketing/adnet">' in output
