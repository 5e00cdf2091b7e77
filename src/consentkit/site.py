"""One site at work: its policy with everything derived from it, made once and shared by all requests."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from consentkit.assets import Assets
from consentkit.banner import Notices
from consentkit.consent import Consent
from consentkit.cookie import CookieCodec, StoredChoice, TokenCodec
from consentkit.decision import Decider, Decision, Revisions
from consentkit.errors import CookieError, LogError
from consentkit.gates.set_cookie import CookieGate
from consentkit.http import Scope, header, header_values, is_loopback, request_target, safe_return_to, sole_cookie
from consentkit.i18n import Languages, LocaleCallable
from consentkit.log.store import ConsentLog
from consentkit.policy.models import Policy, RegionSource
from consentkit.regimes import Regime, parse_region, regime_for
from consentkit.rewrite.rules import Rules, Ruleset, ServiceRule
from consentkit.templates import make_environment

logger = logging.getLogger("consentkit")
#: How often the log is asked for policies of other workers, in seconds.
_LOOK_UP_EVERY = 1.0
RegionCallable = Callable[[Scope], str | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the middleware was given, beside the policy. `clock` answers unix seconds."""

    keys: Sequence[str]
    log: ConsentLog
    templates: str | Path | None = None
    locale: LocaleCallable | None = None
    region: RegionCallable | None = None
    clock: Callable[[], float] = time.time


class Site:
    """A policy with its codecs, gates, notices and decider."""

    def __init__(self, policy: Policy, settings: Settings) -> None:
        self.policy = policy
        self.log = settings.log
        self.clock = settings.clock
        self.software = f"consentkit {version('consentkit')}"
        self.secure = policy.site.url.startswith("https://")
        plain = not self.secure or policy.site.cookie_domain is not None
        self.cookie_name = "consent" if plain else "__Host-consent"
        self.cookies = CookieCodec(settings.keys, policy.site_id)
        self.tokens = TokenCodec(settings.keys, policy.site_id)
        self.languages = Languages(policy, settings.locale)
        self.environment = make_environment(settings.templates)
        self.assets = Assets(policy)
        self.notices = Notices(policy, self.environment, self.languages, self.tokens, self.assets, self._keep_notice)
        self.revisions = Revisions(loaded_at=int(settings.clock()))
        self.revisions.add(policy.digest, json.loads(policy.canonical()))
        self.decider = Decider(policy, self.revisions, clock=settings.clock)
        self.cookie_gate = CookieGate(policy, (self.cookie_name,))
        self.ruleset = _ruleset(policy)
        self._region = settings.region
        self._source = policy.regimes.region
        #: What was wrong with the policy file when it was last read again.
        self.reload_error: str | None = None
        self._look_up_again_at = 0.0
        self._located = self._region is not None or self._source is not None

    def _keep_notice(self, digest: str, body: bytes) -> None:
        self.log.keep("notice", digest, body)

    def learn(self, policies: dict[str, bytes]) -> None:
        """Take in the earlier policies the log has kept, and keep this one there."""
        for digest, body in policies.items():
            try:
                self.revisions.add(digest, json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError):
                logger.warning("policy %s in the consent log can't be read by this version; it is passed over", digest)
        self.decider.forget()
        self.log.keep("policy", self.policy.digest, self.policy.canonical())

    async def look_up(self, policy_digest: str) -> None:
        """Ask the log for a policy another worker may have kept there meanwhile: now and then, and without failing."""
        if policy_digest in self.revisions.by_policy or time.monotonic() < self._look_up_again_at:
            return
        self._look_up_again_at = time.monotonic() + _LOOK_UP_EVERY
        try:
            self.learn(await self.log.kept("policy"))
        except LogError as error:
            logger.warning("earlier policies could not be read from the consent log: %s", error)

    def region(self, scope: Scope) -> str | None:
        """The visitor's region by the site's callable, or by the header of a trusted proxy."""
        if self._region is not None:
            return parse_region(self._region(scope))
        if self._source is None or not _is_trusted(scope, self._source):
            return None
        value = header(scope["headers"], self._source.header.lower().encode())
        return parse_region(value.decode("latin-1")) if value is not None else None

    def regime(self, region: str | None) -> Regime:
        """The regime in force for a region."""
        regimes = self.policy.regimes
        return regime_for(region, regimes.map, regimes.overrides, located=self._located)

    def choice(self, scope: Scope) -> tuple[bytes | None, StoredChoice | None]:
        """The consent cookie and what it says; nothing when it is missing, doubled, foreign or forged."""
        raw = sole_cookie(scope["headers"], self.cookie_name.encode())
        if raw is None:
            return None, None
        try:
            return raw, self.cookies.loads(raw)
        except CookieError:
            return None, None

    def visit(self, scope: Scope) -> Visit:
        """Decide for the request in `scope`."""
        region = self.region(scope)
        signal = b"1" in header_values(scope["headers"], b"sec-gpc")
        raw, choice = self.choice(scope)
        decision = self.decider.decide(raw, choice, self.regime(region), signal)
        return Visit(self, scope, decision, region)

    def rules(self, consent: Consent) -> Rules:
        """The rewriting rules for one consent state."""
        allowed = frozenset(name for name, yes in consent.services.items() if yes)
        return self.ruleset.for_consent(allowed, consent.allowed_categories)


