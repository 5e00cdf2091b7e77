"""The thread that stores: it gathers what has come in meanwhile and stores it in one transaction.

One sync of the disk then serves many visitors, and no event loop ever waits for the disk.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import queue
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from consentkit.errors import LogError, LogUnavailableError
from consentkit.log.backlog import Backlog, Pending
from consentkit.log.protocol import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from consentkit.log.record import Record

MAX_BATCH = 1_000
MAX_WAITING = 20_000
FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 5.0
CLOSE_SECONDS = 4.5

_logger = logging.getLogger("consentkit.log")


class Job:
    """One caller that waits: for its record to be stored, or (without one) for all that waited before it."""

    __slots__ = ("future", "loop", "payload", "record")

    def __init__(self, loop: asyncio.AbstractEventLoop, record: Record | None = None) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.record = record
        self.payload = record.canonical() if record else b""

    def expire(self, url: str) -> None:
        if not self.future.done():
            self.future.set_exception(LogUnavailableError(f"{url} did not store the record in time", url=url))


@dataclass(slots=True)
class Batch:
    """What goes into one transaction."""

    jobs: list[Job]
    pending: Pending

    def records(self) -> list[tuple[Record, bytes]]:
        """All records to be stored, with their bytes: the jobs' in their order, then the deferred ones."""
        waiting = [(job.record, job.payload) for job in self.jobs if job.record is not None]
        return waiting + [(record, record.canonical()) for record in self.pending.records]


Outcome = Entry | LogError


class Session(Protocol):
    """One thread's way into the storage."""

    def store(self, collect: Callable[[], Batch]) -> list[Outcome]:
        """Store one batch durably and give an outcome for each of its records.

        `collect` is to be called once the storage is locked. Raises `LogError` if nothing was stored.
        """
        ...

    def close(self) -> None: ...


class Writer:
    """Runs a `Session` in a thread of its own, for one process. Started by the first use."""

    def __init__(self, url: str, new_session: Callable[[], Session], patience: float) -> None:
        self.backlog = Backlog()
        self._url = url
        self._new_session = new_session
        self._patience = patience
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._stopping = False
        self._retry = 0.0
        self._not_before = 0.0

    async def append(self, record: Record) -> Entry:
        """Have one record stored and wait until it is on the disk."""
        entry: Entry = await self._answer_to(Job(asyncio.get_running_loop(), record))
        return entry

    async def flush(self) -> None:
        """Have the backlog stored and wait until it is on the disk."""
        await self._answer_to(Job(asyncio.get_running_loop()))

    async def _answer_to(self, job: Job) -> Any:
        if self._queue.qsize() >= MAX_WAITING:
            raise LogUnavailableError(f"too many records wait for {self._url}", url=self._url)
        timer = job.loop.call_later(self._patience, job.expire, self._url)
        self.wake(job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def wake(self, job: Job | None = None) -> None:
        """Hand over a job, or only say that the backlog has something; starts the thread if there is none."""
        self._queue.put(job)
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start()

    async def stop(self) -> None:
        """Store what waits and end the thread. Gives up waiting after `CLOSE_SECONDS`."""
        await asyncio.to_thread(self._stop)

    def _start(self) -> None:
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._stopping = False
                self._thread = threading.Thread(target=self._run, name="consentkit-log", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError as error:
                    self._thread = None
                    _logger.error("the thread of the consent log could not start: %s", error)
                    return
                atexit.register(self._stop)

    def _stop(self) -> None:
        if os.getpid() != self._process:  # a forked child leaves its parent's thread alone
            return
        with self._guard:
            thread = self._thread
            atexit.unregister(self._stop)
            if thread is None or not thread.is_alive():
                return
            self._stopping = True
            self._queue.put(None)
            thread.join(CLOSE_SECONDS)
        if thread.is_alive():
            _logger.error("%s did not answer in time; what still waited for it is lost", self._url)

    def _run(self) -> None:
        # The session lives in this frame only: a forked child has no such thread, so it neither uses nor
        # closes it.
        session = self._new_session()
        while not self._stopping:
            job = self._next_job()
            if job is not None or self._pause() == 0.0:
                self._round(session, job)
        self._finish(session)

    def _next_job(self) -> Job | None:
        try:
            return self._queue.get(timeout=self._pause())
        except queue.Empty:
            return None

    def _pause(self) -> float | None:
        """Seconds until the backlog is to be stored; None if nothing waits."""
        due = self.backlog.due()
        return None if due is None else max(0.0, due - monotonic(), self._not_before - monotonic())

    def _finish(self, session: Session) -> None:
        until = monotonic() + CLOSE_SECONDS
        while (self.backlog.due() is not None or not self._queue.empty()) and monotonic() < until:
            if not self._round(session, None):
                break
        session.close()

    def _round(self, session: Session, first: Job | None) -> bool:
        batches: list[Batch] = []

        def collect() -> Batch:
            batches.append(self._collect(first))
            return batches[0]

        try:
            outcomes = session.store(collect)
        except LogError as error:
            self._failed(batches[0] if batches else self._collect(first), error)
            return False
        self._stored(batches[0], outcomes)
        return True

    def _collect(self, first: Job | None) -> Batch:
        jobs = [] if first is None else [first]
        try:
            while len(jobs) < MAX_BATCH:
                job = self._queue.get_nowait()
                if job is not None:
                    jobs.append(job)
        except queue.Empty:
            pass
        return Batch([job for job in jobs if not job.future.done()], self.backlog.take(MAX_BATCH))

    def _stored(self, batch: Batch, outcomes: list[Outcome]) -> None:
        self._retry = self._not_before = 0.0
        waiting = [job for job in batch.jobs if job.record is not None]
        for outcome in outcomes[len(waiting) :]:
            if isinstance(outcome, LogError):
                _logger.error("a deferred record was refused: %s", outcome)
        _settle(zip(waiting, outcomes, strict=False))
        _settle((job, None) for job in batch.jobs if job.record is None)

    def _failed(self, batch: Batch, error: LogError) -> None:
        self.backlog.give_back(batch.pending)
        self._retry = min(LAST_RETRY_SECONDS, self._retry * 2 or FIRST_RETRY_SECONDS)
        self._not_before = monotonic() + self._retry
        _logger.warning("%s", error)
        unavailable = LogUnavailableError(str(error), url=error.url)
        _settle((job, error if job.record is None else unavailable) for job in batch.jobs)


def _settle(settled: Iterable[tuple[Job, Entry | LogError | None]]) -> None:
    """Give the callers their answers, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Entry | LogError | None]]] = {}
    for job, outcome in settled:
        by_loop.setdefault(job.loop, []).append((job, outcome))
    for loop, answers in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer, answers)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _answer(answers: list[tuple[Job, Entry | LogError | None]]) -> None:
    for job, outcome in answers:
        if job.future.done():
            continue
        if isinstance(outcome, LogError):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
