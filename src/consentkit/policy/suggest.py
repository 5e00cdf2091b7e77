"""Did you mean: the nearest known name for a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None when none is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    found = get_close_matches(name.lower()[:80], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean ...?` for the end of a message, or nothing."""
    found = nearest(name, known)
    return f" Did you mean {found!r}?" if found else ""


def listed(names: Iterable[str], most: int = 40) -> str:
    """Names for a message, with commas; of a long list the first `most`."""
    given = list(names)
    shown = ", ".join(given[:most]) or "none"
    return shown if len(given) <= most else f"{shown}, … ({len(given)} in all)"


def shown(value: object) -> str:
    """A value for a message: at most 60 characters, nothing that a terminal would act on."""
    text = value if isinstance(value, str) else repr(value)
    return printable(text if len(text) <= 60 else f"{text[:60]}…")


def printable(text: str) -> str:
    """`text` without anything that a terminal would act on."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
