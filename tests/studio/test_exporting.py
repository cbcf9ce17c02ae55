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
from sonicforge_studio.mastering import target_named
from sonicforge_studio.studio.exporting import export
from tests.sounds import groove


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
        export(master, out, "mp3", SilentProgress())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master.wav"]
    export(master, out, "mp3", SilentProgress(), over_ceiling_too=True)
    assert read_tags(out).title == "Loud"


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_what_promised_nothing_or_loses_nothing_is_written(tmp_path: Path, recipe: Recipe, format: str) -> None:
    plain = written(tmp_path / "plain.wav", recipe if format == "flac" else None)
    export(plain, tmp_path / f"out.{format}", format, SilentProgress())
    assert (tmp_path / f"out.{format}").stat().st_size > 1000


def test_a_target_of_ones_own_has_a_ceiling_too(tmp_path: Path, recipe: Recipe) -> None:
    quiet = replace(recipe, mastering=(MasterSettings(replace(target_named("spotify"), name="own")),))
    with pytest.raises(OverCeiling):
        export(written(tmp_path / "own.wav", quiet), tmp_path / "a.opus", "opus", SilentProgress())
    with open_sink(
        tmp_path / "quiet.wav", format="wav", sample_rate_hz=44_100, channels=2, tags=Tags(recipe=recipe_to_json(quiet))
    ) as sink:
        sink.write(0.2 * groove(2))
    export(tmp_path / "quiet.wav", tmp_path / "b.opus", "opus", SilentProgress())
    assert (tmp_path / "b.opus").exists()
