"""From spectral peaks to the musical key of a track, its candidates and its tuning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.analysis._key_profiles import LOWEST_COHERENCE, PROFILES
from sonicforge_studio.analysis._pitch_rows import PitchRows
from sonicforge_studio.analysis.key_path import KeyEvidence, index_of, key_at, key_segments
from sonicforge_studio.domain import KeyCandidate, KeyEstimate, Progress, Samples
from sonicforge_studio.domain.analysis import KeySegment
from sonicforge_studio.kernels.chroma import STEPS, STEPS_PER_SEMITONE
from sonicforge_studio.kernels.profiles import profile_correlations

Float64 = NDArray[np.float64]

WINDOW_SECONDS = 0.3715
_SAID_CANDIDATES = 3

_TURNED_PROFILES: Float64 = np.array(
    [np.roll(steps, tonic) for profile in PROFILES for steps in profile for tonic in range(12)]
)
"""Of each profile the 24 keys that it makes, shape ``(profiles * 24, 12)``."""
_SHARPNESS = 6.0
"""How fast a key loses confidence as its correlation falls below the best one's."""
_FOLD_SEMITONES = 0.45
_FEWEST_FRAMES = 3
_CHANCE_COHERENCE, _CHORD_COHERENCE = 1.6, 0.65
_LOWEST_CORRELATION = 0.62
_UNHEARD = 0.05
"""What a key that no stretch is in counts, against one that all are in."""


