"""One part is changed, and the others stay as they are: note for note, and in sound but for the bus that they share."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.domain import Concept, Recipe, Rendering, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, RecipeUnreadable
from sonicforge_studio.generation import PARTS, SynthEngine, change, compose, recipe_from_json, recipe_to_json
from sonicforge_studio.generation.changing import told


@pytest.fixture(scope="module")
def concept() -> Concept:
    return compose("house, F minor", seed=5, duration_seconds=8.0)


@pytest.fixture(scope="module")
def whole(concept: Concept) -> Rendering:
    return render(concept)


def recipe_of(concept: Concept) -> Recipe:
    return Recipe("synth", "1", 5, concept.prompt, concept, "CC0-1.0", "ab" * 32, 44100)


def render(concept: Concept) -> Rendering:
    return SynthEngine().render(concept, 5, SilentProgress(), stems=None)


def assert_same_but_for_the_bus(one: Rendering, other: Rendering, part: str) -> None:
    a, b = (rendering.stems[part].clip().samples.ravel() for rendering in (one, other))
    assert np.corrcoef(a, b)[0, 1] > 0.99
    assert np.abs(a).max() == pytest.approx(np.abs(b).max(), rel=0.25)


@pytest.mark.parametrize("part", ["drums", "bass", "chords", "melody"])
def test_one_part_is_rolled_again(concept: Concept, whole: Rendering, part: str) -> None:
    rolled = render(change(concept, roll=[part]))
    assert rolled.notes[part] != whole.notes[part]
    for other in set(PARTS) & set(whole.notes) - {part}:
        assert rolled.notes[other] == whole.notes[other]
    if part != "drums":  # whose kick turns the others down
        for other in set(PARTS) & set(whole.stems) - {part}:
            assert_same_but_for_the_bus(rolled, whole, other)


def test_each_roll_is_another_and_the_same_again(concept: Concept) -> None:
    once = change(concept, roll=["melody"])
    twice = change(once, roll=["melody"])
    assert twice.change_of("melody").roll == 2
    assert render(once).notes["melody"] != render(twice).notes["melody"]
    assert render(once).notes == render(once).notes


def test_the_harmony_is_rolled_and_written(concept: Concept) -> None:
    written = change(concept, progression="i VI III VII")
    heard = {render(one).notes["chords"] for one in (concept, change(concept, roll=["harmony"]), written)}
    assert len(heard) >= 2
    assert render(written).notes["chords"] != render(concept).notes["chords"]
    assert change(written, progression="").progression == ""


def test_what_is_muted_is_silent_and_the_rest_unmoved(concept: Concept, whole: Rendering) -> None:
    muted = change(concept, mute=["drums"])
    heard = render(muted)
    assert "drums" not in heard.stems
    for other in set(PARTS) & set(whole.stems) - {"drums"}:
        assert_same_but_for_the_bus(heard, whole, other)
    assert change(muted, unmute=["drums"]) == concept


def test_changes_are_told_and_kept_in_the_recipe(concept: Concept) -> None:
    changed = change(concept, roll=["bass"], mute=["pads"], progression="i iv")
    assert told(changed) == "bass rolled 1×, pads muted, chords i iv"
    assert told(concept) == ""
    assert recipe_from_json(recipe_to_json(recipe_of(changed))).concept == changed


@pytest.mark.parametrize(
    "changes",
    [{"roll": ["kazoo"]}, {"mute": ["harmony"]}, {"progression": "C G Am F"}, {"progression": "i " * 65}],
)
def test_what_cannot_be_changed_is_told(concept: Concept, changes: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        change(concept, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"), [('"roll":1', '"roll":-1'), ("i iv", "H7"), ('"bass","roll"', '"kazoo","roll"')]
)
def test_a_recipe_edited_by_hand_is_checked(concept: Concept, before: str, after: str) -> None:
    text = recipe_to_json(recipe_of(change(concept, roll=["bass"], progression="i iv")))
    assert before in text
    with pytest.raises(RecipeUnreadable):
        recipe_from_json(text.replace(before, after))
