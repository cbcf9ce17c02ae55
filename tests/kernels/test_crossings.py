"""The zero-crossing rate beside a plain loop and librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from sonicforge_studio.kernels.crossings import zero_crossing_rate


def twin(samples: np.ndarray, window: int, hop: int) -> np.ndarray:
    negative = samples < -1e-10
    starts = range(0, samples.shape[1] - window + 1, hop)
    return np.array(
        [[np.count_nonzero(np.diff(row[start : start + window])) / window for start in starts] for row in negative]
    )


@pytest.mark.parametrize(("window", "hop"), [(64, 16), (64, 64), (64, 100), (50, 16), (1, 1), (2, 1), (65, 16)])
def test_it_equals_the_twin(window: int, hop: int) -> None:
    samples = np.random.default_rng(3).standard_normal((2, 1000)).astype(np.float32)
    samples[:, 200:300] = 0.0
    np.testing.assert_allclose(
        zero_crossing_rate(samples, window, hop), twin(samples, window, hop), rtol=1e-6, atol=1e-9
    )


def test_it_equals_librosa() -> None:
    wave = np.random.default_rng(4).standard_normal(20_000).astype(np.float32)
    wave[5000:6000] *= np.float32(1e-11)
    found = zero_crossing_rate(wave[np.newaxis], 2048, 512)[0]
    theirs = librosa.feature.zero_crossing_rate(wave, frame_length=2048, hop_length=512, center=False)[0]
    np.testing.assert_allclose(found, theirs, rtol=1e-6)


def test_what_is_shorter_than_a_window_has_none() -> None:
    assert zero_crossing_rate(np.zeros((2, 63), np.float32), 64, 16).shape == (2, 0)


def test_no_window_is_refused() -> None:
    with pytest.raises(ValueError, match="no windows"):
        zero_crossing_rate(np.zeros((1, 63), np.float32), 0, 16)
