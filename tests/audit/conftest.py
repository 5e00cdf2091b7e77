"""A small log as the audit tests take it apart."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from consentkit.log.sqlite import SqliteLog
from tests.audit.rows import Rows
from tests.log.records import make_record

POLICY, NOTICE = b"policy: 1", b"<p>May we?</p>"
BATCHES = (1, 9, 10, 1, 1, 15, 3, 20)


@pytest.fixture(scope="session")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a log of 60 entries in 8 commits, with the policy and the notice they refer to. Not to be changed."""
    log = SqliteLog(tmp_path_factory.mktemp("log") / "consent.db")
    digests = {"policy_digest": sha256(POLICY).hexdigest(), "notice_digest": sha256(NOTICE).hexdigest()}

    async def run() -> None:
        log.keep("policy", digests["policy_digest"], POLICY)
        log.keep("notice", digests["notice_digest"], NOTICE)
        await log.flush()
        for size in BATCHES:
            await asyncio.gather(*(log.append(make_record(idempotency=None, **digests)) for _ in range(size)))
        await log.close()

    asyncio.run(run())
    return log.path


@pytest.fixture(scope="session")
def rows(log_path: Path) -> Rows:
    """All rows of that log. Not to be changed: take a copy."""
    return Rows.of(SqliteLog(log_path).reader())
