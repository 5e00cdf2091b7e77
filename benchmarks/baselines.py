"""The packages we are measured against: those of the dependency group `bench`, where they can be had.

Run: python -m benchmarks.baselines (installs them one by one, so that one without a wheel doesn't cost the others)
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.table import NOT_INSTALLED

ROOT = Path(__file__).parent.parent
_ALWAYS_THERE = ("starlette", "itsdangerous", "jinja2", "uvicorn")


def wanted() -> list[str]:
    """The requirements of the group, as pyproject.toml has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [each for each in project["dependency-groups"]["bench"] if isinstance(each, str)]


def install() -> None:
    """Install each of them. One that can't be is passed over: its rows say so."""
    for requirement in wanted():
        command = [sys.executable, "-m", "pip", "install", "--quiet", requirement]
        if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own command
            print(f"{requirement} can't be installed here; its rows will say so")


def module(name: str) -> Any:
    """The module, or None where it isn't installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def version_of(package: str) -> str:
    """Its version, or that it isn't there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED


def surroundings() -> list[str]:
    """Where all was measured, and against what."""
    names = [re.split(r"[<>=~! \[]", each)[0] for each in (*_ALWAYS_THERE, *wanted())]
    return [
        (
            f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
            f"{platform.python_implementation()} {platform.python_version()}"
        ),
        ", ".join(f"{name} {version_of(name)}" for name in names),
    ]


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", listed.read_text()) if listed.exists() else None
    return found[1].strip() if found else platform.processor() or "unknown processor"


if __name__ == "__main__":
    install()
