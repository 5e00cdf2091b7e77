"""The newsroom of `examples/`, bare and with consentkit around it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from examples.newsroom.app import create_app
from examples.newsroom.demo import POLICY
from examples.newsroom.thirdparty import ROLES, ThirdParty
from starlette.applications import Starlette
from starlette.testclient import TestClient

from consentkit import ConsentMiddleware, open_log
from tests.conftest import SECRET

MOMENT = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
ORIGIN = "http://127.0.0.1:8000"
Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the newsroom of this test keeps its tables."""
    return tmp_path / "newsroom.db"


@pytest.fixture
def site(database: Path) -> Starlette:
    """The app alone, with third parties at the addresses the policy names."""
    parties = [ThirdParty(role, f"http://127.0.0.1:{8101 + number}") for number, role in enumerate(ROLES)]
    return create_app(database=str(database), third_parties=parties, clock=lambda: MOMENT)


@pytest.fixture
def bare(site: Starlette) -> Iterator[TestClient]:
    """A browser on the app alone."""
    with TestClient(site, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def guarded(site: Starlette) -> Iterator[TestClient]:
    """A browser on the app with consentkit around it."""
    app = ConsentMiddleware(site, policy=POLICY, secret_key=SECRET, log=open_log("memory://"))
    with TestClient(app, base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def rows(database: Path) -> Rows:
    """Asks the newsroom's database."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute(query).fetchall()

    return ask
