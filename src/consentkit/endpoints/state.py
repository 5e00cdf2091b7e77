"""`GET {path}/state`: what a script may know of this visitor, and the banner for a page that all visitors share."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from consentkit.endpoints.answers import PAGE_HEADERS, json_answer, state
from consentkit.http import header, safe_return_to
from consentkit.injection import control
from consentkit.visit import Visit

_DOCUMENT = Markup(
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="robots" content="noindex">'
    '<title>{title}</title><body data-ckit-state="{state}" data-ckit-clear="{clear}">{control}</body></html>'
)


def state_answer(visit: Visit) -> Response:
    """The state as JSON; for who asks for HTML, a document that carries it, with the banner or re-open control.

    `return_to` in the query is the path of the page that the banner will stand on.
    """
    if b"text/html" not in (header(visit.headers, b"accept") or b""):
        return json_answer(state(visit))
    html = _DOCUMENT.format(
        language=visit.locale,
        title=visit.site.policy.site.name,
        state=json.dumps(state(visit), separators=(",", ":"), sort_keys=True),
        clear=visit.additions.stored,
        control=Markup(control(visit, _return_to(visit)).decode("ascii")),  # noqa: S704 - made of escaped parts
    )
    return HTMLResponse(html, headers=PAGE_HEADERS)


def _return_to(visit: Visit) -> str:
    query: bytes = visit.scope.get("query_string", b"")
    try:
        asked = parse_qs(query.decode("ascii"), max_num_fields=8).get("return_to", ["/"])
    except ValueError:
        return "/"
    return safe_return_to(asked[0])
