"""What a stream's hops add up to: windows, maxima, gated loudness and range, in memory that never grows.

Momentary and short-term loudness stand at every hop. The gating blocks of the integrated loudness (ITU-R BS.1770-5,
Annex 1: 400 ms, 75 % overlap) and the short-term values of the range (EBU Tech 3342) stand at every 100 ms, and are
kept as histograms: bins of 0.001 LU that hold how many there were and the sum of their powers. So the gates are found
without storing blocks, and the mean behind them is that of the powers themselves; only a bin that a gate cuts through
is in or out as a whole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.loudness import HOPS_PER_SECOND, hop_border

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

STEPS_PER_SECOND = 10
"""Gating blocks, and values of the range and of the history."""
TRACE_STEPS = 60 * STEPS_PER_SECOND
OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0

_MOMENTARY_HOPS = 40
_SHORT_TERM_HOPS = 300
_STEP_HOPS = HOPS_PER_SECOND // STEPS_PER_SECOND
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_RANGE_LOW, _RANGE_HIGH = 0.10, 0.95
_LOUDEST_LUFS = 150.0
"""Nothing that counts as audio is louder: 120 dB over full scale on every channel."""
_BINS_PER_LU = 1000
_ABSOLUTE_GATE = 10.0 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10.0)
_COARSE_BINS = int(_LOUDEST_LUFS - ABSOLUTE_GATE_LUFS)

_HOPS, _STEPS = range(2)
_MOMENTARY, _SHORT_TERM, _MOMENTARY_MAX, _SHORT_TERM_MAX = range(4)
_COUNT, _SUM = range(2)


class _Histogram:
    """Powers over the absolute gate: bins of 0.001 LU, and of 1 LU so that none has to walk through all the others."""

    def __init__(self) -> None:
        # Only the pages that are touched take memory: some ten thousand bins for music, 3.5 MB for all.
        self.fine = np.zeros((_COARSE_BINS * _BINS_PER_LU, 2))
        self.coarse = np.zeros((_COARSE_BINS, 2))


class LoudnessStatistics:
    """The figures of a stream, from the sums of squares of its hops. Powers are linear, 0 where there is no reading.

    The first momentary value comes with the first whole 400 ms, the first short-term value with the first whole 3 s.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self.reset()

    def reset(self) -> None:
        self._ring = np.zeros(_SHORT_TERM_HOPS)
        self._counts = np.zeros(2, np.int64)
        self._powers = np.zeros(4)
        self._blocks = _Histogram()
        self._range = _Histogram()
        self._trace = np.full((TRACE_STEPS, 2), -np.inf, np.float32)

    def add(self, squares: Float64) -> None:
        """Take the next hops, as ``HopSquares`` gives them, shape ``(n,)``."""
        _take_hops(
            squares,
            self._rate_hz,
            self._ring,
            self._counts,
            self._powers,
            self._blocks.fine,
            self._blocks.coarse,
            self._range.fine,
            self._range.coarse,
            self._trace,
        )

    @property
    def momentary(self) -> float:
        return float(self._powers[_MOMENTARY])

    @property
    def short_term(self) -> float:
        return float(self._powers[_SHORT_TERM])

    @property
    def momentary_max(self) -> float:
        return float(self._powers[_MOMENTARY_MAX])

    @property
    def short_term_max(self) -> float:
        return float(self._powers[_SHORT_TERM_MAX])

    @property
    def integrated(self) -> float:
        """The gated mean power (BS.1770-5, Annex 1, equations 5 to 7)."""
        count, total, _ = _gated(self._blocks.fine, self._blocks.coarse, _RELATIVE_GATE_LU)
        return total / count if count else 0.0

    @property
    def range_ends(self) -> tuple[float, float]:
        """The powers between which the loudness range lies: the 10th and the 95th percentile (EBU Tech 3342)."""
        low, high = _range_ends(self._range.fine, self._range.coarse)
        return float(low), float(high)

    @property
    def steps(self) -> int:
        """How many times 100 ms have passed."""
        return int(self._counts[_STEPS])

    def trace(self, first: int) -> Float32:
        """Momentary and short-term loudness in LUFS at each step from ``first`` on, shape ``(steps, 2)``: a copy.

        Only the last ``TRACE_STEPS`` are there; ``first`` must not lie before them.
        """
        copy: Float32 = self._trace.take(np.arange(first, self.steps), axis=0, mode="wrap")
        return copy


@kernel
def _lufs(power: float) -> float:
    return OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else -math.inf


@kernel
def _bin_of(power: float) -> int:
    place = (_lufs(power) - ABSOLUTE_GATE_LUFS) * _BINS_PER_LU
    return int(min(max(place, 0.0), _COARSE_BINS * _BINS_PER_LU - 1.0))


