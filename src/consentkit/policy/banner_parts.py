"""How a site asks its visitors: the part of a policy about the banner."""

# Without `annotations` from `__future__`: pydantic reads every one, and would have to compile it from a text first.

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from consentkit.policy.base import Model
from consentkit.policy.fields import Colour


class Theme(Model):
    """Colours and shape. Only strict types, so that no other CSS can come in."""

    accent: Colour = "#1a5c4b"
    """Colour of the buttons, in quotes."""
    scheme: Literal["auto", "light", "dark"] = "auto"
    """Light, dark, or as the visitor's system says."""
    radius: Annotated[StrictInt, Field(ge=0, le=24)] = 6
    """Corner radius in px."""


class Banner(Model):
    """How visitors are asked."""

    layout: Literal["bar"] = "bar"
    """A bar across the page."""
    position: Literal["bottom", "top"] = "bottom"
    """Which edge of the window it stands at."""
    reopen: Literal["footer", "none"] = "footer"
    """The "Privacy choices" control for those who decided, on every page; `none`: the site links to it."""
    theme: Theme = Theme.model_construct()
    """Colours and shape."""
