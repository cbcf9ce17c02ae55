"""What repeats in an onset envelope, and what speaks for each tempo that it might be.

Autocorrelation and Fourier tempogram fail in opposite ways (one also answers at slower tempi, the other also at faster
ones; G. Peeters, "Template-based estimation of time-varying tempo", EURASIP J. 2007), so both are read, at eleven
simple ratios of each candidate and in three regions of the spectrum: kick and bass, everything, snare and cymbals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Progress
from sonicforge_studio.kernels.rolling import rolling_mean
from sonicforge_studio.kernels.tempo import autocorrelation

Float64 = NDArray[np.float64]

SLOWEST_BPM = 40.0
FASTEST_BPM = 250.0
RATIOS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0, 3.0, 4.0, 6.0, 8.0)
LOOP_BEATS = (4, 8, 16, 32)
ODD_LOOP_BEATS = (2, 3, 6, 12, 24, 64)
WHOLE_LOOP = 2
"""The column of the evidence that tells of a loop of 4, 8, 16 or 32 beats."""
SHORTEST_LOOP_SECONDS = 1.2
LONGEST_LOOP_SECONDS = 13.0

_LOCAL_MEAN_SECONDS = 0.8
_LOCAL_LEVEL_SECONDS = 8.0
_LEVEL_FLOOR = 0.15
_PIECE_FRAMES = 1 << 14
"""Autocorrelations are summed over pieces of 95 s, which bounds the time between two stop checks."""
_LONGEST_BEATS = 8.2
"""The longest lag, in beats of the slowest tempo."""
_TEMPOGRAM_SECONDS = 10.0
_ZERO_PADDING = 8
_GRID_BPM: Float64 = np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.004))
_EDGE = 1.005
"""The slowest and the fastest tempo are found too where the coarse measure falls just beyond them."""
_PEAKS = 10
_RELATIVES = (1 / 2, 2.0, 3 / 2, 2 / 3, 4 / 3, 3 / 4, 3.0, 1 / 3)
_SAME_TEMPO = 0.02
"""Tempi within 2 % are one candidate."""
_LOOP_TOLERANCE = 0.008
_FAST_BPM = (145.0, 165.0)
"""Between these a candidate gradually becomes a fast one."""
_DRUM_AND_BASS_BPM = 172.0
_HALF_TIME_BPM = 140.0
_HALF_TIME_OCTAVES = 0.1
"""Trap and dubstep are written at about 130 to 150 BPM, though their snare falls on the third beat as if they were
half as fast: there what subdivides a beat counts differently."""
_HALF_TIME_LAGS = (1.0, 2.0, 4.0)
_HALF_TIME_MULTIPLES = (1 / 2, 1.0, 2.0, 4.0)
_DRUM_AND_BASS_OCTAVES = 0.06
"""Tempi are rarer and rarer above 145 BPM but common again around 172: about 165 to 180 belongs to drum and bass."""


def normalised(envelope: Float64, frame_rate_hz: float) -> Float64:
    """What rises above the mean of the 0.8 s around it, at the same level in loud passages and in soft ones."""
    above = np.maximum(0.0, envelope - rolling_mean(envelope, int(frame_rate_hz * _LOCAL_MEAN_SECONDS)))
    # A running sum may end a rounding below nothing.
    power = np.maximum(0.0, rolling_mean(above * above, int(frame_rate_hz * _LOCAL_LEVEL_SECONDS)))
    local = np.sqrt(power)
    level: Float64 = local + _LEVEL_FLOOR * np.sqrt(np.mean(above * above)) + 1e-20
    return above / level


def blended(strength: Float64, regions: slice) -> Float64:
    """One envelope of several regions, each weighed by its own mean so that none drowns the others."""
    means = strength.mean(axis=0)
    weights = 1.0 / (means + 0.2 * means.mean() + 1e-20)
    together: Float64 = strength[:, regions] @ weights[regions]
    return together


@dataclass(frozen=True, slots=True)
class Periodicity:
    """Of one envelope: autocorrelation by lag in frames (1 at lag 0), and mean Fourier magnitude by frequency."""

    autocorrelation: Float64
    fourier: Float64
    fourier_step_hz: float
    frame_rate_hz: float

    def at_periods(self, bpm: Float64) -> Float64:
        """The highest autocorrelation within ±1 % of one beat."""
        lag = 60.0 * self.frame_rate_hz / bpm
        near = lag[..., np.newaxis] * np.linspace(0.99, 1.01, 5)
        highest: Float64 = _interpolated(self.autocorrelation, near).max(axis=-1)
        return highest

    def at_frequencies(self, bpm: Float64) -> Float64:
        return _interpolated(self.fourier, bpm / 60.0 / self.fourier_step_hz)

    def relative(self, bpm: Float64) -> Float64:
        """The Fourier magnitude at these tempi, as a share of the highest."""
        share: Float64 = self.at_frequencies(bpm) / (self.fourier[1:].max() + 1e-9)
        return share


def _interpolated(values: Float64, position: Float64) -> Float64:
    """Between the neighbours; 0 beyond the ends."""
    whole = np.floor(position).astype(np.int64)
    inside = whole + 1 < values.size
    whole = np.minimum(whole, values.size - 2)
    part = position - whole
    return np.where(inside, values[whole] * (1.0 - part) + values[whole + 1] * part, 0.0)


def periodicity(envelope: Float64, frame_rate_hz: float, progress: Progress) -> Periodicity:
    lags = min(envelope.size - 1, int(frame_rate_hz * 60.0 / SLOWEST_BPM * _LONGEST_BEATS))
    products = np.zeros(lags)
    piece_frames = envelope.size // -(-envelope.size // _PIECE_FRAMES)
    for start in range(0, envelope.size - piece_frames + 1, piece_frames):
        progress.step(start, envelope.size, "Finding the tempo")
        products += autocorrelation(envelope[start : start + piece_frames], lags)
    overlap = np.maximum(piece_frames - np.arange(lags), 0.25 * piece_frames) / piece_frames
    window_frames = min(envelope.size, int(frame_rate_hz * _TEMPOGRAM_SECONDS))
    window = np.hanning(window_frames + 2)[1:-1]
    size = 1 << int(np.ceil(np.log2(window_frames * _ZERO_PADDING)))
    magnitude = np.zeros(size // 2 + 1)
    starts = range(0, envelope.size - window_frames + 1, max(1, window_frames // 2))
    for start in starts:
        progress.step(start, envelope.size, "Finding the tempo")
        part = envelope[start : start + window_frames]
        magnitude += np.abs(np.fft.rfft((part - part.mean()) * window, size)) / (part @ window + 1e-9)
    return Periodicity(
        products / overlap / (products[0] + 1e-20), magnitude / len(starts), frame_rate_hz / size, frame_rate_hz
    )


def candidates(whole: Periodicity, duration_seconds: float) -> Float64:
    """Tempi worth weighing, in BPM: peaks of the periodicity, their simple relatives, and those of a whole loop."""
    comb = sum(weight * whole.at_periods(_GRID_BPM / beats) for beats, weight in ((1, 1.0), (2, 0.7), (4, 0.5)))
    fourier = whole.at_frequencies(_GRID_BPM)
    salience = np.maximum(comb, 0.0) / 2.2 + 0.5 * fourier / (fourier.max() + 1e-9)
    peaks = np.flatnonzero((salience[1:-1] >= salience[:-2]) & (salience[1:-1] > salience[2:])) + 1
    strongest = _GRID_BPM[peaks[np.argsort(-salience[peaks])][:_PEAKS]]
    found: list[float] = []
    if SHORTEST_LOOP_SECONDS < duration_seconds < LONGEST_LOOP_SECONDS:
        found += [60.0 * beats / duration_seconds for beats in sorted(LOOP_BEATS + ODD_LOOP_BEATS)]
        found = [bpm for bpm in found if SLOWEST_BPM <= bpm <= FASTEST_BPM]
    related = [bpm * ratio for bpm in strongest[:4] for ratio in _RELATIVES]
    # All at once: in live listening nobody else holds the interpreter meanwhile.
    near = np.array([*strongest, *related])[:, np.newaxis] * np.exp(np.linspace(-0.015, 0.015, 31))
    lags = 60.0 * whole.frame_rate_hz / near
    beats_long = lags * np.arange(1, 5)[:, np.newaxis, np.newaxis]
    fit = whole.at_frequencies(near) + _interpolated(whole.autocorrelation, beats_long).sum(axis=0)
    for best in near[np.arange(near.shape[0]), fit.argmax(axis=1)].tolist():
        if SLOWEST_BPM / _EDGE <= best <= FASTEST_BPM * _EDGE and all(
            abs(np.log(best / other)) > _SAME_TEMPO for other in found
        ):
            found.append(best)
    return np.array(found)


def evidence(bpm: Float64, low: Periodicity, whole: Periodicity, high: Periodicity, duration_seconds: float) -> Float64:
    """What speaks for each candidate, shape ``(candidates, EVIDENCE)``, in the order of the weights."""
    octaves = np.log2(bpm / 110.0)
    columns = [octaves, octaves**2]
    beats = bpm * duration_seconds / 60.0
    # A longer file is less and less likely to be a loop.
    share = np.clip((LONGEST_LOOP_SECONDS - duration_seconds) / 4.0, 0.0, 1.0)
    share *= duration_seconds > SHORTEST_LOOP_SECONDS
    columns += [share * _whole_loop(beats, counts) for counts in (LOOP_BEATS, ODD_LOOP_BEATS, (4,), (16,), (32,))]
    regions = (low, whole, high)
    repeats = [{ratio: region.at_periods(bpm / ratio) for ratio in RATIOS} for region in regions]
    pulses = [{ratio: region.relative(bpm * ratio) for ratio in RATIOS} for region in regions]
    for by_ratio in (*repeats, *pulses):
        columns += by_ratio.values()
    half_time = np.exp(-0.5 * (np.log2(bpm / _HALF_TIME_BPM) / _HALF_TIME_OCTAVES) ** 2)
    for region in (0, 2):
        columns += [half_time * pulses[region][ratio] for ratio in _HALF_TIME_MULTIPLES]
        columns += [half_time * repeats[region][ratio] for ratio in _HALF_TIME_LAGS]
    columns += [np.maximum(0.0, np.log2(bpm / 165.0)), np.maximum(0.0, np.log2(75.0 / bpm)), _fast(bpm)]
    columns.append(np.exp(-0.5 * (np.log2(bpm / _DRUM_AND_BASS_BPM) / _DRUM_AND_BASS_OCTAVES) ** 2))
    return np.stack(columns, axis=1)


def _fast(bpm: Float64) -> Float64:
    slow, fast = np.log(_FAST_BPM)
    share: Float64 = np.clip((np.log(bpm) - slow) / (fast - slow), 0.0, 1.0)
    return share


def _whole_loop(beats: Float64, counts: tuple[int, ...]) -> Float64:
    distance = np.abs(beats[:, np.newaxis] / np.array(counts) - 1.0).min(axis=1)
    near: Float64 = np.exp(-0.5 * (distance / _LOOP_TOLERANCE) ** 2)
    return near
