"""One process for each server, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import site
from tests.servers.running import SERVERS, Running, free_port, python_server, running


@pytest.fixture(scope="package", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real server with the app in all its forms."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "page.html").write_bytes(site.PAGE)
    (folder / "picture.png").write_bytes(site.PICTURE)
    port = free_port()
    command = python_server(request.param, "tests.servers.site:app", port)
    with running(command, port, CONSENTKIT_TEST_FILES=str(folder)) as found:
        yield found
