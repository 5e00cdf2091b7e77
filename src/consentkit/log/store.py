"""Opening a consent log by its URL."""

from __future__ import annotations

from pathlib import Path

from consentkit.errors import ConfigurationError, LogError
from consentkit.log.memory import MemoryLog
from consentkit.log.protocol import Checkpoint, ConsentLog, DocumentKind, Entry, LogReader
from consentkit.log.reader import SqliteReader
from consentkit.log.sqlite import SqliteLog

__all__ = ["Checkpoint", "ConsentLog", "DocumentKind", "Entry", "LogReader", "open_log", "open_reader"]

_ALLOWED = (
    'Use "sqlite:///consent.db" (a file here), "sqlite:////var/lib/site/consent.db" (a full path) '
    'or "memory://" (for tests).'
)


def open_log(url: str | ConsentLog) -> ConsentLog:
    """The consent log that `url` names; a log that is one already comes back as it is.

    `sqlite:///consent.db` is a file in the current directory, `sqlite:////srv/consent.db` one by its full
    path, and `memory://` is forgotten when the process ends. Nothing is opened or made on disk before the
    first use. Raises `ConfigurationError` for anything else.
    """
    if isinstance(url, ConsentLog):
        return url
    if _scheme(url) == "memory":
        return MemoryLog()
    return SqliteLog(_sqlite_path(url))


def open_reader(url: str) -> LogReader:
    """A reader of the stored log that `url` names. Never makes a file.

    Raises `ConfigurationError` for a URL that can't be read this way, `LogError` if there is no such log.
    """
    if _scheme(url) == "memory":
        raise LogError('a log in memory ("memory://") ends with its process; there is nothing to read', url=url)
    return SqliteReader(_sqlite_path(url))


def _scheme(url: object) -> str:
    if not isinstance(url, str):
        raise ConfigurationError(f"the log must be a URL or a ConsentLog, not {type(url).__name__}. {_ALLOWED}")
    scheme, colon, rest = url.partition("://")
    if scheme == "memory" and not rest and colon:
        return scheme
    if scheme == "sqlite" and colon:
        return scheme
    if scheme in {"postgresql", "postgres"} and colon:
        raise ConfigurationError(f"a log on PostgreSQL comes with a later version of consentkit. {_ALLOWED}")
    shown = f"the scheme {scheme!r}" if colon else "a log without a scheme"
    raise ConfigurationError(f"consentkit does not know {shown}. {_ALLOWED}")


def _sqlite_path(url: str) -> Path:
    _scheme(url)
    path = url.removeprefix("sqlite://")
    if not path.startswith("/") or path == "/":
        raise ConfigurationError(f"a SQLite log needs three slashes and a file name. {_ALLOWED}")
    if path == "/:memory:":
        raise ConfigurationError(f"a SQLite log is a file. {_ALLOWED}")
    if "?" in path or "\0" in path:
        raise ConfigurationError(f"a SQLite log takes no options in its URL. {_ALLOWED}")
    return Path(path[1:]).absolute()
