"""Asking for consent in endpoints and templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient

from consentkit import Consent, requires_consent
from consentkit.integrations.fastapi import require_consent
from consentkit.integrations.starlette import ConsentRequired, consent_context, demand
from tests.apps import accept, wrap

HTML = {"accept": "text/html"}
JSON = {"accept": "application/json"}


def make_client(*routes: Route) -> TestClient:
    return TestClient(wrap(Starlette(routes=list(routes))))


@requires_consent("marketing")
async def ads(request: Request) -> Response:
    return PlainTextResponse("ads")


@requires_consent("analytics")
def report(request: Request) -> Response:
    return PlainTextResponse("report")


async def plain(request: Request) -> Response:
    return PlainTextResponse("plain")


@requires_consent("marketing", otherwise=plain)
async def video(request: Request) -> Response:
    return PlainTextResponse("video")


def test_without_consent_the_visitor_gets_a_page_that_offers_just_that() -> None:
    """403 says what is missing; the form on it grants that one category and leads back."""
    with make_client(Route("/ads", ads)) as client:
        answer = client.get("/ads?x=1", headers=HTML)
        assert answer.status_code == 403
        assert answer.headers["cache-control"] == "no-store"
        import re

        fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', answer.text))
        assert fields["category"] == "marketing"
        assert client.post("/_consent/choice", data=fields).text == "ads"
        state = client.get("/_consent/state").json()
        assert state["categories"]["analytics"] == "undecided"


def test_a_script_gets_json_that_names_what_is_missing() -> None:
    """The field's usual answer: 403 consent_required with the category."""
    with make_client(Route("/ads", ads)) as client:
        answer = client.get("/ads", headers=JSON)
        assert answer.status_code == 403
        assert answer.json()["error"] == "consent_required"
        assert answer.json()["category"] == "marketing"


def test_with_consent_the_endpoint_answers() -> None:
    """Async and plain functions alike."""
    with make_client(Route("/ads", ads), Route("/report", report)) as client:
        accept(client)
        assert client.get("/ads").text == "ads"
        assert client.get("/report").text == "report"


def test_otherwise_serves_the_content_without_the_service() -> None:
    """Nobody stands before a wall when there is another way to serve the page."""
    with make_client(Route("/v", video)) as client:
        assert client.get("/v").text == "plain"
        accept(client)
        assert client.get("/v").text == "video"


def test_fastapi_has_it_as_a_dependency() -> None:
    """`Depends(require_consent(...))` answers 403 or hands over the consent."""
    app = FastAPI()

    @app.get("/ads")
    async def endpoint(consent: Annotated[Consent, Depends(require_consent("marketing"))]) -> dict[str, bool]:
        return {"marketing": consent.allows("marketing")}

    with TestClient(wrap(app)) as client:
        assert client.get("/ads", headers=JSON).status_code == 403
        assert client.get("/ads", headers=JSON).json()["error"] == "consent_required"
        assert "Allow just this" in client.get("/ads", headers=HTML).text
        accept(client)
        assert client.get("/ads").json() == {"marketing": True}


def test_a_403_of_the_apps_own_is_left_alone() -> None:
    """Only an endpoint that asked for consent gets our page."""

    async def forbidden(request: Request) -> Response:
        return PlainTextResponse("no entry", 403)

    with make_client(Route("/", forbidden)) as client:
        assert client.get("/", headers=HTML).text == "no entry"


@pytest.fixture
def templates(tmp_path: Path) -> Jinja2Templates:
    (tmp_path / "page.html").write_text(
        "<!doctype html><title>t</title><body><main>{{ consent.allows('analytics') }}</main>"
        "<footer>{{ privacy_choices() }}</footer>{% if place %}<aside>{{ consent_banner() }}</aside>{% endif %}"
    )
    return Jinja2Templates(tmp_path, context_processors=[consent_context])


@pytest.mark.parametrize("place", [False, True])
def test_template_helpers_place_the_parts_by_hand(templates: Jinja2Templates, place: bool) -> None:
    """A banner placed by the template is not injected a second time."""

    async def page(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {"place": place})

    with make_client(Route("/", page)) as client:
        text = client.get("/").text
        assert text.count('id="ckit-root"') == 1
        assert ('<aside><section id="ckit-root"' in text) is place
        assert "data-ckit-asset" in text
        assert '<a class="ckit-choices" href="http://testserver/_consent/preferences">Privacy choices</a>' in text
        assert "<main>False</main>" in text


def test_without_the_middleware_everything_is_denied(templates: Jinja2Templates) -> None:
    """Helpers and guard work without the middleware, and deny."""

    async def page(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {"place": True})

    with TestClient(Starlette(routes=[Route("/", page), Route("/ads", ads)])) as client:
        assert "<main>False</main>" in client.get("/").text
        assert client.get("/ads").status_code == 403


def test_an_apps_own_answer_to_a_missing_consent_is_kept() -> None:
    """Who catches the exception answers for themselves; other 403s keep their headers."""

    async def careful(request: Request) -> Response:
        try:
            demand(request, "marketing")
        except ConsentRequired:
            return PlainTextResponse("my own", 403, headers={"x-mine": "1"})
        return PlainTextResponse("ads")

    with make_client(Route("/", careful)) as client:
        answer = client.get("/", headers=HTML)
        assert (answer.text, answer.headers["x-mine"]) == ("my own", "1")


def test_head_of_a_missing_consent_has_no_body() -> None:
    """HEAD gets the headers of the page alone."""
    with make_client(Route("/ads", ads)) as client:
        answer = client.head("/ads", headers=HTML)
        assert (answer.status_code, answer.content) == (403, b"")
        assert "x-ckit-missing" not in answer.headers


def test_classes_are_refused_with_a_sentence() -> None:
    """A class of endpoints is marked at its methods."""

    class Page(HTTPEndpoint):
        @requires_consent("marketing")
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("page")

    with pytest.raises(TypeError, match="mark its methods"):
        requires_consent("marketing")(Page)
    with make_client(Route("/", Page)) as client:
        assert client.get("/", headers=JSON).status_code == 403
        accept(client)
        assert client.get("/").text == "page"


def test_otherwise_may_be_any_callable() -> None:
    """Also an object with an async call."""

    class Plain:
        async def __call__(self, request: Request) -> Response:
            return PlainTextResponse("object")

    guarded = requires_consent("marketing", otherwise=Plain())(plain)
    with make_client(Route("/", guarded)) as client:
        assert client.get("/").text == "object"
