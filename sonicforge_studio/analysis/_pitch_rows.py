"""Pitch classes of every short stretch of a track, small enough to be kept for hours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.chroma import STEPS, STEPS_PER_SEMITONE, pitch_class_rows

Float64 = NDArray[np.float64]

_BLOCK_ROWS = 4096
"""How many rows are unpacked at a time."""


class PitchRows:
    """Rows of ``pitch_class_rows``, a byte for each step, with each row's highest beside them."""

    def __init__(self) -> None:
        self._packed: list[NDArray[np.uint8]] = []
        self._highest: list[Samples] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, power: Samples, bin_hz: float) -> None:
        """Hear power spectra ``(frames, bins)``."""
        if not power.shape[0]:
            return
        rows = np.stack(pitch_class_rows(power, bin_hz), axis=1)
        highest = rows.max(axis=2, keepdims=True)
        self._packed.append(np.rint(rows * (255.0 / np.maximum(highest, 1e-30))).astype(np.uint8))
        self._highest.append(highest)
        self._count += rows.shape[0]

    def histogram(self) -> Float64:
        """The sum of all rows, ``(STEPS,)``, without the bass."""
        total = np.zeros(STEPS)
        for packed, highest in self._blocks():
            total += highest[:, 0, 0] @ packed[:, 0]
        return total

    def coherences(self) -> NDArray[np.complex128]:
        """Of each row the sum of its pitches as turns of a semitone, and their weight, as ``(rows, 2)``: of rows summed
        up, the length of the first over the second tells how well the pitches agree on a tuning."""
        turns = np.exp(2j * np.pi * np.arange(STEPS) / STEPS_PER_SEMITONE)
        both = np.stack((turns, np.ones(STEPS)), axis=1)
        found = [(packed[:, 0] @ both) * highest[:, 0] for packed, highest in self._blocks()]
        return np.concatenate(found) if found else np.zeros((0, 2), np.complex128)

    def folded(self, weights: Float64) -> tuple[Samples, Samples]:
        """Twelve pitch classes of each row by ``weights`` ``(12, STEPS)``: of all pitches, and of the bass."""
        transposed = weights.T.astype(np.float32)
        found = [(packed @ transposed) * highest for packed, highest in self._blocks()]
        rows = np.concatenate(found) if found else np.zeros((0, 2, 12), np.float32)
        return rows[:, 0], rows[:, 1]

    def _blocks(self) -> Iterator[tuple[Samples, Samples]]:
        """Some rows after another, ``(rows, 2, STEPS)`` of 0..255, and what one of these is worth."""
        if len(self._packed) > 1:
            self._packed = [np.concatenate(self._packed)]
            self._highest = [np.concatenate(self._highest)]
        for start in range(0, self._count, _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            yield self._packed[0][rows].astype(np.float32), self._highest[0][rows] / np.float32(255.0)
