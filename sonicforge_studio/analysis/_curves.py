"""What is measured over time, small enough to be kept with each track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._periodicity import blended, normalised
from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.domain import Curves, Samples
from sonicforge_studio.domain.curves import spaced_tempi_bpm
from sonicforge_studio.kernels.loudness_statistics import STEPS_PER_SECOND
from sonicforge_studio.kernels.rolling import rolling_mean
from sonicforge_studio.kernels.tempogram import tempo_sums, tempogram

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LOUDNESS_EVERY_STEPS = 2
_PIECE_SECONDS = 20.0
"""The meter remembers a minute: no more than this is added between two looks at it."""
_CHROMA_HIGHEST_RATE_HZ = 2.2
_SLOWEST_BPM, _FASTEST_BPM, _TEMPI = 30.0, 300.0, 96
_TEMPOGRAM_PIECE_SECONDS = 0.5
_TEMPOGRAM_WINDOW_PIECES = 18
_TEMPOGRAM_HOP_PIECES = 2
_FAINT = 0.2
"""Of the mean row's strongest tempo: rows below it fade, so that silence is not blown up to a beat."""


class LoudnessCurve:
    """Listens to a meter while it is fed: 80 bytes for each second."""

    def __init__(self, sample_rate_hz: int, meter: LoudnessMeter) -> None:
        self._meter = meter
        self._most_frames = max(1, int(_PIECE_SECONDS * sample_rate_hz))
        self._seen = 0
        self._traces: list[Float32] = []

    def add(self, block: Samples) -> None:
        """Feed the meter."""
        for start in range(0, block.shape[1], self._most_frames):
            self._meter.add(block[:, start : start + self._most_frames])
            if self._meter.steps > self._seen:
                self._traces.append(self._meter.trace(self._seen))
                self._seen = self._meter.steps

    def finish(self) -> tuple[float, Float32, Float32]:
        """Values per second, short-term and momentary loudness, the first at 0 s, where nothing was heard yet."""
        levels = np.concatenate([np.full((1, 2), -np.inf, np.float32), *self._traces])[::_LOUDNESS_EVERY_STEPS]
        return STEPS_PER_SECOND / _LOUDNESS_EVERY_STEPS, levels[:, 1].copy(), levels[:, 0].copy()


def curves(
    loudness: tuple[float, Float32, Float32],
    chromagram: Float32,
    chroma_rate_hz: float,
    strength: Float64,
    frame_rate_hz: float,
) -> Curves:
    """From ``LoudnessCurve``, pitch classes ``(n, 12)`` and onset strengths ``(frames, REGIONS)``."""
    tempi_bpm = spaced_tempi_bpm(_SLOWEST_BPM, _FASTEST_BPM, _TEMPI)
    rhythm_rate_hz, rhythm = _tempogram(strength, frame_rate_hz, tempi_bpm.astype(np.float64))
    harmony_rate_hz, harmony = _thinned(chromagram, chroma_rate_hz)
    return Curves(*loudness, harmony_rate_hz, harmony, rhythm_rate_hz, tempi_bpm, rhythm)


def _thinned(chromagram: Float32, rate_hz: float) -> tuple[float, Float32]:
    """The mean of as many rows as make the rate low enough, each scaled to its greatest."""
    together = max(1, int(np.ceil(rate_hz / _CHROMA_HIGHEST_RATE_HZ)))
    rows = -(-chromagram.shape[0] // together)
    summed = np.add.reduceat(chromagram, np.arange(rows) * together) if rows else np.zeros((0, 12))
    highest = summed.max(axis=1, keepdims=True, initial=0.0)
    scaled = summed / np.where(highest > 0.0, highest, 1.0)
    return rate_hz / together, scaled.astype(np.float32)


def _tempogram(strength: Float64, frame_rate_hz: float, tempi_bpm: Float64) -> tuple[float, Float32]:
    piece_frames = max(1, round(_TEMPOGRAM_PIECE_SECONDS * frame_rate_hz))
    rate_hz = frame_rate_hz / (piece_frames * _TEMPOGRAM_HOP_PIECES)
    if strength.shape[0] < piece_frames or not np.any(strength > 0.0):
        return rate_hz, np.zeros((0, tempi_bpm.size), np.float32)
    envelope = normalised(blended(strength, slice(0, strength.shape[1])), frame_rate_hz)
    # Without its local mean, which would show as the slowest tempi where a window reaches over an end.
    pulse = envelope - rolling_mean(envelope, _TEMPOGRAM_WINDOW_PIECES * piece_frames)
    sums = tempo_sums(pulse, frame_rate_hz, tempi_bpm, piece_frames)
    window = np.hanning(_TEMPOGRAM_WINDOW_PIECES + 2)[1:-1]
    rows = tempogram(sums, window, _TEMPOGRAM_HOP_PIECES)
    highest = rows.max(axis=1, keepdims=True)
    return rate_hz, rows / np.maximum(highest, _FAINT * float(highest.mean()) + 1e-20)
