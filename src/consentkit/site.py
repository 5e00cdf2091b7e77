"""One site at work: its policy with everything derived from it, made once and shared by all requests."""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from consentkit.additions import AdditionsMaker
from consentkit.assets import Assets
from consentkit.banner import Notices
from consentkit.cookie import CookieCodec, StoredChoice, TokenCodec
from consentkit.counters import GateCounters
from consentkit.decision import Decider, Decision, Revisions
from consentkit.errors import CookieError, LogError
from consentkit.gates.headers import HeaderGates
from consentkit.gates.report import GateReport
from consentkit.gates.set_cookie import CookieGate
from consentkit.http import Scope, cookie_pattern, header, sole_cookie
from consentkit.i18n import Languages, LocaleCallable
from consentkit.log.store import ConsentLog
from consentkit.policy.models import Policy, RegionSource
from consentkit.regimes import Regime, parse_region, regime_for
from consentkit.rewrite.rules import Ruleset, ServiceRule
from consentkit.templates import make_environment

logger = logging.getLogger("consentkit")
GPC_PATH = "/.well-known/gpc.json"
#: How often the log is asked for policies of other workers, in seconds.
_LOOK_UP_EVERY = 1.0
#: How an endpoint that needs consent tells the middleware which category is missing; it never leaves the server.
MISSING_HEADER = b"x-ckit-missing"
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
    counters: GateCounters = field(default_factory=GateCounters)


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
        self._cookie_pattern = cookie_pattern(self.cookie_name.encode())
        self.cookies = CookieCodec(settings.keys, policy.site_id)
        self.tokens = TokenCodec(settings.keys, policy.site_id)
        self.languages = Languages(policy, settings.locale)
        self.environment = make_environment(settings.templates)
        self.assets = Assets(policy)
        self.notices = Notices(policy, self.environment, self.languages, self.tokens, self.assets, self._keep_notice)
        self.revisions = Revisions(loaded_at=int(settings.clock()))
        self.revisions.add(policy.digest, json.loads(policy.canonical()))
        self.decider = Decider(policy, self.revisions, clock=settings.clock)
        self.counters = settings.counters
        self.report = GateReport(self.counters)
        self.cookie_gate = CookieGate(policy, (self.cookie_name,), self.counters)
        self.header_gates = HeaderGates(policy, self.cookie_gate, self.counters)
        #: The response headers, in lower case, that may have to do with consent.
        self.concerned = self.header_gates.names | {b"content-type", MISSING_HEADER}
        by_language = len(policy.locales) > 1 and "accept-language" in policy.language.detect
        #: What a page made for one visitor depends on.
        self.varies_by = ("Cookie", "Sec-GPC", "Accept-Language") if by_language else ("Cookie", "Sec-GPC")
        #: Beginnings of paths that are not simply the app's.
        self.special_paths = (policy.path, GPC_PATH, *policy.exclude)
        identity = f"{self.software} {self.tokens.fingerprint}"
        maker = AdditionsMaker(policy, self.notices, _ruleset(policy), self.decider.anyone, identity)
        #: What pages get, by decision, language and base address.
        self.additions = maker.make
        self._region = settings.region
        self._source = policy.regimes.region
        #: The regime in force for a region.
        self.regime = lru_cache(maxsize=256)(self._regime)
        #: What was wrong with the policy file when it was last read again.
        self.reload_error: str | None = None
        self._look_up_again_at = 0.0
        #: Whether the site has any way to learn where a visitor is.
        self.is_located = self._region is not None or self._source is not None

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

    def _regime(self, region: str | None) -> Regime:
        regimes = self.policy.regimes
        return regime_for(region, regimes.map, regimes.overrides, located=self.is_located)

    def _choice(self, cookies: Sequence[bytes]) -> tuple[bytes | None, StoredChoice | None]:
        """The consent cookie and what it says; nothing when it is missing, doubled, foreign or forged."""
        raw = sole_cookie(cookies, self._cookie_pattern) if cookies else None
        if raw is None:
            return None, None
        try:
            return raw, self.cookies.loads(raw)
        except CookieError:
            return None, None

    def decide(self, cookies: Sequence[bytes], region: str | None, signal: bool) -> Decision:
        """Decide for a request with these `Cookie` headers, from a visitor in `region`, with or without the signal."""
        raw, choice = self._choice(cookies)
        return self.decider.decide(raw, choice, self.regime(region), signal)


def _ruleset(policy: Policy) -> Ruleset:
    services = [
        ServiceRule(name, service.category, service.hosts, service.inline) for name, service in policy.services.items()
    ]
    return Ruleset(
        services,
        tuple(policy.all_categories),
        report_only=policy.report_only,
        unknown=policy.unknown_hosts,
        declared=policy.open_hosts,
    )


def _is_trusted(scope: Scope, source: RegionSource) -> bool:
    client = scope.get("client")
    if client is None:
        return "unix" in source.trusted_proxies
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    return any(address in network for network in source.trusted_proxies if network != "unix")
