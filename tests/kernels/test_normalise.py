"""Standardised columns beside NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.normalise import column_statistics, standardise_columns


@pytest.mark.parametrize("shape", [(1000, 7), (1, 3), (5, 128), (701, 128), (3, 10_000)])
def test_it_equals_the_twin(shape: tuple[int, int]) -> None:
    table = np.random.default_rng(5).normal(3.0, 2.0, shape).astype(np.float32)
    exact = table.astype(np.float64)
    mean, deviation = column_statistics(table)
    np.testing.assert_allclose(mean, exact.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation, exact.std(axis=0), rtol=1e-5, atol=1e-6)
    scale = np.where(exact.std(axis=0) > 0.0, exact.std(axis=0), 1.0)
    np.testing.assert_allclose(standardise_columns(table), (exact - exact.mean(axis=0)) / scale, atol=2e-5)


def test_a_large_mean_costs_no_digits_of_the_deviation() -> None:
    noise = np.random.default_rng(6).standard_normal((4000, 3))
    table = (1e5 + noise).astype(np.float32)
    np.testing.assert_allclose(column_statistics(table)[1], table.astype(np.float64).std(axis=0), rtol=1e-5)


def test_a_block_that_begins_with_an_outlier_is_measured_all_the_same() -> None:
    table = np.random.default_rng(7).standard_normal((3000, 128)).astype(np.float32)
    table[::64] *= 1000.0
    exact = table.astype(np.float64)
    np.testing.assert_allclose(column_statistics(table)[1], exact.std(axis=0), rtol=1e-4)


def test_a_constant_column_becomes_zero() -> None:
    table = np.tile(np.array([[0.1, 0.0, 3e7]], np.float32), (200, 1))
    assert not standardise_columns(table).any()


def test_it_may_be_done_in_place() -> None:
    table = np.random.default_rng(8).standard_normal((50, 4)).astype(np.float32)
    expected = standardise_columns(table)
    assert standardise_columns(table, table) is table
    np.testing.assert_array_equal(table, expected)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of columns"):
        standardise_columns(np.zeros((0, 3), np.float32))
    with pytest.raises(ValueError, match="contiguous float32"):
        standardise_columns(np.zeros((4, 3), np.float32), np.zeros((4, 3)).astype(np.float32).T)
