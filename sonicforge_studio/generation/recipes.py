"""Recipes as JSON, and back: what comes from outside is checked before anything is made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from sonicforge_studio.domain import (
    RECIPE_VERSION,
    Concept,
    MasterSettings,
    Match,
    Neural,
    PartChange,
    Recipe,
    Target,
    from_plain,
    to_plain,
)
from sonicforge_studio.domain.chain import chain_faults
from sonicforge_studio.domain.errors import RecipeUnreadable, StudioError
from sonicforge_studio.domain.mastering import MATCH_BANDS
from sonicforge_studio.generation.changing import (
    CHANGEABLE,
    HIGHEST_GAIN_DB,
    LOWEST_GAIN_DB,
    is_progression,
    sounds_of,
)
from sonicforge_studio.generation.synth.samples import are_samples

_SYNTH = "synth"
_LONGEST_TEXT = 1_000_000
_MOST_BARS = 100_000
_MOST_CHAINS = 1000
_MOST_NOTES, _MOST_NOTES_A_SECOND = 1000, 100
_LAST_TICK = 960 * 400 * 60
"""An hour at the fastest tempo."""


def recipe_to_json(recipe: Recipe) -> str:
    """One line of JSON, plain ASCII, so that every tag format holds it."""
    plain = to_plain(recipe)
    for settings in plain["mastering"]:
        if settings["wanted"] is None:
            # Drafts are found by the hash of this text: a recipe that has nothing to say here reads as it always did.
            del settings["wanted"]
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def recipe_from_json(text: str) -> Recipe:
    """The recipe in a JSON text. Raises ``RecipeUnreadable`` for whatever is cut off, newer, or out of all measure."""
    if len(text) > _LONGEST_TEXT:
        raise RecipeUnreadable("The recipe is too long to be one.")
    try:
        plain = json.loads(text)
        version = plain["version"]
        if not isinstance(version, int) or version < 1:
            raise RecipeUnreadable()
        if version > RECIPE_VERSION:
            raise RecipeUnreadable(
                f"The recipe is of version {version}; this studio knows versions up to {RECIPE_VERSION}.",
                hint="Update the studio.",
            )
        recipe: Recipe = from_plain(Recipe, _brought_up(plain))
        faults = list(_faults(recipe))
    except RecipeUnreadable:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, StudioError, TypeError, ValueError) as error:
        # Text from outside can be wrong in any way: the shape of the failure says nothing to a person.
        raise RecipeUnreadable() from error
    if faults:
        raise RecipeUnreadable(f"The recipe in this file cannot be used: {faults[0]}.")
    return recipe


def _faults(recipe: Recipe) -> Iterator[str]:
    texts = (recipe.engine, recipe.engine_version, recipe.prompt, recipe.licence, recipe.pcm_hash, recipe.part)
    if not all(isinstance(text, str) for text in (*texts, *recipe.parents)):
        yield "one of its texts is none"
    if not _is_whole(recipe.seed, 0, 2**63):
        yield "its seed is not a number"
    if not _is_whole(recipe.sample_rate_hz, 1, 10**7):
        yield "its sample rate is none"
    if len(recipe.mastering) > _MOST_CHAINS:
        yield "it was mastered too often"
    for settings in recipe.mastering:
        yield from _mastering_faults(settings)
    if not all(isinstance(part.part, str) and all(_is_note(note) for note in part.notes) for part in recipe.written):
        yield "its notes are out of range"
    if recipe.concept is None and recipe.engine == _SYNTH:
        yield "it does not say what was composed"
    if recipe.concept is not None:
        most = _MOST_NOTES + _MOST_NOTES_A_SECOND * recipe.concept.duration_seconds
        if any(len(part.notes) > most for part in recipe.written):
            yield "it has more notes than anyone could play"
    if recipe.concept is not None:
        yield from _concept_faults(recipe.concept)
    if recipe.neural is not None:
        yield from _neural_faults(recipe.neural)


def _neural_faults(neural: Neural) -> Iterator[str]:
    heard = [text for sound in (neural.melody, neural.continues) if sound for text in (sound.path, sound.audio_hash)]
    if not all(isinstance(text, str) for text in (neural.model, neural.weights_hash, *heard)):
        yield "its model or what it listens to is none"
    sampling = neural.sampling
    if not isinstance(sampling.greedy, bool) or not _is_whole(sampling.top_k, 0, 2**31):
        yield "how its codes are drawn is none"


def _is_note(note: tuple[int, ...]) -> bool:
    limits = ((0, _LAST_TICK), (1, _LAST_TICK), (0, 127), (1, 127))
    return len(note) == len(limits) and all(
        _is_whole(value, low, high) for value, (low, high) in zip(note, limits, strict=True)
    )


def _concept_faults(concept: Concept) -> Iterator[str]:
    if not _within(concept.tempo_bpm, 20, 400):
        yield "its tempo is out of range"
    if not _within(concept.duration_seconds, 1, 3600):
        yield "its length is out of range"
    if not _within(concept.energy, 0, 1):
        yield "its energy is out of range"
    if not all(_is_whole(section.bars, 0, _MOST_BARS) and _within(section.energy, 0, 1) for section in concept.form):
        yield "its form is out of range"
    if not all(map(_is_change, concept.changes)):
        yield "one of its parts was changed in a way that this studio does not know"
    if concept.progression and not is_progression(concept.progression):
        yield "its chords cannot be read"
    if not are_samples(concept.samples):
        yield "one of its samples is for nothing that this studio plays"


def _is_change(change: PartChange) -> bool:
    return (
        change.part in CHANGEABLE
        and _is_whole(change.roll, 0, 2**31)
        and isinstance(change.muted, bool)
        and (not change.sound or change.sound in sounds_of(change.part))
        and _within(change.gain_db, LOWEST_GAIN_DB, HIGHEST_GAIN_DB)
        and (change.seed is None or _is_whole(change.seed, 0, 2**63))
    )


def _mastering_faults(settings: MasterSettings) -> Iterator[str]:
    figures = (
        _is_target(settings.target),
        _is_target(settings.asked_for),
        _within(settings.amount, 0, 1),
        _within(settings.least_peak_to_loudness_lu, 0, 60),
        settings.sample_rate_hz == 0 or _is_whole(settings.sample_rate_hz, 1000, 10**6),
    )
    if not all(figures) or any(chain_faults(settings.chain)) or not _is_match(settings.match):
        yield "its mastering is out of range"


def _is_target(target: Target) -> bool:
    return _within(target.integrated_lufs, -70, 0) and _within(target.ceiling_dbtp, -40, 0)


def _is_match(match: Match | None) -> bool:
    if match is None:
        return True
    curves = (match.curve_db, match.side_db)
    return _within(match.dynamics_lu, -30, 30) and all(
        len(curve) in (0, MATCH_BANDS) and all(_within(level, -40, 40) for level in curve) for curve in curves
    )


def _brought_up(plain: dict[str, Any]) -> dict[str, Any]:
    """A recipe of version 1 as one of version 2, which it is from here on: its chain was a high-pass and a glue
    compressor."""
    if plain["version"] >= 2:
        return plain
    chains = [_chain_of_version_1(settings) for settings in plain.get("mastering", ())]
    return {**plain, "version": RECIPE_VERSION, "mastering": chains}


def _chain_of_version_1(settings: dict[str, Any]) -> dict[str, Any]:
    amount = settings.get("amount", 1.0)
    glue = {"ratio": settings.get("glue_ratio", 1.6), "attack_ms": settings.get("glue_attack_ms", 30.0), "mix": amount}
    chain = {"repair": {"high_pass_hz": settings.get("high_pass_hz", 28.0)}, "glue": glue}
    return {"target": settings["target"], "chain": chain}


def _within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and low <= value <= high


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
