"""The strict little types a policy file is made of: durations, hosts, URLs, colours, texts, names.

Each validator raises `ValueError` with a sentence that says what is wrong and what is allowed; the loader
adds the place.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from consentkit.policy.hosts import check_host
from consentkit.policy.shapes import is_mapping

DURATION_PATTERN = r"^[1-9][0-9]{0,3}(d|w|mo|y)$"
_DURATION = re.compile(DURATION_PATTERN)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FORBIDDEN_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

ANY_LOCALE = "*"


@dataclass(frozen=True, slots=True)
class Duration:
    """A span written as in the policy file: `10d`, `2w`, `6mo`, `3y`.

    Months and years follow the calendar.
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Read `text`. Raises `ValueError` when it isn't a whole number with one of the units d, w, mo, y."""
        if isinstance(text, Duration):
            return text
        if not isinstance(text, str) or not _DURATION.match(text):
            raise ValueError("is not a duration; write a whole number and one of d, w, mo, y, for example 6mo")
        digits = text.rstrip("dwmoy")
        return cls(int(digits), text[len(digits) :])

    def after(self, moment: datetime) -> datetime:
        """The moment this span after `moment` (UTC).

        Six months after 31 August is the last day of February.
        """
        if self.unit in "dw":
            return moment + timedelta(days=self.count * (7 if self.unit == "w" else 1))
        months = moment.month - 1 + self.count * (12 if self.unit == "y" else 1)
        year, month = moment.year + months // 12, months % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day)

    @property
    def days(self) -> int:
        """The length in days, counted from 1 January 2025: good for comparing two spans."""
        return (self.after(_REFERENCE) - _REFERENCE).days

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": DURATION_PATTERN, "description": "Duration: 10d, 2w, 6mo, 3y."}


_REFERENCE = datetime(2025, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def end_of(duration: Duration, start: int) -> int:
    """The unix second at which `duration` ends when it starts at unix second `start`."""
    return int(duration.after(datetime.fromtimestamp(start, UTC)).timestamp())


def check_text(value: str) -> str:
    """A text a visitor reads: any Unicode but control characters and lone surrogates."""
    if _FORBIDDEN_IN_TEXT.search(value):
        raise ValueError("has a control character or half a character in it; write plain text")
    return value


def check_url(value: str) -> str:
    """A link: http, https, or a path on this site that starts with one slash.

    Nothing else is ever put in a page.
    """
    lowered = value.lower()
    if _CONTROL.search(value) or "\\" in value or value != value.strip() or " " in value:
        raise ValueError("has a space, backslash or control character in it; write a plain URL")
    if lowered.startswith(("https://", "http://")):
        if not value.split("://", 1)[1].split("/", 1)[0]:
            raise ValueError("names no host; write for example https://example.org/privacy")
        return value
    if value.startswith("/") and not value.startswith("//"):
        return value
    raise ValueError("must begin with https://, http:// or a single / (a path on this site)")


def check_site_url(value: str) -> str:
    """The address of the site: scheme and host, no path."""
    if not value.lower().startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://, for example https://news.example")
    url = check_url(value).rstrip("/")
    scheme, _, rest = url.partition("://")
    if not rest or "/" in rest or "?" in rest or "#" in rest or "@" in rest:
        raise ValueError("must be the scheme and host of the site alone, for example https://news.example")
    host = check_host(rest, "the site's address")
    return f"{scheme.lower()}://{host}"


def check_cookie_name(value: str) -> str:
    """A cookie name (RFC 6265 token); `*` stands for any run of characters."""
    if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}", value) or set(value) == {"*"}:
        raise ValueError(
            "is not a cookie name; letters, digits and -_. are safe, and * stands for any run of characters"
        )
    return value


def check_cookie_path(value: str) -> str:
    """A cookie path: starts with a slash, printable ASCII without `;`."""
    if not re.fullmatch(r"/[!-:<-~]{0,255}", value):
        raise ValueError("is not a cookie path; it starts with / and has no space or semicolon")
    return value


def check_domain(value: str) -> str:
    """A cookie domain; a leading dot is allowed and means the same."""
    return check_host(value.removeprefix("."), "a cookie domain")


def check_locale(value: str) -> str:
    """A language tag, in the usual form: `en`, `pt-BR`, `zh-Hans`."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", value):
        raise ValueError("is not a language tag; write for example en, fr, pt-BR or zh-Hans")
    first, *rest = value.split("-")
    return "-".join([first.lower(), *(_subtag(part) for part in rest)])


def _subtag(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) in (2, 3) else part.lower()


def check_colour(value: str) -> str:
    """A colour as `#rgb` or `#rrggbb`: no other CSS can hide in it, and its contrast is known."""
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
        raise ValueError('must be a colour in quotes, written as "#rgb" or "#rrggbb"')
    return value.lower()


def check_pattern_path(value: str) -> str:
    """A path prefix on this site."""
    if not value.startswith("/") or value.startswith("//") or _CONTROL.search(value) or "\\" in value:
        raise ValueError("must be a path on this site that begins with a single /")
    return value


def check_route_prefix(value: str) -> str:
    """The path under which consentkit's own pages live."""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+){1,4}", value) or "/." in value:
        raise ValueError("must be a short path such as /_consent: letters, digits, - _ . ~ and no slash at the end")
    return value


