"""The user's own samples: how they are named, read and played."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.domain import Concept, Recipe, Rendering, SampleChoice, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, InputError, RecipeUnreadable
from sonicforge_studio.generation import (
    SynthEngine,
    choose_samples,
    compose,
    recipe_from_json,
    recipe_to_json,
    settle_samples,
)
from sonicforge_studio.generation.changing import told
from sonicforge_studio.generation.pitch import find_pitch
from sonicforge_studio.generation.sounds import kit_book
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.samples import load_samples
from tests.sounds import tone, write

RATE = 44100
SILENT = SilentProgress()
CONCEPT = compose("house, F minor", duration_seconds=6, seed=3)


def with_samples(*texts: str, concept: Concept = CONCEPT) -> Concept:
    return settle_samples(choose_samples(concept, texts), SILENT)


def render(concept: Concept, seed: int = 3) -> Rendering:
    return SynthEngine().render(concept, seed, SILENT, stems=None)


def thump(seconds: float = 0.3, hz: float = 65.0, level: float = 0.5) -> NDArray[np.float32]:
    """A hit with a hard edge."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = (level * np.cos(2 * np.pi * hz * time) * np.exp(-time / (seconds / 5))).astype(np.float32)
    return np.stack([wave, wave])


def level_db(samples: NDArray[np.float32]) -> float:
    return 10 * float(np.log10(np.mean(samples.astype(np.float64) ** 2)))


# ---- how they are named


def test_a_sample_is_named_by_what_it_plays_and_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    odd = write(tmp_path / "odd.wav", tone()).rename(tmp_path / "with=signs@C3")
    chosen = choose_samples(
        CONCEPT,
        [
            "Closed Hat=tick.wav", "melody=flute.wav@F#5", "bass=~/b@low.wav@Bb-1", "pads=with=signs@C3",
            "chords=/x/y.wav@61.5", "snare=s.wav@C3",
        ],
    )  # fmt: skip
    assert chosen.samples == (
        SampleChoice("closed_hat", str(tmp_path / "tick.wav")),
        SampleChoice("melody", str(tmp_path / "flute.wav"), 78.0),
        SampleChoice("bass", str(tmp_path / "me" / "b@low.wav"), 10.0),
        SampleChoice("pads", str(odd)),
        SampleChoice("chords", "/x/y.wav", 61.5),
        SampleChoice("snare", str(tmp_path / "s.wav@C3")),
    )
    again = choose_samples(chosen, ["melody=", "snare=other.wav"])
    assert [choice.plays for choice in again.samples] == ["closed_hat", "bass", "pads", "chords", "snare"]
    assert again.samples[-1].path.endswith("other.wav")
    assert "closed hat from tick.wav" in told(again)


@pytest.mark.parametrize(
    "texts",
    [
        ["kick"], ["kazoo=x.wav"], ["drums=x.wav"], ["=x.wav"], [""], ["kick=a.wav", "kick=b.wav"],
        ["kick=" + "x" * 5000], [f"{drum}=x.wav" for drum in DRUM_PITCHES] + ["bass=x.wav", "pads=x.wav"],
    ],
)  # fmt: skip
def test_what_names_no_sample_is_refused(texts: list[str]) -> None:
    with pytest.raises(BadSetting) as caught:
        choose_samples(CONCEPT, texts)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "missing-path"), (b"", "empty-file"), (b"words " * 500, "not-audio"), ("silent", "empty-audio"),
     ("folder", "bad-input"), ("nothing", "empty-audio")],
)  # fmt: skip
@pytest.mark.parametrize("plays", ["kick", "melody"])
def test_a_file_that_cannot_be_played_is_named(tmp_path: Path, content: Any, code: str, plays: str) -> None:
    path = tmp_path / "mine.wav"
    if content == "silent":
        write(path, np.full((1, 4000), 3e-5, dtype=np.float32))
    elif content == "nothing":
        write(path, np.zeros((1, 0), dtype=np.float32))
    elif content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    chosen = choose_samples(CONCEPT, [f"{plays}={path}"])
    for read in (lambda: settle_samples(chosen, SILENT), lambda: render(chosen)):
        with pytest.raises(InputError) as caught:
            read()
        assert caught.value.code == code
        assert str(path) in caught.value.message
        assert plays in caught.value.message
        assert caught.value.message.endswith(".")
        assert caught.value.hint


# ---- how they are read


def test_silence_before_a_hit_goes_and_one_channel_is_heard_on_both_sides(tmp_path: Path) -> None:
    hit = thump()[:1]
    late = np.concatenate([np.full((1, 20000), 1e-4, np.float32), hit, np.zeros((1, 9000), np.float32)], axis=1)
    write(tmp_path / "late.wav", late, subtype="FLOAT")
    loaded = load_samples(choose_samples(CONCEPT, [f"kick={tmp_path / 'late.wav'}"]), RATE, SILENT)["kick"].samples
    assert np.array_equal(loaded[0], loaded[1])
    assert abs(int(np.argmax(np.abs(loaded[0]) > 0.25)) - 32) <= 1
    assert loaded.shape[1] <= hit.shape[1] + 40
    assert np.abs(loaded[:, :32]).max() < 1e-3
    assert np.all(loaded[:, -1] == 0.0)


