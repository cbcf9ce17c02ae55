"""Whether two tracks mix: tempo, key on the Camelot wheel, loudness, and how alike they sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from sonicforge_studio.analysis import likeness
from sonicforge_studio.domain import Analysis, Key

Relation = Literal["same", "relative", "adjacent", "energy-boost", "clash"]
Grade = Literal["good", "fair", "poor"]

_UNHEARD_PERCENT = 3.0
"""A change of tempo that drums and voices bear without being noticed."""
_DECK_PERCENT = 8.0
"""How far the tempo fader of a turntable or a CD deck goes."""
_TURNS: tuple[float, ...] = (1.0, 2.0, 0.5)
_BOOSTS = (2, 7)
"""Hours on the wheel that lie a whole tone and a semitone higher."""
_WORST: tuple[Grade, ...] = ("poor", "fair", "good")


@dataclass(frozen=True, slots=True)
class TempoMatch:
    """How the other track comes to the one's beat."""

    one_bpm: float
    other_bpm: float
    turns: float
    """1; 2 where a beat of the other lasts two of the one, 0.5 where it is the other way round."""
    change_percent: float
    """What the other track has to be sped up by, negative where it has to be slowed down."""
    grade: Grade


@dataclass(frozen=True, slots=True)
class KeyMatch:
    one: Key
    other: Key
    relation: Relation
    """Of the other to the one, as one goes on from the one to the other."""
    grade: Grade


@dataclass(frozen=True, slots=True)
class LoudnessMatch:
    difference_lu: float
    """The other less the one."""
    gain_db: float
    """For the other, so that both are as loud."""
    peak_dbtp: float
    """The other's true peak after that gain; above 0 it needs a limiter, or the one is turned down instead."""


@dataclass(frozen=True, slots=True)
class MixAdvice:
    """A part is None where one of the tracks has no steady beat, no key, or no loudness: it then decides nothing."""

    tempo: TempoMatch | None
    key: KeyMatch | None
    loudness: LoudnessMatch | None
    likeness: float | None
    """How alike they sound, −1..1, about 0 for any two; it hinders nothing."""
    grade: Grade | None
    """The worst of tempo and key; None where neither can be told. Loudness is matched with a gain and never hinders."""


def compare(one: Analysis, other: Analysis) -> MixAdvice:
    """What it takes to go on from the one to the other."""
    tempo, key = _tempo(one.tempo.bpm, other.tempo.bpm), _key(one.key.key, other.key.key)
    alike = likeness(one.embedding, other.embedding)
    grades = [part.grade for part in (tempo, key) if part is not None]
    return MixAdvice(tempo, key, _loudness(one, other), alike, min(grades, key=_WORST.index) if grades else None)


def _tempo(one_bpm: float | None, other_bpm: float | None) -> TempoMatch | None:
    if not one_bpm or not other_bpm:
        return None
    turns = min(_TURNS, key=lambda turns: abs(math.log(one_bpm / (other_bpm * turns))))
    # Beats of the other, counted so that they come as often as the one's.
    percent = 100.0 * (one_bpm / (other_bpm * turns) - 1.0)
    far = abs(percent)
    grade: Grade = "good" if far <= _UNHEARD_PERCENT else "fair" if far <= _DECK_PERCENT else "poor"
    return TempoMatch(one_bpm, other_bpm, turns, percent, grade)


def relation_of(one: Key, other: Key) -> Relation:
    """How the other key stands to the one on the Camelot wheel."""
    hours = (int(other.camelot[:-1]) - int(one.camelot[:-1])) % 12
    if one.mode != other.mode:
        return "relative" if hours == 0 else "clash"
    if hours == 0:
        return "same"
    if hours in (1, 11):
        return "adjacent"
    return "energy-boost" if hours in _BOOSTS else "clash"


def _key(one: Key | None, other: Key | None) -> KeyMatch | None:
    if one is None or other is None:
        return None
    relation = relation_of(one, other)
    grade: Grade = "poor" if relation == "clash" else "fair" if relation == "energy-boost" else "good"
    return KeyMatch(one, other, relation, grade)


def _loudness(one: Analysis, other: Analysis) -> LoudnessMatch | None:
    ours, theirs = one.loudness.integrated_lufs, other.loudness.integrated_lufs
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        return None
    gain_db = ours - theirs
    return LoudnessMatch(theirs - ours, gain_db, other.loudness.true_peak_dbtp + gain_db)
