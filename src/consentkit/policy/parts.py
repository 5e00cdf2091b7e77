"""The parts of a policy, as frozen pydantic models: the keys of `consent.yaml` with every default.

Required are `site` and `services`; everything else may be left out. Models never evaluate a text.
"""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from consentkit.policy.aliases import canonical_category
from consentkit.policy.base import CategoryName, Model
from consentkit.policy.catalogue import check_catalogue_name
from consentkit.policy.completion import complete_service
from consentkit.policy.fields import (
    Colour,
    CookieDomain,
    CookieName,
    CookiePath,
    Duration,
    Host,
    Locale,
    LocalText,
    Name,
    PathPrefix,
    RoutePrefix,
    ShortText,
    SiteUrl,
    WebUrl,
    as_tuple,
    check_day,
    check_lifetime,
    check_locale,
    check_version,
    distinct,
)
from consentkit.policy.form_parts import Form
from consentkit.policy.hosts import check_network
from consentkit.policy.shapes import is_mapping
from consentkit.policy.texts import TextOverrides
from consentkit.regimes import Mode, RegimeName

Use = Literal["sale", "sharing", "targeted-ads", "profiling"]
#: The day the statement in `/.well-known/gpc.json` was last changed, unless the policy names another.
SUPPORT_STATED = date(2026, 11, 1)


class Controller(Model):
    """Who answers for the site (GDPR article 13(1)(a))."""

    name: ShortText
    address: ShortText | None = None
    contact: ShortText | None = None


class Site(Model):
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


class Language(Model):
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


class RegionSource(Model):
    """A header with the visitor's region, set by a proxy that is trusted to set it."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    trusted_proxies: Annotated[
        tuple[Annotated[IPv4Network | IPv6Network | Literal["unix"], BeforeValidator(check_network)], ...],
        BeforeValidator(as_tuple),
        Field(min_length=1),
    ]
    """Networks whose word is believed; `unix` for a proxy on a unix socket."""


class Regimes(Model):
    """How silence is read, by place."""

    region: RegionSource | None = None
    map: dict[str, RegimeName] = Field(default_factory=dict)
    """Place to regime: `GB`, `US-CA`, `EEA`, `EU`, and `default` for places not listed."""
    overrides: dict[
        RegimeName, Annotated[dict[CategoryName, Mode], BeforeValidator(distinct(canonical_category))]
    ] = Field(default_factory=dict[RegimeName, dict[CategoryName, Mode]])
    """Per regime, another mode for single categories."""


class Category(Model):
    """One question on the banner."""

    required: StrictBool = False
    """Always on and never asked. Only for what the visitor asked for (ePrivacy Directive article 5(3))."""
    label: LocalText | None = None
    description: LocalText | None = None


class Provider(Model):
    """The company behind a service."""

    name: ShortText
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    transfer: ShortText | None = None
    """What a transfer out of the EEA rests on: `dpf`, `scc`, `adequacy`, ... (GDPR chapter V)."""
    policy_url: WebUrl | None = None


class DeclaredCookie(Model):
    """A cookie of a service. `*` in the name stands for any run of characters."""

    name: CookieName
    domain: CookieDomain | None = None
    path: CookiePath = "/"
    lifetime: Annotated[Duration | Literal["session"] | None, BeforeValidator(check_lifetime)] = None
    """How long the browser keeps it; `session` until it is closed."""
    partitioned: StrictBool = False
    purpose: LocalText | None = None


class Storage(Model):
    """Names a service keeps in the browser beside cookies."""

    local: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    session: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    indexed_db: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()


def _cookie(value: object) -> object:
    if isinstance(value, str):
        return {"name": value}
    if not (is_mapping(value) or isinstance(value, DeclaredCookie)):
        raise ValueError("is not a cookie; write its name, or a mapping such as {name: _id, lifetime: 6mo}")
    return value


Inline = Annotated[str, StringConstraints(min_length=3, max_length=200)]


class Service(Model):
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


class Theme(Model):
    """Colours and shape. Only strict types, so that no other CSS can come in."""

    accent: Colour = "#1a5c4b"
    scheme: Literal["auto", "light", "dark"] = "auto"
    radius: Annotated[StrictInt, Field(ge=0, le=24)] = 6
    """Corner radius in px."""


class Banner(Model):
    """How visitors are asked."""

    layout: Literal["bar"] = "bar"
    position: Literal["bottom", "top"] = "bottom"
    reopen: Literal["footer", "none"] = "footer"
    """The "Privacy choices" control for those who decided, on every page; `none`: the site links to it."""
    theme: Theme = Theme()


class ChoiceLifetime(Model):
    """How long a choice holds before the visitor is asked again."""

    granted: Duration = Duration(6, "mo")
    refused: Duration = Duration(6, "mo")


class Choice(Model):
    """What happens to a choice."""

    lifetime: ChoiceLifetime = ChoiceLifetime()


class LogSettings(Model):
    """How long the log keeps a record."""

    retention: Duration = Duration(3, "y")


class Unknown(Model):
    """What to do with cookies and hosts that no service declares."""

    cookies: Literal["allow", "report", "block"] = "report"
    hosts: Literal["allow", "report", "block"] = "allow"
    """`block` is reserved: this version refuses it, because it could not keep the promise."""


class Signals(Model):
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


class Declaration(Model):
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
