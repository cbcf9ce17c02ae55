"""One door for progress and cancelling: the report is the stop check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """What a long job is handed. It calls ``step`` at least every 0.1 s of work."""

    def step(self, done: float, total: float, note: str = "") -> None:
        """Say how far the work is (``done`` of ``total``, any unit) and what is being done now.

        Raises ``Cancelled`` where a stop was asked for; the job lets it pass and cleans up after itself.
        """


class SilentProgress:
    """Nobody listens and nobody stops: for tests and for work that takes no time."""

    def step(self, done: float, total: float, note: str = "") -> None:
        return


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a longer progress, from ``start`` to ``end`` (both 0..1), for one stage of a job."""

    progress: Progress
    start: float
    end: float

    def step(self, done: float, total: float, note: str = "") -> None:
        share = min(1.0, max(0.0, done / total)) if total > 0 else 1.0
        self.progress.step(self.start + (self.end - self.start) * share, 1.0, note)
