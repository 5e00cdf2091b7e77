"""The documents for users tell the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consentkit.policy.check import parse_policy
from consentkit.policy.models import Policy

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_policy_in_the_readme_loads_without_a_warning() -> None:
    """What a new user copies is a good policy."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    policy, warnings = parse_policy(text, "README.md", environ={})
    assert isinstance(policy, Policy)
    assert warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_example_is_python(page: Path) -> None:
    """Every example compiles."""
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)):
        compile(code, f"{page.name}:{number}", "exec", dont_inherit=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    """Relative links name files that are there."""
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_every_argument_of_the_middleware_is_documented() -> None:
    """The table in docs/integration.md has them all."""
    import inspect

    from consentkit import ConsentMiddleware

    text = (ROOT / "docs" / "integration.md").read_text()
    names = set(inspect.signature(ConsentMiddleware).parameters) - {"app", "clock"}
    assert names == {name for name in names if f"| `{name}` |" in text}
