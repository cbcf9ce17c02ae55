"""Loudness and true peak to ITU-R BS.1770-5, EBU R 128 and EBU Tech 3341 and 3342, of streams and clips."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Clip, Loudness, Samples
from sonicforge_studio.kernels.loudness import LOWEST_RATE_HZ, HopSquares
from sonicforge_studio.kernels.loudness_statistics import OFFSET_DB, LoudnessStatistics
from sonicforge_studio.kernels.true_peak import TruePeak

_CLIP_BLOCK_FRAMES = 1 << 16
_FAINTEST_LUFS = -120.0
"""Below this there is no reading: a filter's last digits are no sound."""


@dataclass(frozen=True, slots=True)
class LoudnessReading:
    """What a meter shows at one moment; −inf where there is no reading.

    ``loudness_range_lu``, ``integrated_lufs`` and the maxima are from the start, or the last reset, until now. The
    peaks of the channels are in their order; ``recent_true_peaks_dbtp`` are those since the reading before this one.
    """

    measured_seconds: float
    momentary_lufs: float
    short_term_lufs: float
    integrated_lufs: float
    loudness_range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    true_peaks_dbtp: tuple[float, ...]
    recent_true_peaks_dbtp: tuple[float, ...]
    sample_peaks_dbfs: tuple[float, ...]

    @property
    def true_peak_dbtp(self) -> float:
        """Of all channels."""
        return max(self.true_peaks_dbtp)

    @property
    def sample_peak_dbfs(self) -> float:
        """Of all channels."""
        return max(self.sample_peaks_dbfs)


