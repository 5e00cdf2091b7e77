"""What the visitor is shown: banner, re-open control, forms and placeholders, rendered once per kind and then joined.

A *notice* is a form as it was shown. Its digest goes into the signed token in the form, and its bytes are kept in the
log, so that a record can give back what the visitor saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from consentkit.assets import Assets
from consentkit.consent import Consent
from consentkit.cookie import NoticeToken, TokenCodec, Verdict
from consentkit.decision import Decision
from consentkit.i18n import Languages, Wording
from consentkit.policy.inventory import Change
from consentkit.policy.models import Policy, Service
from consentkit.policy.parts import Storage
from consentkit.regimes import Regime
from consentkit.rewrite.rules import UNDECLARED

#: What a banner asks about, which of it is open already, and what was widened since the last choice.
_AskedAbout = tuple[tuple[str, ...], frozenset[str], tuple[Change, ...]]
KeepNotice = Callable[[str, bytes], None]
#: Stand in a rendered form for what differs between requests. `~` and `@` never leave the template engine changed.
_TOKEN, _RETURN_TO, _ORIGIN = "~ckit@token~", "~ckit@return~", "~ckit@origin~"
_CACHED = 512
#: The stores of a browser, as JavaScript and as the policy call them.
_STORES = {"localStorage": "local", "sessionStorage": "session", "indexedDB": "indexed_db"}


class Notices:
    """Renders every form that can record a choice, for one policy."""

    def __init__(
        self,
        policy: Policy,
        environment: Environment,
        languages: Languages,
        tokens: TokenCodec,
        assets: Assets,
        keep: KeepNotice,
    ) -> None:
        self.policy = policy
        self.languages = languages
        self.assets = assets
        self._environment = environment
        self._tokens = tokens
        self._keep = keep
        self._pieces = lru_cache(maxsize=_CACHED)(self._render_pieces)
        self._reopen = lru_cache(maxsize=_CACHED)(self._render_reopen)
        self._storing = frozenset(name for name, service in policy.services.items() if service.storage != Storage())
        self._stored = lru_cache(maxsize=_CACHED)(self._render_stored)
        self._placeholder = lru_cache(maxsize=_CACHED)(self._render_placeholder)

    def banner(self, decision: Decision, locale: str, origin: str) -> tuple[bytes, bytes]:
        """The banner for a visitor who is still to be asked, as pure ASCII: what comes before and after `return_to`."""
        asked = (decision.asking, _opened(decision), decision.changes)
        return self._pieces(locale, decision.regime.name, asked, origin)

    def reopen(self, locale: str, origin: str) -> bytes:
        """The "Privacy choices" control for those who need not be asked, as pure ASCII."""
        return self._reopen(locale, origin)

    def head(
        self,
        origin: str,
        *,
        script: bool,
        style_nonce: str = "",
        script_nonce: str = "",
        reload: str = "",
        clear: str = "",
        shared: bool = False,
    ) -> bytes:
        """The tags that load our assets. The nonces are the page's own, or empty.

        `reload` names the choices (`granted`, `refused`) after which the script must load the page anew; `clear` is
        what `stored_by` gives. With either of them, or for the banner, the script is there. On a `shared` page it asks
        the server what becomes of this visitor.
        """
        base, nonce = escape(origin), _attributes(nonce=style_nonce)
        html = f'<link rel="stylesheet" href="{base}{self.assets.style_url}"{nonce} data-ckit-asset>'
        if script or clear:
            written = _attributes(nonce=script_nonce, data_ckit_reload=reload, data_ckit_clear=clear)
            written += " data-ckit-shared" * shared
            html += f'<script src="{base}{self.assets.script_url}" defer{written} data-ckit-asset></script>'
        return _ascii(html)

    def stored_by(self, refused: frozenset[str], consent: Consent) -> str:
        """What refused services have declared to store in the browser beside cookies, for the script to delete.

        A JSON object from the store's name in JavaScript to names in it, in which `*` stands for any characters. What
        a service declares too that is allowed, or not enforced, is not in it. Empty when there is nothing.
        """
        if not refused & self._storing:
            return ""
        return self._stored(refused & self._storing, frozenset(x for x in self._storing if self._keeps(x, consent)))

    def _keeps(self, service: str, consent: Consent) -> bool:
        return consent.services[service] or self.policy.services[service].category in self.policy.report_only

    def _render_stored(self, refused: frozenset[str], allowed: frozenset[str]) -> str:
        found: dict[str, list[str]] = {}
        for area, field in _STORES.items():
            gone, kept = ({x for name in names for x in self._names(name, field)} for names in (refused, allowed))
            if gone - kept:
                found[area] = sorted(gone - kept)
        return json.dumps(found, separators=(",", ":")) if found else ""

    def _names(self, service: str, field: str) -> tuple[str, ...]:
        names: tuple[str, ...] = getattr(self.policy.services[service].storage, field)
        return names

    def placeholder(self, service: str, locale: str, regime: Regime, origin: str, return_to: str) -> str:
        """The small document that stands in a gated iframe: what would load, from whom, and a form to allow it.

        `service` may stand for a host that no service declares; then there is nothing to allow.
        """
        return self._placeholder(service, locale, regime.name, origin).replace(_RETURN_TO, str(escape(return_to)))

    def preferences(self, decision: Decision, locale: str, return_to: str, origin: str) -> Markup:
        """The form of the preferences page, as it stands for this visitor.

        A service that is allowed by itself, in a category that isn't, has a box of its own, so that saving keeps it.
        """
        wording, consent = self.languages.wording(locale), decision.consent
        facts: dict[str, Any] = {
            "categories": [
                category
                for category in categories(self.policy, wording)
                if category["name"] not in self.policy.report_only
            ],
            "ticked": _granted(decision),
            "signalled": frozenset(name for name, reason in consent.reasons.items() if reason == "signal"),
            "alone": _allowed_alone(decision, self.policy),
        }
        form = self._render("preferences_form.html", wording, facts)
        token = self._token(form, wording, decision.regime.name, "preferences", self.policy.asked_categories)
        return Markup(_filled(form, token, origin, return_to))  # noqa: S704 - rendered by an escaping template

    def grant_form(self, kind: str, name: str, locale: str, regime: str, origin: str, return_to: str) -> Markup:
        """A form that allows one category or one service, and nothing else. `kind` is `category` or `service`."""
        wording = self.languages.wording(locale)
        html = self._grant_html(kind, name, wording)
        scope = (f"+{name}" if kind == "service" else name,)
        token = self._token(html, wording, regime, f"grant {kind}", scope)
        return Markup(_filled(html, token, origin, return_to))  # noqa: S704 - rendered by an escaping template

    def _grant_html(self, kind: str, name: str, wording: Wording) -> str:
        if kind == "service":
            label = wording.service(name)
            text = wording("messages.placeholder", service=label, provider=_provider(self.policy.services[name]))
            button = wording("messages.load_service", service=label)
        else:
            label = wording.category(name)
            text = wording.category_description(name)
            button = wording("messages.allow_just_this", category=label)
        facts = {"kind": kind, "name": name, "text": text, "label": button}
        return self._render("grant_form.html", wording, facts)

    def _render_pieces(self, locale: str, regime: str, asked_about: _AskedAbout, origin: str) -> tuple[bytes, bytes]:
        asking, opened, changes = asked_about
        wording = self.languages.wording(locale)
        asked = [
            {**category, "open": category["name"] in opened}
            for category in categories(self.policy, wording)
            if category["name"] in asking
        ]
        facts = {
            "categories": asked,
            "opt_out": bool(opened),
            "changes": [_change(change, wording) for change in changes],
            "position": self.policy.banner.position,
            "reopen": self.policy.banner.reopen != "none",
        }
        html = self._render("banner.html", wording, facts)
        token = self._token(html, wording, regime, self.policy.banner.layout, asking)
        before, _, after = _filled(html, token, origin, _RETURN_TO).partition(_RETURN_TO)
        return _ascii(before), _ascii(after)

    def _render_reopen(self, locale: str, origin: str) -> bytes:
        html = self._render("reopen.html", self.languages.wording(locale), {})
        return _ascii(html.replace(_ORIGIN, str(escape(origin))))

    def _render_placeholder(self, service: str, locale: str, regime: str, origin: str) -> str:
        wording = self.languages.wording(locale)
        if service.startswith(UNDECLARED):
            return self._render_undeclared(service.removeprefix(UNDECLARED).strip(), wording, origin)
        declared = self.policy.services[service]
        facts = {
            "form": self.grant_form("service", service, locale, regime, origin, _RETURN_TO),
            "service": wording.service(service),
            "provider": _provider(declared),
            "policy_url": declared.provider.policy_url if declared.provider else None,
            "stylesheet": self.assets.style_url,
        }
        return self._render("placeholder.html", wording, facts).replace(_ORIGIN, str(escape(origin)))

    def _render_undeclared(self, host: str, wording: Wording, origin: str) -> str:
        text = Markup('<p class="ckit-text">{}</p>').format(wording("messages.undeclared", provider=host))
        facts = {
            "form": text,
            "service": host,
            "provider": host,
            "policy_url": None,
            "stylesheet": self.assets.style_url,
        }
        return self._render("placeholder.html", wording, facts).replace(_ORIGIN, str(escape(origin)))

    def _render(self, template: str, wording: Wording, facts: Mapping[str, Any]) -> str:
        context = {
            "t": wording,
            "path": self.policy.path,
            "token": _TOKEN,
            "return_to": _RETURN_TO,
            "origin": _ORIGIN,
        }
        return self._environment.get_template(template).render(context | dict(facts))

    def _token(self, html: str, wording: Wording, regime: str, layout: str, scope: tuple[str, ...]) -> str:
        """Digest the notice, keep its bytes, and sign the token that names it."""
        notice = {
            "html": html,
            "css": self.assets.style.body.decode(),
            "locale": wording.locale,
            "layout": layout,
            "regime": regime,
            "policy": self.policy.digest,
        }
        body = json.dumps(notice, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
        digest = hashlib.sha256(body).hexdigest()
        self._keep(digest, body)
        token = NoticeToken(digest, self.policy.digest, wording.locale, regime, scope)
        return self._tokens.dumps(token)


def _attributes(**values: str) -> str:
    """The attributes that have a value, ready to stand in a tag."""
    written = (f' {name.replace("_", "-")}="{escape(value)}"' for name, value in values.items() if value)
    return "".join(written)


def _filled(html: str, token: str, origin: str, return_to: str) -> str:
    """A rendered form with its stand-ins replaced. `origin` and `return_to` are escaped here."""
    html = html.replace(_TOKEN, token).replace(_ORIGIN, str(escape(origin)))
    return html.replace(_RETURN_TO, str(escape(return_to)))


def categories(policy: Policy, wording: Wording) -> list[dict[str, Any]]:
    """Every category with a service, in screen order, with its services, in the words of `wording`."""
    return [
        {
            "name": name,
            "label": wording.category(name),
            "description": wording.category_description(name),
            "required": category.required,
            "services": [
                {
                    "name": service,
                    "label": wording.service(service),
                    "provider": declared.provider.name if declared.provider else "",
                    "purpose": wording.local(declared.purpose),
                }
                for service, declared in policy.services_in(name).items()
            ],
        }
        for name, category in policy.all_categories.items()
        if policy.services_in(name)
    ]


def _opened(decision: Decision) -> frozenset[str]:
    """The categories that are asked about but already open, because the regime reads silence as yes."""
    allowed, regime = decision.consent.allowed_categories, decision.regime
    return frozenset(name for name in decision.asking if name in allowed and regime.mode_for(name) != "opt-in")


def _granted(decision: Decision) -> frozenset[str]:
    """The categories that are allowed as a whole, or were by the visitor's own word."""
    said = {name for name, entry in decision.standing.items() if entry.verdict is Verdict.GRANTED}
    return decision.consent.allowed_categories | said


def _allowed_alone(decision: Decision, policy: Policy) -> frozenset[str]:
    """The services a visitor allowed by themselves, in categories that are not allowed as a whole."""
    whole, reasons = _granted(decision), decision.consent.reasons
    return frozenset(
        name
        for name, service in policy.services.items()
        if decision.consent.services[name] and reasons[name] == "choice" and service.category not in whole
    )


def _change(change: Change, wording: Wording) -> str:
    return wording(f"changes.{change.kind}", service=wording.service(change.service))


def _provider(service: Service) -> str:
    return service.provider.name if service.provider else ", ".join(service.hosts)


def _ascii(html: str) -> bytes:
    """The same text in any charset that has ASCII: everything else becomes a numeric entity."""
    return html.encode("ascii", "xmlcharrefreplace")
