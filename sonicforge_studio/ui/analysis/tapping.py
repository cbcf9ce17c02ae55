"""A tempo tapped by hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_PAUSE_SECONDS = 2.0
"""Who waits longer begins anew: 40 BPM is a tap every 1.5 s."""
_MOST_TAPS = 64
_LEAST_TAPS = 3
_SNAP_BPM = 0.1


class Tapping:
    """Taps at times of one clock, in seconds."""

    def __init__(self) -> None:
        self._taps: list[float] = []

    @property
    def count(self) -> int:
        return len(self._taps)

    def tap(self, seconds: float) -> None:
        """Another tap; after a pause of two seconds the first one of a new row."""
        if self._taps and seconds - self._taps[-1] > _PAUSE_SECONDS:
            self._taps.clear()
        self._taps = [*self._taps[1 - _MOST_TAPS :], seconds]

    def forget(self) -> None:
        self._taps.clear()

    def bpm(self, likely_bpm: Iterable[float] = ()) -> float | None:
        """The tempo on which a straight line through all taps settles; None before the third.

        Within 0.1 BPM of a likely tempo, or else of a whole number, it is that one.
        """
        if len(self._taps) < _LEAST_TAPS:
            return None
        numbers = np.arange(len(self._taps)) - (len(self._taps) - 1) / 2
        period_seconds = float(numbers @ np.array(self._taps)) / float(numbers @ numbers)
        if period_seconds <= 0.0:
            return None
        tapped = 60.0 / period_seconds
        for likely in (min(likely_bpm, key=lambda bpm: abs(bpm - tapped), default=tapped), float(round(tapped))):
            if likely != tapped and abs(likely - tapped) <= _SNAP_BPM:
                return likely
        return tapped