@kernel
def _count_in(power: float, fine: Float64, coarse: Float64) -> None:
    if power > _ABSOLUTE_GATE:
        place = _bin_of(power)
        for bins, index in ((fine, place), (coarse, place // _BINS_PER_LU)):
            bins[index, _COUNT] += 1.0
            bins[index, _SUM] += power


@kernel
def _frames(hops: int, length: int, rate_hz: int) -> int:
    return hop_border(hops, rate_hz) - hop_border(hops - length, rate_hz)


@kernel
def _momentary_sum(ring: Float64, hops: int) -> float:
    """Windows are summed anew at each hop: a running sum would never quite forget what was loud."""
    place = (hops - _MOMENTARY_HOPS) % _SHORT_TERM_HOPS
    total = 0.0
    for _ in range(_MOMENTARY_HOPS):
        total += ring[place]
        place = place + 1 if place + 1 < _SHORT_TERM_HOPS else 0
    return total


@kernel
def _short_term_sum(ring: Float64) -> float:
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for place in range(0, _SHORT_TERM_HOPS, 4):
        a += ring[place]
        b += ring[place + 1]
        c += ring[place + 2]
        d += ring[place + 3]
    return (a + b) + (c + d)


@kernel
def _take_hops(
    squares: Float64,
    rate_hz: int,
    ring: Float64,
    counts: Int64,
    powers: Float64,
    block_fine: Float64,
    block_coarse: Float64,
    range_fine: Float64,
    range_coarse: Float64,
    trace: Float32,
) -> None:
    hops = counts[_HOPS]
    for value in squares:
        ring[hops % _SHORT_TERM_HOPS] = value
        hops += 1
        if hops >= _MOMENTARY_HOPS:
            powers[_MOMENTARY] = _momentary_sum(ring, hops) / _frames(hops, _MOMENTARY_HOPS, rate_hz)
            powers[_MOMENTARY_MAX] = max(powers[_MOMENTARY_MAX], powers[_MOMENTARY])
        if hops >= _SHORT_TERM_HOPS:
            powers[_SHORT_TERM] = _short_term_sum(ring) / _frames(hops, _SHORT_TERM_HOPS, rate_hz)
            powers[_SHORT_TERM_MAX] = max(powers[_SHORT_TERM_MAX], powers[_SHORT_TERM])
        if hops % _STEP_HOPS == 0:
            _count_in(powers[_MOMENTARY], block_fine, block_coarse)
            _count_in(powers[_SHORT_TERM], range_fine, range_coarse)
            step = counts[_STEPS] % TRACE_STEPS
            trace[step, 0] = _lufs(powers[_MOMENTARY])
            trace[step, 1] = _lufs(powers[_SHORT_TERM])
            counts[_STEPS] += 1
    counts[_HOPS] = hops


@kernel
def _gated(fine: Float64, coarse: Float64, relative_gate_lu: float) -> tuple[float, float, int]:
    """How many powers lie over the gate relative to the mean of all, their sum, and the first bin that counts."""
    count = 0.0
    total = 0.0
    for index in range(coarse.shape[0]):
        count += coarse[index, _COUNT]
        total += coarse[index, _SUM]
    if count == 0.0:
        return 0.0, 0.0, 0
    gate = total / count * 10.0 ** (relative_gate_lu / 10.0)
    first = _bin_of(gate)
    if fine[first, _SUM] <= gate * fine[first, _COUNT]:
        first += 1
    coarse_first = -(-first // _BINS_PER_LU)
    count = 0.0
    total = 0.0
    for index in range(coarse_first, coarse.shape[0]):
        count += coarse[index, _COUNT]
        total += coarse[index, _SUM]
    for index in range(first, coarse_first * _BINS_PER_LU):
        count += fine[index, _COUNT]
        total += fine[index, _SUM]
    return count, total, first


@kernel
def _ranked(fine: Float64, coarse: Float64, first: int, rank: float) -> float:
    """The mean power of the bin that holds the value of this rank, counted from 0 at bin ``first``."""
    index = first
    while True:
        if index % _BINS_PER_LU == 0 and coarse[index // _BINS_PER_LU, _COUNT] <= rank:
            rank -= coarse[index // _BINS_PER_LU, _COUNT]
            index += _BINS_PER_LU
        elif fine[index, _COUNT] <= rank:
            rank -= fine[index, _COUNT]
            index += 1
        else:
            return float(fine[index, _SUM] / fine[index, _COUNT])


@kernel
def _range_ends(fine: Float64, coarse: Float64) -> tuple[float, float]:
    count, _, first = _gated(fine, coarse, _RANGE_GATE_LU)
    if count == 0.0:
        return 0.0, 0.0
    low = math.floor((count - 1.0) * _RANGE_LOW + 0.5)
    high = math.floor((count - 1.0) * _RANGE_HIGH + 0.5)
    return _ranked(fine, coarse, first, low), _ranked(fine, coarse, first, high)