class KeyListener:
    """Gathers pitch classes row by row: an hour of them takes 5 MB.

    After ``finish``, ``chromagram`` holds the pitch classes over time, float32 ``(n, 12)`` from C upwards at this
    music's tuning, each row's highest 1 and rows without pitches 0; ``chroma_rate_hz`` rows a second, the first
    centred on the first sample.
    """

    def __init__(self, sample_rate_hz: float, channels: int) -> None:
        window_frames = window_frames_for(sample_rate_hz, WINDOW_SECONDS)
        self._frames = PowerFrames(channels, window_frames, window_frames // 2)
        self._bin_hz = sample_rate_hz / window_frames
        self._rows = PitchRows()
        self.chroma_rate_hz = sample_rate_hz / self._frames.hop_frames
        self.chromagram: Samples = np.zeros((0, 12), np.float32)

    def add(self, pair: Samples) -> None:
        self._rows.add(self._frames.add(pair), self._bin_hz)

    def finish(self, duration_seconds: float, progress: Progress | None = None) -> KeyEstimate:
        """The key, its candidates, the key over time and the tuning. Call it once, after the last stretch."""
        self._rows.add(self._frames.rest(), self._bin_hz)
        if progress is not None:
            progress.step(0.0, 1.0, "Finding the key")
        histogram = self._rows.histogram()
        weighed = weigh_keys(histogram, rows=len(self._rows))
        if weighed is None or len(self._rows) < _FEWEST_FRAMES:
            self.chromagram = np.zeros((len(self._rows), 12), np.float32)
            return KeyEstimate(None, 0.0)
        whole, bass = self._rows.folded(fold_weights(weighed.cents))
        highest = whole.max(axis=1, keepdims=True)
        self.chromagram = np.divide(whole, highest, out=np.zeros_like(whole), where=highest > 0.0)
        evidence = KeyEvidence(whole, bass)
        confidence = evidence.of_track()
        listed = listed_keys(confidence)
        if not weighed.tonal:
            trust = min(1.0, weighed.coherence / _least_coherence(len(self._rows))) * 0.5
            doubted = tuple(KeyCandidate(one.key, round(one.confidence * trust, 4)) for one in listed)
            return KeyEstimate(None, 0.0, doubted)
        segments = key_segments(evidence, self.chroma_rate_hz, duration_seconds, self._rows.coherences())
        if len({segment.key for segment in segments if segment.key is not None}) > 1:
            confidence = _by_time(segments, confidence)
            listed = listed_keys(confidence)
        return KeyEstimate(listed[0].key, listed[0].confidence, listed, segments, weighed.cents)


def _by_time(segments: tuple[KeySegment, ...], confidence: Float64) -> Float64:
    """Where the key changes, the whole track's is likely one of those that sound: what the track says as a whole, times
    the share of the time that each key has."""
    seconds = np.zeros(24)
    for segment in segments:
        if segment.key is not None:
            seconds[index_of(segment.key)] += segment.end_seconds - segment.start_seconds
    mixed: Float64 = (seconds / seconds.sum() + _UNHEARD) * confidence
    mixed *= confidence.sum() / mixed.sum()
    return mixed


@dataclass(frozen=True, slots=True)
class WeighedKeys:
    """How well each key fits, 12 major ones from C and 12 minor: its correlation, and the confidence in it.

    ``tonal`` is False where the pitches lie anywhere or fit no key; ``cents`` is the tuning against A4 = 440 Hz, and
    ``coherence`` how well the pitches agree on it (0..1).
    """

    fit: Float64
    confidence: Float64
    cents: float
    coherence: float
    tonal: bool

    def listed(self) -> tuple[KeyCandidate, ...]:
        return listed_keys(self.confidence)


def listed_keys(confidence: Float64) -> tuple[KeyCandidate, ...]:
    """The three likeliest keys, the best first."""
    order = np.argsort(-confidence)[:_SAID_CANDIDATES]
    return tuple(KeyCandidate(key_at(int(i)), round(float(confidence[i]), 4)) for i in order)


def weigh_keys(histogram: Float64, rows: float = np.inf) -> WeighedKeys | None:
    """Every key against a pitch-class histogram in steps of 10 cents, ``(STEPS,)``, the sum of so many ``rows``; None
    where it is empty."""
    if float(histogram.sum()) <= 0.0:
        return None
    cents, coherence = tuning(histogram)
    fit = key_correlations(pitch_classes(histogram, cents))
    odds = np.exp(_SHARPNESS * (fit - fit.max()))
    share = odds / odds.sum()
    trust = min(1.0, coherence / (2.0 * LOWEST_COHERENCE)) * min(1.0, max(0.0, float(fit.max())) / 0.8)
    tonal = bool(coherence >= _least_coherence(rows) and fit.max() >= _LOWEST_CORRELATION)
    return WeighedKeys(fit, share * trust, cents, coherence, tonal)


def _least_coherence(rows: float) -> float:
    """Of a few rows, peaks that lie anywhere agree by chance, of half a second of noise in stereo up to 0.8; those of a
    chord that is struck once do from 0.65 on."""
    return max(LOWEST_COHERENCE, min(_CHORD_COHERENCE, _CHANCE_COHERENCE / math.sqrt(rows)))


def tuning(histogram: Float64) -> tuple[float, float]:
    """Mean distance of the pitches from the tempered ones in cents (−50..50), and how well they agree on it (0..1)."""
    turns = np.exp(2j * np.pi * np.arange(STEPS) / STEPS_PER_SEMITONE)
    mean = complex(histogram @ turns) / float(histogram.sum())
    return float(np.angle(mean)) * 50.0 / np.pi, abs(mean)


def pitch_classes(histogram: Float64, cents: float) -> Float64:
    """Twelve pitch classes from C, each with what lies within 45 cents of it at this tuning."""
    folded: Float64 = fold_weights(cents) @ histogram
    return folded


def fold_weights(cents: float) -> Float64:
    """What each step of a histogram gives to each pitch class at this tuning, shape ``(12, STEPS)``."""
    steps = np.arange(STEPS) / STEPS_PER_SEMITONE
    distance = (steps - np.arange(12)[:, np.newaxis] - cents / 100.0 + 6.0) % 12.0 - 6.0
    near = np.abs(distance) < _FOLD_SEMITONES
    weights: Float64 = np.where(near, np.cos(0.5 * np.pi * distance / _FOLD_SEMITONES) ** 2, 0.0)
    return weights


def key_correlations(classes: Float64) -> Float64:
    """Mean over the profiles of their correlation with the pitch classes: 12 major keys from C, then 12 minor."""
    correlations = profile_correlations(classes[np.newaxis], _TURNED_PROFILES)[0]
    mean: Float64 = correlations.reshape(len(PROFILES), 24).mean(axis=0)
    return mean
