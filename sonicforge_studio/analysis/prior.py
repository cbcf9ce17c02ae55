"""What earlier corrections say about later readings: a prior over the measured candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sonicforge_studio.analysis.retiming import at_tempo, in_key
from sonicforge_studio.domain import Analysis, Correction, Key

_SLOWEST_BPM, _FASTEST_BPM = 40.0, 250.0
_SAME_TEMPO_OCTAVES = 0.03
_LIKE_MEASURED_OCTAVES = 0.12
"""A correction is of the same kind where the tempo that was wrong then lies so near the one that is measured now."""
_LIKE_TEMPO_OCTAVES = 0.06
_OCTAVE_BELIEF = math.exp(-1.8)
"""Half and double of what was measured are thought at least so likely against it: the classic mistake."""

# What a correction adds to the logarithm of a candidate's odds. One of the same kind in this folder is just enough to
# turn an octave round; one that only tells of a tempo decides near ties.
_SAME_KIND, _SAME_TEMPO, _MOST_GAIN = 2.0, 0.25, 4.0
_KEY_SAME_KIND, _KEY_MOST_GAIN = 0.5, 1.5
_GENRE_WEIGHT = 0.5
"""What is only of the same genre counts less than what lies in the same folder."""


def learned(analysis: Analysis, corrections: Sequence[Correction], folder: str, genre: str) -> Analysis:
    """The analysis with tempo and key chosen again among the candidates, in the light of the user's corrections.

    Only corrections of this folder or this genre ("" is none) count; the more there are and the better they agree, the
    further they reach. ``corrected`` says "tempo-learned" or "key-learned" where the choice is another one. The
    candidates stay as they were measured.
    """
    weighed = [
        (correction, weight) for correction in corrections if (weight := _weight(correction, folder, genre)) > 0.0
    ]
    if not weighed:
        return analysis
    return _learned_key(_learned_tempo(analysis, weighed), weighed)


def _weight(correction: Correction, folder: str, genre: str) -> float:
    if folder and correction.folder == folder:
        return 1.0
    return _GENRE_WEIGHT if genre and correction.genre == genre else 0.0


def _learned_tempo(analysis: Analysis, weighed: Sequence[tuple[Correction, float]]) -> Analysis:
    tempo = analysis.tempo
    if tempo.bpm is None or tempo.confidence <= 0.0:
        return analysis
    beliefs = _tempo_beliefs(tempo.bpm, tempo.confidence, [(c.bpm, c.confidence) for c in tempo.candidates])
    scores = {
        bpm: math.log(belief)
        + min(_MOST_GAIN, sum(weight * _tempo_gain(correction, tempo.bpm, bpm) for correction, weight in weighed))
        for bpm, belief in beliefs.items()
    }
    best = max(scores, key=lambda bpm: scores[bpm])
    if _octaves(best, tempo.bpm) < _SAME_TEMPO_OCTAVES:
        return analysis
    confidence = _share(scores, best) * min(1.0, sum(beliefs.values()))
    changed = at_tempo(tempo, best, round(confidence, 4), analysis.duration_seconds)
    return replace(analysis, tempo=changed, corrected=(*analysis.corrected, "tempo-learned"))


def _tempo_beliefs(measured_bpm: float, confidence: float, listed: list[tuple[float, float]]) -> dict[float, float]:
    """The measured tempo, the other candidates, and the half and the double of the first, each with its belief."""
    beliefs = {measured_bpm: confidence}
    for bpm, belief in listed:
        if belief > 0.0 and all(_octaves(bpm, other) >= _SAME_TEMPO_OCTAVES for other in beliefs):
            beliefs[bpm] = belief
    for bpm in (0.5 * measured_bpm, 2.0 * measured_bpm):
        near = min(beliefs, key=lambda other: _octaves(bpm, other))
        if _octaves(bpm, near) < _SAME_TEMPO_OCTAVES:
            beliefs[bpm] = max(beliefs.pop(near), confidence * _OCTAVE_BELIEF)
        elif _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
            beliefs[bpm] = confidence * _OCTAVE_BELIEF
    return beliefs


def _tempo_gain(correction: Correction, measured_bpm: float, bpm: float) -> float:
    """How far one correction speaks for ``bpm``."""
    if correction.tempo_bpm is None:
        return 0.0
    wrong = correction.measured_bpm
    if wrong is not None and _octaves(wrong, measured_bpm) < _LIKE_MEASURED_OCTAVES:
        then, now = math.log2(correction.tempo_bpm / wrong), math.log2(bpm / measured_bpm)
        if abs(then - now) < _SAME_TEMPO_OCTAVES:
            return _SAME_KIND
    distance = _octaves(correction.tempo_bpm, bpm) / _LIKE_TEMPO_OCTAVES
    return _SAME_TEMPO * math.exp(-0.5 * distance * distance)


def _learned_key(analysis: Analysis, weighed: Sequence[tuple[Correction, float]]) -> Analysis:
    estimate = analysis.key
    measured = estimate.key
    if measured is None or not estimate.candidates:
        return analysis
    beliefs = {candidate.key: candidate.confidence for candidate in estimate.candidates if candidate.confidence > 0.0}
    scores = {
        key: math.log(belief)
        + min(
            _KEY_MOST_GAIN,
            sum(weight * _KEY_SAME_KIND * _says(correction, measured, key) for correction, weight in weighed),
        )
        for key, belief in beliefs.items()
    }
    best = max(scores, key=lambda key: scores[key], default=measured)
    if best == measured:
        return analysis
    confidence = _share(scores, best) * min(1.0, sum(beliefs.values()))
    changed = in_key(estimate, best, round(confidence, 4))
    return replace(analysis, key=changed, corrected=(*analysis.corrected, "key-learned"))


def _says(correction: Correction, measured: Key, key: Key) -> bool:
    """Whether it was the same mistake: from a key of this mode to one that lies as far from it, in that mode."""
    wrong, right = correction.measured_key, correction.key
    if wrong is None or right is None:
        return False
    same_step = (right.tonic - wrong.tonic) % 12 == (key.tonic - measured.tonic) % 12
    return same_step and (wrong.mode, right.mode) == (measured.mode, key.mode)


def _share(scores: dict[float, float] | dict[Key, float], best: float | Key) -> float:
    highest = max(scores.values())
    odds = {name: math.exp(score - highest) for name, score in scores.items()}
    return odds[best] / sum(odds.values())


def _octaves(one: float, other: float) -> float:
    return abs(math.log2(one / other))
