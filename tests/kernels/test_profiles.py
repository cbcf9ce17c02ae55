"""Key profiles beside NumPy's correlation and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.profiles import best_keys, profile_correlations

MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
PROFILES = np.array([MAJOR, MINOR])


def twin(chroma: np.ndarray) -> np.ndarray:
    """Of each frame, all 24 keys' correlations."""
    keys = [np.roll(profile, tonic) for profile in PROFILES for tonic in range(12)]
    return np.array([[np.corrcoef(frame, key)[0, 1] for key in keys] for frame in chroma])


def test_correlations_equal_numpys() -> None:
    chroma = np.random.default_rng(1).gamma(0.5, size=(40, 12))
    turned = np.array([np.roll(profile, tonic) for profile in PROFILES for tonic in range(12)])
    np.testing.assert_allclose(profile_correlations(chroma, turned), twin(chroma), atol=1e-12)


def test_the_best_key_is_that_of_the_plain_loop_and_the_next_one_too() -> None:
    chroma = np.random.default_rng(2).gamma(0.5, size=(60, 12))
    fit = twin(chroma)
    order = np.argsort(-fit, axis=1, kind="stable")
    found = best_keys(chroma, PROFILES)
    np.testing.assert_array_equal(found.key, order[:, 0])
    np.testing.assert_array_equal(found.next_key, order[:, 1])
    np.testing.assert_allclose(found.correlation, fit.max(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.next_correlation, np.take_along_axis(fit, order, axis=1)[:, 1], atol=1e-12)


@pytest.mark.parametrize("key", range(24))
def test_each_profile_is_its_own_best_key(key: int) -> None:
    found = best_keys(np.roll(PROFILES[key // 12], key % 12)[np.newaxis], PROFILES)
    assert found.key[0] == key
    assert found.correlation[0] == pytest.approx(1.0)


def test_what_is_flat_fits_nothing() -> None:
    flat = np.full((2, 12), 0.3)
    assert not profile_correlations(flat, PROFILES).any()
    assert not profile_correlations(PROFILES, flat).any()
    found = best_keys(flat, PROFILES)
    assert found.key.tolist() == [-1, -1]
    assert not found.correlation.any()


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="12 pitch classes"):
        profile_correlations(np.zeros((3, 11)), PROFILES)
    with pytest.raises(ValueError, match="12 pitch classes"):
        best_keys(np.zeros((3, 12)), np.zeros(12))
