"""Beats whose period changes from moment to moment, and the places of beats in their bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.tempo import best_path

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def track_changing_beats(envelope: Float64, period_frames: Float64, tightness: float) -> Int64:
    """Frames of the beats, where ``period_frames``, ``(frames,)``, tells how long a beat is that ends there.

    As ``kernels.tempo.track_beats`` (D. P. W. Ellis, "Beat tracking by dynamic programming", J. New Music Research 36,
    2007): each beat earns its onset strength and pays ``tightness``·ln²(step / period). Raises ``ValueError`` where
    the two differ in length.
    """
    if envelope.shape != period_frames.shape:
        raise ValueError(f"an envelope of {envelope.size} frames, but periods of {period_frames.size}")
    if envelope.size == 0 or period_frames.min() < 1.0:
        return np.zeros(0, np.int64)
    score = np.empty(envelope.size)
    previous = np.empty(envelope.size, np.int64)
    _score_changing_beats(envelope, period_frames, tightness, score, previous)
    return best_path(score, previous, float(period_frames[-1]))


@kernel
def _score_changing_beats(
    envelope: Float64, periods: Float64, tightness: float, score: Float64, previous: Int64
) -> None:
    logarithm = np.log(np.arange(int(np.ceil(periods.max() * 1.6)) + 1))
    for t in range(envelope.size):
        nearest = max(1, int(periods[t] * 0.6))
        farthest = max(nearest, int(np.ceil(periods[t] * 1.6)))
        period = np.log(periods[t])
        best = 0.0
        source = -1
        for step in range(nearest, min(farthest, t) + 1):
            distance = logarithm[step] - period
            value = score[t - step] - tightness * distance * distance
            if value > best:
                best = value
                source = t - step
        score[t] = best + envelope[t]
        previous[t] = source


def smoothest_path(score: Float64, step_cost: float, jump_cost: float) -> Int64:
    """The column of each row of ``score``, ``(rows, columns)``, that together score most (Viterbi 1967).

    From row to row a path pays ``step_cost`` for each column that it moves by, but never more than ``jump_cost``.
    """
    path = np.zeros(score.shape[0], np.int64)
    if score.size:
        _smoothest_path(score, step_cost, jump_cost, path)
    return path


@kernel
def _smoothest_path(score: Float64, step_cost: float, jump_cost: float, path: Int64) -> None:
    rows, columns = score.shape
    reach = int(jump_cost / step_cost) if step_cost > 0.0 else columns
    source = np.empty((rows, columns), np.int32)
    total, before = score[0].copy(), np.empty(columns)
    for row in range(1, rows):
        before[:] = total
        highest = int(np.argmax(before))
        for j in range(columns):
            best, at = before[highest] - jump_cost, highest
            for i in range(max(0, j - reach), min(columns, j + reach + 1)):
                value = before[i] - step_cost * abs(i - j)
                if value > best:
                    best, at = value, i
            total[j] = best + score[row, j]
            source[row, j] = at
    path[rows - 1] = np.argmax(total)
    for row in range(rows - 1, 0, -1):
        path[row - 1] = source[row, path[row]]


def places_in_bars(downbeat_score: Float64, beats_per_bar: int, slip_cost: float) -> Int64:
    """The place of each beat in its bar, 0 the first, where the beats at place 0 together score most.

    ``downbeat_score`` is ``(beats,)``; a bar that is too long or too short costs ``slip_cost`` (Viterbi 1967).
    """
    places = np.zeros(downbeat_score.size, np.int64)
    if places.size:
        _places_in_bars(downbeat_score, beats_per_bar, slip_cost, places)
    return places


@kernel
def _places_in_bars(score: Float64, beats: int, slip_cost: float, places: Int64) -> None:
    source = np.empty((score.size, beats), np.int8)
    total, before = np.zeros(beats), np.empty(beats)
    total[0] = score[0]
    for t in range(1, score.size):
        before[:] = total
        highest = int(np.argmax(before))
        for place in range(beats):
            usual = (place - 1) % beats
            at = usual
            total[place] = before[usual]
            if before[highest] - slip_cost > total[place]:
                total[place] = before[highest] - slip_cost
                at = highest
            source[t, place] = at
        total[0] += score[t]
    places[score.size - 1] = np.argmax(total)
    for t in range(score.size - 1, 0, -1):
        places[t - 1] = source[t, places[t]]
