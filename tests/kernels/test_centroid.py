"""The spectral centroid beside NumPy and librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from sonicforge_studio.kernels.centroid import spectral_centroid


def test_it_equals_the_twin_and_librosa() -> None:
    magnitude = np.random.default_rng(1).gamma(0.5, size=(50, 513)).astype(np.float32)
    bin_hz = 44_100 / 1024
    bins_hz = np.arange(513) * bin_hz
    found = spectral_centroid(magnitude, bin_hz)
    exact = magnitude.astype(np.float64)
    np.testing.assert_allclose(found, exact @ bins_hz / exact.sum(axis=1), rtol=3e-6)
    np.testing.assert_allclose(
        found, librosa.feature.spectral_centroid(S=magnitude.T, sr=44_100, n_fft=1024)[0], rtol=3e-6
    )


def test_a_single_bin_is_its_own_centroid_and_silence_has_none() -> None:
    magnitude = np.zeros((2, 257), np.float32)
    magnitude[0, 100] = 0.2
    assert spectral_centroid(magnitude, 43.0).tolist() == [pytest.approx(4300.0), 0.0]


def test_one_row_is_refused() -> None:
    with pytest.raises(ValueError, match="frames of bins"):
        spectral_centroid(np.zeros(10, np.float32), 1.0)
