"""Inter-sample peaks: polyphase interpolation and a parabola through each peak (ITU-R BS.1770-5, Annex 2).

The interpolator is a Kaiser-windowed sinc, 48 taps a phase: flat to 0.46 of the sample rate, where the 12 taps of the
standard's example have lost 0.3 dB already. A peak between two points of the fourfold grid would still be read up to
0.6 dB low at 0.45 of the sample rate; the parabola through the highest point and its neighbours leaves 0.06 dB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel, kernel

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_TAPS = 48
_KAISER_BETA = 5.0
_TILE = 256
LOUDEST = np.float32(1e6)
"""Beyond this, 120 dB over full scale, nothing is audio; NaN and infinities are beyond it too. They count as 0."""

_LOUDEST_BITS = LOUDEST.view(np.int32)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_EIGHT = np.float32(8.0)
_PARABOLA = np.float32(1.13)
"""A parabola through interpolated points adds an eighth at most."""
_MOST = np.float32(3.2)
"""No peak between samples is so many times as high as the samples near it: the taps' magnitudes sum to 2.8."""
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)
_SAMPLE, _TRUE, _RECENT = range(3)


def oversampling_for(sample_rate_hz: int) -> int:
    """4 below 96 kHz, 2 from there on, as Annex 2 allows; at 192 kHz too, where ultrasonic noise may still peak."""
    return 4 if sample_rate_hz < 96_000 else 2


def interpolation_taps(phases: int) -> Float32:
    """Taps of the phases between two samples, shape ``(phases - 1, 48)``; each phase sums to 1."""
    position = np.arange(phases * _TAPS + 1) - phases * _TAPS / 2
    prototype = np.sinc(position / phases) * np.kaiser(position.size, _KAISER_BETA)
    taps = np.empty((phases - 1, _TAPS), np.float32)
    for phase in range(1, phases):
        # A later point of time lies nearer to the later samples: the prototype runs backwards.
        row = prototype[phases - phase :: phases][:_TAPS]
        taps[phase - 1] = row / row.sum()
    return taps


