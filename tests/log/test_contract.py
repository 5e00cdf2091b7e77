"""What every consent log must do, whatever it is stored in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from consentkit.errors import LogError
from consentkit.log.memory import MemoryLog
from consentkit.log.protocol import ConsentLog, Entry
from consentkit.log.sqlite import SqliteLog
from tests.log.records import NOON, fill, make_record, verified

Clock = Callable[[], datetime]
NewLog = Callable[..., ConsentLog]


@pytest.fixture(params=["memory", "sqlite"])
def new_log(request: pytest.FixtureRequest, tmp_path: Path) -> NewLog:
    """Makes a log of each kind; `clock` may be given."""

    def make(clock: Clock = lambda: NOON) -> ConsentLog:
        if request.param == "memory":
            return MemoryLog(clock=clock)
        return SqliteLog(tmp_path / "consent.db", clock=clock)

    return make


def test_append_and_find(new_log: NewLog) -> None:
    """A record is stored with the next number, found by its id, and the log verifies."""
    log = new_log()

    async def run() -> None:
        await log.open()
        assert await log.head() is None
        records = await fill(log, 5)
        entry = await log.append(make_record(previous_id=records[0].record_id))
        assert entry.sequence == 5
        found = await log.find(records[2].record_id)
        assert found is not None
        assert (found.sequence, found.record, found.record_id) == (2, records[2], records[2].record_id)
        assert await log.find("f" * 32) is None
        head = await log.head()
        assert head is not None
        assert (head.size, head.time) == (6, "2026-03-01T12:00:00.250000Z")
        await log.close()

    asyncio.run(run())
    report = verified(log)
    assert report.ok
    assert report.size == 6


def test_use_without_open(new_log: NewLog) -> None:
    """The first use opens the log, and after `close` it can be used again."""
    log = new_log()

    async def run() -> None:
        await log.append(make_record())
        await log.close()
        await log.close()
        assert (await log.append(make_record())).sequence == 1
        await log.close()

    asyncio.run(run())
    assert verified(log).size == 2


def test_thousand_at_once(new_log: NewLog) -> None:
    """1,000 concurrent appends in one event loop make one history without a gap."""
    log = new_log()

    async def run() -> list[Entry]:
        entries = await asyncio.gather(*(log.append(make_record()) for _ in range(1_000)))
        await log.close()
        return entries

    entries = asyncio.run(run())
    assert sorted(entry.sequence for entry in entries) == list(range(1_000))
    report = verified(log)
    assert (report.ok, report.size) == (True, 1_000)


def test_sixteen_threads(new_log: NewLog) -> None:
    """16 threads, each with an event loop of its own, make one history."""
    log = new_log()
    numbers: list[int] = []

    async def run() -> None:
        entries = await asyncio.gather(*(log.append(make_record()) for _ in range(20)))
        numbers.extend(entry.sequence for entry in entries)

    threads = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(log.close())
    assert sorted(numbers) == list(range(320))
    assert verified(log).ok


def test_same_key_is_one_entry(new_log: NewLog) -> None:
    """Two appends with one idempotency key, at once or later, give the first entry."""
    log = new_log()

    async def run() -> None:
        first, second, other = await asyncio.gather(
            *(log.append(make_record(idempotency=key)) for key in ("form-1", "form-1", "form-2"))
        )
        assert first == second
        assert other != first
        assert await log.append(make_record(idempotency="form-1")) == first
        assert (await log.append(make_record())).sequence == 2
        await log.close()

    asyncio.run(run())
    assert verified(log).size == 3


def test_same_record_is_one_entry(new_log: NewLog) -> None:
    """The same record again is the same entry; another record with its id is refused, alone or in one batch."""
    log = new_log()
    record = make_record()
    other = make_record(record_id=record.record_id, action="withdraw")

    async def run() -> None:
        one, two, refused, fine = await asyncio.gather(
            *(log.append(each) for each in (record, record, other, make_record())), return_exceptions=True
        )
        assert one == two
        assert isinstance(refused, LogError)
        assert isinstance(fine, Entry)
        assert await log.append(record) == one
        with pytest.raises(LogError, match="another record"):
            await log.append(other)
        await log.close()

    asyncio.run(run())
    assert verified(log).size == 2


def test_deferred_record(new_log: NewLog) -> None:
    """A deferred refusal is in the log after a flush, once, even if deferred twice."""
    log = new_log()
    record = make_record(action="reject-all")

    async def run() -> None:
        log.defer(record)
        log.defer(record)
        log.defer(make_record(record_id=record.record_id))
        await log.flush()
        found = await log.find(record.record_id)
        assert found is not None
        assert found.record == record
        await log.close()

    asyncio.run(run())
    assert (verified(log).size, verified(log).ok) == (1, True)


def test_kept_documents(new_log: NewLog) -> None:
    """A document is stored once by its digest, seen at once, and one under a wrong digest is refused."""
    log = new_log()
    body = b"<p>notice</p>"
    digest = sha256(body).hexdigest()

    async def run() -> None:
        for _ in range(3):
            log.keep("notice", digest, body)
        assert await log.kept("notice") == {digest: body}
        await log.flush()
        log.keep("policy", digest, body)
        await log.flush()
        assert await log.kept("notice") == {digest: body}
        assert await log.kept("policy") == {digest: body}
        with pytest.raises(ValueError, match="SHA-256"):
            log.keep("policy", "0" * 64, body)
        await log.close()

    asyncio.run(run())
    assert verified(log).documents == 2


def test_daily_counts(new_log: NewLog) -> None:
    """Counts add up by day and name; a day that is not given is today in UTC by the log's clock."""
    log = new_log(lambda: datetime(2026, 3, 1, 23, 30, tzinfo=UTC))

    async def run() -> None:
        for _ in range(3):
            log.count("signal:gpc")
        log.count("signal:gpc", date(2026, 2, 28), 12)
        await log.flush()
        log.count("signal:gpc")
        await log.flush()
        assert await log.counts() == {("2026-03-01", "signal:gpc"): 4, ("2026-02-28", "signal:gpc"): 12}
        await log.close()

    asyncio.run(run())
    with closing(log.reader()) as reader:
        assert reader.counts() == {("2026-03-01", "signal:gpc"): 4, ("2026-02-28", "signal:gpc"): 12}


