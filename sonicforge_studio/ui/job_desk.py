"""Orders for the job queue, and what became of them, as the panels see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.studio import Job, JobQueue, Lane
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.tasks import Tasks


class JobDesk(QObject):
    """Every call returns at once; the queue's own work is done in a thread."""

    changed = Signal(object)
    """A ``Job`` whose state or progress is new."""

    def __init__(self, queue: JobQueue, bridge: Bridge, tasks: Tasks) -> None:
        super().__init__()
        self._queue = queue
        self._tasks = tasks
        self._known: dict[int, Job] = {}
        bridge.job_changed.connect(self._take)
        self._unsubscribe = queue.subscribe(bridge.tell_job)
        tasks.start(self._restore())

    async def submit(self, kind: str, arguments: Mapping[str, Any], title: str, lane: Lane = Lane.DEFAULT) -> Job:
        """Queue a job; it is already known here when this returns."""
        job = await asyncio.to_thread(self._queue.submit, kind, arguments, lane=lane, title=title)
        if job.id not in self._known:
            self._take(job)
        return job

    def order(self, kind: str, arguments: Mapping[str, Any], title: str, lane: Lane = Lane.DEFAULT) -> None:
        """Queue a job that nobody waits for."""
        self._tasks.start(self.submit(kind, arguments, title, lane))

    def cancel(self, job_id: int) -> None:
        self._tasks.start(asyncio.to_thread(self._queue.cancel, job_id))

    def retry(self, job_id: int) -> None:
        self._tasks.start(asyncio.to_thread(self._queue.retry, job_id))

    def clear_finished(self) -> None:
        """Forget what is done, failed or cancelled."""
        for job_id in [job.id for job in self._known.values() if job.state.finished]:
            del self._known[job_id]
        self._tasks.start(asyncio.to_thread(self._queue.clear_finished))

    def job(self, job_id: int) -> Job | None:
        return self._known.get(job_id)

    def jobs(self) -> list[Job]:
        """All known jobs, the newest first."""
        return sorted(self._known.values(), key=lambda job: job.id, reverse=True)

    def at_work(self) -> int:
        return sum(not job.state.finished for job in self._known.values())

    def close(self) -> None:
        self._unsubscribe()

    async def _restore(self) -> None:
        for job in await asyncio.to_thread(self._queue.jobs):
            if job.id not in self._known:
                self._take(job)

    def _take(self, job: Job) -> None:
        self._known[job.id] = job
        self.changed.emit(job)
