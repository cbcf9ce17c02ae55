"""Third-octave levels of a stream (IEC 61260-1, base ten), of the middle and of the sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.mastering import MATCH_BANDS

Float64 = NDArray[np.float64]

CENTRES_HZ: Float64 = 1000.0 * 10.0 ** (np.arange(-17, -17 + MATCH_BANDS) / 10.0)
"""20 Hz to 20 kHz, exact."""
_HALF_BAND = 10.0**0.05
_HIGHEST_HUM_HZ = 300.0
_LEAST_HUM_DB = 10.0
_WINDOW_SECONDS = 0.37
"""Bins of 2.7 Hz: the lowest band, 4.6 Hz wide, has nearly two of its own."""


class ThirdOctaves:
    """Mean squares of windows that stand at fixed places of the stream; any division into blocks gives the same.

    Of a stereo stream the middle is (L + R) / 2 and the side (L − R) / 2; of any other number of channels the middle
    is their mean power, and there are no sides. A stream shorter than one window is read with silence after it.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, hop_windows: float) -> None:
        """``hop_windows`` is the way from one window to the next, in windows: at 0.5 nothing is missed."""
        self._size = 1 << max(4, round(np.log2(_WINDOW_SECONDS * sample_rate_hz)))
        self._hop = max(1, round(hop_windows * self._size))
        self._stereo = channels == 2
        self._hum_bins = min(self._size // 2, int(_HIGHEST_HUM_HZ * self._size / sample_rate_hz))
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._scale = 2.0 / (self._size * float((self._window.astype(np.float64) ** 2).sum()))
        edges_hz = np.append(CENTRES_HZ / _HALF_BAND, CENTRES_HZ[-1] * _HALF_BAND)
        # A bin reaches half a bin to either side: the running sum up to an edge lies between two of them.
        self._edges = np.clip(edges_hz * self._size / sample_rate_hz + 0.5, 0.0, self._size // 2 + 1)
        self._held = np.zeros((channels, 0), np.float32)
        self._skip = 0
        self._rows: list[Float64] = []
        self._bin_hz = sample_rate_hz / self._size
        self._floor: Float64 | None = None

    def add(self, block: Samples) -> None:
        """Take a block, float32 ``(channels, n)``, finite."""
        skipped = min(self._skip, block.shape[1])
        self._skip -= skipped
        if skipped == block.shape[1]:
            return
        self._held = np.concatenate((self._held, block[:, skipped:]), axis=1)
        start, held = 0, self._held.shape[1]
        while start + self._size <= held:
            self._read(self._held[:, start : start + self._size])
            start += self._hop
        self._skip = max(0, start - held)
        self._held = self._held[:, start:].copy()

    def finish(self) -> Float64:
        """The mean squares ``(windows, 2, 31)`` of middle and side."""
        if not self._rows and self._held.shape[1]:
            self._read(np.pad(self._held, ((0, 0), (0, self._size - self._held.shape[1]))))
        return np.stack(self._rows) if self._rows else np.zeros((0, 2, MATCH_BANDS))

    def hum_db(self, mains_hz: float) -> float:
        """By how much the mains' first four lines stand over what is beside them in each single window, in dB; 0 where
        not all of the first three do. Music comes and goes, hum stays."""
        if self._floor is None or self._floor.size < _HIGHEST_HUM_HZ / self._bin_hz - 1.0:
            return 0.0
        lines = []
        for number in range(1, 5):
            line = round(number * mains_hz / self._bin_hz)
            beside = np.concatenate((self._floor[line - 7 : line - 3], self._floor[line + 4 : line + 8]))
            lines.append(self._floor[line - 1 : line + 2].max() / (np.median(beside) + 1e-12))
        levels = 10.0 * np.log10(np.array(lines) + 1e-12)
        return float(levels.mean()) if levels[:3].min() > _LEAST_HUM_DB else 0.0

    def _read(self, frames: Samples) -> None:
        rows = np.stack((frames[0] + frames[1], frames[0] - frames[1])) * np.float32(0.5) if self._stereo else frames
        spectrum = np.fft.rfft(rows * self._window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        lowest = power[:, : self._hum_bins].sum(axis=0, dtype=np.float64)
        self._floor = lowest if self._floor is None else np.minimum(self._floor, lowest)
        running = np.zeros((rows.shape[0], spectrum.shape[1] + 1))
        np.cumsum(power, axis=1, dtype=np.float64, out=running[:, 1:])
        below = np.minimum(self._edges.astype(np.int64), spectrum.shape[1] - 1)
        at_edges = running[:, below] + (self._edges - below) * (running[:, below + 1] - running[:, below])
        bands = np.diff(at_edges, axis=1) * self._scale
        if not self._stereo:
            bands = np.stack((bands.mean(axis=0), np.zeros(MATCH_BANDS)))
        self._rows.append(bands)


def mean_levels_db(squares: Float64) -> tuple[float, ...]:
    """The mean of all windows in dBFS, middle and side together; −200 for nothing."""
    mean = squares.sum(axis=1).mean(axis=0) if squares.shape[0] else np.zeros(MATCH_BANDS)
    return tuple(float(level) for level in 10.0 * np.log10(mean + 1e-20))
