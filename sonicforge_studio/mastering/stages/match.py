"""Match: what references ask for, before the chain: spectrum and width by linear phase, dynamics by a slow rider."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Match, Samples
from sonicforge_studio.domain.mastering import MATCH_BANDS

Float64 = NDArray[np.float64]

_TAPS_SECONDS = 0.093
"""The filter then tells 20 Hz from 32 Hz."""
_RIDER_SECONDS = 1.5
"""Slower than a bar of most music: it follows passages, never beats."""
_RIDER_STEPS = 3
_RIDER_SPAN_LU = 12.0
_QUIET_LU, _SILENT_LU = 15.0, 30.0
"""From so far under the piece's loudness on it is lifted less, and from there not at all: pauses stay pauses."""
_LUFS_OFFSET_DB = -0.691


class MatchStage:
    """One stream through a ``Match``. It works in parts of a fixed length, so any division into blocks gives the same
    samples; the output is late by one of them and half the filter."""

    def __init__(self, sample_rate_hz: int, channels: int, settings: Match, loudness_lufs: float) -> None:
        half = 1 << max(3, round(math.log2(_TAPS_SECONDS * sample_rate_hz / 2.0)))
        self._channels = channels
        self._hop = 6 * half
        self._size = 8 * half
        self.latency_frames = self._hop + half
        self.reductions_db: tuple[float, ...] = ()
        middle, side = np.zeros(MATCH_BANDS), np.zeros(MATCH_BANDS)
        if settings.curve_db:
            middle += settings.curve_db
        if settings.side_db:
            side += settings.side_db
        curves = (middle, middle + side) if channels == 2 else (middle,)
        self._responses = np.stack([_response(curve, sample_rate_hz, half, self._size) for curve in curves])
        self._rider = _Rider(settings.dynamics_lu, loudness_lufs, self._hop // _RIDER_STEPS / sample_rate_hz)
        self._before = np.zeros((channels, self._size - self._hop), np.float32)
        self._taken = np.zeros((channels, 0), np.float32)
        self._ready = np.zeros((channels, self._hop), np.float32)

    @staticmethod
    def is_neutral(settings: Match) -> bool:
        return not any((*settings.curve_db, *settings.side_db, settings.dynamics_lu))

    @staticmethod
    def scaled(settings: Match, amount: float) -> Match:
        return replace(
            settings,
            curve_db=tuple(gain_db * amount for gain_db in settings.curve_db),
            side_db=tuple(gain_db * amount for gain_db in settings.side_db),
            dynamics_lu=settings.dynamics_lu * amount,
        )

    def process(self, block: Samples) -> Samples:
        taken = np.concatenate((self._taken, np.nan_to_num(block, posinf=0.0, neginf=0.0)), axis=1)
        made = [self._ready]
        while taken.shape[1] >= self._hop:
            made.append(self._part(taken[:, : self._hop]))
            taken = taken[:, self._hop :]
        self._taken = taken.copy()
        ready = np.concatenate(made, axis=1)
        self._ready = ready[:, block.shape[1] :].copy()
        return np.ascontiguousarray(ready[:, : block.shape[1]])

    def configure(self, settings: Match) -> bool:
        return False

    def _part(self, part: Samples) -> Samples:
        """Overlap-save (Oppenheim and Schafer, "Discrete-Time Signal Processing", 8.7.3)."""
        joined = np.concatenate((self._before, part), axis=1)
        self._before = joined[:, self._hop :]
        if self._channels == 2:
            joined = np.stack((joined[0] + joined[1], joined[0] - joined[1])) * np.float32(0.5)
        filtered = np.fft.irfft(np.fft.rfft(joined, axis=1) * self._responses, self._size, axis=1)
        kept = filtered[:, self._size - self._hop :].astype(np.float32, copy=False)
        if self._channels == 2:
            kept = np.stack((kept[0] + kept[1], kept[0] - kept[1]))
        return self._rider.ride(kept)


class _Rider:
    """Leads loud passages down and quiet ones up, or the other way round, as a hand on a fader would."""

    def __init__(self, dynamics_lu: float, loudness_lufs: float, step_seconds: float) -> None:
        self._range_db = dynamics_lu if math.isfinite(loudness_lufs) else 0.0
        self._loudness_lufs = loudness_lufs
        self._left = math.exp(-step_seconds / _RIDER_SECONDS)
        self._power = 10.0 ** ((loudness_lufs - _LUFS_OFFSET_DB) / 10.0) if math.isfinite(loudness_lufs) else 0.0
        self._gain = 1.0

    def ride(self, part: Samples) -> Samples:
        if not self._range_db:
            return part
        frames = part.shape[1] // _RIDER_STEPS
        gains = np.empty(part.shape[1])
        for step in range(_RIDER_STEPS):
            power = float(np.square(part[:, step * frames : (step + 1) * frames], dtype=np.float64).sum() / frames)
            self._power = power + self._left * (self._power - power)
            wanted = 10.0 ** (self._wanted_db() / 20.0)
            gains[step * frames : (step + 1) * frames] = np.linspace(self._gain, wanted, frames, endpoint=False)
            self._gain = wanted
        return (part * gains).astype(np.float32)

    def _wanted_db(self) -> float:
        over_lu = _LUFS_OFFSET_DB + 10.0 * math.log10(self._power + 1e-20) - self._loudness_lufs
        gain_db = -self._range_db * math.tanh(over_lu / _RIDER_SPAN_LU)
        sound = min(1.0, max(0.0, (_SILENT_LU + over_lu) / (_SILENT_LU - _QUIET_LU)))
        return gain_db * sound


def _response(curve_db: Float64, sample_rate_hz: int, half: int, size: int) -> NDArray[np.complex64]:
    """Of ``2 · half + 1`` taps with the curve's magnitude, straight on an octave scale between the bands' centres."""
    centres = np.arange(MATCH_BANDS) - 17.0
    bins_hz = np.fft.rfftfreq(size) * sample_rate_hz
    octaves = 10.0 * np.log10(np.maximum(bins_hz, 1e-3) / 1000.0)
    magnitude = 10.0 ** (np.interp(octaves, centres, curve_db) / 20.0)
    impulse = np.roll(np.fft.irfft(magnitude, size), half)[: 2 * half + 1] * np.hanning(2 * half + 3)[1:-1]
    return np.fft.rfft(impulse, size).astype(np.complex64)