class LoudnessMeter:
    """Measures a stream; what it says depends on the samples alone, never on how they were divided into blocks.

    Live and at the end alike: every figure can be asked for at any time and costs the same after hours, for nothing
    grows. Channels are weighted in the order of WAVE and FFmpeg (5.1: L R C LFE Ls Rs); a single channel counts once.
    NaN, infinities and whatever lies 120 dB over full scale count as 0; below a rate of 100 Hz there are peaks only.
    Raises ``ValueError`` for a rate or channel count that is not positive, or a block of another channel count. Without
    ``peaks`` only the loudness is measured, in half the time; all peaks read −inf then. For one thread.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, peaks: bool = True) -> None:
        if sample_rate_hz <= 0 or channels <= 0:
            raise ValueError("a sample rate and a channel count are positive")
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._frames = 0
        self._peak = TruePeak(sample_rate_hz, channels) if peaks else None
        self._hops = HopSquares(sample_rate_hz, channels) if sample_rate_hz >= LOWEST_RATE_HZ else None
        self._statistics = LoudnessStatistics(sample_rate_hz)

    def add(self, block: Samples) -> None:
        """Take a block, float32 ``(channels, n)``."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"expected a block of {self._channels} channels, not one of shape {block.shape}")
        block = np.ascontiguousarray(block, np.float32)
        self._frames += block.shape[1]
        if self._peak is not None:
            self._peak.add(block)
        if self._hops is not None:
            squares = self._hops.add(block)
            if squares.size:
                self._statistics.add(squares)

    def finish(self) -> Loudness:
        """The figures of all that was added; −inf where there is no reading."""
        if self._peak is not None:
            self._peak.finish()
        return Loudness(
            integrated_lufs=self.integrated_lufs,
            loudness_range_lu=self.loudness_range_lu,
            momentary_max_lufs=self.momentary_max_lufs,
            short_term_max_lufs=self.short_term_max_lufs,
            true_peak_dbtp=self.true_peak_dbtp,
            sample_peak_dbfs=max(self.sample_peaks_dbfs),
        )

    def reading(self) -> LoudnessReading:
        """All figures of now. Begins the recent true peaks anew: one looker."""
        silent = (-math.inf,) * self._channels
        return LoudnessReading(
            measured_seconds=self._frames / self._rate_hz,
            momentary_lufs=self.momentary_lufs,
            short_term_lufs=self.short_term_lufs,
            integrated_lufs=self.integrated_lufs,
            loudness_range_lu=self.loudness_range_lu,
            momentary_max_lufs=self.momentary_max_lufs,
            short_term_max_lufs=self.short_term_max_lufs,
            true_peaks_dbtp=self.true_peaks_dbtp,
            recent_true_peaks_dbtp=_each_decibels(self._peak.take_recent()) if self._peak is not None else silent,
            sample_peaks_dbfs=self.sample_peaks_dbfs,
        )

    def reset(self) -> None:
        """Begin every figure anew. What filters and interpolator remember of the sound stays: it goes on.

        Peaks between samples are found 24 samples late, so those around the moment of the reset count after it.
        """
        self._frames = 0
        if self._peak is not None:
            self._peak.reset()
        if self._hops is not None:
            self._hops.reset()
        self._statistics.reset()

    @property
    def momentary_lufs(self) -> float:
        """The last 400 ms (EBU Tech 3341, mode M), every 10 ms; −inf before there are as many."""
        return _lufs(self._statistics.momentary)

    @property
    def short_term_lufs(self) -> float:
        """The last 3 s (mode S), every 10 ms."""
        return _lufs(self._statistics.short_term)

    @property
    def momentary_max_lufs(self) -> float:
        return _lufs(self._statistics.momentary_max)

    @property
    def short_term_max_lufs(self) -> float:
        return _lufs(self._statistics.short_term_max)

    @property
    def integrated_lufs(self) -> float:
        """From the start until now (mode I), gated."""
        return _lufs(self._statistics.integrated)

    @property
    def loudness_range_lu(self) -> float:
        """From the start until now (EBU Tech 3342); −inf within the first 3 s."""
        low, high = self._statistics.range_ends
        return _lufs(high) - _lufs(low) if low > 0.0 else -math.inf

    @property
    def true_peak_dbtp(self) -> float:
        """The highest peak so far, of all channels, 24 samples behind the last one added."""
        return decibels(self._peak.true_peak) if self._peak is not None else -math.inf

    @property
    def true_peaks_dbtp(self) -> tuple[float, ...]:
        """The same, of each channel."""
        return _each_decibels(self._peak.true_peaks) if self._peak is not None else (-math.inf,) * self._channels

    @property
    def sample_peaks_dbfs(self) -> tuple[float, ...]:
        """The highest sample of each channel so far."""
        return _each_decibels(self._peak.sample_peaks) if self._peak is not None else (-math.inf,) * self._channels

    @property
    def steps(self) -> int:
        """How many times 100 ms have passed since the start, or the last reset."""
        return self._statistics.steps

    def trace(self, first: int) -> NDArray[np.float32]:
        """Momentary and short-term loudness in LUFS at the end of each 100 ms from number ``first`` on: a copy, shape
        ``(steps, 2)``. The last minute is remembered, and ``first`` must lie in it."""
        return self._statistics.trace(first)


def measure_loudness(clip: Clip) -> Loudness:
    """All loudness figures of a clip. Raises ``EmptyAudio`` where it has no frames."""
    clip.require_frames()
    meter = LoudnessMeter(clip.sample_rate_hz, clip.channels)
    for block in _blocks(clip):
        meter.add(block)
    return meter.finish()


def true_peak_dbtp(clip: Clip) -> float:
    """Highest inter-sample peak (ITU-R BS.1770-5, Annex 2), in dBTP; −inf for silence.

    Raises ``EmptyAudio`` where the clip has no frames.
    """
    clip.require_frames()
    peak = TruePeak(clip.sample_rate_hz, clip.channels)
    for block in _blocks(clip):
        peak.add(block)
    peak.finish()
    return decibels(peak.true_peak)


def decibels(level: float) -> float:
    """A linear level in dB; −inf for 0."""
    return 20.0 * math.log10(level) if level > 0.0 else -math.inf


def _blocks(clip: Clip) -> Iterator[Samples]:
    for start in range(0, clip.frames, _CLIP_BLOCK_FRAMES):
        yield clip.samples[:, start : start + _CLIP_BLOCK_FRAMES]


def _each_decibels(levels: Iterable[float]) -> tuple[float, ...]:
    return tuple(decibels(float(level)) for level in levels)


def _lufs(power: float) -> float:
    loudness = OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else -math.inf
    return loudness if loudness >= _FAINTEST_LUFS else -math.inf