def local_texts(value: object) -> object:
    """Let one text stand for all languages: `Shows ads` means `{"*": "Shows ads"}`."""
    if isinstance(value, str):
        return {ANY_LOCALE: value}
    if value is not None and not is_mapping(value):
        raise ValueError("must be a text, or a text for each language such as {en: Shows ads, fr: ...}")
    return distinct(_local_key)(value)


def _local_key(key: str) -> str:
    try:
        return key if key == ANY_LOCALE else check_locale(key)
    except ValueError as error:
        raise ValueError(f"{key!r} {error}") from None


def check_local_texts(value: Mapping[str, str]) -> Mapping[str, str]:
    """Keys are language tags, or `*` for any."""
    if not value:
        raise ValueError("has no text in it; write a text, or one for each language")
    return {_local_key(key): text for key, text in value.items()}


def text_in(texts: Mapping[str, str], locale: str, default: str) -> str:
    """The text for `locale`: exact, then its language alone, then the site's `default` language, then any."""
    for key in (locale, locale.split("-", maxsplit=1)[0], default, ANY_LOCALE):
        if key in texts:
            return texts[key]
    return next(iter(texts.values()), "")


def as_tuple(value: object) -> object:
    """Let one value stand for a list of one."""
    return [value] if isinstance(value, str) or is_mapping(value) else value


def distinct(normalise: Callable[[str], str]) -> Callable[[object], object]:
    """A check that no two keys of a mapping mean the same, where `normalise` gives a key's usual form."""

    def check(value: object) -> object:
        seen: dict[str, str] = {}
        for key in value if is_mapping(value) else ():
            try:
                usual = normalise(key)
            except ValueError:
                continue
            if usual in seen:
                raise ValueError(f"{seen[usual]!r} and {key!r} both mean {usual!r}; keep one of the two")
            seen[usual] = key
        return value

    return check


def check_version(value: object) -> object:
    """The version of the format.

    YAML reads `1.10` as a number and pydantic takes `true` for 1: neither is 1.
    """
    if type(value) is not int or value != 1:
        raise ValueError("is not a version of this format; the only one there is: version: 1")
    return value


def check_lifetime(value: object) -> object:
    """A cookie's lifetime: a duration, or `session`."""
    if value is None or value == "session" or isinstance(value, Duration):
        return value
    try:
        return Duration.parse(value)
    except ValueError:
        raise ValueError("is neither a duration such as 13mo, 30d, 1y nor the word session") from None


def check_site_data(value: object) -> object:
    """What `Clear-Site-Data` may delete: not what would undo the choice, or lose what a visitor is typing."""
    if value in ("cookies", "*"):
        raise ValueError("would delete the visitor's choice and login; refused services' cookies are deleted anyway")
    if value == "executionContexts":
        raise ValueError("would reload every open page of the site, and lose what a visitor has typed there")
    return value


def check_day(value: object) -> object:
    """A day as `2026-11-01`."""
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("is not a day; write year-month-day, for example 2026-11-01")


@dataclass(frozen=True, slots=True)
class Checked:
    """A text of `shortest` to `longest` characters that passes `check`.

    Says to pydantic directly what it would else work out again for each of the many fields that hold a text.
    """

    check: Callable[[str], str]
    shortest: int | None = None
    longest: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(min_length=self.shortest, max_length=self.longest)
        return core_schema.no_info_after_validator_function(self.check, text)


Text = Annotated[str, Checked(check_text, 1, 4000)]
ShortText = Annotated[str, Checked(check_text, 1, 200)]
WebUrl = Annotated[str, Checked(check_url, longest=2000)]
SiteUrl = Annotated[str, Checked(check_site_url, longest=300)]
Host = Annotated[str, Checked(check_host, longest=300)]
CookieName = Annotated[str, Checked(check_cookie_name)]
CookiePath = Annotated[str, Checked(check_cookie_path)]
CookieDomain = Annotated[str, Checked(check_domain)]
Locale = Annotated[str, Checked(check_locale)]
Colour = Annotated[str, Checked(check_colour)]
PathPrefix = Annotated[str, Checked(check_pattern_path, longest=500)]
RoutePrefix = Annotated[str, Checked(check_route_prefix, longest=100)]
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
LocalText = Annotated[
    dict[str, Text],
    BeforeValidator(local_texts, json_schema_input_type=str | dict[str, str]),
    AfterValidator(check_local_texts),
]
