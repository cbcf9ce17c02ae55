"""Exports: a master that a codec brings over its ceiling is not written unasked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import Tags, open_sink, read_tags
from sonicforge_studio.domain import MasterSettings, Recipe, SilentProgress
from sonicforge_studio.domain.errors import OverCeiling
from sonicforge_studio.generation import recipe_to_json
from sonicforge_studio.mastering import own_target, target_named
from sonicforge_studio.studio import Studio
from sonicforge_studio.studio.exporting import export
from sonicforge_studio.studio.mastering import MasterRequest
from sonicforge_studio.studio.remaking import read_recipe
from tests.sounds import groove, write

SILENT = SilentProgress()


@pytest.fixture
def recipe() -> Recipe:
    """Of a master for a target whose ceiling is −1 dBTP."""
    settings = MasterSettings(target_named("spotify"))
    return Recipe("mastering", "1", 0, "", None, "", "", 44_100, mastering=(settings,))


def written(path: Path, recipe: Recipe | None) -> Path:
    loud = np.clip(3.0 * groove(3), -0.88, 0.88).astype(np.float32)
    tags = Tags(title="Loud", recipe=recipe_to_json(recipe) if recipe else None)
    with open_sink(path, format="wav", sample_rate_hz=44_100, channels=2, tags=tags) as sink:
        sink.write(loud)
    return path


def test_a_master_over_its_ceiling_is_not_written_unasked(tmp_path: Path, recipe: Recipe) -> None:
    master, out = written(tmp_path / "master.wav", recipe), tmp_path / "out.mp3"
    with pytest.raises(OverCeiling):
        export(master, out, "mp3", SILENT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master.wav"]
    export(master, out, "mp3", SILENT, over_ceiling_too=True)
    assert read_tags(out).title == "Loud"


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_what_promised_nothing_or_loses_nothing_is_written(tmp_path: Path, recipe: Recipe, format: str) -> None:
    plain = written(tmp_path / "plain.wav", recipe if format == "flac" else None)
    export(plain, tmp_path / f"out.{format}", format, SILENT)
    assert (tmp_path / f"out.{format}").stat().st_size > 1000


def test_a_target_of_ones_own_has_a_ceiling_too(tmp_path: Path, recipe: Recipe) -> None:
    quiet = replace(recipe, mastering=(MasterSettings(replace(target_named("spotify"), name="own")),))
    with pytest.raises(OverCeiling):
        export(written(tmp_path / "own.wav", quiet), tmp_path / "a.opus", "opus", SILENT)
    with open_sink(
        tmp_path / "quiet.wav", format="wav", sample_rate_hz=44_100, channels=2, tags=Tags(recipe=recipe_to_json(quiet))
    ) as sink:
        sink.write(0.2 * groove(2))
    export(tmp_path / "quiet.wav", tmp_path / "b.opus", "opus", SILENT)
    assert (tmp_path / "b.opus").exists()


def test_what_was_asked_for_travels_with_a_master_that_its_codec_led_down(studio: Studio, tmp_path: Path) -> None:
    hard = write(tmp_path / "hard.wav", np.clip(4.0 * groove(4), -0.9, 0.9).astype(np.float32))
    studio.importer.add(hard, SILENT)
    master = tmp_path / "master.m4a"
    studio.mastering.master(MasterRequest(str(hard), out=str(master), lufs=-9.0, ceiling=-1.0), SILENT)
    recipe = read_recipe(master)
    (settings,) = recipe.mastering
    assert settings.wanted == own_target(-9.0, -1.0)
    assert settings.target.ceiling_dbtp < -2.0
    # An export is held to what was asked for, and not to where the limiter was led.
    export(master, tmp_path / "out.mp3", "mp3", SILENT)
    remade = studio.remaker.remake(master, str(tmp_path / "again"), SILENT)
    assert remade.same
    assert read_recipe(remade.path) == recipe
