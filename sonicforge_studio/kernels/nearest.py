"""The nearest of many vectors: a few cells of them are looked through in 8 bits, and the best are measured exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]
Int64 = NDArray[np.int64]

_ROUNDS = 8
_ROWS_A_CELL = 64
"""So many rows are enough to say where a cell lies; its place matters less than that it is quickly found."""
_ROWS_AT_ONCE = 8192
_WIDER = 4
"""So many times more rows than wanted are measured exactly: 8 bits confuse neighbours, never strangers."""


def partition(rows: Float32, cells: int, seed: int = 0) -> tuple[Float32, Int64]:
    """Cells around centres, by spherical k-means.

    Parameters
    ----------
    rows
        Shape ``(n, dimensions)``, float32, each of length 1; ``n`` at least ``cells``.
    cells
        How many, at least 1.
    seed
        Of the dice that choose where to begin: the same rows give the same cells.

    Returns
    -------
    The centres, shape ``(cells, dimensions)``, of length 1, and the cell of each row, shape ``(n,)``.

    References
    ----------
    I. S. Dhillon and D. S. Modha, "Concept decompositions for large sparse text data using clustering" (Machine
    Learning 42, 2001, doi:10.1023/A:1007612920971).
    """
    dice = np.random.default_rng(seed)
    heard = rows[dice.choice(rows.shape[0], min(rows.shape[0], _ROWS_A_CELL * cells), replace=False)]
    centres = heard[:cells].copy()
    for _ in range(_ROUNDS):
        cell_of = np.argmax(heard @ centres.T, axis=1)
        sums = _sums(heard, cell_of, cells)
        empty = np.flatnonzero(~sums.any(axis=1))
        sums[empty] = heard[dice.integers(heard.shape[0], size=empty.size)]
        centres = unit_length(sums)
    cell_of_row = np.empty(rows.shape[0], np.int64)
    for start in range(0, rows.shape[0], _ROWS_AT_ONCE):
        cell_of_row[start : start + _ROWS_AT_ONCE] = np.argmax(rows[start : start + _ROWS_AT_ONCE] @ centres.T, axis=1)
    return centres, cell_of_row


def _sums(rows: Float32, cell_of: Int64, cells: int) -> Float32:
    sums = np.zeros((cells, rows.shape[1]), np.float32)
    order = np.argsort(cell_of, kind="stable")
    filled, first = np.unique(cell_of[order], return_index=True)
    sums[filled] = np.add.reduceat(rows[order], first, axis=0)
    return sums


def unit_length(rows: Float32) -> Float32:
    """Rows ``(n, dimensions)`` of length 1; one without a length stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Float32 = (rows / np.where(lengths > 0.0, lengths, 1.0)).astype(np.float32)
    return scaled


def in_eight_bits(rows: Float32) -> Int8:
    """Rows ``(n, dimensions)`` in steps of a 127th of the greatest value among all of them, int8."""
    greatest = float(np.abs(rows).max(initial=0.0))
    small: Int8 = np.rint(rows * (127.0 / greatest if greatest > 0.0 else 0.0)).astype(np.int8)
    return small


def nearest_in_cells(
    query: Float32,
    centres: Float32,
    starts: Int64,
    small: Int8,
    rows: Float32,
    hidden: NDArray[np.bool_],
    *,
    probes: int,
    limit: int,
) -> tuple[Int64, Float32]:
    """The rows nearest to a query, out of the cells that lie nearest to it.

    Parameters
    ----------
    query
        Shape ``(dimensions,)``, float32, of length 1.
    centres, starts
        Shape ``(cells, dimensions)`` and ``(cells + 1,)``: rows ``starts[c]`` to ``starts[c + 1]`` are cell ``c``.
    small, rows
        Shape ``(n, dimensions)``: ``in_eight_bits`` of the rows, and the rows.
    hidden
        Shape ``(n,)``: rows that are passed over.
    probes
        How many cells are looked through.
    limit
        How many are wanted, at least 1.

    Returns
    -------
    Their places among the rows, shape ``(found,)``, the nearest first, and the cosines, float32. Fewer than ``limit``
    only where the cells hold no more.

    References
    ----------
    H. Jégou, M. Douze and C. Schmid, "Product quantization for nearest neighbor search" (IEEE PAMI 33, 2011,
    doi:10.1109/TPAMI.2010.57): the inverted file; the code of a row is a scalar one here.
    """
    found: tuple[Int64, Float32] = _nearest_in_cells(
        query, centres, starts, small, rows, hidden, min(probes, centres.shape[0]), limit
    )
    return found


