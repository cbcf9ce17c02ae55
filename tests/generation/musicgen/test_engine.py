"""The engine with its real process, on tiny models."""

from __future__ import annotations

import math
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import read_clip, resample
from sonicforge_studio.domain import Cancelled, Concept, HeardSound, Neural, Samples, Sampling, SilentProgress
from sonicforge_studio.domain.errors import (
    BadSetting,
    DurationOutOfRange,
    EngineProcessDied,
    MissingPath,
    ModelNotUsable,
)
from sonicforge_studio.generation.musicgen.engine import MusicGenEngine
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
from tests.engine_watch import Heard, Steps, concept_of, workers
from tests.sounds import groove, tone, write

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


def test_a_piece_is_made_heard_and_comes_again(stereo_folder: Path) -> None:
    engine = MusicGenEngine(stereo_folder)
    heard, steps = Heard(), Steps()
    mix = engine.render(concept_of(2.51), 7, steps, listener=heard).mix.clip()
    assert (mix.sample_rate_hz, mix.samples.shape) == (32000, (2, 80320))
    assert heard.told == (32000, 2, 80320)
    assert heard.ended
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), mix.samples)
    assert steps.shares == sorted(steps.shares)
    assert steps.shares[-1] == 1.0
    again = engine.render(concept_of(2.51), 7, SilentProgress()).mix.clip()
    assert np.array_equal(again.samples, mix.samples)
    assert not workers()


def test_cancel_ends_the_process_at_once(mono_folder: Path) -> None:
    def stop() -> None:
        raise Cancelled()

    engine = MusicGenEngine(mono_folder)
    with pytest.raises(Cancelled):
        engine.render(concept_of(600), 1, Steps(0.101, stop))
    began = time.monotonic()
    assert not workers()
    assert time.monotonic() - began < 1.0


def test_a_killed_process_is_told_and_takes_nothing_down(mono_folder: Path) -> None:
    def kill() -> None:
        for worker in workers():
            os.kill(worker, signal.SIGKILL)

    engine = MusicGenEngine(mono_folder)
    with pytest.raises(EngineProcessDied):
        engine.render(concept_of(600), 1, Steps(0.101, kill))
    assert not workers()


def test_what_the_process_cannot_load_is_told(mono_folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(mono_folder, tmp_path / "model"))
    engine = MusicGenEngine(copy)
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelNotUsable, match="cannot be loaded"):
        engine.render(concept_of(1), 1, SilentProgress())
    with pytest.raises(MissingPath):
        MusicGenEngine(tmp_path / "nowhere")


def test_a_length_of_no_piece_is_refused(mono_folder: Path) -> None:
    for seconds in (0.1, 3601.0):
        with pytest.raises(DurationOutOfRange):
            MusicGenEngine(mono_folder).render(replace(concept_of(2), duration_seconds=seconds), 1, SilentProgress())


def test_pieces_made_together_are_those_made_alone(stereo_folder: Path) -> None:
    engine = MusicGenEngine(stereo_folder)
    heard = Heard()
    together = engine.render_batch(concept_of(2), [7, 8, 9], SilentProgress(), listener=heard)
    assert len(together) == 3
    alone = engine.render(concept_of(2), 8, SilentProgress())
    assert np.array_equal(together[1].mix.clip().samples, alone.mix.clip().samples)
    assert not np.array_equal(together[0].mix.clip().samples, alone.mix.clip().samples)
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), together[0].mix.clip().samples)


def test_it_is_heard_long_before_it_is_done(mono_folder: Path) -> None:
    heard, shares = Heard(), []

    class Watching(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if heard.blocks:
                shares.append(done / total)

    MusicGenEngine(mono_folder).render(concept_of(20), 1, Watching(), listener=heard)
    assert shares[0] < 0.3


def test_where_memory_does_not_suffice_fewer_are_made_at_once(mono_folder: Path) -> None:
    """The first process is killed, as a system without memory does it; the ladder goes on from there."""
    killed: list[int] = []

    class Killing(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if note == "Making" and not killed:
                killed.extend(workers())
                os.kill(killed[0], signal.SIGKILL)

    heard = Heard()
    engine = MusicGenEngine(mono_folder)
    made = engine.render_batch(concept_of(5), [1, 2], Killing(), listener=heard)
    assert killed
    assert [rendering.remarks for rendering in made] == [
        ("The process that made the music came to an end. 1 at a time are made instead of 2.",)
    ] * 2
    first = made[0].mix.clip().samples
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), first), "nothing is heard twice"
    assert np.array_equal(engine.render(concept_of(5), 1, SilentProgress()).mix.clip().samples, first)


