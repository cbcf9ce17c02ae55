"""Peak picking beside SciPy, and beside a plain loop where SciPy leaves the order open."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from sonicforge_studio.kernels.peaks import pick_peaks


def series(seed: int, size: int = 700) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.convolve(random.standard_normal(size), np.ones(3), "same") + 0.01 * np.arange(size)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("height", [-np.inf, 1.0])
@pytest.mark.parametrize("distance", [1, 2.5, 9, 60])
@pytest.mark.parametrize("prominence", [0.0, 1.5])
def test_it_equals_scipy(seed: int, height: float, distance: float, prominence: float) -> None:
    values = series(seed)
    theirs, _ = scipy.signal.find_peaks(values, height=height, distance=distance, prominence=prominence)
    found = pick_peaks(values, height=height, distance=distance, prominence=prominence)
    np.testing.assert_array_equal(found, theirs)


def test_flat_tops_equal_scipys() -> None:
    values = np.round(2.0 * series(6))
    for prominence in (0.0, 2.0, 3.0):
        theirs, _ = scipy.signal.find_peaks(values, prominence=prominence)
        np.testing.assert_array_equal(pick_peaks(values, prominence=prominence), theirs)


def test_of_equal_peaks_the_later_stays() -> None:
    values = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    assert pick_peaks(values, distance=3).tolist() == [1, 5]
    assert pick_peaks(values, distance=5).tolist() == [5]


def test_a_rising_and_a_falling_row_of_peaks_is_thinned_from_the_top() -> None:
    rising = np.zeros(4001)
    rising[1::2] = np.arange(2000) + 1.0
    for values in (rising, rising[::-1].copy()):
        theirs, _ = scipy.signal.find_peaks(values, distance=7)
        np.testing.assert_array_equal(pick_peaks(values, distance=7), theirs)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_too_short_a_series_has_none(size: int) -> None:
    assert pick_peaks(np.ones(size)).size == 0


def test_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="one row"):
        pick_peaks(np.zeros((3, 3)))
