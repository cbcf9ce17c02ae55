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