def test_a_smaller_model_steps_in(mono_folder: Path, tmp_path: Path) -> None:
    from sonicforge_studio.generation.musicgen.model_folder import read_model_folder

    smaller = read_model_folder(mono_folder)
    killed: list[int] = []

    class Killing(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if not killed:
                killed.extend(workers())
                os.kill(killed[0], signal.SIGKILL)

    engine = MusicGenEngine(mono_folder, smaller=[replace(smaller)])
    made = engine.render(concept_of(1), 1, Killing())
    assert made.remarks == (f"The process that made the music came to an end. It is made by {mono_folder.name}.",)
    assert made.neural is not None
    assert made.neural.model == str(mono_folder)


def test_what_there_was_of_a_cancelled_piece_is_kept(mono_folder: Path, tmp_path: Path) -> None:
    heard = Heard()
    kept: list[int] = []

    def keep(concept: Concept, seed: int, rendering: object, licence: str) -> Path:
        kept.append(rendering.mix.frames)  # type: ignore[attr-defined]
        return tmp_path / "kept.wav"

    class Stopping(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if sum(block.shape[1] for block in heard.blocks) > 2 * 32000:
                raise Cancelled()

    with pytest.raises(Cancelled) as told:
        MusicGenEngine(mono_folder, keep=keep).render(concept_of(600), 1, Stopping(), listener=heard)
    assert kept[0] == sum(block.shape[1] for block in heard.blocks)
    assert "kept.wav" in told.value.hint
    assert not workers()


def test_a_piece_goes_on_from_a_sound_of_ones_own(stereo_folder: Path, tmp_path: Path) -> None:
    """From a file at another rate: as it is, then the model's, heard while it is made."""
    path = write(tmp_path / "mine.wav", groove(5.31))
    engine = MusicGenEngine(stereo_folder, Neural(continues=HeardSound(str(path))))
    heard, steps = Heard(), Steps()
    rendering = engine.render(concept_of(6.51), 7, steps, listener=heard)
    piece = rendering.mix.clip()
    assert (piece.sample_rate_hz, piece.samples.shape) == (32000, (2, 208320))
    mine = resample(read_clip(path), 32000)
    assert mine.frames == 169920
    assert np.array_equal(piece.samples[:, : mine.frames - 1600], mine.samples[:, :-1600])
    expected = _continued(stereo_folder, mine.samples, concept_of(6.51), 7)
    rest = piece.samples[:, mine.frames :]
    assert np.abs(rest - expected[:, : rest.shape[1]]).max() < 1e-3 * np.abs(expected).max()
    assert heard.told == (32000, 2, 208320)
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), piece.samples)
    assert steps.shares == sorted(steps.shares)
    assert rendering.neural is not None
    assert rendering.neural.continues is not None
    assert rendering.neural.continues.path == str(path)
    assert len(rendering.neural.continues.audio_hash) == 64
    assert not workers()


def _continued(folder: Path, mine: Samples, concept: Concept, seed: int) -> Samples:
    """What follows the sound, in the plainest way: all of its codes, then all of the sound, decoded at once."""
    import torch

    from sonicforge_studio.generation.musicgen.codes import write_codes
    from sonicforge_studio.generation.musicgen.loading import MusicGen
    from sonicforge_studio.generation.musicgen.model_folder import read_model_folder

    torch.set_num_threads(1)
    model = MusicGen(read_model_folder(folder), "int8")
    hops = mine.shape[1] // 640
    before = model.codec.encode(mine[:, -hops * 640 :])
    frames = hops + math.ceil((round(concept.duration_seconds * 32000) - mine.shape[1]) / 640)
    told = model.told([concept.description])(0)
    dice = [torch.Generator().manual_seed(seed)]
    codes = write_codes(model.decoder, told, frames, dice, Sampling(), before=before)
    return model.codec.decode(codes[0])[:, hops * 640 :]


