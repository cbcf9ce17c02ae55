"""The key of a whole track and over its time, from pitch classes, bass and chords.

A track's key is weighed by logistic regression (``_key_weights``). Over time the likeliest path through the 24 keys and
"none" is sought (A. Viterbi, IEEE Trans. Information Theory 13, 1967): each second speaks by the music around it, and
a change of key costs the more the further the keys are apart (C. Krumhansl and E. Kessler, Psychological Review 89,
1982).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis import _key_weights as weights
from sonicforge_studio.analysis._key_profiles import KRUMHANSL, LOWEST_COHERENCE
from sonicforge_studio.analysis._running import running_sums
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.analysis import KeySegment
from sonicforge_studio.domain.key import Key

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NONE = 24
"""The state of a path where nothing tonal sounds."""
_CHORD_ROWS = 5
_CHORD_SHARPNESS = 12.0
_EDGE_ROWS = 12
_EDGE_LEVEL = 0.1
"""Start and end of the music lie where the pitches first and last weigh this much of a usual row."""
_AROUND_SECONDS = 16.0
_STEP_SECONDS = 1.0
_EVIDENCE = 0.25
"""What a second adds of the logarithm of the likelihood that the sixteen around it make."""
_CHANGE_COST = 5.0
_DISTANCE_COST = 3.0
_NONE_COST = 4.0
_SHORTEST_SECONDS = 8.0
_REFINED_SECONDS = 6.0
_USUAL_COHERENCE = 0.45
"""The pitches lie anywhere where they agree less on the tuning than this share of what is usual in the track."""
_COHERENCE_RANGE = 0.1
_SILENT_SHARE = 0.05
_UNTONAL = 1.0
"""What a second in which the pitches lie anywhere says for "none", and a tonal one against it."""


def _triads() -> Float64:
    shapes = np.zeros((24, 12))
    for root in range(12):
        shapes[root, [root, (root + 4) % 12, (root + 7) % 12]] = 1.0
        shapes[12 + root, [root, (root + 3) % 12, (root + 7) % 12]] = 1.0
    return shapes


def key_at(index: int) -> Key:
    """12 major keys from C, then 12 minor."""
    return Key(index % 12, "major" if index < 12 else "minor")


def index_of(key: Key) -> int:
    return key.tonic + (12 if key.mode == "minor" else 0)


def _unit(rows: Float64) -> Float64:
    """Each row without its mean and of length 1; a flat one is 0."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred * centred).sum(axis=-1, keepdims=True))
    unit: Float64 = centred / np.maximum(length, 1e-9)
    return unit


def _share(rows: Float64) -> Float64:
    share: Float64 = rows / np.maximum(rows.sum(axis=-1, keepdims=True), 1e-9)
    return share


def _turned(shape: Float64) -> Float64:
    """Weights ``(2, 12)`` or ``(2, 24)`` of a major and a minor key at every tonic, shape ``(24, 12)`` or (24, 24)."""
    parts = shape.reshape(2, -1, 12)
    return np.array([np.roll(parts[mode], tonic, axis=1).ravel() for mode in range(2) for tonic in range(12)])


def _softmax(logits: Float64) -> Float64:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    share: Float64 = odds / odds.sum(axis=-1, keepdims=True)
    return share


_ALL, _BASS, _CHORDS = _turned(weights.ALL), _turned(weights.BASS), _turned(weights.CHORDS)
_START, _END = _turned(weights.START), _turned(weights.END)
_STRETCH_ALL, _STRETCH_BASS = _turned(weights.STRETCH_ALL), _turned(weights.STRETCH_BASS)
_STRETCH_CHORDS = _turned(weights.STRETCH_CHORDS)
_TRIADS = _unit(_triads())


