"""Coroutines that the window starts: kept while they run, their errors shown, cancelled together at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from sonicforge_studio.domain.errors import StudioError

_log = logging.getLogger(__name__)


class Tasks:
    """What runs beside the window. ``show`` is told every error that no one else took."""

    def __init__(self, loop: asyncio.AbstractEventLoop, show: Callable[[StudioError], None]) -> None:
        self._loop = loop
        self._show = show
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(
        self, work: Coroutine[Any, Any, Any], *, failed: Callable[[StudioError], None] | None = None
    ) -> asyncio.Task[Any] | None:
        """Run a coroutine. A failure goes to ``failed``, or else to the window's own message."""
        if self._closed:
            work.close()
            return None
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(lambda done: self._finished(done, failed))
        return task

    def _finished(self, task: asyncio.Task[Any], failed: Callable[[StudioError], None] | None) -> None:
        self._running.discard(task)
        if task.cancelled() or self._closed:
            return
        error = task.exception()
        if error is None:
            return
        if not isinstance(error, StudioError):
            _log.error("unexpected error in the window", exc_info=error)
            error = StudioError()
        (failed or self._show)(error)

    async def close(self) -> None:
        """Cancel what runs and wait for it; nothing can be started any more."""
        self._closed = True
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
