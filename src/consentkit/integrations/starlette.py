"""For apps on Starlette, and anything that has its requests: asking for consent in endpoints and templates."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, cast

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from consentkit.consent import NOBODY, Consent, WatchedConsent, reader_of
from consentkit.injection import control
from consentkit.site import MISSING_HEADER
from consentkit.visit import Visit

#: A Starlette connection is a mapping too: its scope.
RequestOrScope = Mapping[str, Any]


def get_consent(request_or_scope: RequestOrScope) -> Consent:
    """The consent of a request. On a path the middleware does not see, it denies."""
    found = request_or_scope.get("consentkit")
    # Asked for its real type, so as not to look at the consent itself.
    return cast("Consent", found) if type(found) is WatchedConsent else NOBODY


class ConsentRequired(HTTPException):
    """403: the visitor has not allowed `category`. The middleware turns it into a page that offers just that."""

    def __init__(self, category: str) -> None:
        self.category = category
        super().__init__(403, detail="consent_required", headers={MISSING_HEADER.decode(): category})


def demand(request_or_scope: RequestOrScope, category: str) -> None:
    """Raise `ConsentRequired` unless the visitor allows `category`."""
    if not get_consent(request_or_scope).allows(category):
        raise ConsentRequired(category)


def requires_consent(
    category: str, *, otherwise: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]:
    """Guard a Starlette endpoint: without consent to `category` it is not called.

    `otherwise` is an endpoint that serves the content without the service. Without it the answer is 403 with a page
    (or JSON `consent_required`, by `Accept`) that says what is missing and offers to allow just that.
    """

    def decorate(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        if inspect.isclass(endpoint):
            raise TypeError(
                "requires_consent marks functions; for a class of endpoints mark its methods (get, post, ...)"
            )

        @functools.wraps(endpoint)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            request = _request_among(args, kwargs)
            if otherwise is not None and not get_consent(request).allows(category):
                return await _call(otherwise, args, kwargs)
            demand(request, category)
            return await _call(endpoint, args, kwargs)

        return guarded

    return decorate


def consent_context(request: Request) -> dict[str, Any]:
    """A context processor for `Jinja2Templates`: `consent`, `consent_banner()` and `privacy_choices()`.

    The two helpers put the banner or the "Privacy choices" control where the template calls them, instead of where
    they would be injected.
    """
    return {
        "consent": get_consent(request),
        "consent_banner": functools.partial(consent_banner, request),
        "privacy_choices": functools.partial(privacy_choices, request),
    }


def consent_banner(request_or_scope: RequestOrScope) -> Markup:
    """The banner, or for those who decided the re-open control, to be placed by hand. Nothing else is injected then."""
    visit = _visit(request_or_scope)
    if visit is None or visit.placed_by_hand or visit.for_everyone:
        return Markup("")
    visit.placed_by_hand = True
    return Markup(control(visit).decode("ascii"))  # noqa: S704 - rendered by an escaping template


def privacy_choices(request_or_scope: RequestOrScope) -> Markup:
    """A link to the preferences page, to be placed by hand. The control that would be injected isn't then."""
    visit = _visit(request_or_scope)
    if visit is None:
        return Markup("")
    visit.choices_by_hand = True
    label = visit.site.languages.wording(visit.locale)("banner.reopen")
    href = f"{visit.base}{visit.site.policy.path}/preferences"
    return Markup('<a class="ckit-choices" href="{}">{}</a>').format(href, label)


def _visit(request_or_scope: RequestOrScope) -> Visit | None:
    found = request_or_scope.get("consentkit")
    reader = reader_of(found) if type(found) is WatchedConsent else None
    return reader if isinstance(reader, Visit) else None


def _request_among(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> RequestOrScope:
    for value in (*args, *kwargs.values()):
        if isinstance(value, HTTPConnection):
            return cast("RequestOrScope", value)
    raise TypeError("an endpoint marked requires_consent must take the request as an argument")


async def _call(endpoint: Callable[..., Any], args: tuple[Any, ...], kwargs: MutableMapping[str, Any]) -> Any:
    if inspect.iscoroutinefunction(endpoint) or inspect.iscoroutinefunction(getattr(endpoint, "__call__", None)):  # noqa: B004 - is it a coroutine, not: is it callable
        return await cast("Awaitable[Any]", endpoint(*args, **kwargs))
    return await run_in_threadpool(endpoint, *args, **kwargs)
