"""The wording a site may replace, key by key. Built-in wording for every key is in `consentkit/locales/`.

A text is only a text: nothing in it is evaluated. The placeholders in `PLACEHOLDERS` are replaced, once; any
other braces are shown as they are written.
"""

# Without `annotations` from `__future__`: pydantic reads every one, and would have to compile it from a text first.

from typing import cast

from pydantic import BaseModel, ConfigDict

from consentkit.policy.fields import ShortText, Text

#: The fixed list of placeholders, with what each stands for.
PLACEHOLDERS = {
    "site": "the site's name",
    "controller": "who answers for the site",
    "contact": "the controller's contact",
    "service": "the service in question",
    "category": "the category in question",
    "provider": "the company behind the service in question",
    "date": "a date",
}


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class BannerTexts(_Group):
    """The banner, and the words its parts share with the preferences page."""

    title: ShortText | None = None
    description: Text | None = None
    description_opt_out: Text | None = None
    accept: ShortText | None = None
    reject: ShortText | None = None
    choose: ShortText | None = None
    save: ShortText | None = None
    policy_link: ShortText | None = None
    always_on: ShortText | None = None
    changed: ShortText | None = None
    saved: ShortText | None = None
    failed: ShortText | None = None
    reopen: ShortText | None = None
    signal: Text | None = None
    refused_by_signal: ShortText | None = None


class PreferencesTexts(_Group):
    """The preferences page."""

    title: ShortText | None = None
    intro: Text | None = None
    services: ShortText | None = None
    decided: Text | None = None
    undecided: Text | None = None
    back: ShortText | None = None


class PolicyTexts(_Group):
    """The generated page "Privacy & cookies"."""

    title: ShortText | None = None
    intro: Text | None = None
    controller: ShortText | None = None
    categories: ShortText | None = None
    purpose: ShortText | None = None
    provider: ShortText | None = None
    transfer: ShortText | None = None
    recipients: ShortText | None = None
    hosts: ShortText | None = None
    uses: ShortText | None = None
    retention: ShortText | None = None
    cookies: ShortText | None = None
    cookie_name: ShortText | None = None
    cookie_domain: ShortText | None = None
    cookie_lifetime: ShortText | None = None
    this_site: ShortText | None = None
    session: ShortText | None = None
    not_stated: ShortText | None = None
    storage: ShortText | None = None
    forms: ShortText | None = None
    field: ShortText | None = None
    basis: ShortText | None = None
    without: ShortText | None = None
    own_cookie: Text | None = None
    signals: ShortText | None = None
    signals_honoured: Text | None = None
    signals_ignored: Text | None = None
    signal_wins: Text | None = None
    choice_wins: Text | None = None
    log: ShortText | None = None
    log_text: Text | None = None
    change: Text | None = None
    change_link: ShortText | None = None
    report_only: Text | None = None


class MessageTexts(_Group):
    """Pages that say something went wrong, or is missing."""

    error_title: ShortText | None = None
    log_down: Text | None = None
    refused_unrecorded: Text | None = None
    cross_site: Text | None = None
    not_from_notice: Text | None = None
    bad_request: Text | None = None
    too_large: Text | None = None
    missing_title: ShortText | None = None
    missing: Text | None = None
    allow_just_this: ShortText | None = None
    placeholder: Text | None = None
    load_service: ShortText | None = None
    provider_policy: ShortText | None = None
    undeclared: Text | None = None


class CategoryTexts(_Group):
    """Names and descriptions of the canonical categories; the policy's own `label` and `description` win."""

    necessary: ShortText | None = None
    necessary_description: Text | None = None
    functional: ShortText | None = None
    functional_description: Text | None = None
    preferences: ShortText | None = None
    preferences_description: Text | None = None
    analytics: ShortText | None = None
    analytics_description: Text | None = None
    marketing: ShortText | None = None
    marketing_description: Text | None = None


class ChangeTexts(_Group):
    """What the banner says changed since the visitor's last choice."""

    service: ShortText | None = None
    provider: ShortText | None = None
    transfer: ShortText | None = None
    recipient: ShortText | None = None
    use: ShortText | None = None
    cookie: ShortText | None = None
    longer: ShortText | None = None
    purpose: ShortText | None = None


class UseTexts(_Group):
    """The four uses a privacy signal refuses, and the legal bases of a form field."""

    sale: ShortText | None = None
    sharing: ShortText | None = None
    targeted_ads: ShortText | None = None
    profiling: ShortText | None = None
    consent: ShortText | None = None
    contract: ShortText | None = None
    legal_obligation: ShortText | None = None
    legitimate_interest: ShortText | None = None
    drop: ShortText | None = None
    ask: ShortText | None = None


class UnitTexts(_Group):
    """Units of time, for one and for several."""

    day: ShortText | None = None
    days: ShortText | None = None
    week: ShortText | None = None
    weeks: ShortText | None = None
    month: ShortText | None = None
    months: ShortText | None = None
    year: ShortText | None = None
    years: ShortText | None = None


class TextOverrides(_Group):
    """What a site says differently from the built-in wording, for one language."""

    banner: BannerTexts = BannerTexts.model_construct()
    preferences: PreferencesTexts = PreferencesTexts.model_construct()
    policy: PolicyTexts = PolicyTexts.model_construct()
    messages: MessageTexts = MessageTexts.model_construct()
    categories: CategoryTexts = CategoryTexts.model_construct()
    changes: ChangeTexts = ChangeTexts.model_construct()
    uses: UseTexts = UseTexts.model_construct()
    units: UnitTexts = UnitTexts.model_construct()


#: Every text key as `group.key`, in the order of this file.
TEXT_KEYS: tuple[str, ...] = tuple(
    f"{group}.{key}"
    for group, field in TextOverrides.model_fields.items()
    for key in cast("type[BaseModel]", type(field.default)).model_fields
)
