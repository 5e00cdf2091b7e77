"""What consentkit adds to pages under one decision, in one language, at one address: made once for many requests."""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache
from typing import NamedTuple

from markupsafe import escape

from consentkit.banner import Notices
from consentkit.decision import GPC, Decision
from consentkit.policy.models import Policy
from consentkit.rewrite.rules import UNDECLARED, Rules, Ruleset

RawHeader = tuple[bytes, bytes]
Start = tuple[int | RawHeader, ...]
_CACHED = 1024
#: More different starts of pages than this are not remembered for one consent state.
_REMEMBERED = 64
#: More combinations of a page's nonces and policies than this are not remembered.
_CACHED_HEADS = 64


class PageStart(NamedTuple):
    """How a page begins: its headers but for its length, and whether it is for everyone.

    `measured`: the app told its length. `tightened`: its own policy forbids more than the app's did. `plain`: it has no
    policy at all. `secret`: the app keeps the page out of shared caches, or of all.
    """

    headers: list[RawHeader]
    measured: bool
    shared: bool = False
    tightened: bool = False
    plain: bool = False
    secret: bool = False


class Additions:
    """The rules, assets, banner and validator digest that go with one consent state. Immutable but for its memory."""

    def __init__(self, maker: AdditionsMaker, decision: Decision, locale: str, base: str) -> None:
        self._maker = maker
        self._decision = decision
        self._locale = locale
        self._base = base
        self.is_shared = decision is maker.anyone
        self.rules: Rules = maker.rules(decision)
        consent = decision.consent
        #: What of refused services is to be deleted from the browser's own stores.
        self.stored = maker.notices.stored_by(frozenset() if self.is_shared else decision.enforcement.refused, consent)
        runs = any(yes and consent.reasons[name] != "required" for name, yes in consent.services.items())
        self._reasons_to_reload = ("refused",) if runs else ()
        self.is_asking = bool(decision.asking)
        self.is_signalled = GPC in consent.signals
        #: What was made of the headers of pages before, by status and headers.
        self.starts: dict[Start, PageStart] = {}
        self.head = lru_cache(maxsize=_CACHED_HEADS)(self._head)

    def remember(self, start: Start, made: PageStart) -> None:
        """Keep what was made of a page's headers, forgetting all once there is too much."""
        if len(self.starts) >= _REMEMBERED:
            self.starts.clear()
        self.starts[start] = made

    @cached_property
    def digest(self) -> bytes:
        """Eight hex characters that stand for everything these additions depend on."""
        maker, decision, consent = self._maker, self._decision, self._decision.consent
        allowed = sorted(name for name, yes in consent.services.items() if yes)
        parts = (maker.policy.digest, maker.identity, consent.regime, self._locale, self._base, self.is_shared)
        shown = self._banner if decision.asking and not self.is_shared else self.reopen
        facts = repr((parts, shown, allowed, decision.asking, decision.changes, sorted(consent.signals)))
        return hashlib.sha256(facts.encode()).hexdigest()[:8].encode()

    @cached_property
    def reopen(self) -> bytes:
        """The "Privacy choices" control."""
        return self._maker.notices.reopen(self._locale, self._base)

    @cached_property
    def standing(self) -> bytes:
        """What stands on every page of who need not be asked: that control, or nothing."""
        policy = self._maker.policy
        return self.reopen if policy.asked_categories and policy.banner.reopen != "none" else b""

    @cached_property
    def _banner(self) -> tuple[bytes, bytes]:
        return self._maker.notices.banner(self._decision, self._locale, self._base)

    def banner(self, return_to: str) -> bytes:
        """The banner, for a page that lies at `return_to`, a path in ASCII."""
        before, after = self._banner
        return before + escape(return_to).encode() + after

    def placeholder(self, service: str, return_to: str) -> str | None:
        """The small document that stands in a gated iframe."""
        if service not in self._maker.policy.services and not service.startswith(UNDECLARED):
            return None
        return self._maker.notices.placeholder(service, self._locale, self._decision.regime, self._base, return_to)

    @cached_property
    def plain_head(self) -> bytes:
        """The tags of our assets for a page that has no policy of its own."""
        return self.head("", "", reload_granted=False)

    def _head(self, style_nonce: str, script_nonce: str, *, reload_granted: bool) -> bytes:
        """The tags of our style sheet, and of our script where there is work for it."""
        reasons = (*self._reasons_to_reload, *("granted",) * reload_granted)
        return self._maker.notices.head(
            self._base,
            style_nonce=style_nonce,
            script_nonce=script_nonce,
            script=self.is_asking or self.is_shared,
            reload=" ".join(reasons) if self.is_asking else "",
            clear=self.stored,
            shared=self.is_shared,
        )


class AdditionsMaker:
    """Makes and remembers `Additions` for one policy.

    `anyone` is the decision behind pages that all visitors share, `identity` what else pages depend on.
    """

    def __init__(self, policy: Policy, notices: Notices, ruleset: Ruleset, anyone: Decision, identity: str) -> None:
        self.policy = policy
        self.notices = notices
        self.anyone = anyone
        self.identity = identity
        self._ruleset = ruleset
        self.make = lru_cache(maxsize=_CACHED)(self._make)

    def _make(self, decision: Decision, locale: str, base: str) -> Additions:
        return Additions(self, decision, locale, base)

    def rules(self, decision: Decision) -> Rules:
        """The rewriting rules of one decision."""
        consent = decision.consent
        allowed = frozenset(name for name, yes in consent.services.items() if yes)
        return self._ruleset.for_consent(allowed, consent.allowed_categories)
