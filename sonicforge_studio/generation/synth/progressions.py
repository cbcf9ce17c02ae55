"""Harmony over the form: a progression that comes round, borrows a chord the second time, and closes before it comes
home.

Borrowed chords are those of the parallel mode and the Neapolitan; cadences are half where a louder section follows and
authentic or plagal at the end: Kostka, Payne, *Tonal Harmony* (7th ed.), chapters 10 and 21. Which ones a genre has
stands in its book; music that lives by one loop has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.key import Key
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.synth.harmony import Chord, read_numeral, read_progression
from sonicforge_studio.generation.synth.score import Section

_LONGEST_CHORD_SECONDS = 12.0
_BORROWING = 0.75
"""The share of pieces that borrow, where the book offers something."""
_LOUDER = 0.05
"""A section by so much louder than the one before is one that the harmony comes home in."""


@dataclass(slots=True)
class _Progression:
    """Chords that come round; every second time as ``varied``."""

    plain: tuple[Chord, ...]
    varied: tuple[Chord, ...]
    rounds: int = 0
    """How often it was begun."""

    def over(self, bars: int, bars_per_chord: int) -> list[Chord]:
        """One chord a bar. Where the bars are few it goes faster rather than never leave the first chord."""
        while bars_per_chord > 1 and bars < len(self.plain) * bars_per_chord:
            bars_per_chord //= 2
        chords: list[Chord] = []
        while len(chords) < bars:
            turn = self.varied if self.rounds % 2 else self.plain
            chords += [chord for chord in turn for _ in range(bars_per_chord)]
            self.rounds += 1
        return chords[:bars]


def write_harmony(
    concept: Concept, genre: Genre, sections: tuple[Section, ...], random: np.random.Generator
) -> tuple[Chord, ...]:
    """One chord a bar, and one for the last stroke. Each section starts the progression anew, the break has another
    where the book offers one; chords that a person gave are played as they stand."""
    key = concept.key
    if concept.progression:
        home = away = _Progression(*(read_progression(concept.progression, key),) * 2)
        cadence: tuple[Chord, ...] = ()
    else:
        choices = genre.progressions[key.mode]
        order = [int(index) for index in random.permutation(len(choices))]
        borrows = random if random.random() < _BORROWING else None
        closes = genre.cadences.get(key.mode, ())
        cadence = read_progression(closes[int(random.integers(len(closes)))], key) if closes else ()
        home = _read(choices[order[0]], genre, key, borrows)
        away = _read(choices[order[-1]], genre, key, borrows)
    bars_per_chord = genre.bars_per_chord
    while bars_per_chord > 1 and bars_per_chord * BEATS_PER_BAR * 60 / concept.tempo_bpm > _LONGEST_CHORD_SECONDS:
        bars_per_chord //= 2
    chords: list[Chord] = []
    for section, after in zip_longest(sections, sections[1:]):
        elsewhere = section.name == "break" and section.bars >= len(away.plain) * bars_per_chord
        here = (away if elsewhere else home).over(section.bars, bars_per_chord)
        if after is None or after.energy > section.energy + _LOUDER:
            bars = min(len(cadence), section.bars // 2)
            here[len(here) - bars :] = cadence[len(cadence) - bars :]
        chords += here
    chords.append(home.plain[0])
    return tuple(chords)


def _read(text: str, genre: Genre, key: Key, borrows: np.random.Generator | None) -> _Progression:
    """A progression of the book beside itself with a chord borrowed, where the dice are given."""
    plain = read_progression(text, key)
    numerals = text.split()
    offered = [pair for pair in genre.borrowed.get(key.mode, ()) if pair[0] in numerals]
    if borrows is None or not offered:
        return _Progression(plain, plain)
    own, borrowed = offered[int(borrows.integers(len(offered)))]
    place = len(numerals) - 1 - numerals[::-1].index(own)
    return _Progression(plain, (*plain[:place], read_numeral(borrowed, key), *plain[place + 1 :]))
