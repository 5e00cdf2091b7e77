"""What every page of the newsroom needs: its articles, its tables, its third parties, its templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from . import cookies
from .articles import SECTIONS, Articles
from .comments import CommentStore
from .newsletter import SubscriberStore
from .thirdparty import ThirdParty
from .wording import WORDS, long_date, written_date

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Newsroom:
    """The site's parts. `third_parties` maps a role to the server that plays it."""

    articles: Articles
    comments: CommentStore
    subscribers: SubscriberStore
    third_parties: Mapping[str, ThirdParty]
    clock: Callable[[], datetime]
    templates: Jinja2Templates


def make_templates() -> Jinja2Templates:
    """The templates, with every value escaped."""
    templates = Jinja2Templates(directory=TEMPLATES)
    templates.env.filters["written_date"] = written_date
    templates.env.filters["long_date"] = long_date
    templates.env.trim_blocks = True
    templates.env.lstrip_blocks = True
    return templates


def newsroom_of(request: Request) -> Newsroom:
    """The newsroom this request came to."""
    newsroom: Newsroom = request.app.state.newsroom
    return newsroom


def locale_of(request: Request) -> str:
    """The edition, by path alone."""
    return "fr" if request.url.path == "/fr" or request.url.path.startswith("/fr/") else "en"


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    locale: str | None = None,
    section: str = "front",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page of the site, with everything a page carries: words, consent, third parties, and the site's own cookies."""
    newsroom = newsroom_of(request)
    edition = locale or locale_of(request)
    page = {
        "t": WORDS[edition],
        "locale": edition,
        "section": section,
        "sections": SECTIONS,
        "third": {role: party.origin for role, party in newsroom.third_parties.items()},
        "today": newsroom.articles.edition(edition)[0].published,
        "consent": getattr(request.state, "consent", None),
        **context,
    }
    response = newsroom.templates.TemplateResponse(request, template, page, status_code=status, headers=headers)
    cookies.measure(request, response, section)
    return response
