"""What comes out of real servers, with consentkit and without."""

from __future__ import annotations

import base64
import gzip
import os
import socket
import struct

import pytest

from tests.asgi import http_scope, run
from tests.servers import site
from tests.servers.running import Answer, Running, ask
from tests.servers.site import HOST

ROOT = b'id="ckit-root"'
HELD = b'data-ckit-src="https://stats.test/s.js"'
PAGES = ("whole", "streamed", "bare", "page_file", "hints")
NO_PAGES = ("picture", "packed", "empty", "unchanged", "away", "picture_file")


def is_rewritten(page: bytes) -> bool:
    """Whether a page has its one banner, and what is not allowed is inert."""
    return page.count(ROOT) == 1 and page.count(HELD) == 1 and b'<script src="https://stats' not in page


def test_a_page_that_came_whole_has_its_exact_length(server: Running) -> None:
    """Content-Length is that of the rewritten page; the client would wait for more, or miss the end, otherwise."""
    answer = server.get("/guarded/whole")
    assert answer.values("content-length") == [str(len(answer.body))]
    assert answer.values("transfer-encoding") == []
    assert is_rewritten(answer.body)


def test_a_streamed_page_has_no_stale_length(server: Running) -> None:
    """The app told the length of its own page; what arrives is chunked, and complete."""
    assert server.get("/plain/streamed").values("content-length") == [str(len(site.PAGE))]
    answer = server.get("/guarded/streamed")
    assert answer.values("content-length") == []
    assert answer.values("transfer-encoding") == ["chunked"]
    assert is_rewritten(answer.body)
    assert answer.body.endswith(b"</html>")


def test_an_absent_length_is_not_made_up(server: Running) -> None:
    """A page without a length comes as the server sends such pages: with none, or with one of its own that is right."""
    answer = server.get("/guarded/bare")
    by_itself = server.get("/plain/bare").values("content-length")
    assert answer.values("content-length") == ([str(len(answer.body))] if by_itself else [])
    assert is_rewritten(answer.body)


@pytest.mark.parametrize("name", ["whole", "streamed", "page_file"])
def test_head_of_a_page_tells_no_wrong_length(name: str, server: Running) -> None:
    """HEAD has the headers of GET, and no length, since the app's own would be that of another page."""
    head, get = server.get(f"/guarded/{name}", method="HEAD"), server.get(f"/guarded/{name}")
    assert (head.status, head.body) == (200, b"")
    assert head.values("content-length") == []
    assert _but_length(head) == _but_length(get)


def _but_length(answer: Answer) -> list[tuple[str, str]]:
    return [(key, value) for key, value in answer.headers if key not in ("content-length", "transfer-encoding")]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", NO_PAGES)
def test_what_is_no_page_is_as_without_us(name: str, method: str, server: Running) -> None:
    """Status, headers in order, and every byte."""
    assert server.get(f"/guarded/{name}", method=method) == server.get(f"/plain/{name}", method=method)


def test_data_is_as_without_us(server: Running) -> None:
    """JSON that holds markup stays as it is, also for a request that may get a page."""
    as_script = {"Sec-Fetch-Dest": "script"}
    assert server.get("/guarded/data", as_script) == server.get("/plain/data", as_script)
    assert b"<html><body>" in server.get("/guarded/data").body


@pytest.mark.parametrize("name", PAGES)
def test_every_way_to_send_a_page_is_gated(name: str, server: Running) -> None:
    """Whole, streamed, from a file, with early hints: one banner, nothing hot, the page complete."""
    answer = server.get(f"/guarded/{name}")
    assert answer.status == 200
    assert is_rewritten(answer.body)
    assert b"text " * 400 in answer.body


