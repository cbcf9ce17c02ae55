"""A piece is steered part by part: other sounds and levels, locked parts under other dice, a form of one's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonicforge_studio.domain import Recipe, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, RecipeUnreadable
from sonicforge_studio.generation import (
    SynthEngine,
    change,
    compose,
    genre_book,
    lock,
    locked_parts,
    read_form,
    recipe_from_json,
    recipe_to_json,
    score_of,
    section_names,
    sounds_of,
)

CONCEPT = compose("house, F minor", duration_seconds=6, seed=3)


def test_a_locked_part_stays_whatever_the_seed() -> None:
    locked = lock(CONCEPT, ["drums", "melody"], seed=3)
    assert locked_parts(locked) == ("drums", "melody", "harmony")
    own, other, free = score_of(CONCEPT, 3), score_of(locked, 4), score_of(CONCEPT, 4)
    assert own["drums"] == other["drums"]
    assert own["melody"] == other["melody"]
    assert own["bass"] != other["bass"]
    assert own["drums"] != free["drums"]
    # Locked again under another seed, it keeps the dice it was locked with; unlocked, it goes with the seed.
    assert lock(locked, ["drums"], seed=4).change_of("drums").seed == 3
    assert score_of(lock(locked, [], seed=4), 4) == free


def test_a_locked_part_sounds_the_same_too() -> None:
    drums_only = compose("house, only drums", duration_seconds=3, seed=3)
    engine, silent = SynthEngine(), SilentProgress()
    locked = engine.render(lock(drums_only, ["drums"], seed=3), 9, silent)
    assert np.array_equal(locked.mix.clip().samples, engine.render(drums_only, 3, silent).mix.clip().samples)


def test_other_sounds_and_levels_change_one_stem() -> None:
    engine, silent = SynthEngine(), SilentProgress()
    before = engine.render(CONCEPT, 3, silent, stems=None)
    louder = engine.render(change(CONCEPT, gains_db={"melody": -6.0}), 3, silent, stems=None)
    reese = engine.render(change(CONCEPT, sounds={"bass": "reese bass"}), 3, silent, stems=None)
    assert before.notes == louder.notes == reese.notes

    def level_db(rendering: object, part: str) -> float:
        return 10 * float(np.log10(np.mean(rendering.stems[part].clip().samples.astype(np.float64) ** 2)))  # type: ignore[attr-defined]

    assert level_db(louder, "melody") - level_db(before, "melody") == pytest.approx(-6.0, abs=0.7)
    assert level_db(louder, "drums") - level_db(before, "drums") == pytest.approx(0.0, abs=0.7)
    assert not np.allclose(reese.stems["bass"].clip().samples, before.stems["bass"].clip().samples, atol=1e-3)
    assert "linn" not in sounds_of("bass")
    assert set(sounds_of("drums")) > {"909"}


def test_another_kit_plays_the_same_strokes() -> None:
    engine, silent = SynthEngine(), SilentProgress()
    kit = next(name for name in sounds_of("drums") if name != genre_book()["house"].kit)
    before, other = (
        engine.render(concept, 3, silent, stems=None) for concept in (CONCEPT, change(CONCEPT, sounds={"drums": kit}))
    )
    assert not np.allclose(before.stems["drums"].clip().samples, other.stems["drums"].clip().samples, atol=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sounds": {"bass": "pluck"}},
        {"sounds": {"kazoo": "pluck"}},
        {"gains_db": {"bass": 40.0}},
        {"gains_db": {"bass": float("nan")}},
        {"gains_db": {"harmony": 1.0}},
    ],
)
def test_what_no_part_can_be_is_refused(wrong: dict[str, dict[str, object]]) -> None:
    with pytest.raises(BadSetting):
        change(CONCEPT, **wrong)  # type: ignore[arg-type]


def test_a_form_of_ones_own_decides_the_length() -> None:
    form = read_form("intro 2, build: 2, drop 4 0.95, outro 1")
    concept = compose("house, 120 bpm", form=form)
    assert concept.form == form
    assert [section.energy for section in form] == [0.45, 0.6, 0.95, 0.5]
    assert concept.duration_seconds == pytest.approx(9 * 2.0, abs=3.0)
    for text in ("", "drop", "drop x", "drop 0", "drop 9999", "chorus 4", "drop 4 1.5", "drop 4 0.5 6", "drop 4,"):
        with pytest.raises(BadSetting):
            read_form(text)
    assert "verse" not in section_names(genre_book()["house"])
    with pytest.raises(BadSetting):
        compose("house", form=read_form("verse 4"))


def test_arguments_outrank_the_words_of_the_prompt() -> None:
    concept = compose("sad techno with piano", genre="house", moods=["happy"], instruments=["pluck"], energy=0.3)
    assert (concept.genre, concept.moods, concept.instruments, concept.energy) == ("house", ("happy",), ("pluck",), 0.3)
    assert "sad" not in concept.ignored
    for wrong in ({"moods": ["soggy"]}, {"instruments": ["kazoo"]}, {"instruments": []}):
        with pytest.raises(BadSetting):
            compose("house", **wrong)  # type: ignore[arg-type]


def test_locks_and_levels_survive_the_recipe() -> None:
    changed = lock(change(CONCEPT, gains_db={"bass": 2.5}, sounds={"drums": "808"}), ["bass"], seed=3)
    recipe = Recipe("synth", "2", 3, CONCEPT.prompt, changed, "CC0-1.0", "", 44100)
    assert recipe_from_json(recipe_to_json(recipe)).concept == changed
    for wrong in ({"sound": "kazoo"}, {"gain_db": 99.0}, {"seed": -1}, {"muted": 3}):
        spoiled = replace(changed, changes=(replace(changed.change_of("bass"), **wrong),))  # type: ignore[arg-type]
        with pytest.raises(RecipeUnreadable):
            recipe_from_json(recipe_to_json(replace(recipe, concept=spoiled)))
