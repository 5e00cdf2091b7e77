"""The parts of a policy, as frozen pydantic models: the keys of `consent.yaml` with every default.

Required are `site` and `services`; everything else may be left out. Models never evaluate a text.
"""

# Without `annotations` from `__future__`: pydantic reads every one, and would have to compile it from a text first.

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
from consentkit.policy.banner_parts import Banner
from consentkit.policy.base import CategoryName, Model
from consentkit.policy.catalogue import check_catalogue_name
from consentkit.policy.completion import complete_service
from consentkit.policy.fields import (
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
    check_site_data,
    check_version,
    distinct,
)
from consentkit.policy.form_parts import Form
from consentkit.policy.hosts import check_network
from consentkit.policy.shapes import is_mapping
from consentkit.policy.texts import TextOverrides
from consentkit.regimes import Mode, RegimeName

Use = Literal["sale", "sharing", "targeted-ads", "profiling"]
GateMode = Literal["enforce", "report-only"]
CspMode = Literal["off", "tighten", "strict"]
#: What `Clear-Site-Data` may delete. Cookies are not among it: the choice itself is one.
SiteData = Literal["cache", "clientHints", "prefetchCache", "prerenderCache", "storage"]
#: The day the statement in `/.well-known/gpc.json` was last changed, unless the policy names another.
SUPPORT_STATED = date(2026, 11, 1)


class Controller(Model):
    """Who answers for the site (GDPR article 13(1)(a))."""

    name: ShortText
    """Name of the company or person."""
    address: ShortText | None = None
    """Postal address."""
    contact: ShortText | None = None
    """Where privacy questions go: an e-mail address or a link."""


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
    """Asked in this language when no other fits."""
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
    """Its name, for example CF-IPCountry; its value is `GB` or `US-CA`."""
    trusted_proxies: Annotated[
        tuple[Annotated[IPv4Network | IPv6Network | Literal["unix"], BeforeValidator(check_network)], ...],
        BeforeValidator(as_tuple),
        Field(min_length=1),
    ]
    """Networks whose word is believed; `unix` for a proxy on a unix socket."""


class Regimes(Model):
    """How silence is read, by place."""

    region: RegionSource | None = None
    """How the visitor's place is learnt; without it everyone is in `default`."""
    map: dict[str, RegimeName] = Field(default_factory=dict)
    """Place to regime: `GB`, `US-CA`, `EEA`, `EU`, and `default` for places not listed."""
    overrides: dict[RegimeName, Annotated[dict[CategoryName, Mode], BeforeValidator(distinct(canonical_category))]] = (
        Field(default_factory=dict[RegimeName, dict[CategoryName, Mode]])
    )
    """Per regime, another mode for single categories."""


class Category(Model):
    """One question on the banner."""

    required: StrictBool = False
    """Always on and never asked. Only for what the visitor asked for (ePrivacy Directive article 5(3))."""
    label: LocalText | None = None
    """Name on the banner; the canonical categories have built-in names."""
    description: LocalText | None = None
    """What agreeing to it means, in one sentence."""
    mode: GateMode | None = None
    """Another `mode` for this category alone."""


