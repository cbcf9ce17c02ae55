"""Melody: a motif that is stated, answered, varied and brought home."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import GenrePart
from sonicforge_studio.domain.key import Key
from sonicforge_studio.generation.synth.harmony import Chord, nearest, scale_of, scale_pitches
from sonicforge_studio.generation.synth.score import STEPS_PER_BAR, Outline, make_note

_PENTATONIC = {"minor": (0, 3, 5, 7, 10), "major": (0, 2, 4, 7, 9)}
_PHRASE = "ABAC"
"""Call, answer, call again, and a closing that comes home."""


@dataclass(frozen=True, slots=True)
class _Tone:
    step: int
    length: int
    degree: int
    """Scale steps from the motif's anchor."""


def write_melody(part: GenrePart, outline: Outline, random: np.random.Generator) -> tuple[Note, ...]:
    """Phrases of four bars over the sections the part plays in. Strong places take chord tones, the rest the scale."""
    key = outline.key
    motifs = {letter: _invent(part, random) for letter in "AB"}
    motifs["C"] = _close(motifs["A"], random)
    scale = tuple(sorted({(key.tonic + step) % 12 for step in _PENTATONIC[key.mode]}))
    pitches = scale_pitches(scale, part.low, part.high)
    notes: list[Note] = []
    anchor = float((part.low + part.high) / 2 + random.integers(-3, 4))
    for section in outline.playing(part.sections):
        previous = anchor
        for index, bar in enumerate(range(section.first_bar, section.end_bar)):
            letter = _PHRASE[index % 4]
            motif = motifs[letter]
            if index >= 4 and letter == "B":
                motif = _vary(motif, random)
            if index % 8 == 7 and section.bars > 8:
                # Room to breathe before the next eight bars.
                motif = tuple(tone for tone in motif if tone.step < STEPS_PER_BAR // 2)
            placed = _place(motif, outline.chords[bar], key, pitches, anchor, previous, home=letter == "C")
            for tone, pitch in placed:
                accent = 8 if tone.step % 4 == 0 else 0
                velocity = 70 + 22 * section.energy + accent + float(random.normal(0, 4))
                notes.append(make_note(outline.beat(bar, tone.step), tone.length / 4 - 0.03, pitch, velocity))
                previous = pitch
    return tuple(notes)


def _invent(part: GenrePart, random: np.random.Generator) -> tuple[_Tone, ...]:
    """A motif of one bar: a rhythm of the book, thinned, with a contour of small steps and at most one leap."""
    rhythm = part.rhythms[int(random.integers(len(part.rhythms)))][:STEPS_PER_BAR]
    tones = []
    degree = int(random.integers(-1, 2))
    turn = 1 if random.random() < 0.5 else -1
    leaps = 0
    for step, letter in enumerate(rhythm):
        if letter not in "xX":
            continue
        length = 1
        while step + length < STEPS_PER_BAR and rhythm[step + length] == "-":
            length += 1
        if letter == "X" or random.random() < part.density:
            tones.append(_Tone(step, length, degree))
        stride = int(random.choice((0, 1, 1, 1, 2)))
        if leaps == 0 and random.random() < 0.15:
            stride, leaps = 3, 1
        if abs(degree) >= 3:
            turn = -1 if degree > 0 else 1
        elif random.random() < 0.3:
            turn = -turn
        degree += turn * stride
    return tuple(tones) or (_Tone(0, 4, 0),)


def _vary(motif: tuple[_Tone, ...], random: np.random.Generator) -> tuple[_Tone, ...]:
    """The same rhythm with its end bent another way, or moved by a step."""
    if random.random() < 0.5:
        shift = int(random.choice((-1, 1)))
        return tuple(replace(tone, degree=tone.degree + shift) for tone in motif)
    half = len(motif) // 2
    return motif[:half] + tuple(replace(tone, degree=-tone.degree) for tone in motif[half:])


def _close(motif: tuple[_Tone, ...], random: np.random.Generator) -> tuple[_Tone, ...]:
    """The motif's first half, then one long tone."""
    head = tuple(tone for tone in motif if tone.step < STEPS_PER_BAR // 2)
    step = 8 if not any(tone.step + tone.length > 8 for tone in head) else 10
    return (*(replace(tone, length=min(tone.length, step - tone.step)) for tone in head), _Tone(step, 14 - step, 0))


def _place(
    motif: tuple[_Tone, ...], chord: Chord, key: Key, pitches: tuple[int, ...], anchor: float, previous: float,
    *, home: bool,
) -> list[tuple[_Tone, int]]:  # fmt: skip
    low, high = pitches[0], pitches[-1]
    in_scale = set(scale_of(key))
    tones = tuple(
        pitch for pitch in range(low, high + 1) if pitch % 12 in chord.pitch_classes and pitch % 12 in in_scale
    )
    if not tones:
        tones = pitches
    # A new bar starts near where the last one ended, pulled towards the middle of the range.
    start = pitches.index(nearest(pitches, 0.5 * previous + 0.5 * anchor))
    placed = []
    for number, tone in enumerate(motif):
        wanted = _beside(pitches[min(max(start + tone.degree, 0), len(pitches) - 1)], chord, in_scale)
        strong = tone.step % 8 == 0 or tone.length >= 4
        last = number == len(motif) - 1
        pitch = nearest(tones, wanted) if strong or last else wanted
        if last and home:
            roots = tuple(p for p in tones if p % 12 == key.tonic) or tones
            pitch = nearest(roots, wanted)
        placed.append((tone, pitch))
    return placed


def _beside(pitch: int, chord: Chord, in_scale: set[int]) -> int:
    """The pitch, or the chord's borrowed tone where it would rub against it a semitone away."""
    for tone in chord.pitch_classes:
        if tone not in in_scale and pitch % 12 not in chord.pitch_classes and (pitch - tone) % 12 in (1, 11):
            return pitch + (1 if (tone - pitch) % 12 == 1 else -1)
    return pitch
