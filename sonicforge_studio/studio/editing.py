"""What a person changes of a piece that is there, in one order: parts, sounds, levels, chords, the seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sonicforge_studio.domain import Concept, Engine, PartChange, Recipe
from sonicforge_studio.domain.errors import NoRecipe
from sonicforge_studio.generation import (
    change,
    choose_samples,
    lock,
    notes_of,
    score_of,
    still_written,
    unplayed_samples,
)
from sonicforge_studio.generation.limits import require_seed


@dataclass(frozen=True, slots=True)
class Edits:
    """Everything that is not named here stays."""

    roll: tuple[str, ...] = ()
    """Parts whose dice are thrown once more."""
    mute: tuple[str, ...] = ()
    unmute: tuple[str, ...] = ()
    sounds: Mapping[str, str] = field(default_factory=dict)
    """By part, an instrument (for the drums a kit); "" for the part's own."""
    gains_db: Mapping[str, float] = field(default_factory=dict)
    """By part, on top of the genre's level."""
    chords: str | None = None
    """Roman numerals in place of the genre's chords; "" for these."""
    lock: tuple[str, ...] | None = None
    """Parts that stay as they are whatever the seed; None where they are those of before."""
    seed: int | None = None
    """The dice of all parts that are not locked."""
    samples: tuple[str, ...] = ()
    """Files in place of drums or instruments, as ``choose_samples`` reads them: "kick=FILE", "melody=FILE@C3"."""


NO_EDITS = Edits()


def edited_concept(concept: Concept, edits: Edits, seed: int) -> Concept:
    """A concept whose piece has the dice of ``seed``, as it is after the edits.

    Raises ``BadSetting`` for parts, sounds, samples, levels and chords that there are none of.
    """
    changed = change(
        concept,
        roll=edits.roll,
        mute=edits.mute,
        unmute=edits.unmute,
        sounds=edits.sounds,
        gains_db=edits.gains_db,
        progression=edits.chords,
    )
    changed = choose_samples(changed, edits.samples)
    return changed if edits.lock is None else lock(changed, edits.lock, seed)


def edited(recipe: Recipe, edits: Edits) -> Recipe:
    """The recipe after the edits. Raises ``NoRecipe`` where nothing was composed, ``BadSetting`` as above and for a
    seed that is none."""
    before = composed(recipe)
    concept = edited_concept(before, edits, recipe.seed)
    return replace(
        recipe,
        concept=concept,
        seed=recipe.seed if edits.seed is None else require_seed(edits.seed),
        written=still_written(recipe.written, before, concept),
    )


def same_notes(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes differ in nothing but levels and what is muted."""
    return _without_levels(one) == _without_levels(other)


def _without_levels(recipe: Recipe) -> Recipe:
    concept = composed(recipe)
    changes = (replace(change, muted=False, gain_db=0.0) for change in concept.changes)
    kept = tuple(change for change in changes if change != PartChange(change.part))
    return replace(recipe, concept=replace(concept, changes=kept))


def composed(recipe: Recipe) -> Concept:
    """What the piece was composed of. Raises ``NoRecipe`` where nothing was."""
    if recipe.concept is None:
        raise NoRecipe("This file was not composed here: there is nothing in it to change.")
    return recipe.concept


def licence_of(engine: Engine, concept: Concept) -> str:
    """The licence of what an engine makes of a concept: of the user's own samples it can say nothing."""
    return f"{engine.licence} except for the samples in it" if concept.samples else engine.licence


def unplayed(recipe: Recipe) -> tuple[str, ...]:
    """What the recipe has a sample for and the piece never plays, such as "snare"."""
    if recipe.concept is None or not recipe.concept.samples:
        return ()
    return unplayed_samples(
        recipe.concept, {**score_of(recipe.concept, recipe.seed), **notes_of(recipe.written)}
    )  # fmt: skip
