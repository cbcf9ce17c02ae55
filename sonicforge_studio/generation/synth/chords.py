"""The chord parts: who plays when, in voicings that lead into each other."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import GenrePart
from sonicforge_studio.generation.synth.harmony import Chord, voice
from sonicforge_studio.generation.synth.score import STEPS_PER_BAR, Outline, Section, make_note

_STRUM_BEATS = 0.012
"""The hand of a keyboard player is not quite flat."""


def write_chords(part: GenrePart, outline: Outline, random: np.random.Generator) -> tuple[Note, ...]:
    """Voicings for each chord in one of the part's rhythms; another rhythm in the break."""
    chords = outline.chords
    rhythms = [part.rhythms[int(index)] for index in random.permutation(len(part.rhythms))]
    notes: list[Note] = []
    voicing: tuple[int, ...] = ()
    for section in outline.playing(part.sections):
        rhythm = rhythms[-1] if section.name == "break" else rhythms[0]
        bars = len(rhythm) // STEPS_PER_BAR
        for bar in range(section.first_bar, section.end_bar):
            offset = (bar - section.first_bar) % bars * STEPS_PER_BAR
            chord = chords[bar].plain() if part.plain else chords[bar]
            voicing = voice(chord, part.low, part.high, voicing)
            holds = _held_steps(rhythm, offset, bar, section, chords)
            rise = (bar - section.first_bar) / max(1, section.bars) if section.name in ("intro", "build") else 0.0
            for step, length in holds:
                accent = rhythm[offset + step] == "X"
                velocity = 62 + 34 * section.energy + 12 * accent + 14 * rise + float(random.normal(0, 3))
                start = outline.beat(bar, step)
                for index, pitch in enumerate(voicing):
                    strum = index * _STRUM_BEATS if length > 2 else 0.0
                    notes.append(make_note(start + strum, length / 4 - 0.03 - strum, pitch, velocity - 2 * index))
    return tuple(notes)


def _held_steps(
    rhythm: str, offset: int, bar: int, section: Section, chords: tuple[Chord, ...]
) -> list[tuple[int, int]]:
    """Starts and lengths in this bar; a hold at the bar's end goes on while the chord and the section last."""
    strokes = []
    steps = rhythm[offset : offset + STEPS_PER_BAR]
    for step, letter in enumerate(steps):
        if letter not in "xX":
            continue
        length = 1
        while step + length < STEPS_PER_BAR and steps[step + length] == "-":
            length += 1
        if step + length == STEPS_PER_BAR:
            length += _held_beyond(rhythm, offset, bar, section, chords)
        strokes.append((step, length))
    if not strokes and steps.startswith("-") and _new_chord(bar, section, chords):
        # A chord that changes under a hold is struck anew.
        strokes.append((0, len(steps) - len(steps.lstrip("-"))))
    return strokes


def _new_chord(bar: int, section: Section, chords: tuple[Chord, ...]) -> bool:
    return bar == section.first_bar or chords[bar] != chords[bar - 1]


def _held_beyond(rhythm: str, offset: int, bar: int, section: Section, chords: tuple[Chord, ...]) -> int:
    bars = len(rhythm) // STEPS_PER_BAR
    held = 0
    for later in range(bar + 1, section.end_bar):
        start = (offset // STEPS_PER_BAR + later - bar) % bars * STEPS_PER_BAR
        steps = rhythm[start : start + STEPS_PER_BAR]
        if chords[later] != chords[bar] or not steps.startswith("-"):
            break
        here = len(steps) - len(steps.lstrip("-"))
        held += here
        if here < STEPS_PER_BAR:
            break
    return held
