"""What is taken for harmless at a glance: it must never be a tag that a full look would edit."""

from __future__ import annotations

import random

import pytest

from consentkit.rewrite.decisions import LOADING, decide
from consentkit.rewrite.edits import Decision
from consentkit.rewrite.harmless import is_harmless
from consentkit.rewrite.rules import Ruleset
from consentkit.rewrite.tags import Inside, Tag, scan_tag
from consentkit.rewrite.urls import RELATIVE
from tests.rewrite.dom import REFUSED, RULESET

_RULES = [REFUSED, RULESET.for_consent(frozenset({"stats"}), frozenset({"analytics"}))]
_NAMES = [*sorted(name.decode() for name in LOADING), "script", "script", "img", "img"]
_STARTS = ["//", "https://", "http:/", "https:", "/", "\\\\", "/\\", "https:///", "", "/a//", "javascript:", "ftp://"]
_STARTS += ["data:text/html,//", "&#47;/", "/&sol;", "\t//", "/\t/", " //"]
_HOSTS = [
    "ads.example",
    "x.ads.example",
    "stats.example",
    "127.0.0.1:8001",
    "127.0.0.1",
    "127.1:8001",
    "other.test",
    "",
]
_HOSTS += ["ADS.example", "ads.example.", "ads&period;example", "ads%2eexample", "ads\u00adexample", "u@ads.example"]
_HOSTS += ["ads.example:443", "/ads.example", "\\ads.example", "xn--a.ads.example", "0x7f.1:8001", "127.1:8001", "a.b"]
_ENDS = ["", "/x", "?y=1&amp;z=2", "?a&b=2", "#z", "/%41", "/a b", ","]
_ATTRIBUTES = ["src", "href", "srcset", "data", "poster", "data-src", "class", "alt", "imagesrcset", "xlink:href"]
_ATTRIBUTES += ["type", "rel", "style", "data-category", "srcdoc", "language", "SRC", "src ", "data-ckit"]
_VALUES = [
    "text/plain",
    "module",
    "stylesheet",
    "preload icon",
    "image",
    "width:1px",
    "(max-width: 9px) 1px",
    "optanon-category-C0002",
]


def _tag(source: random.Random) -> bytes:
    parts = ["<" + source.choice(_NAMES) if source.random() < 0.7 else "<script src='/x'"]
    for _ in range(source.randrange(4)):
        quote = source.choice(['"', "'", ""])
        value = source.choice(_STARTS) + source.choice(_HOSTS) + source.choice(_ENDS)
        value = value if source.random() < 0.75 else source.choice(_VALUES)
        name = source.choice([" ", " ", "\n", "/"]) + source.choice(_ATTRIBUTES)
        parts.append(name + source.choice(["=", "=", "= ", ""]) + quote + value + quote)
    return "".join([*parts, source.choice([">", "/>", " >"])]).encode()


def _is_whole(tag: bytes) -> bool:
    end, state = scan_tag(tag, Tag(tag).name_end, len(tag), Inside.BETWEEN)
    return state >= Inside.CLOSED and end == len(tag)


def test_harmless_tags_are_those_that_stay() -> None:
    """Whatever passes at a glance is left as it is by a full look too, and a good part of tags does pass."""
    source, passed, count = random.Random(3), 0, 0
    while count < 20_000:
        tag, rules = _tag(source), source.choice(_RULES)
        if _is_whole(tag):
            count += 1
            if is_harmless(tag, rules):
                passed += 1
                assert decide(tag, rules, RELATIVE, lambda _: None) == Decision(), tag
    assert passed > 2000


@pytest.mark.parametrize(
    "tag",
    [
        b"<img src=https://other.test/a.png alt='x'>",
        b'<img src="/own.png?a=1&amp;b=2" srcset="/a 1x, /b 2x">',
        b'<script src="https://cdn.other.test/x.js" async></script>'[:-9],
        b"<link rel=stylesheet href=//fonts.test/x>",
        b"<img src=//STATS.other.test/x>",
    ],
)
def test_plain_tags_pass_at_a_glance(tag: bytes) -> None:
    """What most tags of a page look like needs no full look."""
    assert is_harmless(tag, REFUSED)


def test_hosts_are_known_with_those_below_them() -> None:
    """A host may be held back when it, or one above it, is declared by a refused service, with a port or without."""
    assert not REFUSED.may_hold(b"other.test")
    assert REFUSED.may_hold(b"sub.ads.example")
    assert REFUSED.may_hold(b"127.0.0.1")
    strict = Ruleset([], ["necessary"], unknown="block").for_consent(frozenset(), frozenset())
    assert strict.may_hold(b"other.test")
