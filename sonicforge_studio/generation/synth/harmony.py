"""Chords: Roman numerals in a key, and voicings that move as little as they can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from sonicforge_studio.domain.key import Key

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NUMERAL = re.compile(r"^([b#]?)([iv]+|[IV]+)(.*)$")
_QUALITIES: dict[str, tuple[int, ...]] = {
    # Above the root, beside the third that the numeral's case gives.
    "": (7,),
    "7": (7, 10),
    "maj7": (7, 11),
    "9": (7, 10, 14),
    "maj9": (7, 11, 14),
    "11": (7, 10, 14, 17),
    "add9": (7, 14),
    "6": (7, 9),
    "69": (7, 9, 14),
    "m7b5": (6, 10),
    "dim": (6,),
    "dim7": (6, 9),
}
_OPEN = {"sus2": (2, 7), "sus4": (5, 7), "7sus4": (5, 7, 10), "9sus4": (5, 7, 10, 14), "5": (7, 12)}


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (pitch class) and the intervals above it in semitones, the root's own 0 first."""

    root: int
    intervals: tuple[int, ...]

    def plain(self) -> Chord:
        """The same chord without what lies above the octave."""
        return Chord(self.root, tuple(interval for interval in self.intervals if interval < 12))

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.root + interval) % 12 for interval in self.intervals)


def scale_of(key: Key) -> tuple[int, ...]:
    """The seven pitch classes of the key: natural minor, or major."""
    return tuple((key.tonic + step) % 12 for step in _SCALES[key.mode])


def read_numeral(text: str, key: Key) -> Chord:
    """A chord from "i9", "VImaj7", "bVII", "iv7", "Vsus4".

    Degrees are those of the key's own scale; lower case has the minor third. Raises ``ValueError``.
    """
    match = _NUMERAL.match(text)
    if match is None or match[2].lower() not in _DEGREES:
        raise ValueError(f'"{text}" is not a Roman numeral')
    shift = {"": 0, "b": -1, "#": 1}[match[1]]
    root = (key.tonic + _SCALES[key.mode][_DEGREES[match[2].lower()]] + shift) % 12
    if match[3] in _OPEN:
        return Chord(root, (0, *_OPEN[match[3]]))
    if match[3] not in _QUALITIES:
        raise ValueError(f'"{text}" has no known kind of chord')
    third = 3 if match[2].islower() else 4
    return Chord(root, (0, third, *_QUALITIES[match[3]]))


def chord_name(chord: Chord) -> str:
    """As on a lead sheet: "Am9", "Fmaj7", "G7sus4"."""
    for spelling, intervals in _OPEN.items():
        if chord.intervals == (0, *intervals):
            return f"{NOTE_NAMES[chord.root]}{spelling}"
    third, *rest = chord.intervals[1:]
    for spelling, intervals in _QUALITIES.items():
        if tuple(rest) == intervals:
            minor = third == 3 and not spelling.startswith(("m7b5", "dim"))
            return f"{NOTE_NAMES[chord.root]}{'m' if minor else ''}{spelling}"
    return NOTE_NAMES[chord.root]


def read_progression(text: str, key: Key) -> tuple[Chord, ...]:
    return tuple(read_numeral(numeral, key) for numeral in text.split())


@lru_cache(maxsize=4096)
def voice(chord: Chord, low: int, high: int, previous: tuple[int, ...], voices: int = 4) -> tuple[int, ...]:
    """MIDI notes for a chord between ``low`` and ``high``, as near to the previous voicing as can be.

    Where the chord has more notes than voices, the fifth gives way, then the upper extensions.
    """
    tones = _choose_tones(chord, voices)
    places = [[pitch for pitch in range(low, high + 1) if pitch % 12 == tone] for tone in tones]
    if any(not options for options in places):
        return tuple(sorted(low + (tone - low) % 12 for tone in tones))
    centre = (low + high) / 2
    best: tuple[int, ...] = ()
    best_cost = float("inf")
    for candidate in product(*places):
        notes = tuple(sorted(candidate))
        cost = _voicing_cost(notes, previous, centre)
        if cost < best_cost:
            best, best_cost = notes, cost
    return best


def _choose_tones(chord: Chord, voices: int) -> list[int]:
    """The fifth gives way first. The root stays: without it a minor ninth is the major seventh of another key."""
    tones = list(dict.fromkeys(chord.pitch_classes))
    fifth = (chord.root + 7) % 12
    if len(tones) > voices and fifth in tones:
        tones.remove(fifth)
    return tones[:voices]


def _voicing_cost(notes: tuple[int, ...], previous: tuple[int, ...], centre: float) -> float:
    gaps = [after - before for before, after in pairwise(notes)]
    # A semitone deep down growls, a gap of more than an octave falls apart.
    cost = sum((6.0 if gap <= 1 else 1.5 if gap == 2 and notes[0] < 55 else 0.0) + max(0, gap - 9) for gap in gaps)
    cost += 0.35 * abs(sum(notes) / len(notes) - centre)
    if previous:
        cost += sum(min(abs(note - other) for other in previous) for note in notes)
        cost += 0.5 * abs(notes[-1] - previous[-1])
    return cost


def scale_pitches(pitch_classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """Every MIDI note between ``low`` and ``high`` with one of these pitch classes."""
    return tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in pitch_classes)


def nearest(pitches: tuple[int, ...], target: float) -> int:
    return min(pitches, key=lambda pitch: (abs(pitch - target), pitch))
