"""How consentkit's own routes answer: pages for people, JSON for scripts, never stored, never framed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, Response

from consentkit.http import header, safe_return_to
from consentkit.visit import Visit

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, Sec-GPC, Accept-Language, Accept",
}


def wants_json(visit: Visit) -> bool:
    """Whether the client asked for JSON rather than a page."""
    accept = header(visit.scope["headers"], b"accept") or b""
    return b"application/json" in accept and b"text/html" not in accept


def page(visit: Visit, template: str, status: int = 200, **facts: Any) -> Response:
    """One of our own pages in the visitor's language."""
    site = visit.site
    stored = site.notices.stored_by(visit.decision.enforcement.refused, visit.consent)
    head = site.notices.head(visit.root, script=False, clear=stored)
    context = {
        "t": site.languages.wording(visit.locale),
        "site": site.policy.site,
        "origin": visit.root,
        "path": site.policy.path,
        "assets": Markup(head.decode()),  # noqa: S704 - made of escaped parts
    }
    html = site.environment.get_template(template).render(context | facts)
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


def json_answer(data: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer that is never stored."""
    return JSONResponse(dict(data), status, headers={"Cache-Control": "no-store", "Vary": "Cookie, Sec-GPC"})


def message_answer(visit: Visit, status: int, text: str, *, retry_after: int | None = None) -> Response:
    """Say what went wrong: `text` is a key of the group `messages`."""
    wording = visit.site.languages.wording(visit.locale)
    said = wording(f"messages.{text}")
    if wants_json(visit):
        answer = json_answer({"error": text, "message": said}, status)
    else:
        title = wording("messages.error_title")
        answer = page(visit, "message.html", status, title=title, text=said, form=Markup(""), back=back_link(visit))
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def missing_answer(visit: Visit, category: str) -> Response:
    """403: the page needs consent to `category`, and here is the form that gives just that."""
    wording = visit.site.languages.wording(visit.locale)
    label = wording.category(category) if category in visit.site.policy.all_categories else category
    said = wording("messages.missing", category=label)
    if wants_json(visit):
        facts = {"error": "consent_required", "category": category, "message": said}
        return json_answer({**facts, "preferences": f"{visit.base}{visit.site.policy.path}/preferences"}, 403)
    form = Markup("")
    if category in visit.site.policy.asked_categories:
        form = visit.site.notices.grant_form(
            "category", category, visit.locale, visit.decision.regime.name, visit.root, visit.return_to
        )
    title = wording("messages.missing_title")
    return page(visit, "message.html", 403, title=title, text=said, form=form, back=visit.root + "/")


def saved_answer(visit: Visit, return_to: str, *, recorded: bool) -> Response:
    """The choice stands: back to the page it was made on, or its state as JSON. Says so when the record must wait."""
    wording = visit.site.languages.wording(visit.locale)
    text = wording("messages.refused_unrecorded")
    if wants_json(visit):
        said = {} if recorded else {"message": text}
        return json_answer({**state(visit), "recorded": recorded, **said})
    if not recorded:
        title, back = wording("preferences.title"), safe_return_to(return_to)
        return page(visit, "message.html", title=title, text=text, form=Markup(""), back=back)
    headers = {"Location": safe_return_to(return_to), "Cache-Control": "no-store"}
    return Response(b"", 303, headers=headers)


def state(visit: Visit) -> dict[str, Any]:
    """What a script may know of this visitor's consent. It holds no identifier."""
    consent = visit.consent
    return {
        "decided": consent.decided,
        "regime": consent.regime,
        "signals": sorted(consent.signals),
        "revision": consent.revision,
        "categories": dict(consent.categories),
        "allowed": {name: name in consent.allowed_categories for name in consent.categories},
        "services": dict(consent.services),
    }


def back_link(visit: Visit) -> str:
    """The page of ours the visitor came from, or the front page. Only its path is taken."""
    value = header(visit.scope["headers"], b"referer") or b""
    base = visit.base.encode()
    if value.startswith(base + b"/") and not value.startswith((base + visit.site.policy.path.encode(), base + b"//")):
        return safe_return_to(visit.root + value[len(base) :].decode("ascii", "replace"))
    return visit.root + "/"
