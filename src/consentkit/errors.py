"""Every error consentkit raises on purpose, under one root.

Each class carries its evidence as attributes, so that a caller never has to read the message to know what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ConsentKitError(Exception):
    """The root of all errors raised by consentkit."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a policy file.

    `line` and `column` count from 1. `level` is `"error"` (the policy is refused) or `"warning"` (it loads, and
    `consentkit check` says so). `path` is the place as dotted keys, for example `services.matomo.hosts.0`; `at_key`
    says that the key there is at fault, not its value.
    """

    message: str
    path: str = ""
    line: int = 1
    column: int = 1
    level: str = "error"
    at_key: bool = False


class ConfigurationError(ConsentKitError):
    """The settings given to consentkit can't be used; the message says what to change."""


class PolicyError(ConfigurationError):
    """A policy file was refused. `problems` holds all of its faults, `source` the file they are in."""

    def __init__(self, source: str | Path, problems: tuple[Problem, ...]) -> None:
        self.source = str(source)
        self.problems = problems
        lines = [f"{self.source}:{p.line}:{p.column}: {p.message}" for p in problems]
        super().__init__("\n".join(lines))


class SecretKeyError(ConfigurationError):
    """The secret key is missing or weak. `reason` says which; the key itself is never part of the message."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"{reason} Make one with `consentkit keygen` and set it as CONSENTKIT_SECRET_KEY "
            "(or pass it as secret_key=)."
        )


class UnknownNameError(ConsentKitError):
    """App code asked for a category or service that the policy does not have."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...], suggestion: str | None = None) -> None:
        self.kind = kind
        self.name = name
        self.known = known
        self.suggestion = suggestion
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"the policy has no {kind} {name!r}; it has: {', '.join(known) or 'none'}.{hint}")


class CookieError(ConsentKitError):
    """A consent cookie could not be used. `reason` is a short word for logs and tests, never the cookie itself."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the consent cookie was refused: {reason}")


class LogError(ConsentKitError):
    """Something is wrong with the consent log. `url` names it, without any password."""

    def __init__(self, message: str, *, url: str = "") -> None:
        self.url = url
        super().__init__(message)


class LogUnavailableError(LogError):
    """A record could not be stored durably right now. The choice it carries has not been acknowledged."""


class LogCorruptError(LogError):
    """The stored log contradicts itself. `sequence` is the first entry where it does, if one can be named."""

    def __init__(self, message: str, *, url: str = "", sequence: int | None = None) -> None:
        self.sequence = sequence
        super().__init__(message, url=url)
