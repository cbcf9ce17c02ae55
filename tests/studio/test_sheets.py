"""A forged piece is opened as a sheet, rewritten, and heard while it changes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sonicforge_studio.domain import Recipe, SilentProgress
from sonicforge_studio.domain.errors import NoRecipe
from sonicforge_studio.generation import SynthEngine, compose, notes_of, recipe_from_json, recipe_to_json
from sonicforge_studio.generation.rewriting import put, repeat_bar
from sonicforge_studio.studio.editing import Edits, edited
from sonicforge_studio.studio.forging import draft_recipe
from sonicforge_studio.studio.previewing import Preview
from sonicforge_studio.studio.sheets import rewritten, sheet_of


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return draft_recipe(compose("deep house, 124 bpm, F minor", duration_seconds=10, seed=5), 5)


def _whole(preview: Preview) -> np.ndarray:
    source, blocks = preview.open_source(), []
    while (block := source.read(5000)).shape[1]:
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def test_the_sheet_says_what_is_played(recipe: Recipe) -> None:
    sheet = sheet_of(recipe)
    assert list(sheet.parts) == ["drums", "bass", "chords", "pads", "melody"]
    assert all(sheet.parts[part] for part in ("drums", "bass", "chords"))
    assert sum(section.bars for section in sheet.sections) == len(sheet.chords)
    assert sheet.chords[0].startswith("Fm")
    assert set(sheet.sounds) >= {"drums", "bass", "melody"}
    with pytest.raises(NoRecipe):
        sheet_of(Recipe("mastering", "1", 0, "", None, "", "", 44100))


def test_what_is_rewritten_is_played_and_kept_in_the_recipe(recipe: Recipe) -> None:
    before = sheet_of(recipe).parts["drums"]
    after = repeat_bar(put(before, 4.5, 0.25, 38)[0], 1, 1, 3)
    changed = rewritten(recipe, "drums", after)
    assert sheet_of(changed).parts["drums"] == after
    assert sheet_of(changed).written == {"drums"}
    assert sheet_of(recipe_from_json(recipe_to_json(changed))).parts["drums"] == after
    # Written back as it was, it is the engine's own again; rolled again too.
    assert rewritten(changed, "drums", before).written == ()
    assert edited(changed, Edits(roll=("drums",))).written == ()
    assert edited(changed, Edits(roll=("bass",))).written == changed.written


def test_the_preview_is_the_piece(recipe: Recipe) -> None:
    assert recipe.concept is not None
    preview = Preview(recipe)
    mix = SynthEngine().render(recipe.concept, 5, SilentProgress(), notes=notes_of(recipe.written)).mix.clip().samples
    assert np.abs(_whole(preview) - mix).max() < 1e-5
    assert preview.complete
    preview.close()


def test_faders_move_without_a_click(recipe: Recipe) -> None:
    preview = Preview(recipe)
    faders = preview.faders
    whole = _whole(preview)
    source = preview.open_source()
    source.seek(44100)
    source.read(4000)
    faders.set(dict.fromkeys(preview.stems, 0.0))
    fading, silent = source.read(4000), source.read(4000)
    assert not silent.any()
    steps = np.abs(np.diff(fading, axis=1)).max()
    assert 0 < np.abs(fading[:, :400]).max() <= np.abs(whole).max()
    assert steps <= np.abs(np.diff(whole[:, 40000:60000], axis=1)).max() + 0.01
    faders.set({"drums": 0.0})
    source.seek(0)
    source.read(600)
    alone = np.concatenate([source.read(5000) for _ in range(10)], axis=1)
    assert not np.allclose(alone, whole[:, 600:50600], atol=1e-3)
    preview.close()


def test_closing_stops_at_once() -> None:
    long = draft_recipe(compose("ambient", duration_seconds=3600, seed=1), 1)
    preview = Preview(long)
    began = time.monotonic()
    preview.close()
    assert time.monotonic() - began < 1.0
    assert not preview.complete
