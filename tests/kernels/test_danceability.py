"""Detrended fluctuations beside a twin that fits each line by least squares."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.kernels.danceability import fluctuations


def twin(curve: np.ndarray, length: int) -> float:
    walk = np.cumsum(curve - curve.mean())
    whole = walk[: walk.size // length * length].reshape(-1, length)
    time = np.arange(length)
    left = [stretch - np.polyval(np.polyfit(time, stretch, 1), time) for stretch in whole]
    return float(np.sqrt(np.mean(np.square(left))))


def test_it_equals_the_twin() -> None:
    curve = np.random.default_rng(3).gamma(0.7, size=1000)
    lengths = np.array([4, 7, 50, 333, 1001])
    expected = [twin(curve, length) for length in lengths[:-1]] + [0.0]
    np.testing.assert_allclose(fluctuations(curve, lengths), expected, rtol=1e-6, atol=1e-9)


def test_white_noise_grows_as_the_root_of_the_length() -> None:
    curve = np.random.default_rng(4).standard_normal(50_000)
    short, long = fluctuations(curve, np.array([50, 500]))
    assert 0.4 < np.log10(long / short) < 0.6


def test_nothing_fluctuates_in_nothing() -> None:
    np.testing.assert_array_equal(fluctuations(np.zeros(0), np.array([4])), [0.0])
    np.testing.assert_array_equal(fluctuations(np.ones(100), np.array([4, 10])), [0.0, 0.0])
