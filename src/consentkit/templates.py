"""The Jinja2 environment: where templates are found, and how little they may do."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consentkit.errors import ConfigurationError


def templates_folder() -> Path:
    """The folder of the built-in templates: inside the installed package, or the checkout of an editable install."""
    package = Path(__file__).parent
    for folder in (package / "_templates", package.parent.parent / "templates"):
        if (folder / "banner.html").is_file():
            return folder
    raise ConfigurationError("consentkit's own templates are missing from this installation; install it again")


def make_environment(overrides: str | Path | None = None) -> Environment:
    """Templates from `overrides`, a site's own folder, where it has them, else the built-in ones.

    Raises `ConfigurationError` when the folder is not there.
    """
    folders = [templates_folder()]
    if overrides is not None:
        own = Path(overrides)
        if not own.is_dir():
            raise ConfigurationError(f"templates={str(own)!r} is not a folder")
        folders.insert(0, own)
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
