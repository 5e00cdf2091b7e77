"""URLs are read as browsers read them, whatever they are dressed up as."""

from __future__ import annotations

import pytest

from consentkit.rewrite.urls import RELATIVE, names_its_host, normalise_host, read_address
from tests.rewrite.dom import rewrite


@pytest.mark.parametrize(
    "url",
    [
        "https://ads.example/x",
        "//ads.example/x",
        "HTTPS://ADS.EXAMPLE",
        "https:/\\ads.example/x",
        "https:ads.example",
        "https:////ads.example",
        "\\\\ads.example\\x",
        "/\\ads.example",
        "/\t/ads.exa\nmple/x",
        "  \x01 //ads.example",
        "h\nttps://ads.example",
        "//user:pass@ads.example/",
        "//a@b@ads.example",
        "//ads.example:8443/x",
        "//ads.example./x",
        "//%61ds.example",
        "//ads%2Eexample",
        "//ａｄｓ.example",
        "//ads。example",
        "//ad\u00ads.example",
        "//ads.example?x",
        "//ads.example#x",
        "//a.b.ads.example",
        "wss://ads.example",
    ],
)
def test_every_spelling_of_a_host_is_found(url: str) -> None:
    """A gated host is found in each spelling that a browser would follow to it."""
    document = '<img src="' + url.replace("&", "&amp;") + '">'
    output, rewriter = rewrite(document.encode(), inject="never")
    assert rewriter.gated == {"adnet": 1}
    assert output == b'<img data-ckit="marketing/adnet" data-ckit-' + document.encode().removeprefix(b"<img ")


@pytest.mark.parametrize(
    "value",
    [
        "&#47;&#x2f;ads.example",
        "&#47&#47ads.example",
        "//ads&period;example",
        "&sol;&sol;ads.example",
        "&Tab;//ads&#46example",
        "https&colon;//ads.example/?a=1&copy=2",
    ],
)
def test_references_in_values_are_resolved(value: str) -> None:
    """Character references are resolved before the URL is read, quoted and unquoted."""
    for quote in ("'", '"', ""):
        assert rewrite(f"<img src={quote}{value}{quote} x>".encode(), inject="never")[1].gated == {"adnet": 1}


@pytest.mark.parametrize(
    "url",
    [
        "https://ads.example.org/",
        "https://badads.example/",
        "/ads.example/x",
        "ads.example",
        "?//ads.example",
        "#//ads.example",
        "data:text/html,//ads.example",
        "javascript://ads.example/%0aalert(1)",
        "mailto:x@ads.example",
        "https://ads.exa mple/",
        "https://ads.example:99999/",
        "https://ads.example:x/",
        "https://ads.example%00/",
        "//own.example/?u=//ads.example",
        "//ads.example@own.example/",
        "blob:https://ads.example/1",
        "",
    ],
)
def test_what_leads_elsewhere_is_left_alone(url: str) -> None:
    """URLs to other hosts, to none, and URLs that browsers refuse, stay as they are."""
    document = f'<img src="{url}">'.encode()
    assert rewrite(document, inject="never")[0] == document


def test_references_that_html_leaves_alone_stay() -> None:
    """`&period` without its semicolon is no dot, so this host is another one."""
    document = b"<img src=//ads&period=example>"
    assert rewrite(document, inject="never")[0] == document


@pytest.mark.parametrize(
    ("url", "gated"),
    [
        ("//127.0.0.1:8001/x", True),
        ("http://2130706433:8001/x", True),
        ("http://0x7f.1:8001", True),
        ("http://0177.0.0.1:8001", True),
        ("http://127.1:08001", True),
        ("//127.0.0.1:8002/x", False),
        ("//127.0.0.1/x", False),
        ("//stats.example:99/x", True),
    ],
)
def test_ports_belong_to_the_host_when_declared(url: str, gated: bool) -> None:
    """A host declared with a port is gated on that port only, in every spelling of a number; without one, on all."""
    assert bool(rewrite(f"<img src={url}>".encode(), inject="never")[1].gated) is gated


def test_addresses_of_their_own_kind() -> None:
    """IPv6 is compressed, nonsense numbers are no hosts, and relative URLs say so."""
    assert normalise_host("[0:0:0:0:0:0:0:1]") == "[::1]"
    assert normalise_host("[::g]") == ""
    assert normalise_host("256.256.256.256.1") == ""
    assert normalise_host("1.2.3.4.5.0x") == ""
    assert normalise_host("b\u00fccher.example") == "xn--bcher-kva.example"
    assert read_address("../x?//y") is RELATIVE


def test_the_beginning_of_a_url_may_or_may_not_name_its_host() -> None:
    """A cut URL is known once its host has ended, or once its scheme has none."""
    assert names_its_host("https://ads.example/x")
    assert names_its_host("data:image/png;base64,AAAA")
    assert names_its_host("/own/picture")
    assert not names_its_host("https://ads.exam")
    assert not names_its_host(" " * 100)
    assert not names_its_host("//user:pass")


def test_a_base_makes_relative_urls_lead_to_it() -> None:
    """After `<base>` with a gated host, relative URLs are gated, until then they are not; the first base counts."""
    output, rewriter = rewrite(b"<img src=a><base href=//ads.example/><base href=/><img src=b>", inject="never")
    assert rewriter.gated == {"adnet": 1}
    assert b"<img src=a>" in output
    assert b"data-ckit-src=b" in output