class KeyEvidence:
    """What a track's pitch classes and those of its bass, ``(rows, 12)``, say for each of the 24 keys."""

    def __init__(self, whole: Samples, bass: Samples) -> None:
        self.rows = whole.shape[0]
        level = whole.sum(axis=1, dtype=np.float64)
        smooth = _unit(_moving_sum(whole, _CHORD_ROWS))
        chords = _softmax(_CHORD_SHARPNESS * (smooth @ _TRIADS.T)) * level[:, np.newaxis]
        self._whole, self._bass, self._chords = (running_sums(rows) for rows in (whole, bass, chords))
        usual = float(np.median(level)) if self.rows else 0.0
        loud = np.nonzero(level > _EDGE_LEVEL * usual)[0]
        self._first = int(loud[0]) if loud.size else 0
        self._end = int(loud[-1]) + 1 if loud.size else self.rows

    def of_track(self) -> Float64:
        """The likelihood of each key, ``(24,)``, from all that is heard."""
        low, high = np.array([0]), np.array([self.rows])
        logits = self._logits(low, high, _ALL, _BASS, _CHORDS, weights.BIAS)[0]
        head, tail = min(self.rows, self._first + _EDGE_ROWS), max(0, self._end - _EDGE_ROWS)
        logits = logits + _START @ _unit(self._whole[head] - self._whole[self._first])
        logits = logits + _END @ _unit(self._whole[self._end] - self._whole[tail])
        return _softmax(logits)

    def of_stretches(self, low: Int64, high: Int64) -> Float64:
        """The likelihoods ``(stretches, 24)`` from rows ``low`` to ``high`` alone."""
        return _softmax(self._logits(low, high, _STRETCH_ALL, _STRETCH_BASS, _STRETCH_CHORDS, weights.STRETCH_BIAS))

    def _logits(
        self, low: Int64, high: Int64, whole: Float64, bass: Float64, chords: Float64, bias: Float64
    ) -> Float64:
        logits: Float64 = (
            _unit(self._whole[high] - self._whole[low]) @ whole.T
            + _share(self._bass[high] - self._bass[low]) @ bass.T
            + _share(self._chords[high] - self._chords[low]) @ chords.T
            + np.repeat(bias, 12)
        )
        return logits


