"""The colour of a recording: figures for people, vectors for other programs, texture over time for its form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels.timbre import (
    BANDWIDTH,
    CENTROID,
    CONTRAST_BANDS,
    COUNT,
    FLATNESS,
    LEVEL,
    LEVEL_SQUARE,
    LEVEL_STEP,
    MOVING,
    POWER,
    ROLLED,
    SHAPE,
    STEP_WEIGHT,
    WEIGHT,
    add_timbre,
    last_row,
    timbre_bands,
    timbre_sums,
)

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

COLOURS = 2 * SHAPE + MOVING + CONTRAST_BANDS - 1 + 3
"""How many numbers ``TimbreFigures.colour`` has where anything sounds."""
_AUDIBLE_RMS = 10.0 ** (-70.0 / 20.0)
_ROW_SECONDS = 0.5
_LOWEST_RATE_HZ = 2000.0
"""Below this sample rate the mel bands would lie between the bins."""


@dataclass(frozen=True, slots=True)
class TimbreFigures:
    """What ``Timbre`` found; what does not apply (in silence, or at sample rates below 2 kHz) is left out.

    ``features``: ``spectral_centroid_hz``, ``spectral_bandwidth_hz``, ``spectral_rolloff_hz`` (85 % of the magnitude
    lies below), ``spectral_flatness`` (0 a tone .. 1 white noise): means over the frames above −70 dBFS.
    ``vectors``: ``mfcc`` and ``mfcc_deviation`` (20 each, dB), ``spectral_contrast_db`` (7).
    ``texture``: a row for each half second, ``(rows, 33)``: levels of 32 bands and of the whole in dB.
    ``colour``: ``(COLOURS,)``, the timbre part of an embedding before it is standardised, the same at any level.
    """

    features: dict[str, float]
    vectors: dict[str, tuple[float, ...]]
    texture: Float32
    texture_rate_hz: float
    colour: Float64 = field(default_factory=lambda: np.zeros(0))


class Timbre:
    """Takes power spectra of consecutive Hann windows that do not overlap; keeps 1 MB for each hour of audio."""

    def __init__(self, sample_rate_hz: float, window_frames: int) -> None:
        row_frames = max(1, round(_ROW_SECONDS * sample_rate_hz / window_frames))
        self._resolves = sample_rate_hz >= _LOWEST_RATE_HZ
        self._bands = timbre_bands(sample_rate_hz, window_frames, row_frames)
        self._sums = timbre_sums()
        self._texture: list[Float32] = []
        self._texture_rate_hz = sample_rate_hz / (window_frames * row_frames)
        # The power of a Hann-windowed frame, summed over half the bins, against its mean square.
        self._least_power = _AUDIBLE_RMS**2 * 0.375 * window_frames**2 / 2.0

    def add(self, power: Float32) -> None:
        """Hear the next spectra, float32 ``(frames, window_frames // 2 + 1)``."""
        rows = add_timbre(power, self._least_power, self._bands, self._sums)
        if rows.shape[0]:
            self._texture.append(rows.copy())

    def finish(self) -> TimbreFigures:
        """Weigh what was heard. Call it once, after the last spectra."""
        self._texture.append(last_row(self._bands, self._sums))
        count = float(self._sums.figures[COUNT])
        return TimbreFigures(
            self._features(count) if count else {},
            self._vectors(count) if count and self._resolves else {},
            np.concatenate(self._texture),
            self._texture_rate_hz,
            self._colour() if self._resolves else np.zeros(0),
        )

    def _features(self, count: float) -> dict[str, float]:
        figures = self._sums.figures
        return {
            "spectral_centroid_hz": float(figures[CENTROID] / count),
            "spectral_bandwidth_hz": float(figures[BANDWIDTH] / count),
            "spectral_rolloff_hz": float(figures[ROLLED] / count),
            "spectral_flatness": float(figures[FLATNESS] / count),
        }

    def _vectors(self, count: float) -> dict[str, tuple[float, ...]]:
        mean, square = self._sums.cepstrum / count
        return {
            "mfcc": _told(mean),
            "mfcc_deviation": _told(np.sqrt(np.maximum(square - mean**2, 0.0))),
            "spectral_contrast_db": _told(self._sums.contrast[0] / count),
        }

    def _colour(self) -> Float64:
        dynamics = self._sums.dynamics
        if dynamics[WEIGHT] <= 0.0:
            return np.zeros(0)
        mean, square = self._sums.shape[:2] / dynamics[WEIGHT]
        steps = max(float(dynamics[STEP_WEIGHT]), 1e-30)
        level, level_square = dynamics[[LEVEL, LEVEL_SQUARE]] / dynamics[WEIGHT]
        return np.concatenate([
            mean,
            np.sqrt(np.maximum(square - mean**2, 0.0)),
            self._sums.shape[2, :MOVING] / steps,
            self._sums.contrast[1, : CONTRAST_BANDS - 1] / dynamics[WEIGHT],
            [
                np.sqrt(max(level_square - level**2, 0.0)),
                dynamics[LEVEL_STEP] / steps,
                # Loudest against usual: 0 where every frame is equally strong.
                10.0 * np.log10(dynamics[POWER] / dynamics[WEIGHT]) - level / 2.0,
            ],
        ])  # fmt: skip


def _told(values: Float64) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
