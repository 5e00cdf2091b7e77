"""`Clear-Site-Data`: what a browser deletes when a visitor takes back all they had allowed."""

from __future__ import annotations

from collections.abc import Sequence

from consentkit.consent import Consent

RawHeader = tuple[bytes, bytes]


def clear_site_data(kinds: Sequence[str], before: Consent, after: Consent) -> list[RawHeader]:
    """The header for a choice that leads from `before` to `after`; none unless it ends the last thing allowed."""
    if not kinds or not _allows_something(before) or _allows_something(after):
        return []
    return [(b"clear-site-data", ", ".join(f'"{kind}"' for kind in kinds).encode())]


def _allows_something(consent: Consent) -> bool:
    """Whether anything runs that could be refused."""
    return any(allowed and consent.reasons[name] != "required" for name, allowed in consent.services.items())
