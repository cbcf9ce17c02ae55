"""A person's own samples from the request to the file, and back out of its recipe."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import read_clip, read_tags
from sonicforge_studio.domain import SilentProgress, from_plain, to_plain
from sonicforge_studio.domain.errors import BadSetting, MissingPath, NotAudio
from sonicforge_studio.studio import Edits, Studio
from sonicforge_studio.studio.forging import Forged, ForgeRequest
from sonicforge_studio.studio.previewing import Preview
from tests.sounds import groove, tone, write

SILENT = SilentProgress()


def forge(studio: Studio, folder: Path, *samples: str, **wanted: object) -> Forged:
    request = ForgeRequest(
        "house, F minor", seconds=4, seed=4, mastered=False, folder=str(folder), edits=Edits(samples=samples), **wanted
    )  # type: ignore[arg-type] # as the names say
    # As a job has it: through JSON.
    return studio.forge.forge(from_plain(ForgeRequest, json.loads(json.dumps(to_plain(request)))), SILENT)


@pytest.fixture
def kick(tmp_path: Path) -> Path:
    return write(tmp_path / "kick.wav", groove(0.3))


def test_a_piece_with_samples_is_made_again_from_its_file(studio: Studio, kick: Path, tmp_path: Path) -> None:
    key = write(tmp_path / "key.wav", tone(1.0, 262.0))
    forged = forge(studio, tmp_path / "out", f"kick={kick}", f"melody={key}")
    concept = forged.recipe.concept
    assert concept is not None
    assert [(choice.plays, choice.path, len(choice.audio_hash)) for choice in concept.samples] == [
        ("kick", str(kick), 64),
        ("melody", str(key), 64),
    ]
    assert concept.samples[1].root == pytest.approx(60.02, abs=0.05)
    # A sample's owner has a word in the licence.
    assert forged.recipe.licence != "CC0-1.0"
    assert read_tags(Path(forged.files[0])).licence == forged.recipe.licence
    again = studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SILENT)
    assert again.same
    assert again.recipe == forged.recipe
    assert forge(studio, tmp_path / "out").recipe.pcm_hash != forged.recipe.pcm_hash


def test_a_sample_that_is_another_one_now_is_named(studio: Studio, kick: Path, tmp_path: Path) -> None:
    forged = forge(studio, tmp_path / "out", f"kick={kick}")
    then = forged.recipe.concept
    assert then is not None
    write(kick, tone(0.2, 80.0))
    again = studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SILENT)
    assert not again.same
    assert again.differs is not None
    assert str(kick) in again.differs
    assert again.recipe.concept is not None
    assert again.recipe.concept.samples[0].audio_hash != then.samples[0].audio_hash
    # What was made is the piece with the new sample, and its own recipe knows it.
    assert studio.remaker.remake(again.path, str(tmp_path / "third"), SILENT).same


def test_a_sample_that_is_gone_is_named_and_can_be_replaced(studio: Studio, kick: Path, tmp_path: Path) -> None:
    forged = forge(studio, tmp_path / "out", f"kick={kick}")
    moved = kick.rename(tmp_path / "moved.wav")
    with pytest.raises(MissingPath) as caught:
        studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SILENT)
    assert str(kick) in caught.value.message
    assert not (tmp_path / "again").exists()
    found = studio.remaker.remake(
        Path(forged.files[0]), str(tmp_path / "again"), SILENT, Edits(samples=(f"kick={moved}",))
    )
    assert found.same
    without = studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "own"), SILENT, Edits(samples=("kick=",)))
    assert without.recipe.pcm_hash == forge(studio, tmp_path / "plain").recipe.pcm_hash
    assert without.recipe.licence == "CC0-1.0"


def test_a_part_that_is_given_a_sound_loses_its_sample(studio: Studio, tmp_path: Path) -> None:
    key = write(tmp_path / "key.wav", tone(1.0, 262.0))
    forged = forge(studio, tmp_path / "out", f"melody={key}")
    remade = studio.remaker.remake(
        Path(forged.files[0]), str(tmp_path / "again"), SILENT, Edits(sounds={"melody": "harp"})
    )
    assert remade.recipe.concept is not None
    assert remade.recipe.concept.samples == ()
    assert remade.differs == "It was changed: melody as harp."


def test_nothing_is_made_with_a_sample_that_cannot_be_played(studio: Studio, tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("remember the milk\n" * 100)
    for wrong, error in ((f"kick={text}", NotAudio), (f"melody={tmp_path / 'no.wav'}", MissingPath), ("x", BadSetting)):
        with pytest.raises(error):
            forge(studio, tmp_path / "out", wrong, candidates=2)
    assert not (tmp_path / "out").exists()
    assert text.exists()


def test_the_preview_plays_the_samples_too(studio: Studio, kick: Path, tmp_path: Path) -> None:
    forged = forge(studio, tmp_path / "out", f"kick={kick}")
    preview = Preview(forged.recipe)
    source, blocks = preview.open_source(), []
    while (block := source.read(8192)).shape[1]:
        blocks.append(block)
    assert np.allclose(np.concatenate(blocks, axis=1), read_clip(forged.files[0]).samples, atol=1e-5)
    preview.close()
    kick.unlink()
    with pytest.raises(MissingPath):
        Preview(forged.recipe)
