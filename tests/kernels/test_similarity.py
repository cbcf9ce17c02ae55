"""Cosine similarity beside NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.similarity import cosine_similarity


def twin(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    one, other = queries.astype(np.float64), rows.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1)[:, np.newaxis] * np.linalg.norm(other, axis=1)
    return np.divide(one @ other.T, lengths, out=np.zeros((len(one), len(other))), where=lengths > 0.0)


@pytest.mark.parametrize("queries", [1, 3, 8, 40])
@pytest.mark.parametrize("dimensions", [1, 5, 128])
def test_it_equals_the_twin(queries: int, dimensions: int) -> None:
    random = np.random.default_rng(9)
    rows = random.standard_normal((201, dimensions)).astype(np.float32)
    rows[7] = 0.0
    asked = random.standard_normal((queries, dimensions)).astype(np.float32)
    asked[0] = rows[20]
    found = cosine_similarity(asked, rows)
    np.testing.assert_allclose(found, twin(asked, rows), atol=1e-6)
    assert found.max() <= 1.0
    assert found[0, 20] == pytest.approx(1.0)
    assert not found[:, 7].any()


def test_the_length_does_not_matter() -> None:
    rows = np.random.default_rng(10).standard_normal((10, 16)).astype(np.float32)
    np.testing.assert_allclose(cosine_similarity(rows[:2], 1000.0 * rows), cosine_similarity(rows[:2], rows), atol=1e-6)


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="equal length"):
        cosine_similarity(np.zeros((1, 3), np.float32), np.zeros((1, 4), np.float32))