def test_close_answers_who_waits(new_log: NewLog) -> None:
    """Closing while appends are under way stores and answers them all."""
    log = new_log()

    async def run() -> None:
        tasks = [asyncio.ensure_future(log.append(make_record())) for _ in range(1_500)]
        await asyncio.sleep(0)
        await log.close()
        assert len({entry.sequence for entry in await asyncio.gather(*tasks)}) == 1_500

    asyncio.run(run())
    assert verified(log).size == 1_500


def test_close_stores_what_waits(new_log: NewLog) -> None:
    """Closing stores counts, documents and deferred refusals that nobody has flushed."""
    log = new_log()
    record = make_record()
    body = b"policy"

    async def run() -> None:
        log.count("signal:gpc")
        log.keep("policy", sha256(body).hexdigest(), body)
        log.defer(record)
        await log.close()
        assert await log.find(record.record_id)
        assert sum((await log.counts()).values()) == 1
        assert list((await log.kept("policy")).values()) == [body]

    asyncio.run(run())


def test_clock_jumps(new_log: NewLog) -> None:
    """A clock that goes back an hour, forward a day or stands still changes nothing: order is by number."""
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(days=1), NOON, NOON, *([NOON] * 20)])
    log = new_log(lambda: next(times))

    async def run() -> list[int]:
        jumps = (0, -3600, 86_400, 0, 0)
        records = [make_record(time=NOON + timedelta(seconds=jump)) for jump in jumps]
        numbers = [(await log.append(record)).sequence for record in records]
        await log.close()
        return numbers

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]
    assert verified(log).ok


def test_cancelled_append(new_log: NewLog) -> None:
    """An append whose caller goes away leaves the record stored or absent, never half, and the log goes on."""
    log = new_log()

    async def run() -> None:
        await log.append(make_record())
        for wait in (0, 0.0005, 0.002):
            task = asyncio.create_task(log.append(make_record()))
            await asyncio.sleep(wait)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await log.append(make_record())
        await log.close()

    asyncio.run(run())
    report = verified(log)
    assert report.ok
    assert 2 <= report.size <= 5


def test_loop_that_has_gone(new_log: NewLog) -> None:
    """A loop that ends while its append is under way does not disturb the appends of other loops."""
    log = new_log()

    async def leave() -> None:
        task = asyncio.create_task(log.append(make_record()))
        await asyncio.sleep(0)
        del task

    for _ in range(3):
        asyncio.run(leave())
    asyncio.run(log.append(make_record()))
    asyncio.run(log.close())
    assert verified(log).ok


def test_other_lengths_of_batches(new_log: NewLog) -> None:
    """Batches below, at and above what goes into one statement are stored alike."""
    log = new_log()

    async def run() -> None:
        for size in (1, 199, 200, 201, 401):
            await asyncio.gather(*(log.append(make_record()) for _ in range(size)))
        await log.close()

    asyncio.run(run())
    assert (verified(log).ok, verified(log).size) == (True, 1002)
