"""The style sheet and the script, prepared once: hashed name, headers and compressed form ready to be sent.

Nothing is inline in a page, so that a strict Content-Security-Policy with `'self'` needs no exception.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from consentkit.policy.colour import contrast
from consentkit.policy.models import Policy, Theme

_LIGHT = {
    "text": "#1c1d1f",
    "quiet": "#55585e",
    "surface": "#ffffff",
    "soft": "#f1f2f4",
    "line": "#8a8d93",
    "rule": "#d5d7db",
    "link": "#0b4f8a",
    "focus": "#0b57d0",
}
_DARK = {
    "text": "#f1f2f4",
    "quiet": "#b9bcc2",
    "surface": "#1c1d20",
    "soft": "#2a2c30",
    "line": "#8a8d93",
    "rule": "#43464c",
    "link": "#9cc9f5",
    "focus": "#a8c7fa",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file under `{path}/assets/`."""

    name: str
    content_type: str
    body: bytes
    compressed: bytes
    etag: str


def theme_css(theme: Theme) -> str:
    """The custom properties of `theme`, for light, dark or both."""
    on_accent = max(("#ffffff", "#000000"), key=lambda colour: contrast(colour, theme.accent))
    shared = {"accent": theme.accent, "on-accent": on_accent, "radius": f"{theme.radius}px"}
    shared["scheme"] = "light dark" if theme.scheme == "auto" else theme.scheme
    light, dark = (_scheme(colours, theme.accent) for colours in (_LIGHT, _DARK))
    first = dark if theme.scheme == "dark" else light
    css = f":root {{ {_declarations(shared | first)} }}\n"
    if theme.scheme == "auto":
        css += f"@media (prefers-color-scheme: dark) {{ :root {{ {_declarations(dark)} }} }}\n"
    return css


def _scheme(colours: Mapping[str, str], accent: str) -> dict[str, str]:
    """The edge of a button is seen against the page: the accent itself where it stands out by 3:1, else the text."""
    edge = accent if contrast(accent, colours["surface"]) >= 3 else colours["text"]
    return {**colours, "edge": edge}


def _declarations(values: Mapping[str, str]) -> str:
    return " ".join(f"--ckit-{name}: {value};" for name, value in values.items())


def _asset(stem: str, ending: str, content_type: str, text: str) -> Asset:
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()[:16]
    compressed = gzip.compress(body, 9, mtime=0)
    return Asset(f"{stem}.{digest}.{ending}", content_type, body, compressed, f'"{digest}"')


class Assets:
    """The assets of one policy, by name."""

    def __init__(self, policy: Policy) -> None:
        static = files("consentkit").joinpath("static")
        css = theme_css(policy.banner.theme) + static.joinpath("ckit.css").read_text("utf-8")
        script = static.joinpath("ckit.js").read_text("utf-8")
        self.style = _asset("ckit", "css", "text/css; charset=utf-8", css)
        self.script = _asset("ckit", "js", "text/javascript; charset=utf-8", script)
        self.by_name: Mapping[str, Asset] = {asset.name: asset for asset in (self.style, self.script)}
        self.style_url = f"{policy.path}/assets/{self.style.name}"
        self.script_url = f"{policy.path}/assets/{self.script.name}"
