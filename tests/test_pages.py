"""Which answers are pages: one test for each reason not to touch one, and for the spellings of those that are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.apps import wrap
from tests.asgi import HTML, Message, body, http_scope, replay, run, start

PAGE = b"<!doctype html><title>t</title><body><p>text</p><script src=//stats.test/s.js></script>"
ROOT = b'id="ckit-root"'


def sent(data: bytes, *headers: tuple[bytes, bytes]) -> bytes:
    messages = run(wrap(replay(start(200, *headers), body(data))), http_scope())
    return b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"zstd", b"deflate", b"GZIP", b"compress", b"odd", b"gzip, br"])
def test_what_is_encoded_passes_byte_for_byte(encoding: bytes) -> None:
    """Nobody can look into it."""
    assert sent(PAGE, HTML, (b"content-encoding", encoding)) == PAGE


@pytest.mark.parametrize(
    "kind",
    [
        b"text/event-stream", b"multipart/x-mixed-replace; boundary=a", b"application/xhtml+xml", b"text/plain",
        b"application/json", b"text/html-sandboxed", b"text/htmlx", b"image/svg+xml", b"", b"html",
    ],
)  # fmt: skip
def test_other_kinds_pass_byte_for_byte_and_at_once(kind: bytes) -> None:
    """Each piece leaves before the app sends the next."""
    out: list[Message] = []
    held: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, (b"content-type", kind)))
        for piece in (PAGE[:10], PAGE[10:]):
            await send(body(piece, more=True))
            held.append(len(PAGE) - sum(len(message.get("body", b"")) for message in out))
        await send(body())

    async def send(message: Any) -> None:
        out.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(wrap(app)(http_scope(), receive, send))
    assert b"".join(message.get("body", b"") for message in out) == PAGE
    assert held == [len(PAGE) - 10, 0]


@pytest.mark.parametrize(
    "charset",
    ["utf-16", "UTF-16LE", "utf-16be", "utf-32", "iso-2022-jp", "csISO2022JP", "utf-7", "hz-gb-2312", "unicode"],
)
def test_charsets_that_are_not_like_ascii_are_left_alone(charset: str) -> None:
    """A byte that looks like a tag may be part of a letter there."""
    assert sent(PAGE, (b"content-type", f'text/html; charset="{charset}"'.encode())) == PAGE


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00"])
def test_a_mark_of_such_a_charset_counts_as_well(mark: bytes) -> None:
    """UTF-16 and UTF-32 that no header tells of."""
    assert sent(mark + PAGE, HTML) == mark + PAGE


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("windows-1252", "déjà vu €"),
        ("iso-8859-1", "déjà vu"),
        ("iso-8859-15", "œuvre €"),
        ("shift_jis", "表示ソ能"),
        ("euc-jp", "日本語"),
        ("big5", "許功蓋"),
        ("gbk", "中文字"),
        ("koi8-r", "привет"),
        (None, "\xe9\x80"),
    ],
)
def test_other_charsets_get_our_parts_in_ascii(charset: str | None, text: str) -> None:
    """The text keeps its bytes, even where their second halves look like backslashes; what we add is ASCII."""
    data = text.encode(charset or "latin-1")
    page = b"<!doctype html><title>" + data + b"</title><body><p title='" + data + b"'>" + data + b"</p>"
    kind = b"text/html" + (f"; charset={charset}".encode() if charset else b"")
    answer = sent(page, (b"content-type", kind))
    assert answer.count(ROOT) == 1
    assert answer.count(data) == 3
    answer.replace(data, b"").decode("ascii")
    assert answer.endswith(page.partition(b"<body>")[2])


@pytest.mark.parametrize("shown", [b"inline", b"inline; filename=page.html", b'inline; filename="attachment.html"'])
def test_a_page_with_a_name_for_saving_is_a_page(shown: bytes) -> None:
    """Only what is saved instead of shown is left alone."""
    assert ROOT in sent(PAGE, HTML, (b"content-disposition", shown))
    assert sent(PAGE, HTML, (b"content-disposition", b"Attachment")) == PAGE


@pytest.mark.parametrize("status", [400, 403, 404, 410, 418, 500, 503])
def test_error_pages_are_pages(status: int) -> None:
    """What a visitor sees is gated, whatever its status."""
    messages = run(wrap(replay(start(status, HTML), body(PAGE))), http_scope())
    assert messages[0]["status"] == status
    assert ROOT in messages[1]["body"]


@pytest.mark.parametrize("header", [(b"x-requested-with", b"XMLHttpRequest"), (b"hx-request", b"true")])
def test_a_piece_of_a_page_gets_no_banner(header: tuple[bytes, bytes]) -> None:
    """What a script asks for as a piece is gated all the same."""
    piece = b"<p>x</p><script src=//stats.test/s.js></script>"
    answer = run(wrap(replay(start(200, HTML), body(piece))), http_scope(headers=[header]))[1]["body"]
    assert ROOT not in answer
    assert b"data-ckit-src=//stats.test/s.js" in answer


REFUSED = (b"set-cookie", b"_st1=1; Path=/")
KEPT = [(b"set-cookie", b"session=1"), (b"x-a", b"1"), (b"set-cookie", b"_st1=; Max-Age=0"), (b"x-b", b"2")]


@pytest.mark.parametrize("kind", [b"text/html", b"application/json", b"image/png", b""])
@pytest.mark.parametrize("status", [103, 200, 204, 206, 301, 303, 304, 401, 404, 500])
def test_cookies_are_gated_on_every_kind_of_answer(status: int, kind: bytes) -> None:
    """The refused cookie goes; others, deletions and all else stay, in order."""
    first, *rest = KEPT
    messages = [start(status, (b"content-type", kind), first, REFUSED, *rest), body()]
    got = run(wrap(replay(*messages)), http_scope())[0]["headers"]
    assert [header for header in got if header in (REFUSED, *KEPT)] == KEPT


def test_a_page_view_sets_no_cookie_and_bakes_nothing_personal_in() -> None:
    """Two undecided visitors get the same bytes, forms and tokens included, and neither gets a cookie."""
    app = wrap(replay(start(200, HTML), body(PAGE)))
    one, other = (run(app, http_scope(headers=[(b"user-agent", name), (b"cookie", name)])) for name in (b"a=1", b"b=2"))
    assert one == other
    assert b'name="token"' in one[1]["body"]
    assert not [value for key, value in one[0]["headers"] if key == b"set-cookie"]
