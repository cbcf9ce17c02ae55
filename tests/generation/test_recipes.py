from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sonicforge_studio.domain import MasterSettings, Neural, Recipe, SilentProgress, Target, WrittenPart
from sonicforge_studio.domain.errors import RecipeUnreadable
from sonicforge_studio.generation import SynthEngine, compose, recipe_from_json, recipe_to_json


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        engine="synth",
        engine_version="1",
        seed=7,
        prompt='ż "quoted" 日本',
        concept=compose("house, F# minor, 3 s"),
        licence="CC0-1.0",
        pcm_hash="ab" * 32,
        sample_rate_hz=44100,
        parents=("cd" * 32,),
        mastering=(MasterSettings(Target("spotify", -14.0, -1.0)),),
        part="drums",
        neural=Neural(model="musicgen-small"),
    )


def test_a_recipe_comes_back_as_it_was(recipe: Recipe) -> None:
    text = recipe_to_json(recipe)
    assert text.isascii()
    assert "\n" not in text
    assert recipe_from_json(text) == recipe


def test_the_piece_of_a_recipe_that_was_read_is_the_same_piece(recipe: Recipe) -> None:
    read = recipe_from_json(recipe_to_json(recipe))
    assert recipe.concept is not None
    assert read.concept is not None
    first = SynthEngine().render(recipe.concept, recipe.seed, SilentProgress()).mix.clip()
    second = SynthEngine().render(read.concept, read.seed, SilentProgress()).mix.clip()
    assert first.samples.tobytes() == second.samples.tobytes()


def edited(recipe: Recipe, *path: str | int, value: Any) -> str:
    plain = json.loads(recipe_to_json(recipe))
    place = plain
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 3),
        (("version",), "1"),
        (("version",), 0),
        (("seed",), -1),
        (("seed",), 1.5),
        (("seed",), True),
        (("seed",), 2**80),
        (("engine",), None),
        (("sample_rate_hz",), 0),
        (("concept", "tempo_bpm"), float("nan")),
        (("concept", "tempo_bpm"), 1e9),
        (("concept", "tempo_bpm"), None),
        (("concept", "tempo_bpm"), "fast"),
        (("concept", "duration_seconds"), 10**9),
        (("concept", "energy"), -1),
        (("concept", "key"), "Z minor"),
        (("concept", "key"), 5),
        (("concept", "form", 0, "bars"), 10**9),
        (("concept", "form", 0, "bars"), 2.5),
        (("concept", "form", 0, "energy"), float("inf")),
        (("concept", "form"), "drop"),
        (("concept",), []),
        (("mastering", 0, "target", "integrated_lufs"), 99),
        (("mastering", 0, "wanted"), {"name": "own", "integrated_lufs": -14.0, "ceiling_dbtp": 3.0}),
        (("mastering", 0, "wanted"), "loud"),
        (("mastering",), 3),
        (("mastering", 0, "chain", "eq", "bands", 3, "q"), 0),
        (("mastering", 0, "match"), {"curve_db": [1.0], "side_db": [], "dynamics_lu": 0.0}),
        (("parents",), [1, 2]),
        (("neural", "model"), 3),
        (("neural", "weights_hash"), None),
        (("neural", "precision"), "int4"),
        (("neural", "melody"), {"path": 7, "audio_hash": ""}),
        (("neural", "continues"), "mine.wav"),
        (("neural", "sampling", "top_k"), 1.5),
        (("neural", "sampling", "top_k"), True),
        (("neural", "sampling", "greedy"), "yes"),
        (("neural", "sampling", "temperature"), float("inf")),
    ],
)
def test_a_recipe_out_of_all_measure_is_refused(recipe: Recipe, path: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(RecipeUnreadable) as caught:
        recipe_from_json(edited(recipe, *path, value=value))
    assert caught.value.message


def test_what_was_asked_for_is_told_where_the_limiter_was_led_elsewhere(recipe: Recipe) -> None:
    (as_asked,) = recipe.mastering
    assert as_asked.led_from(as_asked.target) == as_asked
    assert as_asked.asked_for == as_asked.target
    # What was written before this could be told reads on, and a draft of it is found by the same text.
    assert "wanted" not in json.loads(recipe_to_json(recipe))["mastering"][0]
    own = Target("own", -14.0, -1.0)
    led = replace(as_asked, target=Target("own", -13.8, -2.6)).led_from(own)
    (read,) = recipe_from_json(recipe_to_json(replace(recipe, mastering=(led,)))).mastering
    assert read == led
    assert (read.target.ceiling_dbtp, read.asked_for) == (-2.6, own)


def test_a_recipe_of_version_1_keeps_its_chain(recipe: Recipe) -> None:
    plain = json.loads(recipe_to_json(recipe))
    old = {"high_pass_hz": 32.0, "glue_ratio": 2.2, "glue_attack_ms": 60.0, "amount": 0.5}
    target = {"name": "club", "integrated_lufs": -8.0, "ceiling_dbtp": -0.3}
    read = recipe_from_json(json.dumps({**plain, "version": 1, "mastering": [{"target": target, **old}]}))
    (settings,) = read.mastering
    assert settings.target.name == "club"
    assert settings.chain.repair.high_pass_hz == 32.0
    assert (settings.chain.glue.ratio, settings.chain.glue.attack_ms, settings.chain.glue.mix) == (2.2, 60.0, 0.5)
    assert settings.amount == 1.0
    assert recipe_from_json(recipe_to_json(read)) == read


def test_more_notes_than_anyone_could_play_are_refused(recipe: Recipe) -> None:
    assert recipe.concept is not None
    most = 1000 + 100 * round(recipe.concept.duration_seconds)
    notes = tuple((0, 960, 60, 90) for _ in range(most))
    assert recipe_from_json(recipe_to_json(replace(recipe, written=(WrittenPart("bass", notes),))))
    with pytest.raises(RecipeUnreadable, match="more notes"):
        recipe_from_json(recipe_to_json(replace(recipe, written=(WrittenPart("bass", (*notes, notes[0], notes[0])),))))


def test_text_that_is_no_recipe_is_refused(recipe: Recipe) -> None:
    whole = recipe_to_json(recipe)
    texts = ["", "{", "[]", "null", "7", '"x"', "{}", "[" * 5000, "{" * 5000, "x" * 300_000, "\x00", whole[:-1] + ',"']
    texts += [whole[: len(whole) * part // 7] for part in range(1, 7)]
    for text in texts:
        with pytest.raises(RecipeUnreadable):
            recipe_from_json(text)


def test_what_a_recipe_says_beside_is_left_alone(recipe: Recipe) -> None:
    assert recipe_from_json(edited(recipe, "mood_of_the_day", value="fine")) == recipe