def nearest_among(
    query: Float32, ids: Int64, place_of: Int64, small: Int8, rows: Float32, *, limit: int
) -> tuple[Int64, Float32]:
    """As ``nearest_in_cells``, out of the rows of these ids, every one of them. ``place_of`` an id is its row, −1 or
    nothing where it has none."""
    found: tuple[Int64, Float32] = _nearest_among(query, ids, place_of, small, rows, limit)
    return found


@fast_kernel
def _nearest_in_cells(
    query: Float32,
    centres: Float32,
    starts: Int64,
    small: Int8,
    rows: Float32,
    hidden: NDArray[np.bool_],
    probes: int,
    limit: int,
) -> tuple[Int64, Float32]:
    near_cells, near_centres, probed = np.empty(probes, np.int64), np.empty(probes, np.float32), 0
    for cell in range(centres.shape[0]):
        probed = _keep(near_centres, near_cells, probed, _exact(query, centres, cell), cell)
    wide = _WIDER * limit
    best, places, count = np.empty(wide, np.float32), np.empty(wide, np.int64), 0
    for number in range(probed):
        cell = near_cells[number]
        for place in range(starts[cell], starts[cell + 1]):
            if hidden[place]:
                continue
            count = _keep(best, places, count, _coarse(query, small, place), place)
    return _measured(query, rows, places[:count], limit)


@fast_kernel
def _nearest_among(
    query: Float32, ids: Int64, place_of: Int64, small: Int8, rows: Float32, limit: int
) -> tuple[Int64, Float32]:
    wide = _WIDER * limit
    best, places, count = np.empty(wide, np.float32), np.empty(wide, np.int64), 0
    for one in ids:
        place = place_of[one] if 0 <= one < place_of.size else -1
        if place >= 0:
            count = _keep(best, places, count, _coarse(query, small, place), place)
    return _measured(query, rows, places[:count], limit)


@fast_kernel
def _measured(query: Float32, rows: Float32, places: Int64, limit: int) -> tuple[Int64, Float32]:
    best, nearest, count = np.empty(limit, np.float32), np.empty(limit, np.int64), 0
    for place in places:
        count = _keep(best, nearest, count, _exact(query, rows, place), place)
    return nearest[:count], best[:count]


@fast_kernel
def _keep(best: Float32, places: Int64, count: int, score: np.floating, place: int) -> int:
    """Put a score where it belongs among the best, which fall; how many there are then."""
    if count == best.size and not score > best[count - 1]:
        return count
    at = min(count, best.size - 1)
    while at > 0 and best[at - 1] < score:
        best[at], places[at] = best[at - 1], places[at - 1]
        at -= 1
    best[at], places[at] = score, place
    return min(count + 1, best.size)


@fast_kernel
def _exact(query: Float32, rows: Float32, row: int) -> np.float32:
    product = np.float32(0.0)
    for dimension in range(query.size):
        product += query[dimension] * rows[row, dimension]
    return product


@fast_kernel
def _coarse(query: Float32, small: Int8, row: int) -> np.float32:
    product = np.float32(0.0)
    for dimension in range(query.size):
        product += query[dimension] * np.float32(small[row, dimension])
    return product
