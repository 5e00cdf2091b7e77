"""Readers' comments: checking what was written, and keeping it in SQLite.

What may be kept is decided before anything is stored: without the reader's consent there is no e-mail address and no
website in the database at all.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from .forms import MAX_EMAIL, clean_line, is_email

LIMITS = {"author": 80, "email": MAX_EMAIL, "website": 200, "comment": 5000}
MAX_LINKS = 2
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_SALES_TALK = ("buy now", "click here", "free money", "casino")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS comments (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL,
    author TEXT NOT NULL,
    email TEXT,
    website TEXT,
    comment TEXT NOT NULL,
    written TEXT NOT NULL,
    held INTEGER NOT NULL DEFAULT 0,
    ticket TEXT,
    UNIQUE (slug, ticket, comment)
);
CREATE INDEX IF NOT EXISTS comments_by_article ON comments (slug, held, id);
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment as it was written, with what is wrong with it: field name to message key."""

    author: str = ""
    email: str = ""
    website: str = ""
    comment: str = ""
    remember: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    def without_contact(self) -> Draft:
        """The same comment without e-mail address and website."""
        return replace(self, email="", website="")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that may be shown. The e-mail address isn't part of it."""

    id: int
    author: str
    website: str | None
    comment: str
    written: datetime

    @property
    def paragraphs(self) -> list[str]:
        """The text, split where the writer left a line empty."""
        return [part.strip() for part in re.split(r"\n\s*\n", self.comment) if part.strip()]


def read_draft(fields: Mapping[str, str]) -> Draft:
    """Check the posted `fields`. The draft's `errors` is empty when the comment can be kept."""
    draft = Draft(
        author=clean_line(fields.get("author", "")),
        email=clean_line(fields.get("email", "")),
        website=clean_line(fields.get("website", "")),
        comment=fields.get("comment", ""),
        remember=fields.get("remember") == "yes",
    )
    return replace(draft, errors=_errors(draft))


def _errors(draft: Draft) -> dict[str, str]:
    errors = {name: "too_long" for name, limit in LIMITS.items() if len(getattr(draft, name)) > limit}
    if not draft.author:
        errors["author"] = "author_missing"
    if not draft.comment:
        errors["comment"] = "comment_missing"
    if draft.email and not is_email(draft.email):
        errors.setdefault("email", "email_wrong")
    if draft.website and not is_web_address(draft.website):
        errors.setdefault("website", "website_wrong")
    return errors


def is_web_address(value: str) -> bool:
    """Whether `value` is an http or https address that is safe to make a link of."""
    if not value.lower().startswith(("https://", "http://")) or any(c in value for c in "\\<>\"' "):
        return False
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def looks_like_spam(draft: Draft) -> bool:
    """The local stand-in for a spam-check service: it reads the text here, and nothing leaves this machine."""
    text = f"{draft.author} {draft.comment}".lower()
    return len(_LINK.findall(text)) > MAX_LINKS or any(phrase in text for phrase in _SALES_TALK)


class CommentStore:
    """The comments table. Every method blocks: call it in a worker thread."""

    def __init__(self, database: str) -> None:
        self._database = database
        with closing(self._connect()) as connection:
            connection.executescript(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, timeout=2.0)

    def of(self, slug: str) -> list[Comment]:
        """The comments under one article, oldest first; those held for a look aren't among them."""
        query = "SELECT id, author, website, comment, written FROM comments WHERE slug = ? AND held = 0 ORDER BY id"
        with closing(self._connect()) as connection:
            rows = connection.execute(query, (slug,)).fetchall()
        return [Comment(row[0], row[1], row[2], row[3], datetime.fromisoformat(row[4]).astimezone(UTC)) for row in rows]

    def add(self, slug: str, draft: Draft, written: datetime, *, held: bool, ticket: str | None) -> None:
        """Keep a comment. The same text sent twice with the same `ticket` (a double click) is kept once."""
        values = (slug, draft.author, draft.email or None, draft.website or None, draft.comment)
        with closing(self._connect()) as connection, connection:
            connection.execute(
                "INSERT OR IGNORE INTO comments (slug, author, email, website, comment, written, held, ticket)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, written.astimezone(UTC).isoformat(), int(held), ticket),
            )