class Provider(Model):
    """The company behind a service."""

    name: ShortText
    """Name of the company."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """Where it is seated, as two capital letters (ISO 3166)."""
    transfer: ShortText | None = None
    """What a transfer out of the EEA rests on: `dpf`, `scc`, `adequacy`, ... (GDPR chapter V)."""
    policy_url: WebUrl | None = None
    """Its own privacy policy."""


class DeclaredCookie(Model):
    """A cookie of a service. `*` in the name stands for any run of characters."""

    name: CookieName
    """Name, exactly as set; `*` stands for any run of characters."""
    domain: CookieDomain | None = None
    """Domain it is set for; without it, this host alone."""
    path: CookiePath = "/"
    """Path it is set for."""
    lifetime: Annotated[Duration | Literal["session"] | None, BeforeValidator(check_lifetime)] = None
    """How long the browser keeps it; `session` until it is closed."""
    partitioned: StrictBool = False
    """Whether it is set with `Partitioned`."""
    purpose: LocalText | None = None
    """What this cookie is for."""


class Storage(Model):
    """Names a service keeps in the browser beside cookies."""

    local: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    """Keys in localStorage."""
    session: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    """Keys in sessionStorage."""
    indexed_db: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    """Names of databases."""


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
    """The category it belongs to; `use` brings one along."""
    use: Annotated[Name | None, AfterValidator(check_catalogue_name)] = None
    """Take what isn't written here from the catalogue's entry of this name."""
    label: LocalText | None = None
    """Name shown to visitors; by default the service's key."""
    purpose: LocalText | None = None
    """What it does with which data: one text, or one for each language."""
    provider: Provider | None = None
    """The company behind it."""
    uses: Annotated[tuple[Use, ...], BeforeValidator(as_tuple)] = ()
    """Uses that a privacy signal (Sec-GPC) refuses."""
    hosts: Annotated[tuple[Host, ...], BeforeValidator(as_tuple)] = ()
    """Hosts it loads from and sends to, with their subdomains; a port limits it to that port."""
    inline: Annotated[tuple[Inline, ...], BeforeValidator(as_tuple)] = ()
    """Text that marks an inline script as this service's."""
    cookies: Annotated[
        tuple[
            Annotated[DeclaredCookie, BeforeValidator(_cookie, json_schema_input_type=str | DeclaredCookie)],
            ...,
        ],
        BeforeValidator(as_tuple),
    ] = ()
    """Cookies it sets: names, or {name, domain, path, lifetime}."""
    storage: Storage = Storage.model_construct()
    """What it keeps in the browser beside cookies."""
    retention: Duration | None = None
    """How long it keeps the data."""
    transfers: Annotated[tuple[ShortText, ...], BeforeValidator(as_tuple)] = ()
    """Other recipients the data is passed on to."""
    revision: Annotated[StrictInt, Field(ge=1, le=9999)] = 1
    """Raise it when the purpose changed in substance: visitors who agreed are asked again."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: object) -> object:
        return complete_service(data)


class ChoiceLifetime(Model):
    """How long a choice holds before the visitor is asked again."""

    granted: Duration = Duration(6, "mo")
    """Until one who agreed is asked again."""
    refused: Duration = Duration(6, "mo")
    """Until one who refused is asked again."""


class Choice(Model):
    """What happens to a choice."""

    lifetime: ChoiceLifetime = ChoiceLifetime.model_construct()
    """How long a choice holds before the visitor is asked again."""
    clear_site_data: Annotated[
        tuple[Annotated[SiteData, BeforeValidator(check_site_data)], ...], BeforeValidator(as_tuple)
    ] = ()
    """What the browser is told to delete, for the whole site, when a visitor takes back all they had allowed."""


class LogSettings(Model):
    """How long the log keeps a record."""

    retention: Duration = Duration(3, "y")
    """How long a record is kept as proof."""


class Unknown(Model):
    """What to do with cookies and hosts that no service declares."""

    cookies: Literal["allow", "report", "block"] = "report"
    """Cookies the app sets: let pass, report, or drop."""
    hosts: Literal["allow", "report", "block"] = "allow"
    """Hosts that pages load from, beside the site's own: let pass, count, or keep from loading."""


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
    """The site itself. Required."""
    language: Language = Language.model_construct()
    """Which languages visitors are asked in."""
    regimes: Regimes = Regimes.model_construct()
    """How silence is read, by place."""
    categories: Annotated[
        dict[CategoryName, Category],
        BeforeValidator(distinct(canonical_category)),
        AfterValidator(_necessary_is_required),
    ] = Field(default_factory=dict)
    """The questions on the banner, in this order."""
    services: dict[Name, Service]
    """Every vendor or feature by name. Required; `{}` for none."""
    forms: dict[Name, Form] = Field(default_factory=dict)
    """The site's forms by name, and what they may store."""
    banner: Banner = Banner.model_construct()
    """How visitors are asked."""
    texts: Annotated[dict[Locale, TextOverrides], BeforeValidator(distinct(check_locale))] = Field(default_factory=dict)
    """Per language, only what differs from the built-in wording."""
    choice: Choice = Choice.model_construct()
    """How long a choice holds."""
    log: LogSettings = LogSettings.model_construct()
    """How long proof is kept."""
    delivery: Literal["auto", "personal", "shared"] = "auto"
    """Whether pages may go through a shared cache; `auto` decides for each."""
    mode: GateMode = "enforce"
    """With `report-only` nothing is held back and nobody is asked; what would be held back is counted."""
    unknown: Unknown = Unknown.model_construct()
    """What happens to what no service declares."""
    csp: CspMode = "tighten"
    """The page's Content-Security-Policy: left alone, without refused hosts, or without all that isn't allowed yet."""
    permissions_policy: StrictBool = True
    """Switch the browsers' own advertising features off while marketing is not allowed."""
    signals: Signals = Signals.model_construct()
    """Privacy signals of browsers."""
    exclude: Annotated[tuple[PathPrefix, ...], BeforeValidator(as_tuple)] = ()
    """Paths (with everything below them) that consentkit leaves alone entirely."""
    path: RoutePrefix = "/_consent"
    """Where consentkit's own pages live."""
