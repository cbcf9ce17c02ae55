"""The rolling mean beside plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.rolling import rolling_mean


def twin(values: np.ndarray, frames: int) -> np.ndarray:
    reach = frames // 2
    exact = values.astype(np.float64)
    return np.array([exact[max(0, i - reach) : i + reach + 1].mean() for i in range(values.size)])


@pytest.mark.parametrize("frames", [0, 1, 2, 9, 100, 999, 5000])
@pytest.mark.parametrize("size", [1, 2, 50, 1000])
def test_it_equals_the_twin(size: int, frames: int) -> None:
    values = np.random.default_rng(11).standard_normal(size)
    np.testing.assert_allclose(rolling_mean(values, frames), twin(values, frames), atol=1e-12)


def test_long_series_of_either_type_equal_the_twin() -> None:
    values = 100.0 + np.random.default_rng(12).standard_normal(20_011)
    np.testing.assert_allclose(rolling_mean(values, 65), twin(values, 65), rtol=1e-13)
    short = values.astype(np.float32)
    found = rolling_mean(short, 65)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, twin(short, 65), rtol=1e-7)


def test_nothing_stays_nothing_and_tables_are_refused() -> None:
    assert rolling_mean(np.zeros(0), 5).size == 0
    with pytest.raises(ValueError, match="one row"):
        rolling_mean(np.zeros((2, 2)), 5)
