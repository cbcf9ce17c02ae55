"""The same work on many inputs, for a caller that waits: the command line."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from sonicforge_studio.domain import Cancelled, Progress, SilentProgress, StudioError
from sonicforge_studio.jobs._progress import REPORT_SECONDS, Report, StopProgress
from sonicforge_studio.jobs.job import UnexpectedFailure

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

_AHEAD_PER_WORKER = 16
"""How many results may wait for a slow first one."""


def run_many(
    items: Sequence[T],
    work: Callable[[T, Progress], R],
    *,
    workers: int | None = None,
    in_order: bool = True,
    progress: Progress | None = None,
    on_step: Callable[[T, float, str], None] | None = None,
) -> Generator[tuple[T, R | StudioError]]:
    """Each item with what ``work`` made of it, or with the error it raised: one bad input never spoils the rest.

    Items come in their order, or as they are done. ``progress`` is stepped on the caller's thread, in items;
    ``on_step(item, fraction, note)`` is called on the workers' threads, at most every 60 ms per item.

    Where ``progress`` raises ``Cancelled``, on Ctrl-C, and where the iterator is closed, every item that runs is
    stopped at its next step and all threads have ended before the exception goes on. A caller that may stop half-way
    holds the iterator with ``contextlib.closing``.
    """
    progress = progress or SilentProgress()
    workers = max(1, workers or os.cpu_count() or 1)
    batch = _Batch(items, work, on_step)
    executor = ThreadPoolExecutor(workers, "batch")
    running: dict[Future[R | StudioError], int] = {}
    done: dict[int, R | StudioError] = {}
    begun = given = 0
    try:
        while given < len(items):
            while begun < len(items) and begun - given < workers * _AHEAD_PER_WORKER:
                running[executor.submit(batch.attempt, begun)] = begun
                begun += 1
            finished, _ = wait(running, timeout=REPORT_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                done[running.pop(future)] = future.result()
            while done and (given in done or not in_order):
                index = given if in_order else next(iter(done))
                given += 1
                yield items[index], done.pop(index)
            # After the results, so that what is done is told also where this raises.
            progress.step(batch.done(), len(items), batch.note)
    finally:
        batch.stop()
        executor.shutdown(wait=True, cancel_futures=True)


class _Batch(Generic[T, R]):
    """What the workers' threads share."""

    def __init__(
        self,
        items: Sequence[T],
        work: Callable[[T, Progress], R],
        on_step: Callable[[T, float, str], None] | None,
    ) -> None:
        self._items = items
        self._work = work
        self._on_step = on_step
        self._lock = threading.Lock()
        self._active: dict[int, tuple[StopProgress, float]] = {}
        self._ended = 0
        self._stopped = False
        self.note = ""

    def attempt(self, index: int) -> R | StudioError:
        try:
            return self._work(self._items[index], self._begin(index))
        except StudioError as error:
            return error
        except Exception:
            log.exception("the work on %r failed unexpectedly", self._items[index])
            return UnexpectedFailure()
        finally:
            with self._lock:
                self._active.pop(index, None)
                self._ended += 1

    def done(self) -> float:
        """How many items are done, with the parts of those that run."""
        with self._lock:
            return self._ended + sum(fraction for _, fraction in self._active.values())

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for progress, _ in self._active.values():
                progress.stop()

    def _begin(self, index: int) -> StopProgress:
        progress = StopProgress(lambda news: self._report(index, news))
        with self._lock:
            if self._stopped:
                raise Cancelled()
            self._active[index] = (progress, 0.0)
        return progress

    def _report(self, index: int, news: Report) -> None:
        with self._lock:
            self._active[index] = (self._active[index][0], news.fraction)
            self.note = news.note
        if self._on_step is not None:
            self._on_step(self._items[index], news.fraction, news.note)
