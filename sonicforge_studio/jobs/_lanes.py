"""Which job is next: strict priority by lane, first come first served within one."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection

from sonicforge_studio.jobs.job import Lane

URGENT = (Lane.CRITICAL, Lane.HIGH)


class Lanes:
    """The ids of jobs that wait for a worker, and of those that wait for their time. Not thread-safe."""

    def __init__(self) -> None:
        self._ready: dict[Lane, deque[int]] = {lane: deque() for lane in Lane}
        self._later: list[tuple[float, int, Lane]] = []

    def put(self, job_id: int, lane: Lane) -> None:
        self._ready[lane].append(job_id)

    def put_later(self, job_id: int, lane: Lane, due_seconds: float) -> None:
        heapq.heappush(self._later, (due_seconds, job_id, lane))

    def discard(self, job_id: int) -> None:
        """Take a job out, wherever it waits."""
        for ready in self._ready.values():
            if job_id in ready:
                ready.remove(job_id)
        self._later = [waiting for waiting in self._later if waiting[1] != job_id]
        heapq.heapify(self._later)

    def wake(self, now_seconds: float) -> None:
        """Put those whose time has come at the end of their lanes."""
        while self._later and self._later[0][0] <= now_seconds:
            _, job_id, lane = heapq.heappop(self._later)
            self._ready[lane].append(job_id)

    def next_due_seconds(self) -> float | None:
        """When ``wake`` has something to do again."""
        return self._later[0][0] if self._later else None

    def take(self, lanes: Collection[Lane]) -> int | None:
        """The next job of these lanes, taken out; None where they are empty."""
        for lane in Lane:
            if lane in lanes and self._ready[lane]:
                return self._ready[lane].popleft()
        return None
