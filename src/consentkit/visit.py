"""One request at one site: what is decided of it, found out when first asked for."""

from __future__ import annotations

from starlette.types import Scope

from consentkit.additions import Additions
from consentkit.consent import Consent
from consentkit.decision import Decision
from consentkit.gates.validators import Conditions
from consentkit.http import RawHeaders, loopback_origin, request_target, safe_return_to
from consentkit.site import Site


class Visit:
    """What the middleware, the gates and our own routes know of one request.

    Most answers are no pages and set no cookies: nothing is read from cookie or signals until something needs it.
    """

    #: Whether the app has looked at the consent, so that what it sends may differ between visitors.
    consent_was_read = False
    #: While a page that is the same for everyone is on its way, the app sees the consent of nobody in particular.
    for_everyone = False
    #: Whether the request may carry a cookie that the visitor has refused, so that the answer must delete it.
    carries_refused = False
    #: The scope the app was called with, while it works: frameworks write into it which route it took.
    app_scope: Scope | None = None
    #: The conditions that the app is given in place of the request's own, if they were translated.
    conditions: Conditions | None = None
    placed_by_hand = False
    choices_by_hand = False
    _decision: Decision | None = None
    _region: str | None = None
    _locale: str | None = None
    _base: str | None = None
    _additions: Additions | None = None

    def __init__(self, site: Site, scope: Scope) -> None:
        self.site = site
        self.scope = scope
        #: The headers of the request by name; of several with one name the last, so that `values` must tell them all.
        self.given: dict[bytes, bytes] = dict(scope["headers"])

    def deciding(self, decision: Decision) -> Visit:
        """The same request under another decision: after a choice."""
        other = Visit(self.site, self.scope)
        other._decision = decision
        other._region = self.region
        other._locale = self._locale
        other.carries_refused = self.carries_refused
        return other

    def read_consent(self) -> Consent:
        """The consent of this request, for the app."""
        if self.for_everyone:
            return self.site.decider.anyone.consent
        self.consent_was_read = True
        return self.decision.consent

    @property
    def decision(self) -> Decision:
        """What was decided from policy, place, signals and cookie."""
        if self._decision is None:
            site, given = self.site, self.given
            if site.is_located:
                self._region = site.region(self.app_scope or self.scope)
            cookies = self.values(b"cookie") if b"cookie" in given else ()
            signal = b"sec-gpc" in given and b"1" in self.values(b"sec-gpc")
            self._decision = site.decide(cookies, self._region, signal)
        return self._decision

    @property
    def consent(self) -> Consent:
        """The consent of this request, for our own parts: that they look at it doesn't count."""
        return self.decision.consent

    @property
    def region(self) -> str | None:
        """Where the visitor is, as far as that is known."""
        return self._region if self.decision else None

    @property
    def locale(self) -> str:
        """The language to speak."""
        if self._locale is None:
            languages = self.site.languages
            self._locale = languages.only or languages.choose(self.app_scope or self.scope)
        return self._locale

    @property
    def base(self) -> str:
        """Absolute address of the app's root: our links must hold on pages with a foreign `<base>`.

        It is the policy's `site.url`, never a Host header, but for a loopback host.
        """
        if self._base is None:
            origin = self.loopback or self.site.policy.site.url
            self._base = origin + self.root if self.scope.get("root_path") else origin
        return self._base

    @property
    def loopback(self) -> str | None:
        """`scheme://host` when the request names one loopback host, so that a site can be tried on the own machine."""
        host = self.given.get(b"host", b"")
        origin = loopback_origin(self.scope.get("scheme", "http"), host)
        return origin if origin is None or len(self.values(b"host")) == 1 else None

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
    def headers(self) -> RawHeaders:
        """The headers of the request, as they came."""
        headers: RawHeaders = self.scope["headers"]
        return headers

    def values(self, name: bytes) -> list[bytes]:
        """The values of every header `name` (lower-case) of the request."""
        if name not in self.given:
            return []
        headers = self.headers
        if len(headers) == len(self.given):
            return [self.given[name]]
        return [value for key, value in headers if key == name]

    @property
    def additions(self) -> Additions:
        """What a page gets for this visitor."""
        if self._additions is None:
            self._additions = self.site.additions(self.decision, self.locale, self.base)
        return self._additions

    @property
    def shared_additions(self) -> Additions:
        """What a page gets that is the same for all visitors: it depends on the address alone."""
        site = self.site
        return site.additions(site.decider.anyone, site.languages.of_address(self.scope), self.base)
