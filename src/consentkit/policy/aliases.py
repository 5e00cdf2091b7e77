"""Other products' names for the canonical categories, so that their policies and markup are understood."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The order in which categories stand on screen when the policy doesn't say.
CANONICAL_CATEGORIES = ("necessary", "functional", "preferences", "analytics", "marketing")

CATEGORY_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "statistics": "analytics",
        "measurement": "analytics",
        "performance": "analytics",
        "advertisement": "marketing",
        "advertising": "marketing",
        "ads": "marketing",
        "targeting": "marketing",
        "social-media": "marketing",
        "experience": "functional",
        "functionality": "functional",
        "c0001": "necessary",
        "c0002": "analytics",
        "c0003": "functional",
        "c0004": "marketing",
        "c0005": "marketing",
    }
)


def canonical_category(name: str) -> str:
    """The canonical name for `name`, in lower case; a name that is no alias is its own."""
    lowered = name.strip().lower()
    return CATEGORY_ALIASES.get(lowered, lowered)
