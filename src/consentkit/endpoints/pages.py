"""The pages a visitor can read: preferences, and the policy generated from what the site declares."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from consentkit.banner import categories
from consentkit.endpoints.answers import back_link, page
from consentkit.i18n import Wording
from consentkit.policy.fields import Duration
from consentkit.policy.models import DeclaredCookie, Form, Policy, Service
from consentkit.visit import Visit


def preferences_page(visit: Visit) -> Response:
    """`GET {path}/preferences`: works alone, without a banner and without JavaScript."""
    consent, site = visit.consent, visit.site
    here = f"{visit.root}{site.policy.path}/preferences?saved"
    form = site.notices.preferences(visit.decision, visit.locale, here, visit.root)
    return page(
        visit,
        "preferences.html",
        form=form,
        saved=consent.decided and visit.scope.get("query_string") == b"saved",
        decided=consent.decided,
        signal=bool(consent.signals) and site.policy.honours_gpc,
        not_asked=_not_asked(visit),
        back=back_link(visit),
    )


def _not_asked(visit: Visit) -> str:
    """The names of the categories that are not enforced, and so not part of the form."""
    policy, wording = visit.site.policy, visit.site.languages.wording(visit.locale)
    return ", ".join(
        wording.category(name)
        for name in policy.all_categories
        if name in policy.report_only and policy.services_in(name)
    )


def policy_page(visit: Visit) -> Response:
    """`GET {path}/policy`: everything the site declares, generated from the policy."""
    policy = visit.site.policy
    wording = visit.site.languages.wording(visit.locale)
    shown = [
        {
            **category,
            "report_only": category["name"] in policy.report_only,
            "services": [_service(policy, wording, service["name"]) for service in category["services"]],
        }
        for category in categories(policy, wording)
    ]
    return page(
        visit,
        "policy.html",
        categories=shown,
        forms=[_form(wording, name, form) for name, form in policy.forms.items()],
        asks=bool(policy.asked_categories),
        signal=bool(visit.consent.signals) and policy.honours_gpc,
        ignores_gpc=not policy.signals.gpc,
        honours_gpc=policy.honours_gpc,
        signal_wins=policy.signals.conflict == "signal",
        log_retention=_span(policy.log.retention, wording),
    )


def _service(policy: Policy, wording: Wording, name: str) -> dict[str, Any]:
    service = policy.services[name]
    provider = service.provider
    storage = service.storage
    return {
        "label": wording.service(name),
        "purpose": wording.local(service.purpose),
        "provider": _joined(provider.name, provider.country) if provider else wording("policy.this_site"),
        "policy_url": provider.policy_url if provider else None,
        "transfer": provider.transfer if provider else None,
        "recipients": ", ".join(service.transfers),
        "hosts": ", ".join(service.hosts),
        "uses": ", ".join(wording(f"uses.{use.replace('-', '_')}") for use in service.uses),
        "retention": _span(service.retention, wording) if service.retention else "",
        "storage": ", ".join((*storage.local, *storage.session, *storage.indexed_db)),
        "cookies": [_cookie(cookie, service, wording) for cookie in service.cookies],
    }


def _cookie(cookie: DeclaredCookie, service: Service, wording: Wording) -> dict[str, str]:
    return {
        "name": cookie.name,
        "domain": cookie.domain or wording("policy.this_site"),
        "lifetime": _lifetime(cookie, wording),
        "purpose": wording.local(cookie.purpose or service.purpose),
    }


def _lifetime(cookie: DeclaredCookie, wording: Wording) -> str:
    if cookie.lifetime is None:
        return wording("policy.not_stated")
    if isinstance(cookie.lifetime, Duration):
        return _span(cookie.lifetime, wording)
    return wording("policy.session")


def _form(wording: Wording, name: str, form: Form) -> dict[str, Any]:
    return {
        "name": name.replace("-", " ").capitalize(),
        "match": form.match,
        "retention": _span(form.retention, wording) if form.retention else "",
        "fields": [
            {
                "name": field,
                "basis": wording(f"uses.{declared.basis.replace('-', '_')}"),
                "without": wording(f"uses.{declared.otherwise}") if declared.basis == "consent" else "",
            }
            for field, declared in form.fields.items()
        ],
    }


def _span(duration: Duration, wording: Wording) -> str:
    """A duration in words of the visitor's language."""
    return wording.span(duration.count, duration.unit)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
