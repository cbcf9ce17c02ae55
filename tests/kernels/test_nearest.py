"""The nearest of many vectors, against NumPy looking at all of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.nearest import (
    in_eight_bits,
    nearest_among,
    nearest_in_cells,
    partition,
    unit_length,
)

Float32 = NDArray[np.float32]


def clustered(count: int, seed: int = 3) -> Float32:
    """As recordings lie: in clusters of some hundred."""
    dice = np.random.default_rng(seed)
    kinds = dice.standard_normal((max(1, count // 200), 128))
    rows = kinds[dice.integers(kinds.shape[0], size=count)] + 0.7 * dice.standard_normal((count, 128))
    return unit_length(rows.astype(np.float32))


def cells_of(rows: Float32, cells: int) -> tuple[Float32, NDArray[np.int64], Float32]:
    """The centres, where each cell starts, and the rows in their order."""
    centres, cell_of = partition(rows, cells)
    order = np.argsort(cell_of, kind="stable")
    return centres, np.searchsorted(cell_of[order], np.arange(cells + 1)), np.ascontiguousarray(rows[order])


def test_eight_bits_are_within_half_a_step() -> None:
    rows = clustered(100)
    step = np.abs(rows).max() / 127.0
    assert np.abs(in_eight_bits(rows) * step - rows).max() <= 0.5 * step * 1.001
    assert not in_eight_bits(np.zeros((1, 128), np.float32)).any()


@pytest.mark.parametrize("limit", [1, 10, 50])
def test_in_all_cells_it_is_what_numpy_finds(limit: int) -> None:
    centres, starts, rows = cells_of(clustered(3000), 40)
    hidden = np.zeros(rows.shape[0], bool)
    for query in clustered(20, seed=5):
        places, cosines = nearest_in_cells(
            query, centres, starts, in_eight_bits(rows), rows, hidden, probes=99, limit=limit
        )
        exact = rows @ query
        assert np.allclose(cosines, np.sort(exact)[::-1][:limit], atol=1e-6)
        assert np.allclose(exact[places], cosines, atol=1e-6)


def test_a_few_cells_hold_nearly_all_of_them() -> None:
    centres, starts, rows = cells_of(clustered(20_000), 128)
    hidden = np.zeros(rows.shape[0], bool)
    found = 0
    for query in clustered(20_000)[::200]:
        places, _ = nearest_in_cells(query, centres, starts, in_eight_bits(rows), rows, hidden, probes=8, limit=10)
        found += len(set(places) & set(np.argsort(rows @ query)[-10:]))
    assert found / 1000 >= 0.99


def test_hidden_rows_are_passed_over_and_few_are_few() -> None:
    centres, starts, rows = cells_of(clustered(50), 2)
    hidden = np.ones(50, bool)
    hidden[[7, 31]] = False
    places, cosines = nearest_in_cells(rows[7], centres, starts, in_eight_bits(rows), rows, hidden, probes=2, limit=10)
    assert places.tolist() == [7, 31]
    assert cosines[0] == pytest.approx(1.0)


def test_among_some_rows_none_is_left_out() -> None:
    rows = clustered(5000)
    among = np.random.default_rng(1).choice(5000, 250, replace=False)
    query = clustered(1, seed=9)[0]
    places, cosines = nearest_among(query, among, np.arange(5000), in_eight_bits(rows), rows, limit=10)
    assert set(places) == set(among[np.argsort(rows[among] @ query)[-10:]])
    assert (np.diff(cosines) <= 0).all()
    place_of = np.where(np.arange(300) % 2, -1, np.arange(300))
    places, _ = nearest_among(
        rows[4], np.array([-1, 3, 4, 6, 299, 300, 10**12]), place_of, in_eight_bits(rows), rows, limit=5
    )
    assert sorted(places) == [4, 6]
    assert nearest_among(query, among[:0], np.arange(5000), in_eight_bits(rows), rows, limit=10)[0].size == 0


def test_the_same_rows_give_the_same_cells_and_fewer_kinds_than_cells_do_no_harm() -> None:
    rows = np.repeat(clustered(3), 20, axis=0)
    centres, cell_of = partition(rows, 8)
    assert centres.shape == (8, 128)
    assert np.allclose(np.linalg.norm(centres, axis=1), 1.0, atol=1e-5)
    again, same = partition(rows, 8)
    assert np.array_equal(cell_of, same)
    assert np.array_equal(centres, again)
    assert all(np.unique(cell_of[start : start + 20]).size == 1 for start in (0, 20, 40))