def test_a_server_that_sends_files_itself_does_not_get_round_the_gates(server: Running) -> None:
    """Where a server offers to send a file by its path, the app is told so only when no page can come."""
    offers = b"http.response.pathsend" in server.get("/plain/data").body
    assert b"http.response.pathsend" not in server.get("/guarded/data").body
    picture = {"Sec-Fetch-Dest": "image"}
    assert (b"http.response.pathsend" in server.get("/guarded/data", picture).body) is offers
    answer = server.get("/guarded/picture_file", picture)
    assert answer == server.get("/plain/picture_file", picture)
    assert (answer.status, answer.body) == (200, site.PICTURE)


def test_a_page_fetched_as_a_picture_stays_out_of_shared_caches(server: Running) -> None:
    """Who claims to want a picture can get the bare file of a page, but can't lay it into a cache for others."""
    answer = server.get("/guarded/page_file", {"Sec-Fetch-Dest": "image"})
    assert answer.status == 200
    assert answer.values("cache-control") == ["private"]


def test_a_connection_serves_on_after_a_rewritten_page(server: Running) -> None:
    """Whole and streamed pages, HEAD, and what is no page, one after the other on one connection."""
    connection = server.connect()
    try:
        for name in ("whole", "streamed", "picture", "page_file", "bare", "empty", "whole"):
            ask(connection, f"/guarded/{name}", method="HEAD")
            answer = ask(connection, f"/guarded/{name}")
            assert name in NO_PAGES or is_rewritten(answer.body)
            assert connection.sock is not None
    finally:
        connection.close()


def test_who_leaves_in_the_middle_of_a_page_leaves_no_mess(server: Running) -> None:
    """The app hears of it, nothing is raised that nobody catches, and the server goes on."""
    already = len(server.output)
    with server.socket() as connection:
        connection.sendall(f"GET /guarded/endless HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        got = b""
        while len(got) < 200_000:
            got += connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ROOT in got
    assert server.get("/plain/until_left").body == b"left"
    assert is_rewritten(server.get("/guarded/whole").body)
    said = "".join(server.output[already:])
    for sign in ("Traceback", "never retrieved", "never awaited", "Unhandled"):
        assert sign not in said


def test_an_error_of_the_app_is_the_servers_to_tell(server: Running) -> None:
    """The same answer as without us, and the server serves on."""
    assert server.get("/guarded/fails") == server.get("/plain/fails")
    assert server.get("/guarded/fails").status == 500


def test_a_websocket_works(server: Running) -> None:
    """The handshake succeeds and messages pass both ways."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /guarded/echo HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with server.socket() as connection:
        connection.sendall(request.encode())
        with connection.makefile("rb") as answer:
            assert b" 101 " in answer.readline()
            while answer.readline() not in (b"\r\n", b""):
                pass
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(b"hello"))
            connection.sendall(b"\x81" + bytes([0x80 | len(masked)]) + mask + masked)
            assert answer.read(7) == b"\x81\x05hello"


def test_a_page_of_twenty_megabytes_arrives_complete(server: Running) -> None:
    """Every byte as in process, where nothing can go wrong on the way."""
    scope = http_scope("/big") | {"headers": [(b"host", HOST.encode())]}
    sent = run(site.guarded(site.inner), scope)
    expected = b"".join(message.get("body", b"") for message in sent)
    assert len(expected) > 20_000_000
    assert expected.count(b"data-ckit-src") == len(site.BIG) - 1
    assert server.get("/guarded/big").body == expected


@pytest.mark.parametrize(("form", "is_packed"), [("outside", True), ("inside", False)])
@pytest.mark.parametrize("name", ["whole", "streamed"])
def test_compression_works_outside_and_is_disarmed_inside(
    name: str, form: str, is_packed: bool, server: Running
) -> None:
    """On either side of us the page is gated, and the length told is that of what arrives."""
    answer = server.get(f"/{form}/{name}", {"Accept-Encoding": "gzip"})
    assert answer.values("content-encoding") == (["gzip"] if is_packed else [])
    assert answer.values("content-length") in ([], [str(len(answer.body))])
    assert is_rewritten(gzip.decompress(answer.body) if is_packed else answer.body)
