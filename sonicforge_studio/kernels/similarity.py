"""Cosine similarity: how nearly two feature vectors point the same way, whatever their lengths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]

_MANY = 8
"""From so many queries on, a product of the two tables is quicker than reading the rows once for each."""


def cosine_similarity(queries: Float32, rows: Float32) -> Float32:
    """The cosine of the angle between each query and each row.

    Parameters
    ----------
    queries
        Shape ``(queries, dimensions)``, float32, finite.
    rows
        Shape ``(rows, dimensions)``, float32, finite.

    Returns
    -------
    Shape ``(queries, rows)``, −1..1, float32; 0 where a vector has no length.

    Raises
    ------
    ValueError
        Where they have not the same number of columns.

    Notes
    -----
    The sums are float32 in several lanes: against ``1 - scipy.spatial.distance.cdist(…, "cosine")`` the greatest
    difference is below 1e-6.

    References
    ----------
    G. Salton, A. Wong and C. S. Yang, "A vector space model for automatic indexing" (Communications of the ACM 18,
    1975, doi:10.1145/361219.361220).
    """
    if queries.ndim != 2 or rows.ndim != 2 or queries.shape[1] != rows.shape[1]:
        raise ValueError(f"rows of equal length are wanted, not arrays of shape {queries.shape} and {rows.shape}")
    asked = np.ascontiguousarray(queries, np.float32)
    held = np.ascontiguousarray(rows, np.float32)
    if asked.shape[0] < _MANY:
        similarity = np.empty((asked.shape[0], held.shape[0]), np.float32)
        for query in range(asked.shape[0]):
            _cosine_to_each(asked[query], held, similarity[query])
        return similarity
    # The product of two tables is what BLAS is made for; what is left are the lengths.
    similarity = asked @ held.T
    _divide_by_lengths(asked, held, similarity)
    return similarity


@fast_kernel
def _inverse_length(vector: Float32) -> np.float32:
    squares = np.float32(0.0)
    for d in range(vector.size):
        squares += vector[d] * vector[d]
    return np.float32(1.0) / np.sqrt(squares) if squares > np.float32(0.0) else np.float32(0.0)


@fast_kernel
def _cosine_to_each(query: Float32, rows: Float32, similarity: Float32) -> None:
    query_scale = _inverse_length(query)
    none, one = np.float32(0.0), np.float32(1.0)
    count, dimensions = rows.shape
    for row in range(count):
        product, squares = none, none
        for d in range(dimensions):
            product += query[d] * rows[row, d]
            squares += rows[row, d] * rows[row, d]
        cosine = product * query_scale / np.sqrt(squares) if squares > none else none
        similarity[row] = min(one, max(-one, cosine))


@fast_kernel
def _divide_by_lengths(queries: Float32, rows: Float32, similarity: Float32) -> None:
    one = np.float32(1.0)
    row_scale = np.empty(rows.shape[0], np.float32)
    for row in range(rows.shape[0]):
        row_scale[row] = _inverse_length(rows[row])
    for query in range(queries.shape[0]):
        query_scale = _inverse_length(queries[query])
        cosines = similarity[query]
        for row in range(cosines.size):
            cosines[row] = min(one, max(-one, cosines[row] * query_scale * row_scale[row]))
