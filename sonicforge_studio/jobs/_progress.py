"""The progress that a running job is handed, and the pace it shows."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sonicforge_studio.domain import Cancelled

REPORT_SECONDS = 0.06
"""Often enough for an eye, so seldom that the reports cost the work nothing."""

_PACE_MEMORY_SECONDS = 6.0
_SETTLING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Report:
    """How far a job is: ``fraction`` 0..1, and the seconds still to go where they can be told."""

    fraction: float
    note: str
    eta_seconds: float | None


class Pace:
    """The time left, from how fast the fraction has grown lately; older growth fades over some seconds."""

    def __init__(self) -> None:
        self._restart(None)

    def _restart(self, first: tuple[float, float] | None) -> None:
        self._last = first
        self._rate = 0.0
        self._weight = 0.0
        self._observed_seconds = 0.0

    def eta_seconds(self, fraction: float, now_seconds: float) -> float | None:
        """The estimate with this observation; None until there is enough of them. Starts anew where work falls back."""
        if self._last is None or fraction < self._last[1]:
            self._restart((now_seconds, fraction))
            return None
        passed = now_seconds - self._last[0]
        if passed > 0:
            fading = math.exp(-passed / _PACE_MEMORY_SECONDS)
            self._rate = fading * self._rate + (1 - fading) * (fraction - self._last[1]) / passed
            self._weight = fading * self._weight + (1 - fading)
            self._observed_seconds += passed
            self._last = (now_seconds, fraction)
        if self._observed_seconds < _SETTLING_SECONDS or self._rate <= 0.0:
            return None
        return (1.0 - fraction) * self._weight / self._rate


class StopProgress:
    """A domain ``Progress``: each step is the stop check, and one in ``REPORT_SECONDS`` is reported.

    May be stepped from several threads.
    """

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._told_seconds = -math.inf
        self._pace = Pace()

    def stop(self) -> None:
        """Have the next ``step`` raise ``Cancelled``."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def step(self, done: float, total: float, note: str = "") -> None:
        if self._stop.is_set():
            raise Cancelled()
        now = time.monotonic()
        if now - self._told_seconds < REPORT_SECONDS:
            return
        with self._lock:
            if now - self._told_seconds < REPORT_SECONDS:
                return
            self._told_seconds = now
            fraction = _fraction(done, total)
            report = Report(fraction, note, self._pace.eta_seconds(fraction, now))
        self._report(report)


def _fraction(done: float, total: float) -> float:
    share = done / total if total > 0 else 1.0
    return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
