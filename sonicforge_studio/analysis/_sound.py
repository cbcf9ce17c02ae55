"""What the sound itself tells: its colour, levels, clipping, silence, correlation."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.analysis.timbre import Timbre, TimbreFigures
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.crossings import zero_crossing_rate
from sonicforge_studio.kernels.levels import (
    CLIPPED,
    CLIPPED_RUNS,
    FRAMES,
    HEAD,
    LEFT_RIGHT,
    LONGEST,
    LONGEST_CLIP,
    PEAK,
    RUN,
    SQUARE_SUM,
    SUM,
    levels_state,
    measure_levels,
)

_WINDOW_SECONDS = 0.0464


class Colour:
    """The timbre of a stream, from spectra at its own rate: cymbals lie above what rhythm and harmony are heard by."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        window_frames = window_frames_for(sample_rate_hz, _WINDOW_SECONDS)
        self._frames = PowerFrames(channels, window_frames, window_frames)
        self._timbre = Timbre(sample_rate_hz, window_frames)

    def add(self, pair: Samples) -> None:
        self._timbre.add(self._frames.add(pair))

    def finish(self) -> TimbreFigures:
        self._timbre.add(self._frames.rest())
        return self._timbre.finish()


class Levels:
    """What only the samples show; full scale is ±1, silence is below −60 dBFS in every channel."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._per_channel, self._whole = levels_state(channels)
        self._crossings = 0.0

    def add(self, block: Samples) -> None:
        measure_levels(block, self._per_channel, self._whole)
        frames = block.shape[1]
        if frames:
            self._crossings += frames * float(zero_crossing_rate(block, frames, frames).mean())

    def finish(self) -> dict[str, float]:
        """Named figures; those that do not apply (a crest of silence, a correlation of mono) are left out."""
        frames = self._whole[FRAMES]
        named = {
            "clipped_samples": float(self._per_channel[:, CLIPPED].sum()),
            "clipping_runs": float(self._per_channel[:, CLIPPED_RUNS].sum()),
            "longest_clipping_samples": float(self._per_channel[:, LONGEST_CLIP].max()),
            "dc_offset": float(np.abs(self._per_channel[:, SUM]).max() / max(frames, 1.0)),
            "silence_head_seconds": float(self._head() / self._sample_rate_hz),
            "silence_tail_seconds": float(self._whole[RUN] / self._sample_rate_hz),
            "longest_silence_seconds": float(max(self._whole[LONGEST], self._whole[RUN]) / self._sample_rate_hz),
        }
        squares = self._per_channel[:, SQUARE_SUM]
        if squares.sum() > 0.0:
            rms = np.sqrt(squares.sum() / (frames * squares.size))
            named["zero_crossing_rate"] = self._crossings / frames
            named["crest_factor_db"] = float(20.0 * np.log10(self._per_channel[:, PEAK].max() / rms))
        if squares.size == 2 and squares.min() > 0.0:
            named["phase_correlation"] = float(self._whole[LEFT_RIGHT] / np.sqrt(squares[0] * squares[1]))
        return named

    def _head(self) -> float:
        all_silent = self._whole[RUN] == self._whole[FRAMES]
        return float(self._whole[FRAMES] if all_silent else self._whole[HEAD])
