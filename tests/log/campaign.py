"""Programs that write one log from several processes, run as `python -m tests.log.campaign WHAT PATH ...`.

They fork, so they run apart from the tests' own process. Each prints JSON on its last line.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from consentkit.errors import LogUnavailableError
from consentkit.log import schema, session
from consentkit.log.protocol import Entry
from consentkit.log.record import Record
from consentkit.log.sqlite import SqliteLog
from tests.log.records import make_record


def child(work: Callable[[], None]) -> int:
    """Fork, run `work` in the child, let it end as Python programs end, and give its process id."""
    process = os.fork()
    if process == 0:
        work()
        raise SystemExit(0)
    return process


async def stored(log: SqliteLog, record: Record) -> Entry:
    """Append until it works: without a fair lock a writer may have to try more than once."""
    while True:
        try:
            return await log.append(record)
        except LogUnavailableError:
            await asyncio.sleep(0.01)


def append_many(path: Path, count: int, out: int) -> None:
    """Append `count` records, twenty at a time, and tell the id of each as soon as it is acknowledged."""
    log = SqliteLog(path, patience=60)

    async def client() -> None:
        for _ in range(count // 20):
            entry = await stored(log, make_record())
            os.write(out, f"{entry.record_id}\n".encode())

    async def run() -> None:
        await asyncio.gather(*(client() for _ in range(20)))
        await log.close()

    asyncio.run(run())


def together(path: Path, processes: int, count: int) -> list[str]:
    """Several processes append at once; gives the ids they were acknowledged."""
    reading, writing = os.pipe()
    children = [child(partial(append_many, path, count, writing)) for _ in range(processes)]
    os.close(writing)
    told = _read_all(reading)
    for process in children:
        os.waitpid(process, 0)
    return told


def killed(path: Path, kills: int, seed: int) -> list[str]:
    """Two processes append until one of them, then the other, is killed; again and again."""
    dice = random.Random(seed)
    told: list[str] = []
    for _ in range(0, kills, 2):
        reading, writing = os.pipe()
        children = [child(partial(append_many, path, 10**9, writing)) for _ in range(2)]
        os.close(writing)
        for process in children:
            time.sleep(dice.uniform(0.002, 0.06))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        told += _read_all(reading)
    return told


def forked_after_use(path: Path) -> list[str]:
    """A log is used, the process forks, and parent and child both go on with the same object."""
    log = SqliteLog(path)
    reading, writing = os.pipe()

    async def use() -> None:
        for _ in range(5):
            entry = await log.append(make_record())
            os.write(writing, f"{entry.record_id}\n".encode())

    def in_child() -> None:
        before = _open_files(path)
        asyncio.run(use())
        asyncio.run(log.close())
        assert before <= _open_files(path), "the child closed the inherited connection"

    asyncio.run(use())
    log.count("before the fork")
    process = child(in_child)
    asyncio.run(use())
    _, status = os.waitpid(process, 0)
    asyncio.run(use())
    asyncio.run(log.close())
    os.close(writing)
    return [*_read_all(reading), f"exit {status}"]


def _open_files(path: Path) -> set[str]:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return set()
    return {entry.name for entry in folder.iterdir() if entry.exists() and entry.resolve() == path.resolve()}


def _read_all(reading: int) -> list[str]:
    with os.fdopen(reading) as lines:
        # A killed process may have been about to write: only whole lines were told.
        return [line.rstrip("\n") for line in lines if line.endswith("\n")]


if __name__ == "__main__":
    what, where, *numbers = sys.argv[1:]
    if what == "unlocked":
        setattr(session, "file_lock", nullcontext)  # noqa: B010 - SQLite's own locks must do
    journal = os.environ.get("JOURNAL", "")
    if journal:
        setattr(schema, "journal_mode", lambda _: journal)  # noqa: B010 - as a fixed SQLite would choose
    programs: dict[str, Callable[..., list[str]]] = {
        "together": together,
        "killed": killed,
        "forked": forked_after_use,
        "unlocked": together,
    }
    print(json.dumps(programs[what](Path(where), *map(int, numbers))))  # noqa: T201 - its answer
