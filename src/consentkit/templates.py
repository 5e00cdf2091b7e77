"""The Jinja2 environment: where templates are found, and how little they may do."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError

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
    if not isinstance(cast("object", overrides), (str, Path, NoneType)):
        raise ConfigurationError("templates must be the path of a folder")
    if overrides is not None:
        own = Path(overrides)
        if not own.is_dir():
            raise ConfigurationError(f"templates={str(own)!r} is not a folder")
        folders.insert(0, own)
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    for name in environment.list_templates(extensions=["html"]):
        _compile(environment, name)
    return environment


def _compile(environment: Environment, name: str) -> None:
    """Find mistakes in a template when the site starts, not when the first visitor comes."""
    try:
        environment.get_template(name)
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"{error.filename}:{error.lineno}: {error.message}; mend this template") from error
