"""Vectors of many tracks in one file, mapped from the disk, and the nearest among them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sonicforge_studio.host.writing import write_bytes
from sonicforge_studio.kernels.nearest import in_eight_bits, nearest_among, nearest_in_cells, partition, unit_length

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_MARK = b"SFLBVEC1"
_HEAD_BYTES = 256
_ALIGNMENT = 64
_MOST_CELLS = 256
_ROWS_A_CELL = 40
"""With fewer there would be more centres to compare with than rows."""
_PROBES = 8


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Never changes. The rows lie cell by cell; ``ids`` says which track each is of. What is searched, a quarter of
    the whole, is all that has to be in memory.

    ``sequence`` is the number of the last change that the rows know of.
    """

    sequence: int
    ids: Int64
    starts: Int64
    centres: Float32
    small: NDArray[np.int8]
    rows: Float32
    _place_of: Int64 = field(repr=False)
    """By id; −1 where there is none."""

    @classmethod
    def of(cls, ids: Int64, vectors: Float32, sequence: int) -> VectorFile:
        """Of vectors ``(n, dimensions)``, none of them without a length, each with its id."""
        rows = unit_length(vectors)
        cells = min(_MOST_CELLS, math.ceil(rows.shape[0] / _ROWS_A_CELL))
        if cells:
            centres, cell_of = partition(rows, cells)
        else:
            centres, cell_of = np.zeros((0, rows.shape[1]), np.float32), np.zeros(0, np.int64)
        order = np.argsort(cell_of, kind="stable")
        starts = np.searchsorted(cell_of[order], np.arange(cells + 1))
        rows = np.ascontiguousarray(rows[order])
        small = in_eight_bits(rows)
        return cls(sequence, ids[order], starts.astype(np.int64), centres, small, rows, _place_of(ids[order]))

    @classmethod
    def read(cls, path: Path) -> VectorFile | None:
        """Mapped from the disk; None where it is not there or is no such file, whole."""
        try:
            mapped = np.memmap(path, np.uint8, "r")
            head = json.loads(bytes(mapped[:_HEAD_BYTES])[len(_MARK) :].rstrip(b"\0"))
            count, cells, dimensions, sequence = (int(head[name]) for name in ("rows", "cells", "dimensions", "number"))
            places = _layout(count, cells, dimensions)
            if bytes(mapped[: len(_MARK)]) != _MARK or mapped.size != _size(count, cells, dimensions):
                return None
            parts = [
                mapped[start : start + size].view(kind).reshape(shape) for start, size, kind, shape in places.values()
            ]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        ids, starts, centres, small, rows = parts
        # A place outside the rows would be read from somebody else's memory.
        if starts[0] != 0 or starts[-1] != count or np.any(np.diff(starts) < 0) or np.any(ids < 0):
            return None
        return cls(sequence, np.array(ids), np.array(starts), centres, small, rows, _place_of(ids))

    def write(self, path: Path) -> None:
        """Raises ``DiskFull`` or ``OutputNotWritable``."""
        count, dimensions = self.rows.shape
        cells = self.centres.shape[0]
        head = {"rows": count, "cells": cells, "dimensions": dimensions, "number": self.sequence}
        whole = np.zeros(_size(count, cells, dimensions), np.uint8)
        text = _MARK + json.dumps(head).encode()
        whole[: len(text)] = np.frombuffer(text, np.uint8)
        for name, (start, size, kind, _) in _layout(count, cells, dimensions).items():
            whole[start : start + size].view(kind)[:] = getattr(self, name).ravel()
        write_bytes(path, whole.tobytes())

    def hiding(self, ids: Int64) -> NDArray[np.bool_]:
        """Which rows are of these tracks."""
        hidden = np.zeros(self.ids.size, bool)
        hidden[self._places(ids)] = True
        return hidden

    def nearest(self, query: Float32, limit: int, hidden: NDArray[np.bool_]) -> list[tuple[int, float]]:
        """Ids with their cosines, the nearest first, to a query of length 1; without the rows that are hidden."""
        if not self.ids.size:
            return []
        cells = self.centres, self.starts, self.small, self.rows
        return self._told(*nearest_in_cells(query, *cells, hidden, probes=_PROBES, limit=limit))

    def nearest_among(self, query: Float32, limit: int, ids: Int64) -> list[tuple[int, float]]:
        """Of these tracks alone, every one of which is looked at."""
        return self._told(*nearest_among(query, ids, self._place_of, self.small, self.rows, limit=limit))

    def _places(self, ids: Int64) -> Int64:
        places = self._place_of[ids[(ids >= 0) & (ids < self._place_of.size)]]
        return places[places >= 0]

    def _told(self, places: Int64, cosines: Float32) -> list[tuple[int, float]]:
        return list(zip(self.ids[places].tolist(), cosines.tolist(), strict=True))


def _place_of(ids: Int64) -> Int64:
    places = np.full(int(ids.max(initial=-1)) + 1, -1, np.int64)
    places[ids] = np.arange(ids.size)
    return places


def _layout(count: int, cells: int, dimensions: int) -> dict[str, tuple[int, int, DTypeLike, tuple[int, ...]]]:
    """Where each array begins, its bytes, and what it is."""
    shapes: dict[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "ids": (np.int64, (count,)),
        "starts": (np.int64, (cells + 1,)),
        "centres": (np.float32, (cells, dimensions)),
        "small": (np.int8, (count, dimensions)),
        "rows": (np.float32, (count, dimensions)),
    }
    places, start = {}, _HEAD_BYTES
    for name, (kind, shape) in shapes.items():
        size = math.prod(shape) * np.dtype(kind).itemsize
        places[name] = (start, size, kind, shape)
        start += -(-size // _ALIGNMENT) * _ALIGNMENT
    return places


def _size(count: int, cells: int, dimensions: int) -> int:
    start, size, _, _ = _layout(count, cells, dimensions)["rows"]
    return start + size
