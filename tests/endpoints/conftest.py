"""A visitor's client and the log behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.endpoints.visits import BrokenLog, make_app


@pytest.fixture
def log() -> BrokenLog:
    return BrokenLog()


@pytest.fixture
def client(log: BrokenLog) -> Iterator[TestClient]:
    with TestClient(make_app(log), follow_redirects=False) as client:
        yield client