def interpolation_bend(taps: Float32) -> np.float32:
    """How far an interpolated value can lie beyond its samples, as a share of their greatest second difference.

    Each phase is a straight line between two samples plus a filter without a constant and a linear part, so that
    filter is one of second differences, and the sum of its magnitudes is the bound.
    """
    most = 0.0
    for row in taps.astype(np.float64):
        position = np.arange(row.size) - (row.size // 2 - 1)
        share = float((position * row).sum() / row.sum())
        line = np.zeros(row.size)
        line[row.size // 2 - 1], line[row.size // 2] = 1.0 - share, share
        most = max(most, float(np.abs(np.cumsum(np.cumsum(row - line))).sum()))
    return np.float32(most)


class _Window:
    """The last samples of the stream before each block, so that interpolation knows no block borders."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        if sample_rate_hz <= 0 or channels <= 0:
            raise ValueError("a sample rate and a channel count are positive")
        self.taps = interpolation_taps(oversampling_for(sample_rate_hz))
        self._last = np.zeros((channels, _TAPS), np.float32)
        self.channels = channels

    def join(self, block: Float32) -> Float32:
        """The block with the 48 samples before it in front, shape ``(channels, 48 + n)``, cleaned."""
        if block.ndim != 2 or block.shape[0] != self._last.shape[0]:
            raise ValueError(f"expected a block of {self._last.shape[0]} channels, not one of shape {block.shape}")
        joined = np.empty((block.shape[0], _TAPS + block.shape[1]), np.float32)
        joined[:, :_TAPS] = self._last
        _clean(block, joined[:, _TAPS:])
        self._last = joined[:, block.shape[1] :].copy()
        return joined


class TruePeak:
    """The running peaks of a stream, channel by channel, of its samples and between them; any division into blocks
    gives the same. Peaks are linear, shape ``(channels,)``, 0 for silence."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        if sample_rate_hz <= 0 or channels <= 0:
            raise ValueError("a sample rate and a channel count are positive")
        self._taps = interpolation_taps(oversampling_for(sample_rate_hz))
        self._bend = interpolation_bend(self._taps)
        self._last = np.zeros((channels, _TAPS), np.float32)
        self._peaks = np.zeros((channels, 3), np.float32)
        # Room to work in, so that a live block takes no memory.
        self._row = np.empty(_TAPS + _TILE, np.float32)
        self._grid = np.empty((self._taps.shape[0] + 1, _TILE + 2), np.float32)
        self._intervals = np.empty(_TILE, np.float32)
        self._highest = np.empty(2, np.float32)

    def add(self, block: Float32) -> None:
        """Take a block, float32 ``(channels, n)``."""
        channels = self._last.shape[0]
        if block.ndim != 2 or block.shape[0] != channels:
            raise ValueError(f"expected a block of {channels} channels, not one of shape {block.shape}")
        _raise_peaks(
            np.ascontiguousarray(block, np.float32),
            self._last,
            self._taps,
            self._bend,
            self._peaks,
            self._row,
            self._grid,
            self._intervals,
            self._highest,
        )

    def finish(self) -> None:
        """Look at the peaks around the last samples too: silence follows them."""
        self.add(np.zeros((self._last.shape[0], _TAPS // 2), np.float32))

    def take_recent(self) -> Float32:
        """The true peaks since the last time this was asked."""
        recent = self._peaks[:, _RECENT].copy()
        self._peaks[:, _RECENT] = 0.0
        return recent

    def reset(self) -> None:
        """Begin the peaks anew. The last samples stay: without them the next one would read as a jump from silence."""
        self._peaks[:] = 0.0

    @property
    def sample_peaks(self) -> Float32:
        return self._peaks[:, _SAMPLE].copy()

    @property
    def true_peaks(self) -> Float32:
        """Never below the sample peaks."""
        return self._peaks[:, _TRUE].copy()

    @property
    def sample_peak(self) -> float:
        """Of all channels."""
        return float(self._peaks[:, _SAMPLE].max())

    @property
    def true_peak(self) -> float:
        """Of all channels."""
        return float(self._peaks[:, _TRUE].max())


class PeakEnvelope:
    """For each frame the highest level, of all channels, between its neighbours: what a limiter has to hold down.

    The stream comes out ``latency_frames`` late, with the envelope beside it, in step with it.
    """

    latency_frames = _TAPS // 2

    def __init__(self, sample_rate_hz: int, channels: int, *, floor: float = 0.0) -> None:
        """Where no peak can be above ``floor``, linear, the samples' own level does: three times as fast in what is
        mostly quieter. Above it the envelope is the same whatever the floor."""
        self._window = _Window(sample_rate_hz, channels)
        self._bend = interpolation_bend(self._window.taps)
        self._floor = np.float32(floor)
        self._interval_before = np.zeros(1, np.float32)
        self._position = -self.latency_frames

    def process(self, block: Float32) -> tuple[Float32, Float32]:
        """The delayed block, ``(channels, n)``, and its envelope, ``(n,)``, linear."""
        joined = self._window.join(block)
        delayed = joined[:, self.latency_frames : self.latency_frames + block.shape[1]].copy()
        envelope = np.zeros(block.shape[1], np.float32)
        _interval_envelope(
            joined, self._window.taps, self._bend, self._floor, self._position, self._interval_before, envelope
        )
        self._position += block.shape[1]
        return delayed, envelope

    def run(self, blocks: Iterable[Float32]) -> Iterator[tuple[Float32, Float32]]:
        """A whole stream, in time: what came out late is cut away at the start and made up for at the end."""
        late = self.latency_frames
        channels = self._window.channels
        for block in chain(blocks, (np.zeros((channels, late), np.float32),)):
            samples, envelope = self.process(block)
            cut, late = min(late, samples.shape[1]), late - min(late, samples.shape[1])
            yield samples[:, cut:], envelope[cut:]


def _clean(block: Float32, out: Float32) -> None:
    """Copy, with 0 for whatever is no audio."""
    np.copyto(out, block)
    if block.size and not (block.max() <= LOUDEST and block.min() >= -LOUDEST):
        out[~(np.abs(block) <= LOUDEST)] = 0.0


@kernel
def _interval_peaks(joined: Float32, first: int, count: int, taps: Float32, grid: Float32, out: Float32) -> None:
    """``out[i]``: the highest level from sample ``first + i`` of ``joined`` up to, not with, the next sample.

    ``grid`` is room for ``(phases, count + 2)``; column 0 is the sample before ``first``.
    """
    width = count + 2
    samples = grid[0, :width]
    source = joined[first - 1 : first - 1 + width]
    for i in range(width):
        samples[i] = source[i]
    phases = taps.shape[0] + 1
    for phase in range(1, phases):
        points = grid[phase, : width - 1]
        for i in range(width - 1):
            points[i] = _ZERO
        for tap in range(0, _TAPS, 4):
            start = first - _TAPS // 2 + tap
            a, b = taps[phase - 1, tap], taps[phase - 1, tap + 1]
            c, d = taps[phase - 1, tap + 2], taps[phase - 1, tap + 3]
            xa, xb = joined[start : start + width - 1], joined[start + 1 : start + width]
            xc, xd = joined[start + 2 : start + width + 1], joined[start + 3 : start + width + 2]
            for i in range(width - 1):
                points[i] += (a * xa[i] + b * xb[i]) + (c * xc[i] + d * xd[i])
    for i in range(count):
        out[i] = _ZERO
    for phase in range(phases):
        here = grid[phase, 1 : count + 1]
        before = grid[phase - 1, 1 : count + 1] if phase else grid[phases - 1, :count]
        after = grid[phase + 1, 1 : count + 1] if phase < phases - 1 else grid[0, 2 : count + 2]
        for i in range(count):
            left, middle, right = before[i], here[i], after[i]
            bend = left + right - _TWO * middle
            slope = right - left
            turns = (middle - left) * (middle - right) >= _ZERO and bend != _ZERO
            divisor = _EIGHT * bend if turns else _ONE
            vertex = abs(middle - slope * slope / divisor) if turns else _ZERO
            level = abs(middle)
            level = max(vertex, level)
            out[i] = max(level, out[i])


@kernel
def _raise_peaks(
    block: Float32,
    last: Float32,
    taps: Float32,
    bend: np.float32,
    peaks: Float32,
    row: Float32,
    grid: Float32,
    intervals: Float32,
    highest: Float32,
) -> None:
    channels, frames = block.shape
    row_bits = row.view(np.int32)
    highest_bits = highest.view(np.int32)
    for channel in range(channels):
        samples_bits = block[channel].view(np.int32)
        for i in range(_TAPS):
            row[i] = last[channel, i]
        highest_bits[0] = _copy_sound(row_bits[:_TAPS], row_bits[:_TAPS])
        sample, true, recent = peaks[channel, _SAMPLE], peaks[channel, _TRUE], peaks[channel, _RECENT]
        for start in range(0, frames, _TILE):
            count = min(_TILE, frames - start)
            highest_bits[1] = _copy_sound(samples_bits[start : start + count], row_bits[_TAPS : _TAPS + count])
            sample = max(sample, highest[1])
            true = max(true, highest[1])
            near = max(highest[0], highest[1])
            if near * _MOST > recent and _PARABOLA * (near + bend * _greatest_bend(row[: _TAPS + count])) > recent:
                _interval_peaks(row, _TAPS // 2, count, taps, grid, intervals)
                for i in range(count):
                    if intervals[i] > recent:
                        recent = intervals[i]
                true = max(true, recent)
            highest_bits[0] = _copy_sound(row_bits[count : count + _TAPS], row_bits[:_TAPS])
        for i in range(_TAPS):
            last[channel, i] = row[i]
        peaks[channel, _SAMPLE], peaks[channel, _TRUE], peaks[channel, _RECENT] = sample, true, recent


@kernel
def _copy_sound(bits: Int32, out: Int32) -> np.int32:
    """Copy, with 0 for whatever is no audio; the highest level among it. All as the bits of float32: without their sign
    they order as integers do, what is no audio above the rest, and a maximum of integers is vectorised."""
    highest = np.int32(0)
    for i in range(bits.size):
        level = bits[i] & _WITHOUT_SIGN
        level = level if level <= _LOUDEST_BITS else np.int32(0)
        out[i] = bits[i] if level else np.int32(0)
        highest = max(highest, level)
    return highest


@fast_kernel
def _greatest_bend(samples: Float32) -> np.float32:
    """The greatest second difference."""
    greatest = _ZERO
    for i in range(1, samples.size - 1):
        bend = abs((samples[i - 1] - samples[i]) + (samples[i + 1] - samples[i]))
        greatest = max(bend, greatest)
    return greatest


@fast_kernel
def _greatest_level(samples: Float32) -> np.float32:
    greatest = _ZERO
    for i in range(samples.size):
        level = abs(samples[i])
        greatest = max(level, greatest)
    return greatest


@kernel
def _interval_envelope(
    joined: Float32,
    taps: Float32,
    bend: np.float32,
    floor: np.float32,
    position: int,
    interval_before: Float32,
    envelope: Float32,
) -> None:
    channels, width = joined.shape
    frames = width - _TAPS
    half = _TAPS // 2
    grid = np.empty((taps.shape[0] + 1, _TILE + 2), np.float32)
    intervals = np.empty(_TILE, np.float32)
    mirrored = np.empty(2 * _TAPS + 1, np.float32)
    last = interval_before[0]
    for start in range(0, frames, _TILE):
        count = min(_TILE, frames - start)
        highest = envelope[start : start + count]
        for channel in range(channels):
            around = joined[channel, start : start + count + _TAPS]
            near = _greatest_level(around)
            if near * _MOST <= floor or _PARABOLA * (near + bend * _greatest_bend(around)) <= floor:
                for i in range(count):
                    level = max(abs(around[half + i]), abs(around[half + i + 1]))
                    highest[i] = max(level, highest[i])
            else:
                _interval_peaks(joined[channel], start + half, count, taps, grid, intervals)
                for i in range(count):
                    highest[i] = max(intervals[i], highest[i])
            # Some interpolators (swresample among them) mirror the start of a stream where others see silence.
            for i in range(min(count, half - position - start)):
                frame = position + start + i
                if frame >= 0:
                    _mirror_start(joined[channel], start + i + half, frame, mirrored)
                    _interval_peaks(mirrored, _TAPS, 1, taps, grid, intervals)
                    highest[i] = max(intervals[0], highest[i])
        for i in range(count):
            own = highest[i]
            highest[i] = max(last, own)
            last = own
    interval_before[0] = last


@kernel
def _mirror_start(joined: Float32, centre: int, frame: int, out: Float32) -> None:
    """The samples around ``frame``, which lies at ``joined[centre]``, as if the stream were mirrored at its first."""
    for offset in range(-_TAPS // 2, _TAPS // 2 + 1):
        wanted = abs(frame + offset)
        out[_TAPS + offset] = joined[centre + wanted - frame]
