"""HTTP/2, where early hints are sent and several pages are on their way over one connection."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import pytest

from tests.servers.running import Running
from tests.servers.site import HOST
from tests.servers.test_servers import is_rewritten

pytestmark = pytest.mark.parametrize("server", ["hypercorn"], indirect=True)
Fields = list[tuple[bytes, bytes]]


@dataclass
class Heard:
    """What came back on one stream."""

    hints: Fields = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


def ask_together(server: Running, *paths: str) -> list[Heard]:
    """All paths at once over one connection, with prior knowledge instead of TLS."""
    heard: dict[int, Heard] = defaultdict(Heard)
    link = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    link.initiate_connection()
    for path in paths:
        request = [(":method", "GET"), (":scheme", "http"), (":authority", HOST), (":path", path)]
        link.send_headers(link.get_next_available_stream_id(), request, end_stream=True)
    unfinished = len(paths)
    with server.socket() as connection:
        while unfinished:
            connection.sendall(link.data_to_send())
            received = connection.recv(65536)
            assert received, "the server closed the connection"
            for event in link.receive_data(received):
                unfinished -= isinstance(event, h2.events.StreamEnded)
                _note(event, link, heard)
    return [heard[stream] for stream in sorted(heard)]


def _note(event: h2.events.Event, link: h2.connection.H2Connection, heard: dict[int, Heard]) -> None:
    assert not isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated))
    if isinstance(event, h2.events.InformationalResponseReceived):
        heard[event.stream_id].hints += [(bytes(name), bytes(value)) for name, value in event.headers or ()]
    elif isinstance(event, h2.events.ResponseReceived):
        heard[event.stream_id].headers = {bytes(name): bytes(value) for name, value in event.headers or ()}
    elif isinstance(event, h2.events.DataReceived):
        heard[event.stream_id].body += event.data or b""
        link.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)


def test_early_hints_lose_the_links_of_what_is_held(server: Running) -> None:
    """The 103 still has the site's own link, and no longer that of a service which isn't allowed."""
    bare, guarded = ask_together(server, "/plain/hints", "/guarded/hints")
    assert (b"link", b"<https://stats.test/s.js>; rel=preload; as=script") in bare.hints
    assert [pair for pair in guarded.hints if pair[0] == b"link"] == [(b"link", b"</own.css>; rel=preload; as=style")]
    assert guarded.headers[b":status"] == b"200"
    assert is_rewritten(guarded.body)


def test_pages_on_one_connection_do_not_mix(server: Running) -> None:
    """Whole, streamed and long pages at the same time; each is the one that comes alone."""
    names = ["whole", "streamed", "bare", "page_file", "picture"] * 4
    for name, heard in zip(names, ask_together(server, *(f"/guarded/{name}" for name in names)), strict=True):
        assert heard.body == server.get(f"/guarded/{name}").body
        assert heard.headers.get(b"content-length", b"%d" % len(heard.body)) == b"%d" % len(heard.body)
