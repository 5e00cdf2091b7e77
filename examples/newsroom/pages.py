"""The pages one reads: front page, sections, articles, the demonstration page, and the pages for what went wrong."""

from __future__ import annotations

import sqlite3

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from . import cookies
from .articles import SECTIONS, Article
from .comments import Draft
from .forms import is_same_origin
from .newsroom import locale_of, newsroom_of, render

_NOTES = ("published", "published_without", "held")
_LETTER_NOTES = ("subscribed", "address_wrong")


async def front(request: Request) -> Response:
    """All of one edition, the lead story on top."""
    articles = newsroom_of(request).articles
    locale = locale_of(request)
    note = request.query_params.get("letter")
    context = {
        "stories": articles.edition(locale),
        "untranslated": articles.untranslated() if locale != "en" else [],
        "letter_note": note if note in _LETTER_NOTES else None,
    }
    return render(request, "front.html", context)


async def section(request: Request) -> Response:
    """One section of the English edition."""
    name = request.path_params["name"]
    if name not in SECTIONS:
        raise HTTPException(404)
    stories = newsroom_of(request).articles.in_section(name)
    return render(request, "section.html", {"stories": stories}, section=name)


async def article(request: Request) -> Response:
    """One article, its comments and the form for another."""
    found = newsroom_of(request).articles.find(request.path_params["slug"], locale_of(request))
    if found is None:
        raise HTTPException(404)
    note = request.query_params.get("comment")
    return await show_article(request, found, cookies.remembered(request), note=note if note in _NOTES else None)


async def show_article(
    request: Request, found: Article, draft: Draft, *, note: str | None = None, status: int = 200
) -> Response:
    """The article page with `draft` in its comment form: remembered, or sent back with what is wrong with it."""
    newsroom = newsroom_of(request)
    context = {
        "article": found,
        "related": newsroom.articles.related(found),
        "translation": newsroom.articles.translation(found),
        "comments": await run_in_threadpool(newsroom.comments.of, found.slug),
        "draft": draft,
        "remembered": cookies.REMEMBER in request.cookies,
        "note": note,
    }
    response = render(request, "article.html", context, locale=found.locale, section=found.section, status=status)
    cookies.give_ticket(request, response)
    return response


async def demo(request: Request) -> Response:
    """What this is, what to try, and how often each third party was really called."""
    return render(request, "demo.html", {"parties": newsroom_of(request).third_parties.values()})


async def reset_hits(request: Request) -> Response:
    """Set the counters of the third parties back to zero."""
    if not is_same_origin(request):
        raise HTTPException(403)
    for party in newsroom_of(request).third_parties.values():
        party.hits.clear()
    return RedirectResponse("/demo#counters", 303)


async def not_found(request: Request, exc: Exception) -> Response:
    """Any error that is the sender's: a page that says so."""
    status = exc.status_code if isinstance(exc, HTTPException) else 400
    detail = exc.detail if isinstance(exc, HTTPException) and status not in (404, 405) else None
    headers = exc.headers if isinstance(exc, HTTPException) else None
    return render(request, "error.html", {"status": status, "detail": detail}, status=status, headers=headers)


async def unavailable(request: Request, exc: Exception) -> Response:
    """The database can't be read or written just now."""
    status = 503 if isinstance(exc, sqlite3.OperationalError) else 500
    return render(request, "error.html", {"status": status, "detail": None}, status=status)
