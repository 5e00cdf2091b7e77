"""Every kind of mistake gets a message a stranger can act on: where, what is wrong, what is allowed, did you mean."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.policy.marked import MINIMAL, places, problems


class Mistake(NamedTuple):
    """A text with one mistake at the mark, and what the message must say."""

    text: str
    wrong: str
    allowed: str
    meant: str | None = None


SITE = 'site: {url: "https://news.example", name: News}\n'
SERVICES = "services: {}\n"

MISTAKES = {
    "unknown key": Mistake(
        MINIMAL + "¦bannner: {}\n", "unknown key 'bannner'", "allowed here: version, site", "banner"
    ),
    "unknown nested key": Mistake(
        MINIMAL + "banner: {¦layuot: bar}\n", "unknown key 'layuot'", "layout, position, reopen", "layout"
    ),
    "unknown key of a service": Mistake(
        SITE + "services:\n  a:\n    category: analytics\n    ¦host: [x.example]\n", "'host'", "hosts, inline", "hosts"
    ),
    "key at the wrong place": Mistake(
        MINIMAL + "¦layout: bar\n", "unknown key 'layout'", "`layout` belongs to `banner`"
    ),
    "service key at the top": Mistake(
        MINIMAL + "¦hosts: [x.example]\n",
        "unknown key 'hosts'",
        "`hosts` belongs to `unknown` or a service, under `services`",
    ),
    "unknown text": Mistake(
        MINIMAL + "texts: {en: {banner: {¦titel: x}}}\n", "unknown key 'titel'", "title, description", "title"
    ),
    "missing site": Mistake("¦services: {}\n", "`site` is missing", "required"),
    "missing name": Mistake(
        '¦site: {url: "https://a.example"}\n' + SERVICES, "site.name: the key `name` is missing", "visitors know"
    ),
    "missing category": Mistake(SITE + "services:\n  ¦a: {hosts: [x.example]}\n", "`category` is missing", "required"),
    "value not listed": Mistake(
        MINIMAL + "banner: {position: ¦buttom}\n", "'buttom' is not allowed", "bottom, top", "bottom"
    ),
    "deleting the choice itself": Mistake(
        MINIMAL + "choice: {clear_site_data: [cache, ¦cookies]}\n",
        "'cookies' would delete the visitor's choice",
        "cookies are deleted anyway",
    ),
    "deleting everything": Mistake(
        MINIMAL + 'choice: {clear_site_data: [¦"*"]}\n', "'*' would delete", "deleted anyway"
    ),
    "reloading everything": Mistake(
        MINIMAL + "choice: {clear_site_data: ¦executionContexts}\n", "'executionContexts' would reload", "typed there"
    ),
    "site data not listed": Mistake(
        MINIMAL + "choice: {clear_site_data: [¦caches]}\n",
        "'caches' is not allowed",
        "cache, clientHints, prefetchCache, prerenderCache, storage",
        "cache",
    ),
    "csp as a truth value": Mistake(MINIMAL + "csp: ¦false\n", "is false, which YAML", "off, tighten, strict"),
    "csp mode not listed": Mistake(MINIMAL + "csp: ¦strickt\n", "'strickt'", "off, tighten, strict", "strict"),
    "regime not listed": Mistake(
        MINIMAL + "regimes: {map: {GB: ¦ukk}}\n", "'ukk' is not allowed", "eu, uk, ch, us-ca", "uk"
    ),
    "use not listed": Mistake(
        SITE + "services: {a: {category: marketing, uses: [sale, ¦profilling]}}\n",
        "'profilling' is not allowed",
        "sale, sharing, targeted-ads, profiling",
        "profiling",
    ),
    "unknown category": Mistake(
        SITE + "services: {a: {category: ¦analitics}}\n",
        "no category 'analitics'",
        "necessary, functional, preferences, analytics, marketing",
        "analytics",
    ),
    "unknown category in an override": Mistake(
        MINIMAL + "regimes: {overrides: {uk: {¦analytic: opt-out}}}\n",
        "no category 'analytic'",
        "analytics",
        "analytics",
    ),
    "not a place": Mistake(MINIMAL + "regimes: {map: {¦UK: uk}}\n", "'UK' is no place", "country (GB)", "GB"),
    "unknown catalogue entry": Mistake(
        SITE + "services: {a: {use: ¦matomoo}}\n", "'matomoo' is not in the catalogue", "matomo, meta-pixel", "matomo"
    ),
    "unknown service in a form": Mistake(
        SITE
        + "services: {remember-me: {category: functional, purpose: Fills in the form}}\n"
        + "forms: {c: {match: POST /c, fields: {a: {basis: contract}}, "
        + "remember: {service: ¦rememberme, fields: [a]}}}\n",
        "no service 'rememberme'",
        "declared are: remember-me",
        "remember-me",
    ),
    "unknown field in a form": Mistake(
        SITE
        + "services: {r: {category: functional}}\n"
        + "forms: {c: {match: POST /c, fields: {author: {basis: contract}}, "
        + "remember: {service: r, fields: [¦autor]}}}\n",
        "no field 'autor'",
        "it declares: author",
        "author",
    ),
    "consent without for": Mistake(
        MINIMAL + "forms: {c: {match: POST /c, fields: {a: {basis: ¦consent}}}}\n",
        "basis: consent needs `for`",
        "for: functional",
    ),
    "withheld without consent": Mistake(
        MINIMAL + "forms: {c: {match: POST /c, fields: {a: {basis: contract, otherwise: ¦drop}}}}\n",
        "`otherwise` goes with basis: consent alone",
        "write basis: consent",
    ),
    "number without quotes": Mistake(
        'site: {url: "https://a.example", name: ¦2048}\n' + SERVICES, "must be a text, but is 2048", "put it in quotes"
    ),
    "colour taken for a comment": Mistake(
        MINIMAL + "banner:\n  theme:\n    ¦accent: #1a5c4b\n", "is empty", "put text that has it in quotes"
    ),
    "colour by name": Mistake(MINIMAL + "banner: {theme: {accent: ¦teal}}\n", "'teal' must be a colour", '"#rrggbb"'),
    "css in a colour": Mistake(
        MINIMAL + 'banner: {theme: {accent: ¦"red;position:fixed"}}\n', "must be a colour", '"#rrggbb"'
    ),
    "quoted number": Mistake(
        MINIMAL + 'banner: {theme: {radius: ¦"6"}}\n', "'6' must be a whole number", "without quotes"
    ),
    "number out of bounds": Mistake(MINIMAL + "banner: {theme: {radius: ¦99}}\n", "99 is out of bounds", "most is 24"),
    "yes for true": Mistake(MINIMAL + "signals: {gpc: ¦yes}\n", "'yes' is not allowed", "true, false", "true"),
    "duration": Mistake(
        MINIMAL + "log: {retention: ¦3 years}\n", "'3 years' is not a duration", "d, w, mo, y, for example 6mo"
    ),
    "cookie lifetime": Mistake(
        SITE + "services: {a: {category: analytics, cookies: [{name: _a, lifetime: ¦6 months}]}}\n",
        "'6 months' is neither",
        "13mo, 30d, 1y nor the word session",
    ),
    "version": Mistake(MINIMAL + "version: ¦1.10\n", "1.10 is not a version of this format", "version: 1"),
    "script in a url": Mistake(
        'site: {url: ¦"javascript:alert(1)", name: News}\n' + SERVICES, "'javascript:alert(1)' must begin", "https://"
    ),
    "url of a provider": Mistake(
        SITE + 'services: {a: {category: analytics, provider: {name: A, policy_url: ¦"//evil.example"}}}\n',
        "'//evil.example' must begin with",
        "a single /",
    ),
    "host with a scheme": Mistake(
        SITE + 'services: {a: {category: analytics, hosts: [¦"https://cdn.example/x"]}}\n',
        "must be a host alone",
        "cdn.example.org",
    ),
    "host of the site": Mistake(
        SITE + "services: {a: {category: analytics, hosts: [¦news.example]}}\n",
        "covers the site's own address",
        "the service's own host",
    ),
    "cookie of consent itself": Mistake(
        SITE + "services: {a: {category: analytics, cookies: [¦con*]}}\n",
        "'con*' matches 'consent'",
        "narrower name",
    ),
    "cookie name": Mistake(
        SITE + 'services: {a: {category: analytics, cookies: [{name: ¦"a b"}]}}\n',
        "is not a cookie name",
        "letters, digits",
    ),
    "service name": Mistake(
        SITE + "services: {¦Ad Net: {category: analytics}}\n", "'Ad Net' is not a name", "small letters, digits"
    ),
    "language tag": Mistake(
        MINIMAL + "language: {default: ¦english}\n", "'english' is not a language tag", "en, fr, pt-BR"
    ),
    "default not available": Mistake(
        MINIMAL + "language: {default: ¦en, available: [fr, en-GB]}\n",
        "'en' is not among language.available",
        "it has: fr, en-GB".removeprefix("it "),
    ),
    "language without wording": Mistake(
        MINIMAL + "language: {available: [en, ¦tlh]}\n", "no built-in wording for 'tlh'", "banner.title"
    ),
    "network": Mistake(
        MINIMAL + "regimes: {region: {header: X-Region, trusted_proxies: [¦10.1.2.3/8]}}\n",
        "has bits set behind the prefix",
        "10.0.0.0/8",
    ),
    "necessary not required": Mistake(
        MINIMAL + "categories: {necessary: {required: ¦false}}\n",
        "necessary is always required",
        "leave `required` out",
    ),
    "necessary not enforced": Mistake(
        MINIMAL + "categories: {necessary: {mode: ¦report-only}}\n", "is required", "remove this line"
    ),
    "two names for one category": Mistake(
        MINIMAL + "categories: ¦{statistics: {}, analytics: {}}\n", "both mean 'analytics'", "keep one"
    ),
    "a seller under necessary": Mistake(
        SITE + "services: {a: {category: necessary, uses: ¦[sale]}}\n", "can't have uses (sale)", "Move it"
    ),
    "list for a mapping": Mistake(
        SITE + "services: ¦[a, b]\n", "here is a list instead", "names with values, written `name: ...`"
    ),
    "mapping left empty": Mistake(
        MINIMAL + "categories:\n  ¦functional:\n", "is empty; write {}", "required, label, description"
    ),
    "everything excluded": Mistake(MINIMAL + "exclude: [¦/]\n", "excludes the whole site", "name a part"),
    "own pages excluded": Mistake(MINIMAL + "exclude: [¦/_consent]\n", "covers '/_consent'", "exclude less"),
    "cookie domain": Mistake(
        'site: {url: "https://news.example", name: N, cookie_domain: ¦other.example}\n' + SERVICES,
        "does not cover the site's host",
        "a parent domain",
    ),
    "key given twice": Mistake(MINIMAL + "¦site: {}\n", "the key 'site' is given twice (first on line 1)", "keep one"),
    "merge key": Mistake(
        SITE + "services:\n  a: &a {category: analytics}\n  b:\n    ¦<<: *a\n    category: analytics\n",
        "merge keys (<<) are not part of YAML 1.2",
        "write the keys out",
    ),
    "python tag": Mistake(
        MINIMAL + "exclude: ¦!!python/object/apply:os.system [/x]\n", "the tag !!python/object/apply", "plain value"
    ),
    "tab": Mistake(MINIMAL + "banner:\n¦\tlayout: bar\n", "a tab is used for indentation", "spaces only"),
    "quote left open": Mistake(MINIMAL + "path: ¦'/x\n", "the quote opened here is never closed", "quote"),
    "bracket left open": Mistake(
        MINIMAL + "exclude: ¦[/a, /b\n", "the list opened here with [ is not closed", "write ]"
    ),
    "colon in a text": Mistake(
        'site: {url: "https://a.example", name: x}\nservices: {}\npath: a¦: b\n', "a colon isn't expected", "in quotes"
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_place_fault_and_remedy(name: str) -> None:
    """One mistake gives one message, at its line and column, with what is wrong, what is allowed and what was meant."""
    mistake = MISTAKES[name]
    text, [place] = places(mistake.text)
    found = [problem for problem in problems(text) if (problem.line, problem.column) == place]
    assert len(found) == 1, problems(text)
    assert mistake.wrong in found[0].message
    assert mistake.allowed in found[0].message
    assert mistake.meant is None or f"Did you mean {mistake.meant!r}?" in found[0].message


@pytest.mark.parametrize("name", [name for name in MISTAKES if name != "merge key"])
def test_a_mistake_has_no_echo(name: str) -> None:
    """A mistake is told once: what only follows from it is not told as well."""
    text, _ = places(MISTAKES[name].text)
    assert len(problems(text)) == 1


TWENTY = """\
version: ¦2
site:
  url: ¦"data:text/html,x"
  name: ¦7
  ¦nmae: News
