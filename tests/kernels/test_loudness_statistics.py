"""Histograms against exact gating over every block, in memory that stays what it is."""

from __future__ import annotations

import math
import time
import tracemalloc

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sonicforge_studio.kernels.loudness_statistics import LoudnessStatistics

Float64 = NDArray[np.float64]
RATE_HZ = 48_000


class Exact:
    """The same figures from all blocks, sorted and gated one by one, in LUFS."""

    def __init__(self, squares: Float64) -> None:
        self.momentary = self._windows(squares, 40)
        self.short_term = self._windows(squares, 300)
        blocks = self._gated(self.momentary[::10], -10.0)
        self.integrated = lufs(float(blocks.mean())) if blocks.size else -math.inf
        values = np.sort(self._gated(self.short_term[::10], -20.0))
        low, high = (values[math.floor((values.size - 1) * share + 0.5)] for share in (0.10, 0.95))
        self.range = lufs(float(high)) - lufs(float(low))

    @staticmethod
    def _windows(squares: Float64, hops: int) -> Float64:
        windows: Float64 = sliding_window_view(squares, hops).mean(axis=1) / (RATE_HZ // 100)
        return windows

    @staticmethod
    def _gated(powers: Float64, relative_gate_lu: float) -> Float64:
        loud = powers[powers > 10 ** ((-70.0 + 0.691) / 10)]
        gated: Float64 = loud[loud > loud.mean() * 10 ** (relative_gate_lu / 10)] if loud.size else loud
        return gated


def lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def programme(seconds: float, seed: int, low_lufs: float = -75.0, high_lufs: float = -5.0) -> Float64:
    """Squares of hops whose loudness wanders, now and then through silence."""
    rng = np.random.default_rng(seed)
    hops = round(100 * seconds)
    walk = np.cumsum(rng.standard_normal(hops) * 0.8)
    span = high_lufs - low_lufs
    levels = low_lufs + span * (0.5 + 0.5 * np.sin(walk / 20)) + rng.standard_normal(hops)
    squares: Float64 = 10 ** ((levels + 0.691) / 10) * (RATE_HZ // 100)
    squares[rng.integers(0, hops, hops // 50)] = 0.0
    return squares


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("seconds", [3.2, 30.0, 900.0])
def test_the_figures_are_those_of_exact_gating(seconds: float, seed: int) -> None:
    squares = programme(seconds, seed)
    exact, statistics = Exact(squares), LoudnessStatistics(RATE_HZ)
    statistics.add(squares)
    low, high = statistics.range_ends
    assert lufs(statistics.integrated) == pytest.approx(exact.integrated, abs=0.001)
    assert lufs(high) - lufs(low) == pytest.approx(exact.range, abs=0.001)
    assert statistics.momentary == pytest.approx(exact.momentary[-1])
    assert statistics.short_term == pytest.approx(exact.short_term[-1])
    assert statistics.momentary_max == pytest.approx(exact.momentary.max())
    assert statistics.short_term_max == pytest.approx(exact.short_term.max())


@pytest.mark.parametrize("level_lufs", [-69.9, -20.0, 6.0, 90.0, 140.0])
def test_what_never_changes_is_read_exactly_however_loud(level_lufs: float) -> None:
    squares = np.full(1_000, 10 ** ((level_lufs + 0.691) / 10) * 480)
    statistics = LoudnessStatistics(RATE_HZ)
    statistics.add(squares)
    low, high = statistics.range_ends
    assert lufs(statistics.integrated) == pytest.approx(level_lufs, abs=1e-6)
    assert lufs(high) - lufs(low) == pytest.approx(0.0, abs=1e-6)


def test_a_crowd_at_the_gate_is_out_or_in_as_a_whole() -> None:
    """Every second 3 s lie 10 LU under the mean, a hair under the gate or over it."""
    for under_lu, gated in ((0.0005, True), (-0.0005, False)):
        # x blocks of power 1 and as many of power p: p = 0.1 · mean = 0.1 · (1 + p) / 2 where they are level.
        power = 0.05 / 0.95 * 10 ** (-under_lu / 10)
        squares = np.tile(np.repeat([1.0, power], 4_000), 1) * 480
        statistics = LoudnessStatistics(RATE_HZ)
        statistics.add(squares)
        assert (statistics.integrated > 0.9) == gated


def test_silence_and_what_is_too_quiet_have_no_reading() -> None:
    for square in (0.0, 10 ** ((-70.1 + 0.691) / 10) * 480):
        statistics = LoudnessStatistics(RATE_HZ)
        statistics.add(np.full(1_000, square))
        assert (statistics.integrated, statistics.range_ends) == (0.0, (0.0, 0.0))


def test_hops_in_any_company_give_the_same_bits() -> None:
    squares = programme(40.0, 9)
    whole, cut = LoudnessStatistics(RATE_HZ), LoudnessStatistics(RATE_HZ)
    whole.add(squares)
    for at in range(0, squares.size, 7):
        cut.add(squares[at : at + 7])
    assert (whole.integrated, whole.range_ends) == (cut.integrated, cut.range_ends)
    np.testing.assert_array_equal(whole.trace(0), cut.trace(0))


def test_the_trace_holds_the_last_minute() -> None:
    squares = programme(100.0, 4)
    exact, statistics = Exact(squares), LoudnessStatistics(RATE_HZ)
    statistics.add(squares)
    assert statistics.steps == 1_000
    trace = statistics.trace(400)
    assert trace.shape == (600, 2)
    np.testing.assert_allclose(trace[:, 0], [lufs(power) for power in exact.momentary[4_010 - 40 :: 10]], rtol=1e-6)
    np.testing.assert_allclose(trace[:, 1], [lufs(power) for power in exact.short_term[4_010 - 300 :: 10]], rtol=1e-6)


def test_loud_hours_leave_no_trace_in_quiet_ones() -> None:
    statistics = LoudnessStatistics(RATE_HZ)
    statistics.add(np.full(2_000, 1e9))
    statistics.add(np.full(300, 1e-9))
    assert statistics.short_term == pytest.approx(1e-9 / 480)
    assert statistics.momentary == pytest.approx(1e-9 / 480)


def test_hours_take_no_memory_and_reading_costs_the_same() -> None:
    statistics = LoudnessStatistics(RATE_HZ)
    hour = programme(3_600.0, 3)
    statistics.add(hour)
    tracemalloc.start()
    try:
        for _ in range(4):
            statistics.add(hour)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
    taken = []
    for _ in range(50):
        began = time.perf_counter()
        assert statistics.integrated > 0.0
        assert statistics.range_ends[0] > 0.0
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[25] < 100e-6
