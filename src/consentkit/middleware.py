"""The ASGI middleware: it holds settings, finds the site, decides, and hands the request on. State lives elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from consentkit.consent import NOBODY, WatchedConsent, active_consent, make_watched, set_reader, watched
from consentkit.cookie import read_secret_keys
from consentkit.counters import GateCounters
from consentkit.endpoints.routes import answer, is_own
from consentkit.errors import ConfigurationError, LogError, LogUnavailableError
from consentkit.http import own_path
from consentkit.i18n import LocaleCallable
from consentkit.lifespan import run_lifespan
from consentkit.log.store import ConsentLog, open_log
from consentkit.request import app_scope
from consentkit.responder import HandshakeResponder, Responder
from consentkit.site import RegionCallable, Settings, Site
from consentkit.sites import PolicySource, Sites
from consentkit.visit import Visit

logger = logging.getLogger("consentkit")
#: How often a log that could not be read is tried again for earlier policies, in seconds.
_LEARN_EVERY = 10.0
DEFAULT_LOG = "sqlite:///consent.db"


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
        #: The one site there is, once nothing about it can change any more.
        self._only: Site | None = None
        self._error: ConfigurationError | None = None
        #: What the gates have held back, or would have: `counters.snapshot()`.
        self.counters = GateCounters(clock=clock)
        try:
            keys = read_secret_keys(secret_key)
            self.log = open_log(log if log is not None else os.environ.get("CONSENTKIT_LOG") or DEFAULT_LOG)
            settings = Settings(keys, self.log, templates, locale, region, clock, self.counters)
            self._sites = Sites(policy, settings, reload=reload)
        except ConfigurationError as error:
            self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "consentkit" in scope:
            await self._other(scope, receive, send)
            return
        site = self._only or await self._site(scope)
        path = own_path(scope) if scope.get("root_path") else scope["path"]
        if path.startswith(site.special_paths) and await self._special(site, path, scope, receive, send):
            return
        # Without the state, in which the consent will stand, nothing here refers to itself: all is freed at once.
        outer = {**scope}
        outer.pop("state", None)
        responder = Responder(site, outer, send)
        consent = make_watched(WatchedConsent)
        set_reader(consent, responder)
        inner = app_scope(scope, responder, consent)
        token = active_consent.set(consent)
        try:
            await self.app(inner, receive, responder.send)
            if responder.is_holding:
                await responder.finish()
        except BaseException:
            await responder.abandon()
            raise
        finally:
            active_consent.reset(token)
            responder.app_scope = None

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is no request for a page: the server's lifespan, websockets, what we have seen already, the unknown."""
        if scope["type"] == "lifespan":
            await run_lifespan(self.app, scope, receive, send, start=self._start, stop=self._stop)
        elif scope["type"] == "websocket" and "consentkit" not in scope:
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _special(self, site: Site, path: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request for one of our own routes, or pass one on that the policy excludes. False: it is neither."""
        if _is_excluded(site, path):
            scope.setdefault("state", {})["consent"] = NOBODY
            await self.app(scope, receive, send)
            return True
        if not is_own(path, site.policy.path):
            return False
        response = await answer(Visit(site, scope), receive)
        await response(scope, receive, send)
        return True

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        site = await self._site(scope)
        if _is_excluded(site, own_path(scope)):
            scope.setdefault("state", {})["consent"] = NOBODY
            await self.app(scope, receive, send)
            return
        responder = HandshakeResponder(site, {name: value for name, value in scope.items() if name != "state"}, send)
        consent = watched(responder)
        inner = app_scope(scope, responder, consent)
        token = active_consent.set(consent)
        try:
            await self.app(inner, receive, responder.send)
        finally:
            active_consent.reset(token)
            responder.app_scope = None

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
        elif self._learned:
            self._only = sites.only
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
        self.counters.flush(self.log)
        await self.log.close()


def _is_excluded(site: Site, path: str) -> bool:
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in site.policy.exclude)
