"""Reading what a browser posts: bounded, one value per field, and only from our own pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BODY = 32 * 1024
MAX_FIELDS = 20
MAX_EMAIL = 254
_EMAIL = re.compile(r"[^\s@<>\",;:]{1,64}@[^\s@<>\",;:]{1,189}\.[^\s@<>\",;:.]{2,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of an ordinary form; the last of several values counts.

    Raises `HTTPException`: 403 from another site, 413 too large, 415 another content type, 400 too many fields.
    """
    if not is_same_origin(request):
        raise HTTPException(403, "This form can only be sent from our own pages.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This form has to be sent as an ordinary web form.")
    body = await _read_body(request)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise HTTPException(400, "There are more fields in this form than we know.") from None
    return {name: clean(value) for name, value in pairs}


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, "That is more text than this form can take.")
    return bytes(body)


def is_same_origin(request: Request) -> bool:
    """Whether the request comes from our own pages, as the browser says; a client that says nothing isn't a browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or _netloc(origin) == request.headers.get("host")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def clean(value: str) -> str:
    """Without control characters and the marks that reverse the direction of text; newlines as LF."""
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def clean_line(value: str) -> str:
    """The same for a field of one line."""
    return " ".join(value.split())


def is_email(value: str) -> bool:
    """Whether `value` looks like an e-mail address; only a letter that is answered could prove it."""
    return len(value) <= MAX_EMAIL and _EMAIL.fullmatch(value) is not None
