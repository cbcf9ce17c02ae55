"""Loudness and true peak to ITU-R BS.1770-5, EBU R 128 and EBU Tech 3341 and 3342, of streams and clips."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sonicforge_studio.domain import Clip, Loudness, Samples
from sonicforge_studio.kernels.loudness import LOWEST_RATE_HZ, HopPowers
from sonicforge_studio.kernels.true_peak import TruePeak

_MOMENTARY_HOPS = 4
_SHORT_TERM_HOPS = 30
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_RANGE_LOW, _RANGE_HIGH = 0.10, 0.95
_OFFSET_DB = -0.691
_CLIP_BLOCK_FRAMES = 1 << 16


class LoudnessMeter:
    """Measures a stream; what it says depends on the samples alone, never on how they were divided into blocks.

    Channels are weighted in the order of WAVE and FFmpeg (5.1: L R C LFE Ls Rs); a single channel counts once.
    Memory grows by 80 bytes a second. NaN, infinities and whatever lies 120 dB over full scale count as 0. Raises
    ``ValueError`` for a rate or channel count that is not positive, or a block of another channel count. Without
    ``peaks`` only the loudness is measured, in half the time; both peaks read −inf then.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, peaks: bool = True) -> None:
        if sample_rate_hz <= 0 or channels <= 0:
            raise ValueError("a sample rate and a channel count are positive")
        self._channels = channels
        self._peak = TruePeak(sample_rate_hz, channels) if peaks else None
        self._hops = HopPowers(sample_rate_hz, channels) if sample_rate_hz >= LOWEST_RATE_HZ else None
        self._powers = array("d")
        self._integrated = (0, -math.inf)

    def add(self, block: Samples) -> None:
        """Take a block, float32 ``(channels, n)``."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"expected a block of {self._channels} channels, not one of shape {block.shape}")
        if self._peak is not None:
            self._peak.add(block)
        if self._hops is not None:
            self._powers.extend(self._hops.add(block).tolist())

    def finish(self) -> Loudness:
        """The figures of all that was added; −inf where there is no reading."""
        if self._peak is not None:
            self._peak.finish()
        powers = np.array(self._powers)
        return Loudness(
            integrated_lufs=_integrated_lufs(powers),
            loudness_range_lu=_loudness_range_lu(powers),
            momentary_max_lufs=_lufs(float(_means(powers, _MOMENTARY_HOPS).max(initial=0.0))),
            short_term_max_lufs=_lufs(float(_means(powers, _SHORT_TERM_HOPS).max(initial=0.0))),
            true_peak_dbtp=self.true_peak_dbtp,
            sample_peak_dbfs=decibels(self._peak.sample_peak) if self._peak is not None else -math.inf,
        )

    @property
    def momentary_lufs(self) -> float:
        """The last 400 ms (EBU Tech 3341, mode M); −inf before there are as many."""
        return self._latest(_MOMENTARY_HOPS)

    @property
    def short_term_lufs(self) -> float:
        """The last 3 s (mode S)."""
        return self._latest(_SHORT_TERM_HOPS)

    @property
    def integrated_lufs(self) -> float:
        """From the start until now (mode I), gated."""
        if self._integrated[0] != len(self._powers):
            self._integrated = (len(self._powers), _integrated_lufs(np.array(self._powers)))
        return self._integrated[1]

    @property
    def true_peak_dbtp(self) -> float:
        """The highest peak so far, 24 samples behind the last one added."""
        return decibels(self._peak.true_peak) if self._peak is not None else -math.inf

    def _latest(self, hops: int) -> float:
        return _lufs(math.fsum(self._powers[-hops:]) / hops) if len(self._powers) >= hops else -math.inf


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


def _lufs(power: float) -> float:
    return _OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else -math.inf


def _power(lufs: float) -> float:
    return math.pow(10.0, (lufs - _OFFSET_DB) / 10.0)


def _means(powers: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
    """Sliding means over whole windows, one a hop."""
    if powers.size < hops:
        return np.empty(0)
    means: NDArray[np.float64] = sliding_window_view(powers, hops).mean(axis=1)
    return means


def _gated(means: NDArray[np.float64], relative_gate_lu: float) -> NDArray[np.float64]:
    """The windows above −70 LUFS, and of these those above the gate relative to their mean (BS.1770-5, equation 7)."""
    loud = means[means > _power(_ABSOLUTE_GATE_LUFS)]
    gate = float(loud.mean()) * math.pow(10.0, relative_gate_lu / 10.0) if loud.size else 0.0
    louder: NDArray[np.float64] = loud[loud > gate]
    return louder


def _integrated_lufs(powers: NDArray[np.float64]) -> float:
    gated = _gated(_means(powers, _MOMENTARY_HOPS), _RELATIVE_GATE_LU)
    return _lufs(float(gated.mean())) if gated.size else -math.inf


def _loudness_range_lu(powers: NDArray[np.float64]) -> float:
    """EBU Tech 3342: between the 10th and the 95th percentile of the short-term loudness."""
    gated = np.sort(_gated(_means(powers, _SHORT_TERM_HOPS), _RANGE_GATE_LU))
    if gated.size == 0:
        return -math.inf
    low, high = (gated[math.floor((gated.size - 1) * share + 0.5)] for share in (_RANGE_LOW, _RANGE_HIGH))
    return _lufs(float(high)) - _lufs(float(low))
