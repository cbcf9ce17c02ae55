"""Figures of the sound itself: brightness, levels, clipping, silence, correlation."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.levels import (
    CLIPPED,
    FRAMES,
    HEAD,
    LEFT_RIGHT,
    LONGEST,
    PEAK,
    RUN,
    SQUARE_SUM,
    SUM,
    levels_state,
    measure_levels,
)

_CENTROID_WINDOW_SECONDS = 0.0464
_AUDIBLE_RMS = 10.0 ** (-70.0 / 20.0)


class Brightness:
    """The spectral centroid, weighted by magnitude, averaged over the frames above −70 dBFS."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        window_frames = window_frames_for(sample_rate_hz, _CENTROID_WINDOW_SECONDS)
        self._frames = PowerFrames(channels, window_frames, window_frames)
        self._bins_hz = (np.arange(window_frames // 2 + 1) * (sample_rate_hz / window_frames)).astype(np.float32)
        # The power of a Hann-windowed frame, summed over half the bins, against its mean square.
        self._least_power = _AUDIBLE_RMS**2 * 0.375 * window_frames**2 / 2.0
        self._sum_hz = 0.0
        self._count = 0

    def add(self, pair: Samples) -> None:
        self._measure(self._frames.add(pair))

    def finish(self) -> float | None:
        """In Hz; None where nothing is audible."""
        self._measure(self._frames.rest())
        return self._sum_hz / self._count if self._count else None

    def _measure(self, power: Samples) -> None:
        audible = power[power.sum(axis=1, dtype=np.float64) > self._least_power]
        if audible.shape[0]:
            magnitude = np.sqrt(audible)
            centroid_hz = (magnitude @ self._bins_hz) / magnitude.sum(axis=1)
            self._sum_hz += float(centroid_hz.sum(dtype=np.float64))
            self._count += audible.shape[0]


class Levels:
    """What only the samples show; full scale is ±1, silence is below −60 dBFS in every channel."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._per_channel, self._whole = levels_state(channels)

    def add(self, block: Samples) -> None:
        measure_levels(block, self._per_channel, self._whole)

    def finish(self) -> dict[str, float]:
        """Named figures; those that do not apply (a crest of silence, a correlation of mono) are left out."""
        frames = self._whole[FRAMES]
        named = {
            "clipped_samples": float(self._per_channel[:, CLIPPED].sum()),
            "dc_offset": float(np.abs(self._per_channel[:, SUM]).max() / max(frames, 1.0)),
            "silence_head_seconds": float(self._head() / self._sample_rate_hz),
            "silence_tail_seconds": float(self._whole[RUN] / self._sample_rate_hz),
            "longest_silence_seconds": float(max(self._whole[LONGEST], self._whole[RUN]) / self._sample_rate_hz),
        }
        squares = self._per_channel[:, SQUARE_SUM]
        if squares.sum() > 0.0:
            rms = np.sqrt(squares.sum() / (frames * squares.size))
            named["crest_factor_db"] = float(20.0 * np.log10(self._per_channel[:, PEAK].max() / rms))
        if squares.size == 2 and squares.min() > 0.0:
            named["phase_correlation"] = float(self._whole[LEFT_RIGHT] / np.sqrt(squares[0] * squares[1]))
        return named

    def _head(self) -> float:
        all_silent = self._whole[RUN] == self._whole[FRAMES]
        return float(self._whole[FRAMES] if all_silent else self._whole[HEAD])
