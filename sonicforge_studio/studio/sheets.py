"""A forged piece as it is written: its form, its chords and every part's notes, to be looked at and rewritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sonicforge_studio.domain import Note, Recipe
from sonicforge_studio.generation import (
    chord_name,
    notes_of,
    parts_of,
    score_of,
    sounds_in,
    written_parts,
    written_score,
)
from sonicforge_studio.studio.editing import composed

LONGEST_SHEET_SECONDS = 360.0
"""Longer pieces are not opened: an hour has more notes than a screen shows, and its stems would fill the disk."""


@dataclass(frozen=True, slots=True)
class SheetSection:
    """A stretch of the form, in bars from the start."""

    name: str
    first_bar: int
    bars: int
    energy: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the paper. Bars have four beats."""

    tempo_bpm: float
    duration_seconds: float
    sections: tuple[SheetSection, ...]
    chords: tuple[str, ...]
    """One a bar, as on a lead sheet."""
    parts: Mapping[str, tuple[Note, ...]]
    """The parts that can be changed, in the order of the desk; one that plays nothing is there, empty."""
    sounds: Mapping[str, str]
    """By part, the instrument or the kit that plays it."""
    written: frozenset[str]
    """Parts that a hand wrote."""


def sheet_of(recipe: Recipe) -> Sheet:
    """The piece that a recipe tells of; some tens of milliseconds. Raises ``NoRecipe`` where nothing was composed."""
    concept = composed(recipe)
    score = written_score(concept, recipe.seed, notes_of(recipe.written))
    return Sheet(
        tempo_bpm=score.tempo_bpm,
        duration_seconds=concept.duration_seconds,
        sections=tuple(SheetSection(one.name, one.first_bar, one.bars, one.energy) for one in score.sections),
        chords=tuple(map(chord_name, score.chords[: score.bars])),
        parts={part: score.parts.get(part, ()) for part in parts_of(concept)},
        sounds=sounds_in(concept),
        written=frozenset(part.part for part in recipe.written),
    )


def rewritten(recipe: Recipe, part: str, notes: tuple[Note, ...]) -> Recipe:
    """The recipe with these notes for a part; what equals the engine's own is not kept as written."""
    own = {part: score_of(composed(recipe), recipe.seed).get(part, ())}
    others = tuple(one for one in recipe.written if one.part != part)
    return replace(recipe, written=(*others, *written_parts({part: notes}, own)))
