"""Whether the tempo is constant, and the beats and the curve of a tempo that is not.

What a clock plays keeps its phase from end to end: the Fourier sums of all its windows point the same way. Where they
do not, the tempo that is strongest from window to window (the predominant local pulse of P. Grosche and M. Müller,
IEEE TASLP 19, 2011) is followed by the smoothest path, and the beats are tracked anew along it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._periodicity import blended, normalised
from sonicforge_studio.analysis._pulse import LAST_BEAT_SECONDS, ONSET_DELAY_SECONDS, beat_pulse
from sonicforge_studio.domain import Progress, Tempo, TempoCandidate, TempoPoint
from sonicforge_studio.kernels.bars import smoothest_path, track_changing_beats
from sonicforge_studio.kernels.tempogram import tempo_sums, tempogram

Float64 = NDArray[np.float64]

_PIECE_SECONDS = 0.5
_WINDOW_PIECES = 14
_HARMONICS = (1.0, 2.0, 4.0)
_REACH = np.log(1.45)
_STEP = 0.015
"""Tempi are 1.5 % apart, up to 45 % above and below the one that the whole piece seems to have."""
_NEAR = np.linspace(-0.004, 0.004, 81)
"""How far the tempo of the whole may be off where its phase is asked for."""
_LEAST_COHERENCE, _CLEAR_COHERENCE = 0.55, 0.88
"""Below the first the tempo changes; below the second it does where the pulse is clear. Music of soft beats and one
tempo lies between."""
_CLEAR_PULSE = 0.3
_LEAST_CHANGE = 0.03
_SHORTEST_CHANGING_SECONDS = 14.0
_STEP_COST, _JUMP_COST = 0.05, 2.0
_TIGHTNESS = 1500.0
_LOCAL_BEATS = 4
"""The tempo at a beat is that of so many beats before and after it."""
_CURVE_TOLERANCE = 0.015
_BEFORE_THE_FILE_SECONDS = 0.01
"""A grid that begins so little before the file begins with it: it was cut on the beat."""
_SNAP_SECONDS = 0.03
_SNAP_SHARE = 0.12
"""Beats go onto the grid where nine in ten lie so near to it already, in seconds and in beats."""

_RESCUED_BPM = (60.0, 180.0)
_USUAL_BPM, _USUAL_OCTAVES = 110.0, 0.9
_LEAST_PULSE = 0.5
_RESCUED_CONFIDENCE = 0.5


def follow_tempo(
    tempo: Tempo, strength: Float64, frame_rate_hz: float, duration_seconds: float, progress: Progress
) -> Tempo:
    """``tempo`` with its grid where it is constant, and else with the beats and the curve that follow its changes.

    ``strength`` is ``(frames, REGIONS)`` as ``estimate_tempo`` takes it. Where that told no tempo because it changes
    too much, one that is played clearly is told here.
    """
    if tempo.bpm is None:
        return _rescued(tempo, strength, frame_rate_hz, duration_seconds, progress)
    if len(tempo.beats_seconds) < 2:
        return tempo
    if duration_seconds >= _SHORTEST_CHANGING_SECONDS:
        envelope = normalised(blended(strength, slice(0, 4)), frame_rate_hz)
        progress.step(0.0, 1.0, "Finding the tempo")
        local = _local_tempo(envelope, frame_rate_hz, _around(tempo.bpm))
        progress.step(0.5, 1.0, "Finding the tempo")
        if _changes(local, tempo.bpm):
            return _following(tempo, local, strength, envelope, frame_rate_hz, duration_seconds)
    return _on_grid(tempo, duration_seconds)


@dataclass(frozen=True, slots=True)
class _LocalTempo:
    """The tempo in windows centred on ``seconds``; ``sums`` are Fourier sums at the multiples of ``tempi[middle]``."""

    seconds: Float64
    bpm: Float64
    magnitude: Float64
    """How strongly the beat's multiples are there on the path, ``(windows, multiples)``."""
    weight: Float64
    """The sum of the envelope in each window."""
    sums: tuple[NDArray[np.complex128], ...]

    def coherence(self, bpm: float) -> float:
        """How much of the pulse that goes along the path is there at one tempo and in one phase, 0..1."""
        found = 0.0
        pieces = np.arange(self.sums[0].size) * _PIECE_SECONDS
        total = self.magnitude.sum()
        for multiple, sums in zip(_HARMONICS, self.sums, strict=True):
            turn = np.exp(-2j * np.pi * multiple * bpm / 60.0 * np.outer(_NEAR, pieces))
            found += float(np.abs(turn @ sums).max())
        return float(found * _WINDOW_SUM / (total + 1e-20))