@dataclass(slots=True)
class Visit:
    """One request at one site: the decision, and what is asked of it while it is answered."""

    site: Site
    scope: Scope
    decision: Decision
    region: str | None
    placed_by_hand: bool = False
    choices_by_hand: bool = False
    _locale: str | None = field(default=None, repr=False)
    _base: str | None = field(default=None, repr=False)

    @property
    def consent(self) -> Consent:
        """The frozen consent of this request."""
        return self.decision.consent

    @property
    def locale(self) -> str:
        """The language to speak."""
        if self._locale is None:
            self._locale = self.site.languages.choose(self.scope)
        return self._locale

    @property
    def base(self) -> str:
        """Absolute address of the app's root: our links must hold on pages with a foreign `<base>`.

        It is the policy's `site.url`, never a Host header, but for a loopback host.
        """
        if self._base is None:
            self._base = (is_loopback(self.scope) or self.site.policy.site.url) + self.root
        return self._base

    @property
    def root(self) -> str:
        """The path the app is mounted under, without a slash at the end."""
        root: str = self.scope.get("root_path", "")
        return root.rstrip("/")

    @property
    def return_to(self) -> str:
        """Where a choice made on this page leads back to."""
        if self.scope["method"] not in ("GET", "HEAD"):
            return "/"
        return safe_return_to(request_target(self.scope))

    @property
    def shows_banner(self) -> bool:
        """Whether this visitor is to be asked."""
        return bool(self.decision.asking)

    def state_digest(self) -> str:
        """Eight hex characters that stand for everything our additions to a page depend on."""
        allowed = sorted(name for name, yes in self.consent.services.items() if yes)
        parts = (self.site.policy.digest, self.site.software, self.consent.regime, self.locale, self.base)
        facts = repr((parts, allowed, self.decision.asking, self.decision.changes, sorted(self.consent.signals)))
        return hashlib.sha256(facts.encode()).hexdigest()[:8]


def _ruleset(policy: Policy) -> Ruleset:
    required = {name for name, category in policy.all_categories.items() if category.required}
    services = [
        ServiceRule(name, service.category, service.hosts, service.inline)
        for name, service in policy.services.items()
        if service.category not in required
    ]
    return Ruleset(services, tuple(policy.all_categories))


def _is_trusted(scope: Scope, source: RegionSource) -> bool:
    client = scope.get("client")
    if client is None:
        return "unix" in source.trusted_proxies
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    return any(address in network for network in source.trusted_proxies if network != "unix")
