"""The news site: an ordinary Starlette app that knows little of consent. The middleware around it enforces."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from . import pages, posting
from .articles import Articles
from .comments import CommentStore
from .newsletter import SubscriberStore
from .newsroom import Newsroom, make_templates
from .thirdparty import ThirdParty

STATIC = Path(__file__).with_name("static")


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *, database: str, third_parties: Iterable[ThirdParty], clock: Callable[[], datetime] = _now
) -> Starlette:
    """The site, without consentkit around it.

    `database` is the path of its SQLite file; `third_parties` has one server for each of `thirdparty.ROLES`; `clock`
    answers with the current moment in UTC.
    """
    app = Starlette(
        routes=[
            Route("/", pages.front),
            Route("/fr/", pages.front),
            Route("/sections/{name}", pages.section),
            Route("/articles/{slug}", pages.article),
            Route("/fr/articles/{slug}", pages.article),
            Route("/articles/{slug}/comments", posting.post_comment, methods=["POST"]),
            Route("/articles/{slug}/forget", posting.forget, methods=["POST"]),
            Route("/newsletter", posting.subscribe, methods=["POST"]),
            Route("/demo", pages.demo),
            Route("/demo/reset", pages.reset_hits, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={
            HTTPException: pages.not_found,
            sqlite3.OperationalError: pages.unavailable,
            Exception: pages.unavailable,
        },
    )
    app.state.newsroom = Newsroom(
        articles=Articles.load(),
        comments=CommentStore(database),
        subscribers=SubscriberStore(database),
        third_parties={party.role: party for party in third_parties},
        clock=clock,
        templates=make_templates(),
    )
    return app