_WINDOW = np.hanning(_WINDOW_PIECES + 2)[1:-1]
_WINDOW_SUM = float(_WINDOW.sum())


def _around(bpm: float) -> Float64:
    """An odd number of tempi, ``bpm`` the middle one."""
    steps = round(_REACH / _STEP)
    return bpm * np.exp(_STEP * np.arange(-steps, steps + 1))


def _local_tempo(
    envelope: Float64, frame_rate_hz: float, tempi_bpm: Float64, prior: Float64 | float = 0.0
) -> _LocalTempo:
    piece_frames = max(1, round(_PIECE_SECONDS * frame_rate_hz))
    centred = envelope - envelope.mean()
    sums = [tempo_sums(centred, frame_rate_hz, multiple * tempi_bpm, piece_frames) for multiple in _HARMONICS]
    rows = np.stack([tempogram(part, _WINDOW, 1) for part in sums], axis=2).astype(np.float64)
    pieces = np.add.reduceat(envelope, np.arange(0, envelope.size, piece_frames))
    weight = np.convolve(pieces, _WINDOW)[_WINDOW_PIECES // 2 - 1 :][: rows.shape[0]]
    weight = np.pad(weight, (0, rows.shape[0] - weight.size), mode="edge")
    told = rows.sum(axis=2) / (weight[:, np.newaxis] + 1e-20)
    path = smoothest_path(told + prior, _STEP_COST, _JUMP_COST)
    at = np.arange(path.size)
    inner = np.clip(path, 1, tempi_bpm.size - 2)
    left, here, right = told[at, inner - 1], told[at, inner], told[at, inner + 1]
    bend = left - 2.0 * here + right
    shift = np.where((path == inner) & (bend < 0.0), 0.5 * (left - right) / np.minimum(bend, -1e-12), 0.0)
    bpm = tempi_bpm[path] * np.exp(_STEP * np.clip(shift, -0.5, 0.5))
    middle = tempi_bpm.size // 2
    return _LocalTempo(
        at * piece_frames / frame_rate_hz,
        bpm,
        rows[at, path],
        weight,
        tuple(part[:, 0, middle] + 1j * part[:, 1, middle] for part in sums),
    )


def _following(
    tempo: Tempo,
    local: _LocalTempo,
    strength: Float64,
    envelope: Float64,
    frame_rate_hz: float,
    duration_seconds: float,
) -> Tempo:
    pulse = beat_pulse(strength, envelope, frame_rate_hz)
    seconds = np.arange(pulse.size) / frame_rate_hz
    periods = 60.0 * frame_rate_hz / np.interp(seconds, local.seconds, local.bpm)
    beats = track_changing_beats(pulse, periods, _TIGHTNESS) / frame_rate_hz + ONSET_DELAY_SECONDS
    beats = beats[beats < duration_seconds - LAST_BEAT_SECONDS]
    if beats.size < 2 * _LOCAL_BEATS:
        return _on_grid(tempo, duration_seconds) if tempo.bpm else tempo
    bpm = _local_bpm(beats)
    middle = round(float(np.median(bpm)), 3)
    said = TempoCandidate(middle, tempo.confidence)
    return replace(
        tempo,
        bpm=middle,
        candidates=(said, *tempo.candidates[1:]),
        beats_seconds=tuple(round(float(at), 4) for at in beats),
        grid_start_seconds=None,
        curve=_simplified(beats, bpm),
    )


def _local_bpm(beats: Float64) -> Float64:
    """The tempo at each beat, from those around it."""
    at = np.arange(beats.size)
    first, last = np.maximum(at - _LOCAL_BEATS, 0), np.minimum(at + _LOCAL_BEATS, beats.size - 1)
    bpm: Float64 = 60.0 * (last - first) / (beats[last] - beats[first])
    return bpm


def _simplified(seconds: Float64, bpm: Float64) -> tuple[TempoPoint, ...]:
    """The fewest of these points that straight lines go through within 1.5 % (D. Douglas and T. Peucker, 1973)."""
    kept = {0, seconds.size - 1}
    open_stretches = [(0, seconds.size - 1)]
    while open_stretches:
        first, last = open_stretches.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        line = np.interp(seconds[inner], seconds[[first, last]], bpm[[first, last]])
        off = np.abs(bpm[inner] / line - 1.0)
        worst = int(np.argmax(off))
        if off[worst] > _CURVE_TOLERANCE:
            at = first + 1 + worst
            kept.add(at)
            open_stretches += [(first, at), (at, last)]
    return tuple(TempoPoint(round(float(seconds[at]), 3), round(float(bpm[at]), 2)) for at in sorted(kept))


def _on_grid(tempo: Tempo, duration_seconds: float) -> Tempo:
    """With the phase of the grid, and the beats on it where they nearly are."""
    assert tempo.bpm is not None
    period = 60.0 / tempo.bpm
    beats = np.array(tempo.beats_seconds)
    # The mean direction on the circle first: it does not care where the period is cut.
    phase = np.angle(np.exp(2j * np.pi * beats / period).mean()) / (2.0 * np.pi) * period
    off = (beats - phase + 0.5 * period) % period - 0.5 * period
    near = np.abs(off) < min(_SNAP_SECONDS, _SNAP_SHARE * period)
    if near.any():
        phase += float(off[near].mean())
    start = round(float(phase % period), 4) % period
    if period - start < _BEFORE_THE_FILE_SECONDS:
        start = 0.0
    if near.mean() >= 0.9:
        first = int(np.rint((beats[0] - start) / period))
        last = int(np.rint((beats[-1] - start) / period))
        beats = start + period * np.arange(first, last + 1)
        beats = beats[(beats >= 0.0) & (beats < duration_seconds - LAST_BEAT_SECONDS)]
    return replace(tempo, beats_seconds=tuple(round(float(at), 4) for at in beats), grid_start_seconds=start, curve=())


def _rescued(
    tempo: Tempo, strength: Float64, frame_rate_hz: float, duration_seconds: float, progress: Progress
) -> Tempo:
    if duration_seconds < _SHORTEST_CHANGING_SECONDS or not tempo.candidates:
        return tempo
    envelope = normalised(blended(strength, slice(0, 4)), frame_rate_hz)
    low, high = np.log(_RESCUED_BPM)
    tempi_bpm = np.exp(np.arange(low, high, _STEP))
    prior = -0.5 * (np.log2(tempi_bpm / _USUAL_BPM) / _USUAL_OCTAVES) ** 2 * 0.1
    progress.step(0.0, 1.0, "Finding the tempo")
    local = _local_tempo(envelope, frame_rate_hz, tempi_bpm, prior)
    progress.step(0.5, 1.0, "Finding the tempo")
    if _pulse(local) < _LEAST_PULSE:
        return tempo
    clear = replace(tempo, confidence=_RESCUED_CONFIDENCE)
    return _following(clear, local, strength, envelope, frame_rate_hz, duration_seconds)


def _changes(local: _LocalTempo, bpm: float) -> bool:
    least = _CLEAR_COHERENCE if _pulse(local) >= _CLEAR_PULSE else _LEAST_COHERENCE
    return local.coherence(bpm) < least and bool(np.ptp(np.log(local.bpm)) > _LEAST_CHANGE)


def _pulse(local: _LocalTempo) -> float:
    """How clear the pulse is along the path: 1 where nothing sounds but the beats."""
    return float(local.magnitude.sum() / (len(_HARMONICS) * local.weight.sum() + 1e-20))