def _moving_sum(rows: Samples, count: int) -> Float64:
    total = running_sums(rows)
    places = np.arange(rows.shape[0])
    low, high = np.maximum(places - count // 2, 0), np.minimum(places + count // 2 + 1, rows.shape[0])
    moving: Float64 = total[high] - total[low]
    return moving


def key_segments(
    evidence: KeyEvidence, rate_hz: float, duration_seconds: float, coherences: NDArray[np.complex128]
) -> tuple[KeySegment, ...]:
    """The key over time, without gaps from 0 to ``duration_seconds``; no stretch is shorter than eight seconds where
    there is another. ``coherences`` as of ``PitchRows``."""
    count = max(1, int(duration_seconds / _STEP_SECONDS))
    centres = (np.arange(count, dtype=np.float64) + 0.5) * (duration_seconds / count) * rate_hz
    low = _row(centres - 0.5 * _AROUND_SECONDS * rate_hz, evidence.rows)
    high = _row(centres + 0.5 * _AROUND_SECONDS * rate_hz, evidence.rows)
    likely: Float64 = _EVIDENCE * np.log(evidence.of_stretches(low, high) + 1e-4)
    path = _best_path(np.column_stack((likely, _none_evidence(coherences, centres, rate_hz, likely))))
    step_seconds = duration_seconds / count
    runs = _without_short(_runs(path), likely, _SHORTEST_SECONDS / step_seconds)
    return _told(_refined(runs, evidence, rate_hz, step_seconds), evidence, rate_hz)


def _row(places: NDArray[np.floating], rows: int) -> Int64:
    clipped: Int64 = np.clip(np.rint(places), 0, rows).astype(np.int64)
    return clipped


def _none_evidence(coherences: NDArray[np.complex128], centres: Float64, rate_hz: float, likely: Float64) -> Float64:
    total = np.zeros((coherences.shape[0] + 1, 2), np.complex128)
    np.cumsum(coherences, axis=0, out=total[1:])
    low, high = (_row(centres + sign * 1.5 * rate_hz, coherences.shape[0]) for sign in (-1.0, 1.0))
    turns, weight = (total[high] - total[low]).T
    coherence = np.abs(turns) / np.maximum(weight.real, 1e-9)
    usual = float(np.median(weight.real)) if weight.size else 0.0
    least = max(LOWEST_COHERENCE, _USUAL_COHERENCE * float(np.median(coherence))) if coherence.size else 1.0
    untonal = np.clip((least - coherence) / _COHERENCE_RANGE, -1.0, 1.0)
    untonal[weight.real < _SILENT_SHARE * usual] = 1.0
    evidence: Float64 = likely.max(axis=1) + _UNTONAL * untonal
    return evidence


def _change_costs() -> Float64:
    """By half of how little the Krumhansl profiles of two keys correlate; into and out of "none" all keys are alike."""
    shapes = _unit(_turned(KRUMHANSL))
    costs = np.full((25, 25), _NONE_COST)
    costs[:24, :24] = _CHANGE_COST + _DISTANCE_COST * 0.5 * (1.0 - shapes @ shapes.T)
    np.fill_diagonal(costs, 0.0)
    return costs


_COSTS = _change_costs()


def _best_path(evidence: Float64) -> Int64:
    """The states ``(steps,)`` whose evidence ``(steps, 25)`` less the costs of their changes is highest."""
    steps = evidence.shape[0]
    came_from = np.zeros((steps, 25), np.int64)
    score = evidence[0].copy()
    everyone = np.arange(25)
    for step in range(1, steps):
        reached = score[:, np.newaxis] - _COSTS
        came_from[step] = reached.argmax(axis=0)
        score = reached[came_from[step], everyone] + evidence[step]
    path = np.zeros(steps, np.int64)
    path[-1] = score.argmax()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came_from[step, path[step]]
    return path


def _runs(path: Int64) -> list[tuple[int, int, int]]:
    """Start, end and state of each stretch of one state."""
    edges = np.concatenate(([0], np.nonzero(np.diff(path))[0] + 1, [path.size]))
    return [(int(a), int(b), int(path[a])) for a, b in pairwise(edges)]


def _without_short(runs: list[tuple[int, int, int]], likely: Float64, shortest: float) -> list[tuple[int, int, int]]:
    """The shortest stretch joins the neighbour that explains it better until all are long enough."""
    while len(runs) > 1:
        index = min(range(len(runs)), key=lambda i: runs[i][1] - runs[i][0])
        start, end, _ = runs[index]
        if end - start >= shortest:
            break
        around = [runs[i][2] for i in (index - 1, index + 1) if 0 <= i < len(runs)]
        tonal = [other for other in around if other != NONE] or around
        best = max(tonal, key=lambda other: 0.0 if other == NONE else float(likely[start:end, other].sum()))
        runs[index] = (start, end, best)
        joined: list[tuple[int, int, int]] = []
        for run in runs:
            if joined and joined[-1][2] == run[2]:
                joined[-1] = (joined[-1][0], run[1], run[2])
            else:
                joined.append(run)
        runs = joined
    return runs


def _refined(
    runs: list[tuple[int, int, int]], evidence: KeyEvidence, rate_hz: float, step_seconds: float
) -> list[tuple[float, float, int]]:
    """The runs in seconds, each change put where the music before and after tells the two keys apart best."""
    edges = [0.0]
    for (start, middle, before), (_, end, after) in pairwise(runs):
        edges.append(middle * step_seconds)
        if NONE in (before, after):
            continue
        reach = min(_REFINED_SECONDS, 0.5 * min(middle - start, end - middle) * step_seconds)
        places = np.arange((edges[-1] - reach) * rate_hz, (edges[-1] + reach) * rate_hz)
        low, high = (_row(places + sign * rate_hz, evidence.rows) for sign in (-1.0, 1.0))
        likely = np.log(evidence.of_stretches(low, high) + 1e-3)
        lead = np.cumsum(likely[:, before] - likely[:, after])
        edges[-1] = float(places[int(lead.argmax())] + 0.5) / rate_hz
    edges.append(runs[-1][1] * step_seconds)
    return [(a, b, run[2]) for a, b, run in zip(edges[:-1], edges[1:], runs, strict=True)]


def _told(runs: list[tuple[float, float, int]], evidence: KeyEvidence, rate_hz: float) -> tuple[KeySegment, ...]:
    tonal = [run for run in runs if run[2] != NONE]
    if len(tonal) <= 1:
        # One key throughout: the whole track knows it better than its seconds do.
        share = evidence.of_track()
        state = int(share.argmax())
        runs = [(a, b, NONE if tonal and old == NONE else state) for a, b, old in runs]
        return tuple(_segment(a, b, one, share) for a, b, one in runs)
    told = []
    for start, end, state in runs:
        edges = _row(np.array([start, end]) * rate_hz, evidence.rows)
        share = evidence.of_stretches(edges[:1], edges[1:])[0]
        told.append(_segment(start, end, state, share))
    return tuple(told)


def _segment(start: float, end: float, state: int, share: Float64) -> KeySegment:
    if state == NONE:
        return KeySegment(round(start, 3), round(end, 3), None, 0.0)
    return KeySegment(round(start, 3), round(end, 3), key_at(state), round(float(share[state]), 4))
