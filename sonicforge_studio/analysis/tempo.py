"""From an onset envelope to tempo and beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._periodicity import (
    LONGEST_LOOP_SECONDS,
    LOOP_BEATS,
    ODD_LOOP_BEATS,
    SHORTEST_LOOP_SECONDS,
    WHOLE_LOOP,
    Periodicity,
    blended,
    candidates,
    evidence,
    normalised,
    periodicity,
)
from sonicforge_studio.analysis._pulse import LAST_BEAT_SECONDS, ONSET_DELAY_SECONDS, SIMPLE_RATIOS, beat_pulse
from sonicforge_studio.analysis._tempo_weights import BEAT_WEIGHTS, WEIGHTS
from sonicforge_studio.domain import Progress, Tempo, TempoCandidate
from sonicforge_studio.kernels.peaks import pick_peaks
from sonicforge_studio.kernels.tempo import harmonic_strength, track_beats

Float64 = NDArray[np.float64]

_NO_TEMPO = Tempo(None, 0.0)
_FEWEST_ONSETS = 4
_ONSET_HEIGHT = 0.5
"""In deviations of the envelope around it."""
_FEWEST_SECONDS = 0.8
_SAID_CANDIDATES = 3
LEAST_BEAT = 0.5
"""Where a beat is less probable, no tempo is told."""

_REPEATED_BEATS: Float64 = np.array([1.0, 2.0, 4.0, 8.0])
_LINE_SECONDS = 60.0
_LINE_MULTIPLES = (1 / 4, 1 / 2, 1.0, 2.0, 4.0)
_LINE_REACH = 0.012

_FIRST_WINDOW_SECONDS = 12.0
_FIRST_REACH = 0.015
_HARMONICS = (1, 2, 4)
_STILL_STEADY = 0.8
"""A three times longer window may lose so much of the coherence before the tempo counts as wandering."""
_LOOP_BEATS_OFF = 0.1
_TIGHT, _LOOSE = 5000.0, 400.0
"""What a beat pays for leaving the grid: much where the tempo was steady from end to end."""


def estimate_tempo(
    strength: Float64, frame_rate_hz: float, duration_seconds: float, progress: Progress
) -> tuple[Tempo, float]:
    """Tempo and beats from the onset strength of each region, ``(frames, REGIONS)``, and the onsets per second.

    ``bpm`` is None where nothing steady was found; the candidates are told all the same where there are onsets.
    """
    if duration_seconds < _FEWEST_SECONDS or strength.shape[0] < 8 or not np.any(strength > 0.0):
        return _NO_TEMPO, 0.0
    weighed, onset_rate_hz = weigh_tempi(strength, frame_rate_hz, duration_seconds, duration_seconds, progress)
    if weighed is None:
        return _NO_TEMPO, onset_rate_hz
    exact, steady = refined(weighed.envelope, frame_rate_hz, float(weighed.bpm[0]), progress)
    first = _whole_loop_tempo(exact, duration_seconds)
    said = [first, *(_as_multiple(float(bpm), first) for bpm in weighed.bpm[1:_SAID_CANDIDATES])]
    listed = tuple(
        TempoCandidate(round(value, 3), round(float(share) * weighed.beat, 4))
        for value, share in zip(said, weighed.share[:_SAID_CANDIDATES], strict=False)
    )
    if weighed.beat < LEAST_BEAT:
        return Tempo(None, 0.0, listed), onset_rate_hz
    seconds = beats_seconds(strength, weighed.envelope, frame_rate_hz, said[0], steady)
    beats = tuple(round(float(at), 4) for at in seconds if at < duration_seconds - LAST_BEAT_SECONDS)
    return Tempo(listed[0].bpm, listed[0].confidence, listed, beats), onset_rate_hz


@dataclass(frozen=True, slots=True)
class WeighedTempi:
    """The tempi that an onset envelope might have, the most probable first.

    ``share`` of the probability each (1 together), ``beat`` how probable it is that there is a beat at all,
    ``envelope`` what they were weighed by.
    """

    bpm: Float64
    share: Float64
    beat: float
    envelope: Float64


def weigh_tempi(
    strength: Float64, frame_rate_hz: float, duration_seconds: float, loop_seconds: float, progress: Progress
) -> tuple[WeighedTempi | None, float]:
    """What speaks for which tempo, None where hardly anything begins; and the onsets per second.

    ``loop_seconds`` is the length that whole beats may fill; infinite for a stretch cut from something longer.
    """
    envelope = normalised(blended(strength, slice(0, 4)), frame_rate_hz)
    onsets = pick_peaks(envelope, height=_ONSET_HEIGHT).size
    onset_rate_hz = onsets / duration_seconds
    if onsets < _FEWEST_ONSETS:
        return None, onset_rate_hz
    low, high = (normalised(part, frame_rate_hz) for part in (strength[:, 0], blended(strength, slice(2, 4))))
    rhythm_low, rhythm, rhythm_high = (periodicity(part, frame_rate_hz, progress) for part in (low, envelope, high))
    bpm = candidates(rhythm, loop_seconds)
    if bpm.size == 0:
        return None, onset_rate_hz
    told = evidence(bpm, rhythm_low, rhythm, rhythm_high, loop_seconds)
    score = told @ WEIGHTS
    share = np.exp(score - score.max())
    share /= share.sum()
    order = np.argsort(-share)
    best = int(order[0])
    beat = _beat_probability(
        float(bpm[best]),
        float(share[best]),
        (rhythm, rhythm_high),
        onset_rate_hz,
        float(told[best, WHOLE_LOOP]),
        duration_seconds,
        _spectral_line(envelope, frame_rate_hz, float(bpm[best])),
    )
    return WeighedTempi(bpm[order], share[order], beat, envelope), onset_rate_hz


def beats_seconds(strength: Float64, envelope: Float64, frame_rate_hz: float, bpm: float, steady: bool) -> Float64:
    """Where the beats fall at this tempo, in seconds from the first frame."""
    pulse = beat_pulse(strength, envelope, frame_rate_hz)
    frames = track_beats(pulse, 60.0 * frame_rate_hz / bpm, _TIGHT if steady else _LOOSE)
    seconds: Float64 = frames / frame_rate_hz + ONSET_DELAY_SECONDS
    return seconds


def _beat_probability(
    bpm: float,
    share: float,
    regions: tuple[Periodicity, Periodicity],
    onset_rate_hz: float,
    loop: float,
    duration_seconds: float,
    line: float,
) -> float:
    """How probable it is that there is a beat at all; ``regions`` are all together and the high one."""
    held = np.sqrt(np.clip(duration_seconds, 2.0, 60.0) / 10.0)
    repeats = [held * float(region.at_periods(bpm / _REPEATED_BEATS).max()) for region in regions]
    strongest = min(1.0, float(regions[0].fourier[1:].max()))
    told = np.array([*repeats, strongest, np.log2(max(onset_rate_hz, 0.1)), loop, np.log(line), np.log(share), 1.0])
    return float(1.0 / (1.0 + np.exp(-(told @ BEAT_WEIGHTS))))


def _spectral_line(envelope: Float64, frame_rate_hz: float, bpm: float) -> float:
    """How far the beat, one of its simple parts or multiples stands out in the spectrum of up to a minute of onsets:
    its peak over the mean around it. What is played by a clock gives a line, what only has a pace gives a hill."""
    frames = min(envelope.size, int(_LINE_SECONDS * frame_rate_hz))
    start = (envelope.size - frames) // 2
    part = envelope[start : start + frames]
    size = 1 << int(np.ceil(np.log2(4 * frames)))
    power = np.abs(np.fft.rfft(part - part.mean(), size)) ** 2
    highest = 0.0
    for multiple in _LINE_MULTIPLES:
        at = bpm * multiple / 60.0 * size / frame_rate_hz
        peak = power[int(at * (1.0 - _LINE_REACH)) : int(np.ceil(at * (1.0 + _LINE_REACH))) + 1].max()
        around = power[max(1, int(0.75 * at)) : int(1.25 * at) + 2].mean()
        highest = max(highest, float(peak / (around + 1e-20)))
    return float(np.sqrt(highest)) + 1e-9


def refined(envelope: Float64, frame_rate_hz: float, bpm: float, progress: Progress) -> tuple[float, bool]:
    """The tempo near ``bpm`` at which the onsets fall together best, and whether it held from end to end.

    The windows grow threefold, each time sharpening the answer, until they lose their coherence or span everything.
    """
    centred = envelope - envelope.mean()
    seconds, reach = _FIRST_WINDOW_SECONDS, _FIRST_REACH
    best_strength = 0.0
    while True:
        window = min(centred.size, int(seconds * frame_rate_hz))
        tried = bpm * (1.0 + np.linspace(-reach, reach, 41))
        strength = np.zeros(tried.size)
        for start in range(0, centred.size - window + 1, window):
            progress.step(start, centred.size, "Finding the tempo")
            part = centred[start : start + window]
            strength += harmonic_strength(part, 60.0 * frame_rate_hz / tried, _HARMONICS)
        peak = int(np.argmax(strength))
        if strength[peak] < _STILL_STEADY * best_strength:
            return bpm, False
        best_strength = float(strength[peak])
        bpm = float(tried[peak])
        if 0 < peak < tried.size - 1:
            left, here, right = strength[peak - 1 : peak + 2]
            bpm += float(0.5 * (left - right) / (left - 2.0 * here + right) * (tried[1] - tried[0]))
        if window == centred.size:
            return bpm, True
        seconds, reach = seconds * 3.0, reach / 3.0


def _as_multiple(bpm: float, exact: float) -> float:
    """A candidate near a simple multiple or part of the exact tempo is that: it was only found on a coarse grid."""
    nearest = exact * min(SIMPLE_RATIOS, key=lambda ratio: abs(np.log(bpm / exact / ratio)))
    return nearest if abs(np.log(bpm / nearest)) < _FIRST_REACH else bpm


def _whole_loop_tempo(bpm: float, duration_seconds: float) -> float:
    """The tempo that makes a short file exactly as many beats long as it nearly is."""
    if SHORTEST_LOOP_SECONDS < duration_seconds < LONGEST_LOOP_SECONDS:
        beats = bpm * duration_seconds / 60.0
        nearest = min(LOOP_BEATS + ODD_LOOP_BEATS, key=lambda count: abs(count - beats))
        if abs(nearest - beats) < _LOOP_BEATS_OFF:
            return 60.0 * nearest / duration_seconds
    return bpm
