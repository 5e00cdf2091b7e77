"""How fast the consent log takes records, against committing each one by itself, in the same run.

Run: python benchmarks/append.py [--seconds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from consentkit.log import schema
from consentkit.log.record import Record, new_record_id
from consentkit.log.sqlite import SqliteLog


def some_record() -> Record:
    return Record(
        record_id=new_record_id(),
        previous_id=None,
        time=datetime.now(UTC),
        site="https://news.example",
        mechanism="form",
        action="custom",
        categories={"necessary": True, "functional": True, "analytics": False, "marketing": False},
        services={f"service-{number}": number % 2 == 0 for number in range(6)},
        regime="opt-in",
        region="eu",
        signals=(),
        locale="en",
        policy_digest="ab" * 32,
        notice_digest="cd" * 32,
        software="consentkit",
    )


def plain_table(folder: Path) -> sqlite3.Connection:
    """A table with a hash chain, as one would write it in ten lines; same journal and sync as ours."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={schema.journal_mode(sqlite3.sqlite_version_info)}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, payload BLOB, hash BLOB)")
    return connection


def plain_rate(folder: Path, seconds: float, per_commit: int) -> float:
    """Records a second when `per_commit` of them share a transaction and nothing else happens."""
    connection, last, done = plain_table(folder), b"", 0
    payloads = [some_record().canonical() for _ in range(per_commit)]
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        rows = []
        for payload in payloads:
            last = sha256(last + payload).digest()
            rows.append((payload, last))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO event (payload, hash) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        done += per_commit
    rate = done / (time.perf_counter() - begun)
    connection.close()
    return rate


def log_rate(folder: Path, seconds: float, clients: int) -> tuple[float, list[float]]:
    """Records a second through the log with that many clients, and how long each acknowledgement took."""
    return asyncio.run(_log_rate(SqliteLog(folder / f"log{clients}.db"), seconds, clients))


async def _log_rate(log: SqliteLog, seconds: float, clients: int) -> tuple[float, list[float]]:
    records = iter([some_record() for _ in range(int(40_000 * seconds))])
    waits: list[float] = []
    await log.open()
    begun = time.perf_counter()

    async def client() -> None:
        while (before := time.perf_counter()) - begun < seconds:
            await log.append(next(records))
            waits.append(time.perf_counter() - before)

    await asyncio.gather(*(client() for _ in range(clients)))
    rate = len(waits) / (time.perf_counter() - begun)
    await log.close()
    return rate, sorted(waits)


def medians(runs: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each measure over interleaved runs."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: sorted(rates)[len(rates) // 2] for name, rates in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--runs", type=int, default=3, help="interleaved; the median counts")
    arguments = parser.parse_args()
    waits: dict[int, list[float]] = {}

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def through_log(clients: int) -> float:
            rate, waits[clients] = log_rate(folder, arguments.seconds, clients)
            return rate

        rates = medians(
            arguments.runs,
            {
                "a commit for each record": lambda: plain_rate(folder, arguments.seconds, 1),
                "1,000 records a commit, offline": lambda: plain_rate(folder, arguments.seconds, 1_000),
                "log, 1 client": lambda: through_log(1),
                "log, 50 clients": lambda: through_log(50),
                "log, 200 clients": lambda: through_log(200),
            },
        )
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} CPUs")
    base, best = rates["a commit for each record"], rates["1,000 records a commit, offline"]
    print(f"{'':34}{'records/s':>10}{'x single':>10}{'of best':>9}{'p50 ms':>9}{'p99 ms':>9}")
    for name, rate in rates.items():
        row = f"{name:34}{rate:>10,.0f}{rate / base:>10.1f}{rate / best:>9.0%}"
        if name.startswith("log"):
            took = waits[int(name.split()[1])]
            row += f"{took[len(took) // 2] * 1e3:>9.1f}{took[int(len(took) * 0.99)] * 1e3:>9.1f}"
        print(row)


if __name__ == "__main__":
    main()
