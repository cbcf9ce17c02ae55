"""Columns from a stream of blocks, in any number of frames a column and with flat memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Progress, Samples, Source
from sonicforge_studio.kernels.spectrogram import ColumnKernel

BLOCK_FRAMES = 65536

Columns = NDArray[np.uint8]


class JoinedColumns:
    """At most ``most`` (an even number) of columns, each the highest of ``per_column`` that came; whenever there is no
    room, pairs are joined."""

    def __init__(self, most: int, rows: int, per_column: int = 1) -> None:
        self._columns = np.zeros((most, rows), np.uint8)
        self.per_column = per_column
        self._full = 0
        self._begun = 0
        """How many came into the column that is not full yet."""

    def add(self, columns: Columns) -> None:
        start = 0
        while start < len(columns):
            if self._full == len(self._columns):
                self._join_pairs()
            start += self._take(columns[start:])

    def so_far(self) -> Columns:
        """A copy, the begun column included; read-only."""
        columns = self._columns[: self._full + (self._begun > 0)].copy()
        columns.flags.writeable = False
        return columns

    def _take(self, columns: Columns) -> int:
        per = self.per_column
        if self._begun or len(columns) < per:
            count = min(per - self._begun, len(columns))
            highest = columns[:count].max(axis=0)
            if self._begun:
                np.maximum(highest, self._columns[self._full], out=highest)
            self._columns[self._full] = highest
            self._begun += count
            if self._begun == per:
                self._full, self._begun = self._full + 1, 0
            return count
        wholes = min(len(columns) // per, len(self._columns) - self._full)
        groups = columns[: wholes * per].reshape(wholes, per, -1)
        self._columns[self._full : self._full + wholes] = groups.max(axis=1)
        self._full += wholes
        return wholes * per

    def _join_pairs(self) -> None:
        half = len(self._columns) // 2
        self._columns[:half] = self._columns.reshape(half, 2, -1).max(axis=1)
        self.per_column *= 2
        self._full = half


class ColumnStream:
    """Cuts blocks into windows, one every ``step_frames`` (no longer than a window), each in the middle of its step.

    The first block begins ``lead_frames`` before the first column; as much of that as is missing, ``silent_frames``,
    is silence, and so is what comes after the end.
    """

    def __init__(self, kernel: ColumnKernel, step_frames: int, channels: int, silent_frames: int) -> None:
        self._kernel = kernel
        self._step = step_frames
        self._rest: Samples = np.zeros((channels, silent_frames), np.float32)

    def add(self, block: Samples) -> Columns:
        samples = np.concatenate([self._rest, block], axis=1)
        columns = self._kernel.columns(samples, self._step)
        self._rest = samples[:, len(columns) * self._step :].copy()
        return columns

    def finish(self) -> Columns:
        """The columns whose windows reach behind the end; the caller keeps as many as there are steps begun."""
        return self.add(np.zeros((self._rest.shape[0], self._kernel.window_frames + self._step), np.float32))


def lead_frames(window_frames: int, step_frames: int) -> int:
    """How far a column's window begins before the frames that it stands for."""
    return window_frames // 2 - step_frames // 2


def columns_of(
    source: Source,
    kernel: ColumnKernel,
    step_frames: int,
    first_frame: int,
    last_frame: int | None,
    progress: Progress,
) -> Iterator[tuple[Columns, int]]:
    """The columns of ``first_frame`` up to ``last_frame`` or the end, a block's at a time, each time with the number of
    frames read of that stretch so far. A stop check a block."""
    lead = lead_frames(kernel.window_frames, step_frames)
    begin = max(0, first_frame - lead)
    source.seek(begin)
    stream = ColumnStream(kernel, step_frames, source.channels, lead - (first_frame - begin))
    tail = kernel.window_frames - lead
    place, told = begin, 0
    while last_frame is None or place < last_frame + tail:
        wanted = BLOCK_FRAMES if last_frame is None else min(BLOCK_FRAMES, last_frame + tail - place)
        block = source.read(wanted)
        if not block.shape[1]:
            break
        place += block.shape[1]
        read = place - first_frame if last_frame is None else min(place, last_frame) - first_frame
        columns = stream.add(block)
        columns = columns[: max(0, -(-read // step_frames) - told)]
        told += len(columns)
        yield columns, max(0, read)
        total = (source.frames or place + 60 * source.sample_rate_hz) if last_frame is None else last_frame
        progress.step(max(0, read), max(total - first_frame, read, 1), "Drawing")
    read = max(0, (place if last_frame is None else min(place, last_frame)) - first_frame)
    left = -(-read // step_frames) - told
    if left > 0:
        yield stream.finish()[:left], read
