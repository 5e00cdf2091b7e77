"""Finds the site a request belongs to: one policy, one per request from a callable, or a file that is read again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import anyio.to_thread
from starlette.types import Scope

from consentkit.errors import ConfigurationError
from consentkit.policy.load import load_policy
from consentkit.policy.models import Policy
from consentkit.site import Settings, Site

logger = logging.getLogger("consentkit")
PolicySource = str | Path | Policy | Callable[[Scope], Policy]
#: How often a policy file is looked at with `reload=True`, in seconds.
_LOOK_EVERY = 0.5


class Sites:
    """All sites of one middleware. Raises `ConfigurationError` for a source that can't be used."""

    def __init__(self, source: PolicySource, settings: Settings, *, reload: bool = False) -> None:
        self._settings = settings
        self._by_digest: dict[str, Site] = {}
        self._kept: dict[str, bytes] | None = None
        self._choose: Callable[[Scope], Policy] | None = None
        self._file: Path | None = None
        self._looked = 0.0
        self._seen: tuple[int, int] | None = None
        if isinstance(source, Policy):
            self._only: Site | None = self._site(source)
        elif callable(source):
            self._only, self._choose = None, source
        elif not isinstance(cast("object", source), (str, Path)):
            raise ConfigurationError(
                "policy must be the path of a policy file, a Policy, or a callable scope -> Policy"
            )
        else:
            self._only = self._site(load_policy(source))
            if reload:
                self._file = Path(source)
                self._seen = _stamp(self._file)
        if reload and self._file is None:
            raise ConfigurationError("reload=True needs the policy as a path of a file")

    def _site(self, policy: Policy) -> Site:
        site = self._by_digest.get(policy.digest)
        if site is None:
            site = self._by_digest[policy.digest] = Site(policy, self._settings)
            if self._kept is not None:
                self._kept[policy.digest] = policy.canonical()
                for each in self._by_digest.values():
                    each.learn(self._kept)
        return site

    def at(self, scope: Scope) -> Site:
        """The site of this request."""
        if self._only is not None:
            return self._only
        if self._choose is None:
            raise ConfigurationError("there is no policy")
        policy = self._choose(scope)
        if not isinstance(cast("object", policy), Policy):
            raise ConfigurationError("the policy callable must return a Policy for every request")
        return self._site(policy)

    def learn(self, policies: dict[str, bytes]) -> None:
        """Tell every site, also those to come, about the earlier policies that the log has kept."""
        self._kept = {**policies, **{site.policy.digest: site.policy.canonical() for site in self._by_digest.values()}}
        for site in self._by_digest.values():
            site.learn(self._kept)

    @property
    def only(self) -> Site | None:
        """The site of every request, if there is just one."""
        return self._only

    @property
    def is_watching(self) -> bool:
        """Whether the policy file is read again when it changes."""
        return self._file is not None

    async def refresh(self) -> None:
        """Read the policy file again if it changed. A fault in it is kept to be shown; the old policy serves on."""
        now = time.monotonic()
        if self._file is None or now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        stamp = _stamp(self._file)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            policy = await anyio.to_thread.run_sync(load_policy, self._file)
            site = self._site(policy)
        except ConfigurationError as error:
            logger.error("the policy was not reloaded:\n%s", error)
            if self._only is not None:
                self._only.reload_error = str(error)
            return
        self._only = site
        site.reload_error = None


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
