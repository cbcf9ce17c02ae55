"""The queue that runs jobs in the background."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sonicforge_studio.domain import Cancelled, Progress, StudioError, to_plain
from sonicforge_studio.domain.errors import DiskFull, TryAgain
from sonicforge_studio.jobs._lanes import URGENT, Lanes
from sonicforge_studio.jobs._listeners import Listener, Listeners
from sonicforge_studio.jobs._progress import Report, StopProgress
from sonicforge_studio.jobs._store import Entry, JobStore, primary_code
from sonicforge_studio.jobs.current import doing
from sonicforge_studio.jobs.job import (
    Job,
    JobState,
    Lane,
    NoHandler,
    StoppedTheStudio,
    UnexpectedFailure,
    UnknownJob,
)
from sonicforge_studio.jobs.retries import RetryPolicy

log = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, Any], Progress], Any]
"""Does a job: takes its arguments and a progress, which it steps at least every 0.1 s; returns what JSON can hold (or
domain objects, which ``to_plain`` makes so)."""

HISTORY = 200
"""How many finished jobs are remembered."""

_MOST_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All jobs at one moment. ``version`` grows with every change: a view that has seen it need not look again."""

    version: int
    jobs: tuple[Job, ...]


@dataclass(slots=True)
class _Running:
    progress: StopProgress
    cancelled: bool = False
    """By a person; else a stop means that the queue closes and the job is to run again."""


