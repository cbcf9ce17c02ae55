"""Exports: what does not keep what was asked of its master is not written unasked, in any format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import Tags, measure_loudness, on_24_bit_grid, open_sink, read_clip, read_tags, write_tags
from sonicforge_studio.domain import Clip, MasterSettings, Recipe, SilentProgress, Target
from sonicforge_studio.domain.errors import NotAsPromised, OverCeiling
from sonicforge_studio.generation import recipe_to_json
from sonicforge_studio.mastering import own_target, target_named
from sonicforge_studio.studio import Studio
from sonicforge_studio.studio.exporting import export
from sonicforge_studio.studio.mastering import MasterRequest
from sonicforge_studio.studio.remaking import read_recipe
from tests.sounds import groove, tone, write

RATE_HZ = 44_100
SILENT = SilentProgress()
Block = NDArray[np.float32]


def a_master(path: Path, samples: Block, target: Target | None, **settings: Any) -> Path:
    """A file of these samples that says it was mastered for ``target``; for nothing where that is None."""
    mastering = () if target is None else (MasterSettings(target, **settings),)
    recipe = Recipe("mastering", "1", 0, "", None, "", "", RATE_HZ, mastering=mastering)
    tags = Tags(title="Loud", recipe=recipe_to_json(recipe))
    with open_sink(path, format=path.suffix[1:], sample_rate_hz=RATE_HZ, channels=2, tags=tags) as sink:
        sink.write(samples)
    return path


def own_measure(samples: Block) -> Target:
    """The target that these samples keep exactly, as a 24-bit file has them."""
    loudness = measure_loudness(Clip(on_24_bit_grid(samples), RATE_HZ))
    return Target("own", loudness.integrated_lufs, loudness.true_peak_dbtp)


def loud() -> Block:
    return np.clip(2.0 * groove(3), -0.6, 0.6).astype(np.float32)


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav16"])
def test_a_master_over_its_ceiling_is_not_written_unasked(tmp_path: Path, format: str) -> None:
    keeps = own_measure(loud())
    master = a_master(tmp_path / "master.wav", loud(), replace(keeps, ceiling_dbtp=keeps.ceiling_dbtp - 0.05))
    out = tmp_path / f"out.{format}"
    with pytest.raises(OverCeiling):
        export(master, out, format, SILENT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master.wav"]
    export(master, out, format, SILENT, over_ceiling_too=True)
    assert read_tags(out).title == "Loud"


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav16"])
def test_a_master_off_its_loudness_is_not_written_unasked(tmp_path: Path, format: str) -> None:
    quiet = 0.2 * groove(2)
    asked_for = replace(own_measure(quiet), ceiling_dbtp=-1.0)
    out = tmp_path / f"out.{format}"
    master = a_master(
        tmp_path / "master.wav", quiet, replace(asked_for, integrated_lufs=asked_for.integrated_lufs + 3.5)
    )
    with pytest.raises(NotAsPromised, match=r"The loudness is -3\.\d\d LU from the target\."):
        export(master, out, format, SILENT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master.wav"]
    export(master, out, format, SILENT, over_ceiling_too=True)
    assert read_tags(out).title == "Loud"
    # The same samples, of which no more was asked than they keep.
    export(a_master(tmp_path / "kept.wav", quiet, asked_for), tmp_path / f"kept.{format}", format, SILENT)


def test_a_clipped_master_is_not_written_unasked(tmp_path: Path) -> None:
    samples = tone(seconds=1.0, hz=100.0, level=1.0 - 2.0**-16)
    master = a_master(tmp_path / "master.wav", samples, replace(own_measure(samples), ceiling_dbtp=0.0))
    with pytest.raises(NotAsPromised, match=r"^\d+ samples stand at full scale\.$"):
        export(master, tmp_path / "out.flac", "flac", SILENT)


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_what_promised_nothing_is_written(tmp_path: Path, format: str) -> None:
    plain = a_master(tmp_path / "plain.wav", loud(), None)
    export(plain, tmp_path / f"out.{format}", format, SILENT)
    assert (tmp_path / f"out.{format}").stat().st_size > 1000


def test_what_keeps_the_dynamics_may_be_quieter_and_not_louder(tmp_path: Path) -> None:
    quiet = 0.2 * groove(2)
    keeps = replace(own_measure(quiet), ceiling_dbtp=-1.0)
    for name, lufs in (("quieter", keeps.integrated_lufs + 3.0), ("louder", keeps.integrated_lufs - 3.0)):
        target = replace(keeps, integrated_lufs=lufs)
        a_master(tmp_path / f"{name}.wav", quiet, target, least_peak_to_loudness_lu=12.0)
    export(tmp_path / "quieter.wav", tmp_path / "quieter.flac", "flac", SILENT)
    with pytest.raises(NotAsPromised, match=r"\+3\.00 LU"):
        export(tmp_path / "louder.wav", tmp_path / "louder.flac", "flac", SILENT)


@pytest.mark.parametrize("format", ["flac16", "mp3"])
def test_what_has_no_loudness_to_read_is_asked_about_for_its_peak_alone(tmp_path: Path, format: str) -> None:
    silence = np.zeros((2, RATE_HZ), np.float32)
    short = groove(1)[:, : RATE_HZ // 4]
    for name, samples in (("silence", silence), ("short", short)):
        master = a_master(tmp_path / f"{name}.wav", samples, target_named("spotify"))
        export(master, tmp_path / f"{name}.{format}", format, SILENT)
    over = a_master(tmp_path / "over.wav", short, replace(own_measure(short), integrated_lufs=-14.0, ceiling_dbtp=-9.0))
    with pytest.raises(OverCeiling):
        export(over, tmp_path / f"over.{format}", format, SILENT)


def test_dither_alone_is_not_asked_about(tmp_path: Path) -> None:
    keeps = own_measure(loud())
    master = a_master(tmp_path / "master.wav", loud(), keeps)
    export(master, tmp_path / "out.wav", "wav16", SILENT)
    dithered = measure_loudness(read_clip(tmp_path / "out.wav"))
    assert 0.0 < dithered.true_peak_dbtp - keeps.ceiling_dbtp < 0.001


def test_an_export_is_held_to_what_was_asked_for_and_not_to_where_the_limiter_was_led(tmp_path: Path) -> None:
    keeps = own_measure(loud())
    led = replace(keeps, ceiling_dbtp=keeps.ceiling_dbtp - 2.0, integrated_lufs=keeps.integrated_lufs + 0.5)
    export(a_master(tmp_path / "led.wav", loud(), led, wanted=keeps), tmp_path / "out.flac", "flac", SILENT)
    with pytest.raises(OverCeiling):
        export(a_master(tmp_path / "asked.wav", loud(), led), tmp_path / "again.flac", "flac", SILENT)
    # Older recipes do not tell it: there the ceiling is that of the target's name.
    older = replace(led, name="spotify", integrated_lufs=keeps.integrated_lufs)
    export(a_master(tmp_path / "older.wav", loud(), older), tmp_path / "older.flac", "flac", SILENT)


def test_a_lossy_master_is_held_to_what_its_codec_may_lose(tmp_path: Path) -> None:
    lossy, lossless = (a_master(tmp_path / f"master.{suffix}", 0.2 * groove(4), None) for suffix in ("mp3", "wav"))
    target = Target("own", measure_loudness(read_clip(lossy)).integrated_lufs + 0.15, -1.0)
    for path in (lossy, lossless):
        recipe = Recipe("mastering", "1", 0, "", None, "", "", RATE_HZ, mastering=(MasterSettings(target),))
        write_tags(path, Tags(recipe=recipe_to_json(recipe)))
    export(lossy, tmp_path / "out.flac", "flac", SILENT)
    with pytest.raises(NotAsPromised):
        export(lossless, tmp_path / "again.flac", "flac", SILENT)


def test_a_master_that_passed_is_written_in_every_lossless_format(studio: Studio, tmp_path: Path) -> None:
    hard = write(tmp_path / "hard.wav", np.clip(4.0 * groove(4), -0.9, 0.9).astype(np.float32))
    for target in ("spotify", "club"):
        made = studio.mastering.master(
            MasterRequest(str(hard), out=str(tmp_path / f"{target}.wav"), target=target), SILENT
        )
        assert made.master.proof[0].passed
        for format in ("wav", "wav16", "flac", "flac16"):
            export(Path(made.track.path), tmp_path / f"{target} as {format}", format, SILENT)


def test_a_master_that_could_not_be_as_loud_as_asked_for_asks(studio: Studio, tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", groove(3))
    made = studio.mastering.master(
        MasterRequest(str(song), out=str(tmp_path / "master.wav"), lufs=-6.0, ceiling=-6.0), SILENT
    )
    assert made.master.proof[0].failure == "loudness"
    with pytest.raises(NotAsPromised) as caught:
        export(Path(made.track.path), tmp_path / "out.flac", "flac", SILENT)
    assert caught.value.message == made.master.proof[0].reason


def test_what_was_asked_for_travels_with_a_master_that_its_codec_led_down(studio: Studio, tmp_path: Path) -> None:
    hard = write(tmp_path / "hard.wav", np.clip(4.0 * groove(4), -0.9, 0.9).astype(np.float32))
    studio.importer.add(hard, SILENT)
    master = tmp_path / "master.m4a"
    studio.mastering.master(MasterRequest(str(hard), out=str(master), lufs=-9.0, ceiling=-1.0), SILENT)
    recipe = read_recipe(master)
    (settings,) = recipe.mastering
    assert settings.wanted == own_target(-9.0, -1.0)
    assert settings.target.ceiling_dbtp < -1.0
    remade = studio.remaker.remake(master, str(tmp_path / "again"), SILENT)
    assert remade.same
    assert read_recipe(remade.path) == recipe
