"""What was begun and not made: on the disk until it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sonicforge_studio.domain import Recipe
from sonicforge_studio.generation import compose
from sonicforge_studio.studio import DraftShelf, Edits, draft_recipe, edited, same_notes


@pytest.fixture(name="recipe")
def _recipe() -> Recipe:
    return draft_recipe(compose("deep house, 120 bpm", duration_seconds=8.0), 5)


def test_a_draft_is_found_again_by_the_piece_it_came_from(recipe: Recipe, tmp_path: Path) -> None:
    shelf, other = DraftShelf(tmp_path / "drafts"), replace(recipe, seed=6)
    assert shelf.find(recipe) == ()
    changed = edited(recipe, Edits(mute=("drums",), roll=("bass",)))
    for drafts in ((changed,), (other, changed), (changed, recipe)):
        shelf.keep(recipe, *drafts)
        assert DraftShelf(tmp_path / "drafts").find(recipe) == drafts
    assert shelf.find(other) == ()
    shelf.keep(recipe, recipe)
    assert shelf.find(recipe) == ()
    assert not list((tmp_path / "drafts").iterdir())


def test_a_broken_draft_is_none_and_is_kept_beside_the_next(
    recipe: Recipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = DraftShelf(tmp_path)
    shelf.keep(recipe, replace(recipe, seed=9))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    broken = [b"", b"\xff\xfe", whole[:-9], whole.replace(b'"version":2', b'"version":99')]
    for content in broken:
        file.write_bytes(content)
        assert shelf.find(recipe) == ()
        shelf.keep(recipe, replace(recipe, seed=10))
        assert shelf.find(recipe) == (replace(recipe, seed=10),)
        shelf.keep(recipe, recipe)
    aside = list(tmp_path.glob(f"{file.stem}.*.unreadable"))
    assert sorted(place.read_bytes() for place in aside) == sorted(broken)
    assert all(place.name in caplog.text for place in aside)


def test_of_many_drafts_the_oldest_go(recipe: Recipe, tmp_path: Path) -> None:
    shelf = DraftShelf(tmp_path)
    shelf.keep(recipe, replace(recipe, prompt="changed"))
    (file,) = tmp_path.iterdir()
    file.write_text("of another version")
    assert shelf.find(recipe) == ()
    for seed in range(205):
        shelf.keep(replace(recipe, seed=seed), replace(recipe, prompt="changed"))
        if seed == 100:
            assert len(list(tmp_path.glob("*.unreadable"))) == 1
    assert len(list(tmp_path.glob("*.json"))) == len(list(tmp_path.iterdir())) == 200
    assert shelf.find(replace(recipe, seed=204))


def test_levels_are_no_notes(recipe: Recipe) -> None:
    assert same_notes(recipe, edited(recipe, Edits(mute=("drums",), gains_db={"bass": -3.0})))
    assert not same_notes(recipe, edited(recipe, Edits(roll=("drums",))))
    assert not same_notes(recipe, edited(recipe, Edits(sounds={"bass": "sub bass"})))
    assert not same_notes(recipe, replace(recipe, seed=6))