class JobQueue:
    """Runs jobs on threads of its own. Use it as a context manager, or ``close`` it.

    Strict priority by lane, first come first served within one. ``workers`` threads take from every lane, the batch
    lane never more than all but one of them; one more thread takes critical and high jobs only, so that they begin at
    once however many others run.

    What was queued, and what ran when the process died, is in ``database`` and runs again in the next queue on this
    file; a job during which the process died three times fails instead. Only one queue at a time holds the file. A
    second one (``durable`` is false) keeps its jobs in memory: they run as well but do not survive a restart.

    Arguments and results take the way through JSON, so that a handler sees the same whether or not there was a
    restart. A handler that raises ``TryAgain`` is tried again by ``retry``; other errors fail at once.
    """

    def __init__(
        self,
        database: Path,
        handlers: Mapping[str, Handler],
        *,
        workers: int | None = None,
        retry: RetryPolicy | None = None,
        paused: bool = False,
    ) -> None:
        self._handlers = dict(handlers)
        self._retry = retry or RetryPolicy()
        self._workers = max(1, workers or max(2, os.cpu_count() or 2))
        self._condition = threading.Condition()
        self._listeners = Listeners()
        self._lanes = Lanes()
        self._entries: dict[int, Entry] = {}
        self._running: dict[int, _Running] = {}
        self._finished: deque[int] = deque()
        self._idle = 0
        self._version = 0
        self._paused = paused
        self._closing = False
        self._store = JobStore(database)
        with self._condition:
            for entry in self._store.entries():
                self._restore(entry)
        self._threads = [
            threading.Thread(target=self._work, args=(tuple(Lane),), name=f"job-{number + 1}")
            for number in range(self._workers)
        ]
        self._threads.append(threading.Thread(target=self._work, args=(URGENT,), name="job-urgent"))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> JobQueue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def durable(self) -> bool:
        """Whether the jobs survive a restart."""
        return self._store.durable

    # Asking for work

    def submit(self, kind: str, arguments: Mapping[str, Any], *, lane: Lane = Lane.DEFAULT, title: str = "") -> Job:
        """Queue a job. Its arguments are what JSON can hold, else ``TypeError`` or ``ValueError`` is raised.

        Raises ``DiskFull`` where the job cannot be kept, ``StudioError`` where the queue is closed.
        """
        text = json.dumps(arguments, allow_nan=False)
        job = Job(0, kind, title or kind, lane, JobState.QUEUED, created_at=datetime.now(UTC))
        with self._condition:
            if self._closing:
                raise StudioError("The studio is closing.", hint="Start it again, then try once more.")
            entry = Entry(job, text)
            try:
                entry.job = replace(job, id=self._store.insert(entry))
            except sqlite3.Error as error:
                full = primary_code(error) == sqlite3.SQLITE_FULL
                raise (DiskFull() if full else StudioError("The job cannot be kept.")) from error
            self._entries[entry.job.id] = entry
            self._lanes.put(entry.job.id, lane)
            submitted = self._note(entry)
            self._condition.notify_all()
        self._listeners.tell()
        return submitted

    def cancel(self, job_id: int) -> bool:
        """Stop a job: at once where it waits, at its next step where it runs. False where it is not under way."""
        with self._condition:
            cancelled = self._cancel(job_id)
        self._listeners.tell()
        return cancelled

    def cancel_all(self) -> int:
        """Stop every job that waits or runs, and return how many there were."""
        with self._condition:
            cancelled = sum([self._cancel(job_id) for job_id in list(self._entries)])
        self._listeners.tell()
        return cancelled

    def retry(self, job_id: int) -> Job:
        """Queue a failed or cancelled job again, as if it were new; any other is returned as it is.

        Raises ``UnknownJob``.
        """
        with self._condition:
            entry = self._known(job_id)
            if entry.job.state in (JobState.FAILED, JobState.CANCELLED):
                self._finished.remove(job_id)
                entry.crashes = 0
                self._change(
                    entry,
                    state=JobState.QUEUED,
                    attempt=0,
                    fraction=0.0,
                    note="",
                    error=None,
                    started_at=None,
                    finished_at=None,
                )
                self._lanes.put(job_id, entry.job.lane)
                self._condition.notify_all()
            job = entry.job
        self._listeners.tell()
        return job

    def clear_finished(self) -> int:
        """Forget every finished job, and return how many there were."""
        with self._condition:
            cleared = len(self._finished)
            self._forget_finished(keep=0)
        return cleared

    def pause(self) -> None:
        """Begin no job until ``resume``; those that run go on."""
        with self._condition:
            self._paused = True

    def resume(self) -> None:
        with self._condition:
            self._paused = False
            self._condition.notify_all()

    # Looking

    def jobs(self) -> list[Job]:
        """Every job that is known, in the order of submission."""
        return list(self.snapshot().jobs)

    def snapshot(self) -> Snapshot:
        """Every job that is known, with the version of this picture: for views that look when they like."""
        with self._condition:
            return Snapshot(self._version, tuple(entry.job for entry in self._entries.values()))

    def wait(self, job_id: int, timeout_seconds: float | None = None) -> Job:
        """The job once it has finished, or as it is when the time is up or the queue closes. Raises ``UnknownJob``."""
        with self._condition:
            entry = self._known(job_id)
            self._condition.wait_for(lambda: entry.job.state.finished or self._closing, timeout_seconds)
            return entry.job

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called with every job that changes, in order, on whichever thread changed it.

        It must be quick; what it raises is logged. Progress is told at most every 60 ms per job. Returns what ends the
        subscription.
        """
        return self._listeners.subscribe(listener)

    def close(self, *, cancel_running: bool = True) -> None:
        """Begin nothing more, and return when every worker has ended.

        What waits stays in the file for the next time. So does what runs, stopped at its next step, where
        ``cancel_running``; else it is finished first.
        """
        with self._condition:
            self._closing = True
            if cancel_running:
                for running in self._running.values():
                    running.progress.stop()
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()
        self._store.close()

    # The workers

    def _work(self, lanes: tuple[Lane, ...]) -> None:
        while True:
            with self._condition:
                entry = self._next(lanes)
                if entry is None:
                    return
                running = self._begin(entry)
                self._condition.notify_all()
            self._listeners.tell()
            self._run(entry, running)
            self._listeners.tell()

    def _next(self, lanes: tuple[Lane, ...]) -> Entry | None:
        """The next job for a worker of these lanes, waited for; None when the queue closes."""
        spare = lanes == URGENT
        while not self._closing:
            self._lanes.wake(time.monotonic())
            # The spare worker keeps itself free for the next urgent job while another can take this one.
            if not self._paused and not (spare and self._idle):
                job_id = self._lanes.take([lane for lane in lanes if lane is not Lane.BATCH or self._batch_may_run()])
                if job_id is not None:
                    return self._entries[job_id]
            due = self._lanes.next_due_seconds()
            self._idle += not spare
            self._condition.wait(None if due is None or self._paused else max(0.0, due - time.monotonic()))
            self._idle -= not spare
        return None

    def _batch_may_run(self) -> bool:
        batch = sum(self._entries[job_id].job.lane is Lane.BATCH for job_id in self._running)
        return batch < max(1, self._workers - 1)

    def _begin(self, entry: Entry) -> _Running:
        def report(news: Report) -> None:
            with self._condition:
                if self._running.get(entry.job.id) is running:
                    entry.job = replace(entry.job, fraction=news.fraction, note=news.note, eta_seconds=news.eta_seconds)
                    self._note(entry)
            self._listeners.tell()

        running = _Running(StopProgress(report))
        self._running[entry.job.id] = running
        self._change(
            entry,
            state=JobState.RUNNING,
            attempt=entry.job.attempt + 1,
            started_at=datetime.now(UTC),
            fraction=0.0,
            note="",
            eta_seconds=None,
        )
        return running

    def _run(self, entry: Entry, running: _Running) -> None:
        try:
            handler = self._handlers.get(entry.job.kind)
            if handler is None:
                raise NoHandler()
            with doing(entry.job.id):
                result = to_plain(handler(json.loads(entry.arguments), running.progress))
            result = json.loads(json.dumps(result, allow_nan=False))
        except StudioError as error:
            self._settle(entry, running, error)
        except BaseException:  # whatever it was, the worker lives on
            log.exception("job %d (%s) failed unexpectedly", entry.job.id, entry.job.kind)
            self._settle(entry, running, UnexpectedFailure())
        else:
            with self._condition:
                del self._running[entry.job.id]
                self._finish(entry, JobState.DONE, result=result, error=None, fraction=1.0)

    def _settle(self, entry: Entry, running: _Running, error: StudioError) -> None:
        """Decide what becomes of a job whose handler raised."""
        with self._condition:
            del self._running[entry.job.id]
            if running.cancelled or (isinstance(error, Cancelled) and not running.progress.stopping):
                self._finish(entry, JobState.CANCELLED)
            elif isinstance(error, Cancelled):
                self._change(entry, state=JobState.QUEUED, attempt=entry.job.attempt - 1, eta_seconds=None)
            elif isinstance(error, TryAgain) and entry.job.attempt < self._retry.attempts:
                due = time.monotonic() + self._retry.delay_seconds(entry.job.attempt)
                self._lanes.put_later(entry.job.id, entry.job.lane, due)
                self._change(entry, state=JobState.WAITING_TO_RETRY, error=error.as_dict(), eta_seconds=None)
                self._condition.notify_all()
            else:
                self._finish(entry, JobState.FAILED, error=error.as_dict())

    # Under the lock

    def _restore(self, entry: Entry) -> None:
        """Take up what an earlier process left."""
        self._entries[entry.job.id] = entry
        if entry.job.state.finished:
            self._finished.append(entry.job.id)
            return
        if entry.job.state is JobState.RUNNING:
            entry.crashes += 1
        if entry.crashes >= _MOST_CRASHES:
            self._finish(entry, JobState.FAILED, error=StoppedTheStudio().as_dict())
            return
        self._change(entry, state=JobState.QUEUED)
        self._lanes.put(entry.job.id, entry.job.lane)

    def _cancel(self, job_id: int) -> bool:
        entry = self._entries.get(job_id)
        if entry is None or entry.job.state.finished:
            return False
        running = self._running.get(job_id)
        if running is not None:
            running.cancelled = True
            running.progress.stop()
        else:
            self._lanes.discard(job_id)
            self._finish(entry, JobState.CANCELLED)
        return True

    def _finish(self, entry: Entry, state: JobState, **changes: Any) -> None:
        self._change(entry, state=state, finished_at=datetime.now(UTC), eta_seconds=None, **changes)
        self._finished.append(entry.job.id)
        self._forget_finished(keep=HISTORY)
        self._condition.notify_all()

    def _forget_finished(self, keep: int) -> None:
        while len(self._finished) > keep:
            job_id = self._finished.popleft()
            del self._entries[job_id]
            self._store.delete(job_id)
            self._version += 1

    def _change(self, entry: Entry, **changes: Any) -> None:
        entry.job = replace(entry.job, **changes)
        self._store.update(entry)
        self._note(entry)

    def _note(self, entry: Entry) -> Job:
        self._version += 1
        self._listeners.note(entry.job)
        return entry.job

    def _known(self, job_id: int) -> Entry:
        entry = self._entries.get(job_id)
        if entry is None:
            raise UnknownJob()
        return entry
