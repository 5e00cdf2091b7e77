"""The ASGI middleware: it holds settings, finds the site, decides, and hands the request on. State lives elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consentkit.consent import NOBODY, active_consent
from consentkit.cookie import read_secret_keys
from consentkit.endpoints.routes import answer, is_own
from consentkit.errors import ConfigurationError, LogError, LogUnavailableError
from consentkit.gates.validators import has_conditions, request_conditions
from consentkit.http import RawHeaders, own_path, without_cookies
from consentkit.i18n import LocaleCallable
from consentkit.lifespan import run_lifespan
from consentkit.log.store import ConsentLog, open_log
from consentkit.pages import is_navigation, may_get_page
from consentkit.responder import Responder
from consentkit.site import RegionCallable, Settings, Site, Visit
from consentkit.sites import PolicySource, Sites

logger = logging.getLogger("consentkit")
#: How often a log that could not be read is tried again for earlier policies, in seconds.
_LEARN_EVERY = 10.0
DEFAULT_LOG = "sqlite:///consent.db"
#: Ways to send a body that never passes through us. Hidden from the app where it may answer with a page.
_BYPASSES = ("http.response.pathsend", "http.response.zerocopysend")


class ConsentMiddleware:
    """Asks for, records and enforces consent around any ASGI app.

    `policy` is the path of a policy file, a `Policy`, or a callable `scope -> Policy`. `secret_key` is one key or a
    list, oldest first; by default `CONSENTKIT_SECRET_KEY` (comma-separated). `log` is a log URL or a `ConsentLog`; by
    default `CONSENTKIT_LOG`, else `sqlite:///consent.db`. `reload` reads a changed policy file again within a
    second. `templates` is a folder whose templates replace the built-in ones of the same name. `locale` and `region`
    are callables `scope -> str | None` that know the visitor's language and place. `clock` answers unix seconds.

    A configuration error is never raised here: it is answered as `lifespan.startup.failed`, which makes the server
    exit with the message. Without lifespan events every request raises it.
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: PolicySource = "consent.yaml",
        *,
        secret_key: str | Sequence[str] | None = None,
        log: str | ConsentLog | None = None,
        reload: bool = False,
        templates: str | Path | None = None,
        locale: LocaleCallable | None = None,
        region: RegionCallable | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self._started = False
        self._starting = asyncio.Lock()
        self._learned = False
        self._learn_again_at = 0.0
        self._sites: Sites | None = None
        self._error: ConfigurationError | None = None
        try:
            keys = read_secret_keys(secret_key)
            self.log = open_log(log if log is not None else os.environ.get("CONSENTKIT_LOG") or DEFAULT_LOG)
            settings = Settings(keys, self.log, templates, locale, region, clock)
            self._sites = Sites(policy, settings, reload=reload)
        except ConfigurationError as error:
            self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await run_lifespan(self.app, scope, receive, send, start=self._start, stop=self._stop)
        elif kind not in ("http", "websocket") or isinstance(scope.get("consentkit"), Visit):
            await self.app(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        site = await self._site(scope)
        path = own_path(scope)
        if any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in site.policy.exclude):
            scope.setdefault("state", {})["consent"] = NOBODY
            await self.app(scope, receive, send)
            return
        visit = site.visit(scope)
        if scope["type"] == "http" and is_own(path, site.policy.path):
            response = await answer(visit, receive)
            await response(scope, receive, send)
            return
        handler = self._page if scope["type"] == "http" else self._websocket
        token = active_consent.set(visit.consent)
        try:
            await handler(visit, receive, send)
        finally:
            active_consent.reset(token)

    async def _page(self, visit: Visit, receive: Receive, send: Send) -> None:
        scope = _inner_scope(visit)
        headers: RawHeaders = scope["headers"]
        translated = False
        if may_get_page(headers):
            scope["extensions"] = _without_bypasses(scope.get("extensions"))
            if scope["method"] in ("GET", "HEAD") and has_conditions(headers):
                navigation = is_navigation(headers)
                scope["headers"] = request_conditions(headers, visit.state_digest(), navigation=navigation)
                translated = scope["headers"] != headers and has_conditions(scope["headers"])
            scope["headers"] = _uncompressed(scope["headers"])
        responder = Responder(visit, send, translated=translated)
        try:
            await self.app(scope, receive, responder)
        except BaseException:
            await responder.abandon()
            raise
        await responder.finish()

    async def _websocket(self, visit: Visit, receive: Receive, send: Send) -> None:
        async def gated_send(message: Message) -> None:
            if message["type"] in ("websocket.accept", "websocket.http.response.start") and "headers" in message:
                headers = visit.site.cookie_gate.response_headers(message["headers"], visit.consent)
                message = {**message, "headers": headers}
            await send(message)

        await self.app(_inner_scope(visit), receive, gated_send)

    def site_for(self, scope: Scope) -> Site:
        """The site that a request with `scope` belongs to. Raises the `ConfigurationError` there is, if any."""
        return self._ready_sites().at(scope)

    def _ready_sites(self) -> Sites:
        if self._error is not None or self._sites is None:
            raise self._error or ConfigurationError("there is no policy")
        return self._sites

    async def _site(self, scope: Scope) -> Site:
        sites = self._ready_sites()
        if not self._started:
            async with self._starting:
                if not self._started:
                    await self._start_without_lifespan()
        if not self._learned and time.monotonic() >= self._learn_again_at:
            await self._learn(sites)
        if sites.is_watching:
            await sites.refresh()
        return sites.at(scope)

    async def _start(self) -> None:
        """Open the log and take in what it knows. Raises what must stop the server."""
        sites = self._ready_sites()
        try:
            await self.log.open()
        except LogUnavailableError as error:
            logger.error("the consent log can't be used just now; refusals are honoured, grants are not: %s", error)
            sites.learn({})
            self._learn_again_at = time.monotonic() + _LEARN_EVERY
        else:
            await self._learn(sites)
        self._started = True

    async def _learn(self, sites: Sites) -> None:
        """Take in the earlier policies the log has kept; while it can't be read, try again now and then."""
        self._learn_again_at = time.monotonic() + _LEARN_EVERY
        try:
            kept = await self.log.kept("policy")
        except LogError as error:
            logger.warning("earlier policies could not be read from the consent log: %s", error)
            sites.learn({})
            return
        sites.learn(kept)
        self._learned = True

    async def _start_without_lifespan(self) -> None:
        """No lifespan event came, so nothing can stop the server: pages are served, and grants are refused."""
        try:
            await self._start()
        except LogError as error:
            logger.error("the consent log can't be used; refusals are honoured, grants are not: %s", error)
            self._started = True

    async def _stop(self) -> None:
        await self.log.close()


def _inner_scope(visit: Visit) -> Scope:
    """The scope the app sees: without the cookies of services that are not allowed, and with the consent."""
    scope = dict(visit.scope)
    gate, consent = visit.site.cookie_gate, visit.consent
    scope["headers"] = without_cookies(scope["headers"], lambda name: gate.is_hidden(name, consent))
    scope["consentkit"] = visit
    scope.setdefault("state", {})["consent"] = consent
    return scope


def _without_bypasses(extensions: dict[str, object] | None) -> dict[str, object]:
    return {name: value for name, value in (extensions or {}).items() if name not in _BYPASSES}


def _uncompressed(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Inner compression would blind the gates; it belongs outside of this middleware."""
    kept = [(key, value) for key, value in headers if key != b"accept-encoding"]
    return [*kept, (b"accept-encoding", b"identity")] if len(kept) < len(headers) else kept
