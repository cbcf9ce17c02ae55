"""Spectral flux beside NumPy and librosa's onset strength."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from sonicforge_studio.kernels.flux import spectral_flux


def levels(frames: int = 80, bands: int = 40) -> np.ndarray:
    return (20.0 * np.random.default_rng(13).standard_normal((frames, bands))).astype(np.float32)


@pytest.mark.parametrize("lag", [1, 2, 7, 100])
def test_it_equals_the_twin(lag: int) -> None:
    db = levels()
    expected = np.zeros(len(db))
    expected[lag:] = np.maximum(0.0, db[lag:].astype(np.float64) - db[: max(0, len(db) - lag)]).mean(axis=1)
    np.testing.assert_allclose(spectral_flux(db, lag), expected, rtol=1e-5)


@pytest.mark.parametrize("lag", [1, 3])
def test_it_equals_librosa(lag: int) -> None:
    db = levels()
    theirs = librosa.onset.onset_strength(S=db.T, lag=lag, center=False)
    np.testing.assert_allclose(spectral_flux(db, lag), theirs, rtol=1e-5)


def test_what_falls_counts_nothing() -> None:
    falling = -np.arange(30, dtype=np.float32)[:, np.newaxis] * np.ones(5, np.float32)
    assert not spectral_flux(falling).any()


def test_no_lag_is_refused() -> None:
    with pytest.raises(ValueError, match="no flux"):
        spectral_flux(levels(), 0)
