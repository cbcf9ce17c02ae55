"""One loudness figure for any piece, so that the gain search has something to aim with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.domain import Loudness, Samples

_SHORTEST_SECONDS = 0.4
_TRACED_SECONDS = 30
"""The meter remembers its last minute."""


class Gauge:
    """A loudness meter that also reads what is too short or too quiet for an integrated loudness.

    Without ``peaks`` it is twice as fast and reads them as −inf.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, peaks: bool = True) -> None:
        self._meter = LoudnessMeter(sample_rate_hz, channels, peaks=peaks)
        self._lengthened = LoudnessMeter(sample_rate_hz, channels, peaks=False)
        self._channels = channels
        self._traced_frames = _TRACED_SECONDS * sample_rate_hz
        self._trace: list[NDArray[np.float32]] = []
        self._steps = 0
        self._shortest_frames = math.ceil(_SHORTEST_SECONDS * sample_rate_hz)
        self.frames = 0

    def add(self, block: Samples) -> None:
        for start in range(0, block.shape[1], self._traced_frames):
            self._meter.add(block[:, start : start + self._traced_frames])
            if self._meter.steps > self._steps:
                self._trace.append(self._meter.trace(self._steps))
                self._steps = self._meter.steps
        if self.frames < self._shortest_frames:
            self._lengthened.add(block)
        self.frames += block.shape[1]

    @property
    def too_short(self) -> bool:
        return self.frames < self._shortest_frames

    @property
    def trace(self) -> NDArray[np.float32]:
        """Momentary and short-term loudness in LUFS at the end of each 100 ms, shape ``(steps, 2)``."""
        return np.concatenate([np.empty((0, 2), np.float32), *self._trace])

    def finish(self) -> tuple[Loudness, float]:
        """The figures of the piece, and the one to aim with, in LUFS.

        That is the integrated loudness; of what lies under the absolute gate the loudest 400 ms; of what is shorter
        than 400 ms its momentary loudness with silence after it. −inf where all is silent.
        """
        loudness = self._meter.finish()
        if self.too_short:
            self._lengthened.add(np.zeros((self._channels, self._shortest_frames - self.frames), np.float32))
            return loudness, self._lengthened.finish().momentary_max_lufs
        if math.isfinite(loudness.integrated_lufs):
            return loudness, loudness.integrated_lufs
        return loudness, loudness.momentary_max_lufs
