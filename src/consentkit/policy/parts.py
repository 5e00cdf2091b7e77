"""The parts of a policy, as frozen pydantic models. The keys are those of `consent.yaml`; every default is here.

Required are `site` and `services`; everything else may be left out. Models never evaluate a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from consentkit.policy.aliases import canonical_category
from consentkit.policy.catalogue import check_catalogue_name
from consentkit.policy.completion import complete_service
from consentkit.policy.fields import (
    Colour,
    CookieDomain,
    CookieName,
    CookiePath,
    Duration,
    Host,
    LocalText,
    Locale,
    Name,
    PathPrefix,
    RoutePrefix,
    ShortText,
    SiteUrl,
    Text,
    WebUrl,
    as_tuple,
    check_day,
    check_lifetime,
    check_locale,
    check_network,
    check_version,
    distinct,
)
from consentkit.policy.texts import TextOverrides
from consentkit.regimes import Mode, RegimeName

Use = Literal["sale", "sharing", "targeted-ads", "profiling"]
CategoryName = Annotated[
    Name, BeforeValidator(lambda value: canonical_category(value) if isinstance(value, str) else value)
]
#: The day the statement in `/.well-known/gpc.json` was last changed, unless the policy names another.
SUPPORT_STATED = date(2026, 11, 1)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Controller(_Model):
    """Who answers for the site (GDPR article 13(1)(a))."""

    name: ShortText
    address: ShortText | None = None
    contact: ShortText | None = None


class Site(_Model):
    """The site itself."""

    url: SiteUrl
    """Address of the site. Decides the cookie's name and `Secure`, and which Origin is ours."""
    name: ShortText
    """The name visitors know the site by."""
    controller: Controller | None = None
    """Who answers for the site; by default the site's name alone is shown."""
    cookie_domain: CookieDomain | None = None
    """Share the consent cookie over subdomains. By default it belongs to this host alone."""
    id: Name | None = None
    """Tells sites in one process apart; by default the host of `url`."""


class Language(_Model):
    """Which languages visitors are asked in."""

    default: Locale = "en"
    available: Annotated[tuple[Locale, ...], BeforeValidator(as_tuple)] = ()
    """Only these are ever chosen; by default the default language alone."""
    detect: Annotated[tuple[Literal["path", "cookie", "accept-language"], ...], BeforeValidator(as_tuple)] = (
        "path",
        "cookie",
        "accept-language",
    )
    """Where to look, in this order."""
    cookie: CookieName = "lang"
    """The site's own language cookie, for `detect: [cookie]`."""


class RegionSource(_Model):
    """A header with the visitor's region, set by a proxy that is trusted to set it."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    trusted_proxies: Annotated[
        tuple[Annotated[IPv4Network | IPv6Network | Literal["unix"], BeforeValidator(check_network)], ...],
        BeforeValidator(as_tuple),
        Field(min_length=1),
    ]
    """Networks whose word is believed; `unix` for a proxy on a unix socket."""


class Regimes(_Model):
    """How silence is read, by place."""

    region: RegionSource | None = None
    map: dict[str, RegimeName] = Field(default_factory=dict)
    """Place to regime: `GB`, `US-CA`, `EEA`, `EU`, and `default` for places not listed."""
    overrides: dict[
        RegimeName, Annotated[dict[CategoryName, Mode], BeforeValidator(distinct(canonical_category))]
    ] = Field(default_factory=dict)
    """Per regime, another mode for single categories."""


class Category(_Model):
    """One question on the banner."""

    required: StrictBool = False
    """Always on and never asked. Only for what the visitor asked for (ePrivacy Directive article 5(3))."""
    label: LocalText | None = None
    description: LocalText | None = None


class Provider(_Model):
    """The company behind a service."""

    name: ShortText
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    transfer: ShortText | None = None
    """What a transfer out of the EEA rests on: `dpf`, `scc`, `adequacy`, ... (GDPR chapter V)."""
    policy_url: WebUrl | None = None


class DeclaredCookie(_Model):
    """A cookie of a service. `*` in the name stands for any run of characters."""

    name: CookieName
    domain: CookieDomain | None = None
    path: CookiePath = "/"
    lifetime: Annotated[Duration | Literal["session"] | None, BeforeValidator(check_lifetime)] = None
    """How long the browser keeps it; `session` until it is closed."""
    partitioned: StrictBool = False
    purpose: LocalText | None = None


class Storage(_Model):
    """Names a service keeps in the browser beside cookies."""

    local: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    session: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    indexed_db: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()


def _cookie(value: object) -> object:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, (Mapping, DeclaredCookie)):
        raise ValueError("is not a cookie; write its name, or a mapping such as {name: _id, lifetime: 6mo}")
    return value


Inline = Annotated[str, StringConstraints(min_length=3, max_length=200)]


class Service(_Model):
    """One vendor or feature, and everything it loads, sets and keeps."""

    category: CategoryName
    use: Annotated[Name | None, AfterValidator(check_catalogue_name)] = None
    """Take what isn't written here from the catalogue's entry of this name."""
    label: LocalText | None = None
    purpose: LocalText | None = None
    provider: Provider | None = None
    uses: Annotated[tuple[Use, ...], BeforeValidator(as_tuple)] = ()
    """Uses that a privacy signal (Sec-GPC) refuses."""
    hosts: Annotated[tuple[Host, ...], BeforeValidator(as_tuple)] = ()
    inline: Annotated[tuple[Inline, ...], BeforeValidator(as_tuple)] = ()
    """Text that marks an inline script as this service's."""
    cookies: Annotated[
        tuple[
            Annotated[DeclaredCookie, BeforeValidator(_cookie, json_schema_input_type=str | DeclaredCookie)],
            ...,
        ],
        BeforeValidator(as_tuple),
    ] = ()
    storage: Storage = Storage()
    retention: Duration | None = None
    transfers: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    """Other recipients the data is passed on to."""
    revision: Annotated[StrictInt, Field(ge=1, le=9999)] = 1
    """Raise it when the purpose changed in substance: visitors who agreed are asked again."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: object) -> object:
        return complete_service(data)


class FormField(_Model):
    """One field of a form. Only a field whose basis is consent can be withheld."""

    basis: Literal["consent", "contract", "legal-obligation", "legitimate-interest"]
    for_: CategoryName | None = Field(default=None, alias="for")
    """The category whose consent it needs; goes with `basis: consent`."""
    otherwise: Literal["drop", "ask"] | None = None
    """What happens without that consent: `drop` it (the default for `basis: consent`) or `ask` beside the field."""

    @model_validator(mode="before")
    @classmethod
    def _drop_by_default(cls, data: object) -> object:
        if isinstance(data, Mapping) and data.get("basis") == "consent" and data.get("otherwise") is None:
            return {**data, "otherwise": "drop"}
        return data


class FormRequestData(_Model):
    """Personal data of the request itself."""

    ip: Literal["drop", "keep"] = "drop"
    user_agent: Literal["drop", "keep"] = "drop"


class Remember(_Model):
    """The "remember me in this browser" box."""

    service: Name
    fields: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)]


class Spam(_Model):
    """A spam-check service that a form's text is sent to."""

    service: Name
    send: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)]
    otherwise: Literal["local", "accept", "reject"] = "local"


