"""An hour of loudness at ten values a second, for a view that draws it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.kernels.loudness_statistics import STEPS_PER_SECOND, TRACE_STEPS

HISTORY_SECONDS = 3600


@dataclass(frozen=True, slots=True, eq=False)
class LoudnessTrace:
    """A stretch of the history, read-only arrays of one length, oldest first.

    ``end_seconds`` is where the window of each value ends, counted from where the history began; ``momentary_lufs`` and
    ``short_term_lufs`` are float32, −inf where there is no reading. ``end`` counts all values so far: whoever
    remembers it asks for what came after.
    """

    end_seconds: NDArray[np.float64]
    momentary_lufs: NDArray[np.float32]
    short_term_lufs: NDArray[np.float32]
    end: int


class LoudnessHistory:
    """The last hour of a meter. One thread follows the meter, any other reads; neither sees half of a change.

    All memory is taken at the start: 288 kB for an hour. Raises ``ValueError`` for less than a second.
    """

    def __init__(self, seconds: int = HISTORY_SECONDS) -> None:
        if seconds < 1:
            raise ValueError("a history holds a second at least")
        self._levels = np.full((seconds * STEPS_PER_SECOND, 2), -np.inf, np.float32)
        self._lock = threading.Lock()
        self._end = 0
        self._meter_steps = 0

    @property
    def end(self) -> int:
        """How many values came so far."""
        return self._end

    def follow(self, meter: LoudnessMeter) -> None:
        """Take over what the meter measured since the last call, of its last minute.

        A meter that was reset or replaced goes on where the history stands; ``clear`` begins it anew.
        """
        if meter.steps == self._meter_steps:
            return
        with self._lock:
            first = self._meter_steps if meter.steps > self._meter_steps else 0
            came = meter.trace(max(first, meter.steps - TRACE_STEPS))[-self._levels.shape[0] :]
            self._levels[np.arange(self._end, self._end + len(came)) % len(self._levels)] = came
            self._end += len(came)
            self._meter_steps = meter.steps

    def clear(self) -> None:
        """Forget everything; time begins at 0 again."""
        with self._lock:
            self._end = self._meter_steps = 0

    def read(self, after: int = 0) -> LoudnessTrace:
        """What is remembered from value number ``after`` on: with the last trace's ``end``, only what is new.

        ``after`` beyond the end says that the history was cleared meanwhile: then all of it.
        """
        with self._lock:
            end = self._end
            first = max(0 if after > end else after, end - len(self._levels))
            levels = self._levels.take(np.arange(first, end), axis=0, mode="wrap")
        seconds = np.arange(first + 1, end + 1) / STEPS_PER_SECOND
        for array in (seconds, levels):
            array.flags.writeable = False
        return LoudnessTrace(seconds, levels[:, 0], levels[:, 1], end)
