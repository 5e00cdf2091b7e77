"""Consent: the frozen value that says what one request may do, and why.

`current_consent()` gives the same value without a request, through a context variable that the middleware sets.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast

from consentkit.errors import UnknownNameError

State = Literal["granted", "denied", "undecided"]
#: Why a service may run or not: it is `required`; the visitor's `choice`; their `silence` as the regime reads it; a
#: privacy `signal`; the declaration was `widened` since the choice; there is `no-request` to ask about.
Reason = Literal["required", "choice", "silence", "signal", "widened", "no-request"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What is allowed for this request. It holds no visitor identifier.

    `categories` maps every category of the policy to its state, `services` every service to whether it is allowed.
    `decided` is true when the visitor's own choice covers every category that is asked about. `regime` is the preset
    in force, `signals` the privacy signals honoured, `revision` a short digest of the policy.
    """

    categories: Mapping[str, State]
    services: Mapping[str, bool]
    allowed_categories: frozenset[str]
    reasons: Mapping[str, Reason] = field(default_factory=dict[str, Reason])
    decided: bool = False
    regime: str = "strictest"
    signals: frozenset[str] = frozenset()
    revision: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    outside: bool = field(default=False, repr=False)

    def allows(self, category: str) -> bool:
        """Whether everything in `category` may run and be stored now.

        A category is allowed only as a whole: when one of its services is refused, ask `allows_service` for the
        others. Raises `UnknownNameError` for a name the policy doesn't have.
        """
        return self._category(category) in self.allowed_categories

    def state(self, category: str) -> State:
        """`granted` or `denied` by the visitor (or a signal), else `undecided`. Raises `UnknownNameError`."""
        name = self._category(category)
        return self.categories.get(name, "denied")

    def allows_service(self, service: str) -> bool:
        """Whether `service` may run and store now. Raises `UnknownNameError` for a service the policy doesn't have."""
        if service in self.services:
            return self.services[service]
        if self.outside:
            return False
        raise _unknown("service", service, tuple(self.services))

    def reason(self, service: str) -> Reason:
        """Why `service` is allowed or not. Raises `UnknownNameError` for a service the policy doesn't have."""
        self.allows_service(service)
        return self.reasons.get(service, "no-request")

    def _category(self, name: str) -> str:
        if name in self.categories:
            return name
        canonical = self.aliases.get(name.lower(), name.lower())
        if canonical in self.categories or canonical in self.aliases.values() or self.outside:
            return canonical
        raise _unknown("category", name, tuple(self.categories))


class ConsentReader(Protocol):
    """Finds out the consent of one request, and takes note that it was asked for."""

    def read_consent(self) -> Consent:
        """The consent."""
        ...


class WatchedConsent(Consent):
    """The consent of one request. It is only found out when it is used, and using it is seen.

    A page that was made without a look at it may be the same for all visitors, and lie in a shared cache.
    """

    __slots__ = ("_reader",)

    def __getattribute__(self, name: str) -> Any:
        return getattr(reader_of(self).read_consent(), name)


#: Sets what finds out a watched consent, and gives it back: without a look at the consent.
set_reader = cast("Callable[[WatchedConsent, ConsentReader], None]", vars(WatchedConsent)["_reader"].__set__)
reader_of = cast("Callable[[WatchedConsent], ConsentReader]", vars(WatchedConsent)["_reader"].__get__)
#: Makes a watched consent the quick way, since there is one for each request; `set_reader` must follow.
make_watched = cast("Callable[[type[WatchedConsent]], WatchedConsent]", WatchedConsent.__new__)


def watched(reader: ConsentReader) -> WatchedConsent:
    """A consent that `reader` finds out when it is used."""
    consent = make_watched(WatchedConsent)
    set_reader(consent, reader)
    return consent


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> UnknownNameError:
    close = difflib.get_close_matches(name, known, n=1)
    return UnknownNameError(kind, name, known, close[0] if close else None)


#: The answer where there is no request: only what is necessary.
NOBODY = Consent(
    categories=MappingProxyType({"necessary": "granted"}),
    services=MappingProxyType({}),
    allowed_categories=frozenset({"necessary"}),
    outside=True,
)

active_consent: ContextVar[Consent] = ContextVar("consentkit_consent", default=NOBODY)


def current_consent() -> Consent:
    """The consent of the request being handled, also in code that has no request at hand. Outside of one it denies."""
    return active_consent.get()
