"""The spectrogram of a whole file: an overview made in one pass, and tiles of a pyramid down to single milliseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio._spectrogram_columns import Columns, JoinedColumns, columns_of
from sonicforge_studio.domain import Progress, SilentProgress, Source
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio
from sonicforge_studio.kernels.spectrogram import FLOOR_DB, STEP_DB, ColumnKernel, paint

ROWS = 512
LOW_HZ = 20.0
TILE_COLUMNS = 256
MOST_COLUMNS = 8192
"""Of the overview; half as many at least where a file is longer than that many steps."""

_STEP_FRAMES = 2048
_USUAL_HZ = 48_000
_HOPS_PER_WINDOW = 32
_SHORTEST_WINDOW = 8
"""How many of the shortest windows fit into a step: 256 frames, 5.8 ms at 44.1 kHz."""
_DEEPEST = 256
"""How many of the deepest level's columns fit into a step: each is 8 frames, 0.18 ms at 44.1 kHz."""
_SILENT = SilentProgress()


def longest_step_frames(sample_rate_hz: int) -> int:
    """The step of the overview: 2048 frames at 48 kHz, and as long in seconds at other rates, to a power of two."""
    octaves = round(math.log2(sample_rate_hz / _USUAL_HZ))
    return min(max(round(_STEP_FRAMES * 2.0**octaves), _DEEPEST), 1 << 16)