def test_another_rate_and_more_channels_are_brought_to_stereo(tmp_path: Path) -> None:
    for channels, rate_hz in ((1, 96000), (2, 22050), (6, 48000)):
        path = write(tmp_path / f"{channels}.wav", np.repeat(tone(0.5, 440, rate_hz=rate_hz)[:1], channels, 0), rate_hz)
        loaded = load_samples(choose_samples(CONCEPT, [f"melody={path}"]), RATE, SILENT)["melody"]
        assert loaded.samples.shape[0] == 2
        assert loaded.samples.shape[1] == pytest.approx(0.5 * RATE, abs=200)
        assert find_pitch(loaded.samples[0], RATE) == pytest.approx(69, abs=0.02)
        assert loaded.root == pytest.approx(69, abs=0.02)


def test_a_long_file_is_played_from_its_beginning(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", tone(41, 220))
    concept = with_samples(f"pads={path}")
    assert load_samples(concept, RATE, SILENT)["pads"].samples.shape[1] == 30 * RATE
    write(path, np.concatenate([tone(30, 220), tone(15, 330)], axis=1))
    assert with_samples(f"pads={path}") == concept, "what is not played makes no difference"


def test_the_root_is_found_where_it_was_not_told(tmp_path: Path) -> None:
    note = write(tmp_path / "note.wav", tone(0.5, 440 * 2 ** (-8.7 / 12)))
    noise = write(tmp_path / "noise.wav", np.random.default_rng(1).normal(0, 0.1, (2, 9000)).astype(np.float32))
    concept = with_samples(f"bass={note}", f"chords={noise}", f"melody={note}@A4", f"kick={note}")
    roots = {choice.plays: choice.root for choice in concept.samples}
    assert roots == {"bass": pytest.approx(60.3, abs=0.02), "chords": 60.0, "melody": 69.0, "kick": None}
    assert len({choice.audio_hash for choice in concept.samples}) == 2


# ---- how they are played


def test_a_sampled_kick_lies_on_its_beat_at_the_level_of_the_kits(tmp_path: Path) -> None:
    path = write(tmp_path / "kick.wav", np.concatenate([np.zeros((2, 7000), np.float32), thump(level=0.02)], axis=1))
    drums_only = compose("house, only drums", duration_seconds=6, seed=3)
    own, sampled = render(drums_only), render(with_samples(f"kick={path}", concept=drums_only))
    assert own.notes == sampled.notes
    assert level_db(sampled.stems["drums"].clip().samples) == pytest.approx(
        level_db(own.stems["drums"].clip().samples), abs=4.0
    )
    kicks = tuple(note for note in sampled.notes["drums"] if note.pitch == DRUM_PITCHES["kick"])
    alone = SynthEngine().render(
        with_samples(f"kick={path}", concept=drums_only), 3, SILENT, notes={"drums": kicks}, stems=None
    ).stems["drums"].clip().samples.mean(axis=0)  # fmt: skip
    assert len(kicks) > 8
    for note in kicks[:-1]:
        frame = round(note.start_beats * 60 / drums_only.tempo_bpm * RATE)
        assert np.abs(alone[max(0, frame - 300) : frame]).max(initial=0.0) < 0.02
        assert 20 <= int(np.argmax(np.abs(alone[frame : frame + 300]) > 0.1)) <= 40


def test_loud_and_soft_files_of_one_sound_are_played_alike(tmp_path: Path) -> None:
    stems = []
    for number, level in enumerate((0.9, 0.01)):
        hit = write(tmp_path / f"hit{number}.wav", thump(level=level), subtype="FLOAT")
        key = write(tmp_path / f"key{number}.wav", tone(1.0, 440, level=level), subtype="FLOAT")
        stems.append(render(with_samples(f"snare={hit}", f"chords={key}")).stems)
    for part in ("drums", "chords"):
        assert np.allclose(stems[0][part].clip().samples, stems[1][part].clip().samples, atol=2e-3)


@pytest.mark.parametrize("part", ["bass", "chords", "melody"])
def test_keys_play_the_parts_own_notes_at_its_level(tmp_path: Path, part: str) -> None:
    path = write(tmp_path / "organ.wav", tone(4.0, 330.0))
    own, sampled = render(CONCEPT), render(with_samples(f"{part}={path}"))
    assert own.notes == sampled.notes
    stem = sampled.stems[part].clip().samples
    assert level_db(stem) == pytest.approx(level_db(own.stems[part].clip().samples), abs=5.0)
    if part == "chords":
        return
    # A single voice: what sounds in the middle of a long note is its pitch.
    long = [note for note in sampled.notes[part] if note.length_beats * 60 / CONCEPT.tempo_bpm > 0.1]
    right = 0
    for note in long:
        start = int((note.start_beats + 0.1) * 60 / CONCEPT.tempo_bpm * RATE)
        found = find_pitch(stem[0, start : start + 3000], RATE)
        right += found is not None and abs(found - note.pitch) < 0.2
    assert long
    assert right >= 0.8 * len(long)


@pytest.mark.parametrize("root", ["C-1", "G9"])
def test_notes_far_from_the_root_sound_in_a_nearer_octave(tmp_path: Path, root: str) -> None:
    path = write(tmp_path / "far.wav", tone(4.0, 27.5 if root == "C-1" else 7040.0))
    stem = render(with_samples(f"melody={path}@{root}")).stems["melody"].clip().samples
    assert np.isfinite(stem).all()
    assert np.abs(stem).max() > 0.01


def test_a_held_note_rings_out_with_its_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "short.wav", tone(0.2, 220.0))
    concept = compose("ambient, only pads", duration_seconds=8, seed=3)
    pads = render(with_samples(f"pads={path}", concept=concept)).stems["pads"].clip().samples
    starts = np.unique([note.start_beats * 60 / concept.tempo_bpm for note in render(concept).notes["pads"]])
    first = int(np.flatnonzero(np.diff(starts, append=8.0) > 2.0)[0])
    assert np.abs(pads[:, int(starts[first] * RATE) :][:, : RATE // 10]).max() > 0.02
    assert np.abs(pads[:, int((starts[first] + 1.0) * RATE) :][:, : RATE // 2]).max() < 1e-3


def test_hats_choke_each_other_and_a_long_pad_itself(tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", tone(6.0, 3000.0))
    concept = compose("house, only drums", duration_seconds=6, seed=3)
    open_hat = render(with_samples(f"open_hat={long}", concept=concept)).stems["drums"].clip().samples
    kick = render(with_samples(f"kick={long}", concept=concept)).stems["drums"].clip().samples
    # Six seconds struck over and over: without a choke the strokes would pile up.
    for stem in (open_hat, kick):
        assert level_db(stem[:, -2 * RATE :]) < level_db(stem[:, RATE : 3 * RATE]) + 3
    notes = [note for note in render(concept).notes["drums"] if note.pitch in (42, 46)]
    assert any(one.pitch == 46 and other.pitch == 42 for one, other in pairwise(notes))


def test_the_same_recipe_and_files_give_the_same_samples(tmp_path: Path) -> None:
    hit = write(tmp_path / "hit.wav", thump())
    key = write(tmp_path / "key.wav", tone(0.7, 200.0))
    concept = with_samples(f"clap={hit}", f"melody={key}")
    recipe = Recipe("synth", "2", 3, concept.prompt, concept, "", "", RATE)
    read = recipe_from_json(recipe_to_json(recipe))
    assert read == recipe
    assert read.concept is not None
    first = render(concept)
    assert first.mix.clip().samples.tobytes() == render(read.concept).mix.clip().samples.tobytes()
    assert not np.array_equal(first.mix.clip().samples, render(CONCEPT).mix.clip().samples)
    write(hit, thump(hz=90))
    changed = settle_samples(concept, SILENT)
    assert [now.audio_hash == then.audio_hash for now, then in zip(changed.samples, concept.samples, strict=True)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"plays": "kazoo"}, {"plays": 3}, {"path": ""}, {"path": "x" * 5000}, {"path": 3}, {"root": 200.0},
     {"root": -0.5}, {"root": "C4"}, {"audio_hash": 3}],
)  # fmt: skip
def test_a_recipe_with_impossible_samples_is_refused(wrong: dict[str, Any]) -> None:
    choice = replace(SampleChoice("melody", "/x.wav", 60.0, "ab"), **wrong)
    recipe = Recipe("synth", "2", 3, "", replace(CONCEPT, samples=(choice,)), "", "", RATE)
    with pytest.raises(RecipeUnreadable):
        recipe_from_json(recipe_to_json(recipe))
    twice = replace(CONCEPT, samples=(SampleChoice("kick", "/x.wav"), SampleChoice("kick", "/y.wav")))
    with pytest.raises(RecipeUnreadable):
        recipe_from_json(recipe_to_json(replace(recipe, concept=twice)))


def test_every_kit_has_every_drum_that_a_sample_can_take_the_place_of() -> None:
    for name, kit in kit_book().items():
        assert set(kit) == set(DRUM_PITCHES), name


@pytest.mark.parametrize("name", ["bass_hit_c", "guit_em9", "loop_amen", "loop_tabla"])
@pytest.mark.parametrize("plays", ["kick", "open_hat", "bass", "melody"])
def test_real_recordings_can_stand_in_for_anything(test_data: Path, name: str, plays: str) -> None:
    own = render(CONCEPT)
    mix = render(with_samples(f"{plays}={test_data / 'samples' / name}.flac")).mix.clip().samples
    assert np.isfinite(mix).all()
    assert np.abs(mix).max() <= 10 ** (-1.0 / 20)
    assert level_db(mix) == pytest.approx(level_db(own.mix.clip().samples), abs=4.0)
