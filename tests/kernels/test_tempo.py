"""Periodicity and beat tracking beside plain twins."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from sonicforge_studio.kernels.rolling import rolling_mean
from sonicforge_studio.kernels.tempo import autocorrelation, harmonic_strength, track_beats


def pulses(period: float, frames: int, first: float = 0.0) -> np.ndarray:
    envelope = np.zeros(frames)
    envelope[np.rint(np.arange(first, frames - 1, period)).astype(int)] = 1.0
    return np.convolve(envelope, np.hanning(7), "same")


def test_autocorrelation_equals_scipys() -> None:
    envelope = np.random.default_rng(1).random(777)
    centred = envelope - envelope.mean()
    expected = scipy.signal.correlate(centred, centred, "full")[776 : 776 + 300]
    np.testing.assert_allclose(autocorrelation(envelope, 300), expected, atol=1e-9)


@pytest.mark.parametrize("frames", [1, 2, 5, 40, 500])
def test_the_moving_mean_averages_what_is_there(frames: int) -> None:
    values = np.random.default_rng(2).random(100)
    reach = frames // 2
    expected = [values[max(0, i - reach) : i + reach + 1].mean() for i in range(100)]
    np.testing.assert_allclose(rolling_mean(values, frames), expected, atol=1e-12)


def test_harmonic_strength_is_a_sum_of_fourier_magnitudes() -> None:
    envelope = np.random.default_rng(3).random(600)
    periods = np.array([17.3, 40.0, 61.7])
    time = np.arange(600)
    expected = [sum(abs(np.sum(envelope * np.exp(-2j * np.pi * h * time / p))) for h in (1, 2, 4)) for p in periods]
    np.testing.assert_allclose(harmonic_strength(envelope, periods, (1, 2, 4)), expected, rtol=1e-9)


def test_harmonic_strength_peaks_at_the_true_period() -> None:
    envelope = pulses(86.13, 8000)
    periods = np.linspace(85.0, 87.0, 201)
    strength = harmonic_strength(envelope - envelope.mean(), periods, (1, 2, 4))
    assert abs(periods[np.argmax(strength)] - 86.13) < 0.03


def test_beats_follow_the_pulses() -> None:
    beats = track_beats(pulses(50.0, 2000, first=13.0) * 20, 50.0, 400.0)
    expected = np.arange(13, 1999, 50)
    np.testing.assert_allclose(beats, expected, atol=1)


def test_beats_follow_a_slowly_changing_tempo_and_bridge_a_gap() -> None:
    at = np.cumsum(np.linspace(48.0, 55.0, 60))
    envelope = np.zeros(int(at[-1]) + 30)
    envelope[np.rint(at).astype(int)] = 20.0
    envelope[1000:1200] = 0.0
    beats = track_beats(np.convolve(envelope, np.hanning(7), "same"), 51.0, 400.0)
    heard = at[(at < 990) | (at > 1260)]
    assert np.mean([np.abs(beats - beat).min() <= 2 for beat in heard]) > 0.95
    assert np.diff(beats).max() < 1.5 * 51


def test_the_path_is_the_best_of_all_paths() -> None:
    envelope = np.random.default_rng(5).random(20)
    period, tightness = 4.0, 3.0
    beats = track_beats(envelope, period, tightness)

    def worth(path: list[int]) -> float:
        steps = np.diff(path)
        return float(envelope[path].sum() - tightness * np.sum(np.log(steps / period) ** 2))

    best = -np.inf
    stack = [[first] for first in range(20)]
    while stack:
        path = stack.pop()
        if path[-1] >= 16:
            best = max(best, worth(path))
        stack += [[*path, path[-1] + step] for step in range(2, 8) if path[-1] + step < 20]
    assert worth(beats.tolist()) == pytest.approx(best)


def test_nothing_has_no_beats() -> None:
    assert track_beats(np.zeros(0), 50.0, 400.0).size == 0