class Form(_Model):
    """A form of the site, what it stores and on which basis."""

    match: Annotated[str, StringConstraints(pattern=r"^(POST|PUT|PATCH) /[^\s]*$", max_length=300)]
    fields: dict[ShortText, FormField] = Field(default_factory=dict)
    request: FormRequestData = FormRequestData()
    remember: Remember | None = None
    spam: Spam | None = None
    retention: Duration | None = None


class Theme(_Model):
    """Colours and shape. Only strict types, so that no other CSS can come in."""

    accent: Colour = "#1a5c4b"
    scheme: Literal["auto", "light", "dark"] = "auto"
    radius: Annotated[StrictInt, Field(ge=0, le=24)] = 6
    """Corner radius in px."""


class Banner(_Model):
    """How visitors are asked."""

    layout: Literal["bar"] = "bar"
    position: Literal["bottom", "top"] = "bottom"
    reopen: Literal["footer", "none"] = "footer"
    """The "Privacy choices" control on every page for those who decided; `none` when the site links to it itself."""
    theme: Theme = Theme()


class ChoiceLifetime(_Model):
    """How long a choice holds before the visitor is asked again."""

    granted: Duration = Duration(6, "mo")
    refused: Duration = Duration(6, "mo")


class Choice(_Model):
    """What happens to a choice."""

    lifetime: ChoiceLifetime = ChoiceLifetime()


class LogSettings(_Model):
    """How long the log keeps a record."""

    retention: Duration = Duration(3, "y")


class Unknown(_Model):
    """What to do with cookies and hosts that no service declares."""

    cookies: Literal["allow", "report", "block"] = "report"
    hosts: Literal["allow", "report", "block"] = "allow"
    """`block` is reserved: this version refuses it, because it could not keep the promise."""


class Signals(_Model):
    """Global Privacy Control."""

    gpc: StrictBool = True
    """Honour `Sec-GPC: 1` as a refusal of sale, sharing, targeted ads and profiling."""
    conflict: Literal["signal", "choice"] = "signal"
    """Which wins for those uses when the visitor also accepted them."""
    updated: Annotated[date, BeforeValidator(check_day)] = SUPPORT_STATED
    """The day the site's statement in `/.well-known/gpc.json` last changed."""


def _necessary_is_required(categories: dict[str, Category]) -> dict[str, Category]:
    necessary = categories.get("necessary")
    if necessary is None or necessary.required or "required" in necessary.model_fields_set:
        return categories
    return {**categories, "necessary": necessary.model_copy(update={"required": True})}


class Declaration(_Model):
    """All keys of the file. `Policy` is the one that is also checked as a whole."""

    version: Annotated[Literal[1], BeforeValidator(check_version)] = 1
    """Version of this format."""
    site: Site
    language: Language = Language()
    regimes: Regimes = Regimes()
    categories: Annotated[
        dict[CategoryName, Category],
        BeforeValidator(distinct(canonical_category)),
        AfterValidator(_necessary_is_required),
    ] = Field(default_factory=dict)
    services: dict[Name, Service]
    forms: dict[Name, Form] = Field(default_factory=dict)
    banner: Banner = Banner()
    texts: Annotated[dict[Locale, TextOverrides], BeforeValidator(distinct(check_locale))] = Field(
        default_factory=dict
    )
    """Per language, only what differs from the built-in wording."""
    choice: Choice = Choice()
    log: LogSettings = LogSettings()
    delivery: Literal["auto", "personal", "shared"] = "auto"
    unknown: Unknown = Unknown()
    signals: Signals = Signals()
    exclude: Annotated[tuple[PathPrefix, ...], BeforeValidator(as_tuple)] = ()
    """Paths (with everything below them) that consentkit leaves alone entirely."""
    path: RoutePrefix = "/_consent"
    """Where consentkit's own pages live."""
