"""Telling those who listen, in order, without holding the queue's lock."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from sonicforge_studio.jobs.job import Job

log = logging.getLogger(__name__)

Listener = Callable[[Job], None]


class Listeners:
    """Changes are noted under the queue's lock and told after it is released.

    One thread tells at a time: what others note meanwhile it tells too, so that a listener never hears of "done"
    before "running".
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._changing = threading.Lock()
        self._noted: deque[Job] = deque()
        self._telling = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._changing:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    def note(self, job: Job) -> None:
        self._noted.append(job)

    def tell(self) -> None:
        """Tell all that was noted, unless another thread is telling: then that one does."""
        while self._noted and self._telling.acquire(blocking=False):
            try:
                while self._noted:
                    self._tell_one(self._noted.popleft())
            finally:
                self._telling.release()

    def _tell_one(self, job: Job) -> None:
        for listener in self._listeners:
            try:
                listener(job)
            except Exception:
                log.exception("a listener for jobs failed")