language: {default: ¦english}
regimes:
  region: {header: ¦"a b", trusted_proxies: [¦10.1.2.3/8]}
  map: {¦UK: uk, DE: ¦euu}
  overrides: {uk: {¦analitics: opt-out}}
categories:
  ¦analytics:
services:
  ¦first: {}
  second: {use: ¦matomoo}
  third: {category: necessary, uses: ¦[sale]}
  fourth: {category: ¦marketting, hosts: [¦"https://x.example/y"], cookies: [{name: a, lifetime: ¦6 months}]}
forms:
  comment:
    match: ¦GET /x
    fields: {a: {basis: ¦consent}, b: {basis: contract, ¦fro: functional}}
    remember: {service: ¦nobody, fields: [a, ¦c]}
banner: {theme: {accent: ¦teal, radius: ¦99}}
signals: {gpc: ¦yes}
exclude: [¦/]
¦exclude: [/admin]
"""


def test_twenty_mistakes_are_told_at_once() -> None:
    """A file with more than twenty mistakes gives each its message, at its place, in the order of the file."""
    text, expected = places(TWENTY)
    found = [(problem.line, problem.column) for problem in problems(text)]
    assert len(expected) > 20
    assert found == expected


def test_a_message_holds_nothing_a_terminal_would_obey() -> None:
    """Escape codes in a value or key come out spelled, not raw."""
    text = MINIMAL + '"\\e[31mred": 1\nbanner: {position: "\\e[2Jtop\\ud800"}\n'
    told = "".join(problem.message for problem in problems(text))
    assert "\x1b" not in told
    assert "\\x1b[31mred" in told
    assert told.encode()