def window_frames(hop_frames: int, sample_rate_hz: int) -> int:
    """The window that shows columns of ``hop_frames`` best: 32 of them, a power of two of frames.

    A Hann window smears over its middle half, so this is 1 % of a picture of 1600 columns at every zoom, up to the
    longest window, 85 ms, whose bins of 12 Hz tell semitones apart from 200 Hz on; the shortest has 5 ms and 190 Hz.
    """
    step = longest_step_frames(sample_rate_hz)
    wanted = _HOPS_PER_WINDOW * max(1, hop_frames)
    return min(max(1 << (wanted - 1).bit_length(), step // _SHORTEST_WINDOW), 2 * step)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A file's spectrogram at every zoom. A level is known by the frames that its columns stand for: ``hop_frames`` is
    the overview's, then comes half of it, and so on to ``deepest_hop_frames``.

    Column ``c`` stands for the frames ``c * hop … (c + 1) * hop``; its rows are log-spaced from ``low_hz`` to
    ``high_hz``, lowest first.
    """

    sample_rate_hz: int
    channels: int
    frames: int
    hop_frames: int

    @property
    def low_hz(self) -> float:
        return axis_hz(self.sample_rate_hz)[0]

    @property
    def high_hz(self) -> float:
        return axis_hz(self.sample_rate_hz)[1]

    @property
    def duration_seconds(self) -> float:
        return self.frames / self.sample_rate_hz

    @property
    def deepest_hop_frames(self) -> int:
        return longest_step_frames(self.sample_rate_hz) // _DEEPEST

    def hop_for(self, frames_per_pixel: float) -> int:
        """The level that shows at most one column a pixel and at least half a one, where there is one."""
        wanted = 1 << max(0, math.ceil(math.log2(max(frames_per_pixel, 1e-9))))
        return min(max(wanted, self.deepest_hop_frames), self.hop_frames)

    def columns(self, hop_frames: int) -> int:
        return -(-self.frames // hop_frames)

    def tiles(self, hop_frames: int) -> int:
        return -(-self.columns(hop_frames) // TILE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Overview:
    """The coarsest level, whole: ``columns`` uint8 ``(n, ROWS)``, read-only; ``complete`` where the file was read to
    its end, ``warning`` what the reader said then."""

    pyramid: Pyramid
    columns: Columns
    complete: bool = True
    warning: str | None = None


def axis_hz(sample_rate_hz: int) -> tuple[float, float]:
    """The lowest and the highest frequency of a file's rows: 20 Hz to half its rate."""
    high = sample_rate_hz / 2
    return min(LOW_HZ, high / 8), high


def level_db(steps: Columns | np.uint8) -> NDArray[np.float32]:
    """What the bytes of columns stand for, dBFS; 0 stands for −120 and less, 255 for +7.5 and more."""
    return np.asarray(steps, np.float32) * np.float32(STEP_DB) + np.float32(FLOOR_DB)


def top_level_db(columns: Columns) -> float:
    """The level that the lightest colour stands for: the loudest cell, up to the next 5 dB; 0 for silence."""
    loudest = columns.max(initial=0)
    return 5.0 * math.ceil(float(level_db(loudest)) / 5.0) if loudest else 0.0


class OverviewMaker:
    """Reads a source once, from its start, with flat memory; ``so_far`` may be asked from another thread."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._step = longest_step_frames(source.sample_rate_hz)
        self._columns = JoinedColumns(MOST_COLUMNS, ROWS)
        self._frames = 0

    def make(self, progress: Progress = _SILENT) -> Overview:
        """Raises ``EmptyAudio`` where there is no frame, and ``Cancelled`` from ``progress``."""
        rate = self._source.sample_rate_hz
        kernel = _kernel(rate, window_frames(self._step, rate))
        for columns, frames in columns_of(self._source, kernel, self._step, 0, None, progress):
            self._columns.add(columns)
            self._frames = frames
        if not self._frames:
            raise EmptyAudio()
        return self.so_far(complete=True)

    def so_far(self, *, complete: bool = False) -> Overview:
        pyramid = Pyramid(
            self._source.sample_rate_hz,
            self._source.channels,
            self._frames,
            self._step * self._columns.per_column,
        )
        return Overview(pyramid, self._columns.so_far(), complete, getattr(self._source, "warning", None))


def make_tile(source: Source, pyramid: Pyramid, hop_frames: int, index: int, progress: Progress = _SILENT) -> Columns:
    """Up to ``TILE_COLUMNS`` columns of a level, uint8 ``(n, ROWS)``, read-only, from that section of the file alone.

    Raises ``Cancelled`` from ``progress``; what the source cannot read any more is silence.
    """
    rate = pyramid.sample_rate_hz
    step = min(hop_frames, longest_step_frames(rate))
    first = index * TILE_COLUMNS
    wanted = min(TILE_COLUMNS, pyramid.columns(hop_frames) - first)
    joined = JoinedColumns(TILE_COLUMNS, ROWS, hop_frames // step)
    last_frame = min((first + wanted) * hop_frames, pyramid.frames)
    kernel = _kernel(rate, window_frames(hop_frames, rate))
    for columns, _ in columns_of(source, kernel, step, first * hop_frames, last_frame, progress):
        joined.add(columns)
    tile = joined.so_far()
    if len(tile) < wanted:
        tile = np.concatenate([tile, np.zeros((wanted - len(tile), ROWS), np.uint8)])
        tile.flags.writeable = False
    return tile


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a source as one picture of about ``width`` columns. ``fft_size`` 0 takes the window that fits."""

    width: int
    rows: int = ROWS
    start_seconds: float = 0.0
    end_seconds: float | None = None
    fft_size: int = 0
    low_hz: float | None = None
    high_hz: float | None = None


@dataclass(frozen=True, slots=True)
class DrawnSection:
    """``columns`` uint8 ``(n, rows)`` over ``start_seconds … end_seconds``, which is no more than there is."""

    columns: Columns
    columns_per_pixel: float
    start_seconds: float
    end_seconds: float
    low_hz: float
    high_hz: float
    window_frames: int


def draw_section(source: Source, section: Section, progress: Progress = _SILENT) -> DrawnSection:
    """One pass over the stretch, with flat memory.

    Raises ``BadSetting`` where the section is empty or lies behind the end, ``EmptyAudio`` where there is no sound at
    all, and ``Cancelled`` from ``progress``.
    """
    rate = source.sample_rate_hz
    low_hz, high_hz = _section_axis(section, rate)
    first = round(section.start_seconds * rate)
    last = None if section.end_seconds is None else round(section.end_seconds * rate)
    if first < 0 or (last is not None and last <= first):
        raise BadSetting("The section has no length.", hint="Let the end come after the start.")
    known = source.frames
    expected = last if known is None or (last is not None and last < known) else known
    longest = longest_step_frames(rate) if not section.fft_size else section.fft_size // 2
    per_pixel = None if expected is None else max(1, expected - first) / section.width
    per_column = 1 if per_pixel is None else math.ceil(per_pixel / longest)
    step = longest if per_pixel is None else max(1, math.ceil(per_pixel / per_column))
    window = section.fft_size or window_frames(step * per_column, rate)
    kernel = ColumnKernel(rate, window, section.rows, low_hz, high_hz)
    joined = JoinedColumns(2 * section.width, section.rows, per_column)
    frames = 0
    for columns, read in columns_of(source, kernel, step, first, last, progress):
        joined.add(columns)
        frames = read
    if not frames:
        if first == 0:
            raise EmptyAudio()
        raise BadSetting(f"There is no sound from {section.start_seconds:g} s on.", hint="Choose an earlier start.")
    per_pixel = frames / section.width / (step * joined.per_column)
    return DrawnSection(joined.so_far(), per_pixel, first / rate, (first + frames) / rate, low_hz, high_hz, window)


def _section_axis(section: Section, sample_rate_hz: int) -> tuple[float, float]:
    lowest, highest = axis_hz(sample_rate_hz)
    low = lowest if section.low_hz is None else section.low_hz
    high = highest if section.high_hz is None else min(section.high_hz, highest)
    if not 0.0 < low < high:
        raise BadSetting(
            f"There is nothing to draw from {low:g} to {high:g} Hz.",
            hint=f"This file holds frequencies up to {highest:g} Hz; choose a range below that.",
        )
    return low, high


def _kernel(sample_rate_hz: int, window: int) -> ColumnKernel:
    """The memory for a level's columns."""
    low_hz, high_hz = axis_hz(sample_rate_hz)
    return ColumnKernel(sample_rate_hz, window, ROWS, low_hz, high_hz)


def warm_spectrogram() -> None:
    """Compile the kernels, or read them from the cache, before a view waits for them."""
    samples = np.zeros((3, 64), np.float32)
    columns = ColumnKernel(8000, 64, 8, 500.0, 4000.0).columns(samples, 32)
    for columns_per_pixel in (0.5, 2.0):
        paint(columns, 0.0, columns_per_pixel, np.zeros(256, np.uint32), np.zeros((4, 4), np.uint32))
