"""The onset envelope of a stream: how strongly something begins, region by region, 172 times a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.onset import band_bins, onset_history, onset_strength

_WINDOW_SECONDS = 0.0464
_FRAMES_PER_SECOND = 172.3
LOWEST_RATE_HZ = 2000.0
"""Below this sample rate there is nothing that a beat could be heard by."""


class OnsetEnvelope:
    """Gathers 4 float32 per frame: 10 MB for an hour of audio, however many channels it has."""

    def __init__(self, sample_rate_hz: float, channels: int) -> None:
        window_frames = window_frames_for(sample_rate_hz, _WINDOW_SECONDS)
        hop_frames = max(1, round(sample_rate_hz / _FRAMES_PER_SECOND))
        self.frame_rate_hz = sample_rate_hz / hop_frames
        self._frames = PowerFrames(channels, window_frames, hop_frames)
        self._bins = band_bins(sample_rate_hz, window_frames)
        self._history = onset_history()
        self._strength: list[NDArray[np.float32]] = []

    def follow(self, pair: Samples) -> NDArray[np.float32]:
        """The strengths that have become known, ``(frames, REGIONS)``, for whoever keeps them."""
        return onset_strength(self._frames.add(pair), self._bins, self._history)

    @property
    def level(self) -> float:
        """The sum over the bands that ``follow``'s last strength rose to."""
        return float(self._history[-1].sum())

    def add(self, pair: Samples) -> None:
        self._strength.append(self.follow(pair))

    def finish(self) -> NDArray[np.float64]:
        """Shape ``(frames, REGIONS)``. Call it once: what was gathered is given away."""
        self._strength.append(onset_strength(self._frames.rest(), self._bins, self._history))
        gathered, self._strength = self._strength, []
        return np.concatenate(gathered, dtype=np.float64)
