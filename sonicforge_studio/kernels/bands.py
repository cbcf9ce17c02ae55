"""How the bins of a spectrum become the bands or points that are shown."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_OCTAVE_RATIO = 10.0**0.3
"""G of IEC 61260-1:2014, 5.2 (base ten)."""

_FOR_TONES = 12
"""From so many bands an octave on they show tones; fewer are an engineer's bands for noise."""


def fractional_octave_bands(bands_per_octave: int, low_hz: float, high_hz: float) -> tuple[Float64, Float64]:
    """Centres ``(bands,)`` and edges ``(bands + 1,)`` in Hz of the bands whose centres lie in ``low_hz..high_hz``.

    Exact mid-band frequencies of IEC 61260-1:2014, 5.4, around 1 kHz. Raises ``ValueError`` where no band fits.
    """
    if bands_per_octave < 1 or not 0.0 < low_hz < high_hz:
        raise ValueError(f"no bands: {bands_per_octave} an octave from {low_hz} to {high_hz} Hz")
    shift = 0.0 if bands_per_octave % 2 else 0.5
    steps_per_decade = bands_per_octave / math.log10(_OCTAVE_RATIO)
    first = math.ceil(math.log10(low_hz / 1000.0) * steps_per_decade - shift)
    last = math.floor(math.log10(high_hz / 1000.0) * steps_per_decade - shift)
    if last < first:
        raise ValueError(f"no band's centre lies between {low_hz} and {high_hz} Hz")
    steps = np.arange(first, last + 1, dtype=np.float64) + shift
    centres = 1000.0 * 10.0 ** (steps / steps_per_decade)
    edges = 1000.0 * 10.0 ** ((np.append(steps, steps[-1] + 1.0) - 0.5) / steps_per_decade)
    return centres, edges


def log_points(points: int, low_hz: float, high_hz: float) -> tuple[Float64, Float64]:
    """``points`` frequencies in equal ratios from ``low_hz`` to ``high_hz``, and the edges between them.

    Raises ``ValueError`` where there is no such range.
    """
    if not 0.0 < low_hz < high_hz:
        raise ValueError(f"no points from {low_hz} to {high_hz} Hz")
    ratio = (high_hz / low_hz) ** (1.0 / (points - 1))
    steps = np.arange(points)
    return low_hz * ratio**steps, low_hz * ratio ** (np.arange(points + 1) - 0.5)


def band_reach(bands_per_octave: int, edges_hz: Float64, bin_hz: float, lobe_bins: float) -> Float64:
    """How far each band reaches over its edges, ``(bands,)`` in bins; ``lobe_bins`` is half the window's main lobe.

    The wide bands are read for noise: they end at their edges, so that pink noise reads the same in each, and only
    those that are narrower than a lobe take in the whole of it. The narrow ones are read for tones: they take in the
    lobe of whatever lies in them, and noise reads higher by what that adds.
    """
    if bands_per_octave >= _FOR_TONES:
        return np.full(edges_hz.size - 1, lobe_bins)
    widths = np.diff(edges_hz) / bin_hz
    reach: Float64 = np.maximum(0.0, lobe_bins - 0.5 * widths)
    return reach


def band_weights(edges_hz: Float64, bin_hz: float, curve: Float64, reach_bins: Float64) -> tuple[Int64, Float32, Int64]:
    """For each band its first bin, and its bins' weights ``weights[starts[band]:starts[band + 1]]``.

    A band reaches ``reach_bins (bands,)`` over its edges. A bin is one bin wide; it counts by the share of it that lies
    in the band, times ``curve`` (a power for each bin). The offset's bin 0 counts nowhere.
    """
    bins = np.arange(curve.size, dtype=np.float64)
    first: list[int] = []
    weights: list[Float64] = []
    for (low_hz, high_hz), reach in zip(itertools.pairwise(edges_hz), reach_bins, strict=True):
        low, high = low_hz / bin_hz - reach, high_hz / bin_hz + reach
        share = np.clip(np.minimum(bins + 0.5, high) - np.maximum(bins - 0.5, low), 0.0, 1.0)
        share[0] = 0.0
        inside = np.flatnonzero(share)
        first.append(int(inside[0]))
        weights.append((share * curve)[inside[0] : inside[-1] + 1])
    sizes = [weight.size for weight in weights]
    return (
        np.array(first, np.int64),
        np.concatenate(weights).astype(np.float32),
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
    )


def point_cells(edges_hz: Float64, bin_hz: float, bins: int) -> tuple[Int64, Float32]:
    """Where each edge lies between two bins: the lower of them, and how far it is to the next (0 … 1)."""
    place = np.minimum(edges_hz / bin_hz, bins - 1.0)
    lower = np.clip(np.floor(place), 0, bins - 2).astype(np.int64)
    return lower, (place - lower).astype(np.float32)