def test_a_piece_follows_a_melody(melody_folder: Path, tmp_path: Path) -> None:
    pieces, hashes = [], []
    for hz in (261.6, 392.0):
        path = write(tmp_path / f"{hz}.wav", tone(1.5, hz))
        engine = MusicGenEngine(melody_folder, Neural(melody=HeardSound(str(path))))
        rendering = engine.render(concept_of(2), 3, SilentProgress())
        pieces.append(rendering.mix.clip().samples)
        assert rendering.neural is not None
        assert rendering.neural.melody is not None
        hashes.append(rendering.neural.melody.audio_hash)
    assert pieces[0].shape == (1, 64000)
    assert not np.array_equal(*pieces)
    assert len(set(hashes)) == 2


def test_a_melody_goes_on_with_what_is_continued(stereo_melody_folder: Path, tmp_path: Path) -> None:
    """The tune lies under the whole piece: what comes after the user's sound follows the tune from there on."""
    mine = write(tmp_path / "mine.wav", groove(14.0, rate_hz=32000), 32000)
    # The window begins 2 s into the piece; only what the tune is from there on is heard.
    tunes = {}
    for name, first, then in (("a", 262, 392), ("b", 330, 392), ("c", 262, 294)):
        tune = np.concatenate([tone(1.5, first), tone(40.0, then)], axis=1)
        path = write(tmp_path / f"{name}.wav", tune)
        neural = Neural(melody=HeardSound(str(path)), continues=HeardSound(str(mine)))
        engine = MusicGenEngine(stereo_melody_folder, neural)
        tunes[name] = engine.render(concept_of(14.5), 3, SilentProgress()).mix.clip().samples
    assert tunes["a"].shape == (2, 464000)
    assert np.array_equal(tunes["a"], tunes["b"])
    assert not np.array_equal(tunes["a"], tunes["c"])


def test_a_long_order_does_not_keep_a_cancel_waiting(stereo_folder: Path, tmp_path: Path) -> None:
    """What is continued is told with the order, more than a pipe holds while the process starts."""
    path = write(tmp_path / "mine.wav", groove(14.0))
    engine = MusicGenEngine(stereo_folder, Neural(continues=HeardSound(str(path))))
    copied = 0.0

    class Stopping(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if note == "Loading the model":
                raise Cancelled()

    class Copying(Heard):
        def hear(self, block: Samples) -> None:
            nonlocal copied
            copied = time.monotonic()

    with pytest.raises(Cancelled):
        engine.render(concept_of(60), 1, Stopping(), listener=Copying())
    assert time.monotonic() - copied < 1.0
    assert not workers()


def test_a_text_model_follows_no_melody(mono_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="follows no melody"):
        MusicGenEngine(mono_folder, Neural(melody=HeardSound(str(tmp_path / "tune.wav"))))


def test_files_that_cannot_be_heard_are_told_before_anything_starts(melody_folder: Path, tmp_path: Path) -> None:
    def start() -> None:
        raise AssertionError("it was begun")

    nowhere = HeardSound(str(tmp_path / "none.wav"))
    for neural in (Neural(melody=nowhere), Neural(continues=nowhere)):
        with pytest.raises(MissingPath, match=r"none\.wav"):
            MusicGenEngine(melody_folder, neural).render(concept_of(2), 1, Steps(0.0, start))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_without_a_graphics_card_it_is_made_on_the_processor(mono_folder: Path) -> None:
    engine = MusicGenEngine(mono_folder, Neural(device="cuda"))
    rendering = engine.render(concept_of(1.0), 5, SilentProgress())
    assert rendering.remarks == ("No graphics card can be used here: made on the processor.",)
    assert rendering.neural is not None
    assert (rendering.neural.device, rendering.neural.precision) == ("cpu", "int8")


@pytest.mark.parametrize("error", [ImportError("no such package"), IndexError(), AssertionError(), RecursionError()])
def test_whatever_the_loader_runs_into_is_a_fault_of_the_model(
    mono_folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from transformers import T5Tokenizer

    from sonicforge_studio.generation.musicgen.loading import MusicGen

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(T5Tokenizer, "from_pretrained", fail)
    with pytest.raises(ModelNotUsable, match="cannot be loaded"):
        MusicGen(read_model_folder(mono_folder))


def test_a_text_with_what_is_no_letter_is_read_past_it(mono_folder: Path) -> None:
    odd = replace(concept_of(1.0), description="lofi \udcff")
    assert MusicGenEngine(mono_folder).render(odd, 5, SilentProgress()).mix.frames == 32000
