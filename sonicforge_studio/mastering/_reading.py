"""One loudness figure for any piece, so that the gain search has something to aim with."""

from __future__ import annotations

import math

import numpy as np

from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.domain import Loudness, Samples

_SHORTEST_SECONDS = 0.4


class Gauge:
    """A loudness meter that also reads what is too short or too quiet for an integrated loudness.

    Without ``peaks`` it is twice as fast and reads them as −inf.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, peaks: bool = True) -> None:
        self._meter = LoudnessMeter(sample_rate_hz, channels, peaks=peaks)
        self._lengthened = LoudnessMeter(sample_rate_hz, channels, peaks=False)
        self._channels = channels
        self._shortest_frames = math.ceil(_SHORTEST_SECONDS * sample_rate_hz)
        self.frames = 0

    def add(self, block: Samples) -> None:
        self._meter.add(block)
        if self.frames < self._shortest_frames:
            self._lengthened.add(block)
        self.frames += block.shape[1]

    @property
    def too_short(self) -> bool:
        return self.frames < self._shortest_frames

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
