"""Every entry of the catalogue is a sound service with a purpose in each language it claims."""

from __future__ import annotations

import pytest

from consentkit.policy.catalogue import catalogue
from consentkit.policy.parts import Service
from consentkit.policy.wording_rules import VAGUE_PURPOSE, plain


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_an_entry_is_a_service(name: str) -> None:
    """An entry validates as a service, says what it does in English, French and German, and gates something."""
    service = Service.model_validate({"use": name})
    assert service.purpose is not None
    assert {"en", "fr", "de"} <= set(service.purpose)
    assert not any(VAGUE_PURPOSE.search(plain(text)) for text in service.purpose.values())
    assert service.hosts or service.inline
    assert service.category != "necessary"
