"""The package as users get it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from consentkit.templates import templates_folder

ROOT = Path(__file__).parent.parent
SHOW = "import consentkit, consentkit.templates as t; print(consentkit.__file__); print(t.templates_folder())"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=240)
    (file,) = folder.glob("consentkit-*.whl")
    return file


def test_the_wheel_carries_templates_texts_assets_and_types(wheel: Path) -> None:
    """Everything that is read at run time is inside."""
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"consentkit/_templates/{file.name}" for file in (ROOT / "templates").iterdir()}
    wanted |= {
        "consentkit/py.typed",
        "consentkit/static/ckit.js",
        "consentkit/static/ckit.css",
        "consentkit/locales/en.json",
    }
    assert wanted <= names
    assert not {name for name in names if name.startswith(("tests/", "examples/"))}


def test_an_installed_wheel_finds_its_templates(wheel: Path, tmp_path: Path) -> None:
    """From a wheel the templates are those inside it, wherever one stands."""
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, timeout=120)
    script = f"import sys; sys.path.insert(0, {str(target)!r}); {SHOW}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60
    )
    module, folder = done.stdout.split()
    assert Path(module).is_relative_to(target)
    assert Path(folder) == target / "consentkit" / "_templates"


def test_an_editable_install_finds_the_checkouts_templates() -> None:
    """In a checkout the templates are those at the top level."""
    assert templates_folder() == ROOT / "templates"


def test_few_names_at_the_top() -> None:
    """At most twelve names, all of them there."""
    import consentkit

    assert len(consentkit.__all__) <= 12
    assert all(hasattr(consentkit, name) for name in consentkit.__all__)


def test_an_app_imports_neither_the_command_line_nor_the_lint() -> None:
    """What only `consentkit` on the command line needs costs an app nothing when it starts."""
    script = (
        "import sys, consentkit; consentkit.load_policy('examples/newsroom/consent.yaml'); print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = done.stdout.split()
    assert "consentkit.policy.load" in loaded
    unwanted = ("consentkit.cli", "consentkit.policy.check", "consentkit.policy.lint", "consentkit.policy.wording")
    assert not [name for name in loaded if name.startswith(unwanted) or name in ("click", "rich")]


def test_no_module_is_too_long() -> None:
    """350 lines are enough for anything."""
    long = [file.name for file in (ROOT / "src").rglob("*.py") if len(file.read_text().splitlines()) > 350]
    assert not long
