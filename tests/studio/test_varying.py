"""A piece forged once more from its file: what a person wrote in it stays, unless that part is rolled again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.generation import read_midi, score_of, write_midi
from sonicforge_studio.studio import Studio
from sonicforge_studio.studio.editing import Edits
from sonicforge_studio.studio.forging import ForgeRequest

SILENT = SilentProgress()


@pytest.fixture
def edited(studio: Studio, tmp_path: Path) -> str:
    """A file whose bass was written an octave higher."""
    request = ForgeRequest("house, F minor", seconds=4, seed=4, mastered=False, midi=True, folder=str(tmp_path))
    midi = Path(studio.forge.forge(request, SILENT).files[1])
    read = read_midi(midi)
    notes, recipe = dict(read.notes), read.recipe
    assert recipe.concept is not None
    assert notes == dict(score_of(recipe.concept, recipe.seed))
    notes["bass"] = tuple(replace(note, pitch=note.pitch + 12) for note in notes["bass"])
    write_midi(midi, notes, recipe.concept, recipe)
    return str(studio.remaker.remake(midi, str(tmp_path / "edited"), SILENT).path)


@pytest.mark.parametrize(("part", "written"), [("melody", ["bass"]), ("bass", [])])
def test_what_was_written_stays_unless_it_is_rolled_again(
    studio: Studio, edited: str, tmp_path: Path, part: str, written: list[str]
) -> None:
    request = ForgeRequest("", base=edited, edits=Edits(roll=(part,)), mastered=False, folder=str(tmp_path / "varied"))
    varied = studio.forge.forge(request, SILENT)
    assert [one.part for one in varied.recipe.written] == written
    assert studio.remaker.remake(Path(varied.files[0]), str(tmp_path / "again"), SILENT).same
