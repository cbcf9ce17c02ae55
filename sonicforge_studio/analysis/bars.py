"""Which beats begin a bar, and how many make one.

What speaks for a downbeat is weighed beat by beat, as in M. Davies and M. Plumbley, "A spectral difference approach to
downbeat extraction in musical audio" (EUSIPCO 2006) and H. Papadopoulos and G. Peeters, "Joint estimation of chords and
downbeats from an audio signal" (IEEE TASLP 19, 2011): harmony changes with the bar, the bass begins it, the snare
answers inside it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Progress, Tempo
from sonicforge_studio.kernels.bars import places_in_bars

Float64 = NDArray[np.float64]

METRES = (3, 4, 5, 7)
USUAL_METRE = 4
_FEWEST_BARS = 2.0
_NEAR_SECONDS = 0.05
_HARMONY_BEATS = 2
"""The harmony before and behind a beat is compared over so many beats."""
_HARMONY_DELAY_SECONDS = 0.2
"""A new chord fills the long windows of its pitches so much later than it begins."""
_FIRST_BEAT_SECONDS = 0.15
"""A first beat so near to the file's beginning was cut there on purpose."""

WEIGHTS = np.array([1.0, 1.0, -0.2, 0.5])
"""Of harmony, bass, snare and everything; per beat, in standard deviations."""
CUT_WEIGHT = 2.0
METRE_WEIGHT = 1.0
USUAL_BONUS = 1.0
_SLIP_COST = 12.0
_LEAST_CONFIDENCE = 0.5


def tell_bars(
    tempo: Tempo,
    strength: Float64,
    frame_rate_hz: float,
    chromagram: NDArray[np.float32],
    chroma_rate_hz: float,
    progress: Progress,
) -> Tempo:
    """``tempo`` with its metre and downbeats; as it is where the beats are fewer than two bars or say nothing of it.

    ``strength`` is ``(frames, REGIONS)`` as ``estimate_tempo`` takes it, ``chromagram`` ``(n, 12)``.
    """
    progress.step(0.0, 1.0, "Finding the bars")
    beats = np.array(tempo.beats_seconds)
    if tempo.bpm is None or beats.size < _FEWEST_BARS * USUAL_METRE:
        return tempo
    told = beat_evidence(beats, strength, frame_rate_hz, chromagram, chroma_rate_hz)
    share = metre_shares(told, cut_at_first_beat=bool(beats[0] < _FIRST_BEAT_SECONDS))
    best = int(np.argmax(share))
    if share[best] < _LEAST_CONFIDENCE:
        return tempo
    metre = METRES[best]
    score = told @ WEIGHTS
    if beats[0] < _FIRST_BEAT_SECONDS:
        score[0] += CUT_WEIGHT
    places = places_in_bars(score, metre, _SLIP_COST)
    downbeats = tuple(at for at, place in zip(tempo.beats_seconds, places, strict=True) if place == 0)
    return replace(
        tempo, downbeats_seconds=downbeats, beats_per_bar=metre, metre_confidence=round(float(share[best]), 4)
    )


def beat_evidence(
    beats: Float64,
    strength: Float64,
    frame_rate_hz: float,
    chromagram: NDArray[np.float32],
    chroma_rate_hz: float,
) -> Float64:
    """What each beat shows of harmony, bass, snare and everything, shape ``(beats, 4)``, each in its own standard
    deviations."""
    reach = max(1, round(_NEAR_SECONDS * frame_rate_hz))
    at = np.rint(beats * frame_rate_hz).astype(np.int64)[:, np.newaxis] + np.arange(-reach, reach + 1)
    near = strength[np.clip(at, 0, strength.shape[0] - 1)].max(axis=1)
    loud = np.sqrt(near / (near.mean(axis=0) + 1e-20))
    harmony = _harmony_changes(beats, chromagram.astype(np.float64), chroma_rate_hz)
    told = np.stack([harmony, loud[:, 0], loud[:, 2:].mean(axis=1), loud.mean(axis=1)], axis=1)
    deviation = told.std(axis=0)
    standard: Float64 = (told - told.mean(axis=0)) / np.where(deviation > 1e-6, deviation, np.inf)
    return standard


def metre_shares(told: Float64, cut_at_first_beat: bool) -> Float64:
    """How probable each of ``METRES`` is, 1 together: by how far the best phase of each stands out."""
    score = told @ WEIGHTS
    beats = score.size
    fits = np.zeros(len(METRES))
    for index, metre in enumerate(METRES):
        if beats < _FEWEST_BARS * metre:
            fits[index] = -np.inf
            continue
        phases = np.array([score[phase::metre].mean() for phase in range(metre)])
        if cut_at_first_beat:
            phases[0] += CUT_WEIGHT * metre / beats
        # A mean of few beats stands out by chance; so does the best of many phases.
        chance = np.sqrt(2.0 * np.log(metre) * metre / beats) * score.std()
        fits[index] = (phases.max() - chance) * np.sqrt(beats / metre)
    fits[METRES.index(USUAL_METRE)] += USUAL_BONUS
    odds = np.exp(METRE_WEIGHT * (fits - fits.max()))
    shares: Float64 = odds / odds.sum()
    return shares


def _harmony_changes(beats: Float64, chromagram: Float64, rate_hz: float) -> Float64:
    """The distance between the pitch classes before and behind each beat, 0..1."""
    if chromagram.shape[0] == 0:
        return np.zeros(beats.size)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(chromagram, axis=0)])
    edges = np.clip(np.rint((beats + _HARMONY_DELAY_SECONDS) * rate_hz).astype(np.int64), 0, chromagram.shape[0])
    before = np.concatenate([np.zeros(_HARMONY_BEATS, np.int64), edges[:-_HARMONY_BEATS]])
    behind = np.concatenate([edges[_HARMONY_BEATS:], np.full(_HARMONY_BEATS, chromagram.shape[0])])
    first, second = total[edges] - total[before], total[np.maximum(behind, edges)] - total[edges]
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    likeness = np.einsum("ij,ij->i", first, second) / np.where(norms > 0.0, norms, 1.0)
    changes: Float64 = np.where(norms > 0.0, 1.0 - likeness, 0.0)
    return changes
