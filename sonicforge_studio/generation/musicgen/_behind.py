"""Work that follows other work on a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_WAITING = 8


class Behind(Generic[T]):
    """Does ``work`` with one thing after the other, in their order, while its owner goes on. A context manager: at its
    end all is done. What ``work`` raises is raised at the next ``add``, or at the end."""

    def __init__(self, work: Callable[[T], None]) -> None:
        self._work = work
        self._things: queue.Queue[T | None] = queue.Queue(_MOST_WAITING)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="codec", daemon=True)

    def add(self, thing: T) -> None:
        """Waits where too much lies before it."""
        self._look()
        self._things.put(thing)

    def __enter__(self) -> Behind[T]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._things.put(None)
        self._thread.join()
        if error is None:
            self._look()

    def _look(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (thing := self._things.get()) is not None:
            if self._error is not None:
                continue  # nothing may wait for room
            try:
                self._work(thing)
            except BaseException as error:  # noqa: BLE001 — raised where the owner looks
                self._error = error
