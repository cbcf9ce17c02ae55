"""The meters that the live analyser feeds with every frame: loudness, its history, correlation and balance."""

from __future__ import annotations

import math

from sonicforge_studio.audio.loudness_history import LoudnessHistory
from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.audio.tap import TAP_CHANNELS
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.stereo import CorrelationMeter


class LiveMeters:
    """Of two channels at one rate. For one thread."""

    def __init__(self, sample_rate_hz: int) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.loudness = LoudnessMeter(sample_rate_hz, TAP_CHANNELS)
        self.history = LoudnessHistory()
        self._stereo = CorrelationMeter(sample_rate_hz)

    def add(self, block: Samples) -> None:
        """Take the next frames, float32 (2, n)."""
        self.loudness.add(block)
        self.history.follow(self.loudness)
        self._stereo.add(block)

    def reset(self) -> None:
        self.loudness.reset()
        self.history.clear()
        self._stereo.reset()

    @property
    def correlation(self) -> float | None:
        value = self._stereo.correlation
        return value if math.isfinite(value) else None

    @property
    def balance(self) -> float | None:
        value = self._stereo.balance
        return value if math.isfinite(value) else None
