"""The engine with its real process, on tiny models."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.domain import Cancelled, Concept, Samples, SilentProgress
from sonicforge_studio.domain.errors import DurationOutOfRange, EngineProcessDied, MissingPath, ModelNotUsable
from sonicforge_studio.generation import compose
from sonicforge_studio.generation.musicgen.engine import MusicGenEngine

pytest.importorskip("torch")
pytest.importorskip("transformers")


def concept_of(seconds: float) -> Concept:
    return compose("lofi hip hop with warm rhodes", duration_seconds=seconds)


class _Heard:
    def __init__(self) -> None:
        self.told: tuple[int, int, int | None] | None = None
        self.blocks: list[Samples] = []
        self.ended = False

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        self.told = (sample_rate_hz, channels, frames)

    def hear(self, block: Samples) -> None:
        self.blocks.append(block.copy())

    def end(self) -> None:
        self.ended = True


class _Steps(SilentProgress):
    """Notes every step, and does something at the first one that counts."""

    def __init__(self, at: float = 2.0, act: object = None) -> None:
        self.shares: list[float] = []
        self._at, self._act = at, act

    def step(self, done: float, total: float, note: str = "") -> None:
        self.shares.append(done / total)
        if callable(self._act) and done / total >= self._at:
            self._act()


def _workers() -> list[int]:
    """The engine's processes that are children of this one."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and b"musicgen.worker" in (place / "cmdline").read_bytes():
                found.append(int(place.name))
    return found


def test_a_piece_is_made_heard_and_comes_again(stereo_folder: Path) -> None:
    engine = MusicGenEngine(stereo_folder)
    heard, steps = _Heard(), _Steps()
    mix = engine.render(concept_of(2.51), 7, steps, listener=heard).mix.clip()
    assert (mix.sample_rate_hz, mix.samples.shape) == (32000, (2, 80320))
    assert heard.told == (32000, 2, 80320)
    assert heard.ended
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), mix.samples)
    assert steps.shares == sorted(steps.shares)
    assert steps.shares[-1] == 1.0
    again = engine.render(concept_of(2.51), 7, SilentProgress()).mix.clip()
    assert np.array_equal(again.samples, mix.samples)
    assert not _workers()


def test_cancel_ends_the_process_at_once(mono_folder: Path) -> None:
    def stop() -> None:
        raise Cancelled()

    engine = MusicGenEngine(mono_folder)
    with pytest.raises(Cancelled):
        engine.render(concept_of(600), 1, _Steps(0.101, stop))
    began = time.monotonic()
    assert not _workers()
    assert time.monotonic() - began < 1.0


def test_a_killed_process_is_told_and_takes_nothing_down(mono_folder: Path) -> None:
    def kill() -> None:
        for worker in _workers():
            os.kill(worker, signal.SIGKILL)

    engine = MusicGenEngine(mono_folder)
    with pytest.raises(EngineProcessDied):
        engine.render(concept_of(600), 1, _Steps(0.101, kill))
    assert not _workers()


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
    from dataclasses import replace

    for seconds in (0.1, 3601.0):
        with pytest.raises(DurationOutOfRange):
            MusicGenEngine(mono_folder).render(replace(concept_of(2), duration_seconds=seconds), 1, SilentProgress())


def test_pieces_made_together_are_those_made_alone(stereo_folder: Path) -> None:
    engine = MusicGenEngine(stereo_folder)
    heard = _Heard()
    together = engine.render_batch(concept_of(2), [7, 8, 9], SilentProgress(), listener=heard)
    assert len(together) == 3
    alone = engine.render(concept_of(2), 8, SilentProgress())
    assert np.array_equal(together[1].mix.clip().samples, alone.mix.clip().samples)
    assert not np.array_equal(together[0].mix.clip().samples, alone.mix.clip().samples)
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), together[0].mix.clip().samples)


def test_it_is_heard_long_before_it_is_done(mono_folder: Path) -> None:
    heard, shares = _Heard(), []

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
                killed.extend(_workers())
                os.kill(killed[0], signal.SIGKILL)

    heard = _Heard()
    engine = MusicGenEngine(mono_folder)
    made = engine.render_batch(concept_of(20), [1, 2], Killing(), listener=heard)
    assert killed
    assert [rendering.remarks for rendering in made] == [
        ("Memory did not suffice for 2 pieces at once: 1 at a time are made.",)
    ] * 2
    first = made[0].mix.clip().samples
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), first), "nothing is heard twice"
    assert np.array_equal(engine.render(concept_of(20), 1, SilentProgress()).mix.clip().samples, first)


def test_a_smaller_model_steps_in(mono_folder: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from sonicforge_studio.generation.musicgen.model_folder import read_model_folder

    smaller = read_model_folder(mono_folder)
    killed: list[int] = []

    class Killing(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if not killed:
                killed.extend(_workers())
                os.kill(killed[0], signal.SIGKILL)

    engine = MusicGenEngine(mono_folder, smaller=[replace(smaller)])
    made = engine.render(concept_of(1), 1, Killing())
    assert made.remarks == (f"Memory did not suffice for {mono_folder.name}: made by {mono_folder.name}.",)
    assert made.neural is not None
    assert made.neural.model == str(mono_folder)


def test_what_there_was_of_a_cancelled_piece_is_kept(mono_folder: Path, tmp_path: Path) -> None:
    heard = _Heard()
    kept: list[int] = []

    def keep(concept: Concept, seed: int, rendering: object) -> Path:
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
    assert not _workers()
