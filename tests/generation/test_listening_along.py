"""Music that is heard while it is made is the music that would be made unheard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import GrowingClip
from sonicforge_studio.domain import Cancelled, Samples, SilentProgress
from sonicforge_studio.generation import SynthEngine, compose
from sonicforge_studio.jobs import JobQueue, current_job_id
from sonicforge_studio.studio import build_studio
from sonicforge_studio.studio.forging import ForgeRequest
from sonicforge_studio.studio.hearables import Hearables


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.clip: GrowingClip | None = None

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        self.clip = GrowingClip(sample_rate_hz, channels, frames)

    def hear(self, block: Samples) -> None:
        assert self.clip is not None
        self.clip.write(block)

    def end(self) -> None:
        assert self.clip is not None
        self.clip.finish()


def test_a_listener_changes_no_sample() -> None:
    concept = compose("deep house, 124 bpm", duration_seconds=4.0)
    ear = Ear()
    heard = SynthEngine().render(concept, 5, SilentProgress(), listener=ear, stems=None)
    unheard = SynthEngine().render(concept, 5, SilentProgress(), stems=None)
    assert np.array_equal(heard.mix.clip().samples, unheard.mix.clip().samples)
    assert list(heard.stems) == list(unheard.stems)
    for name, stem in unheard.stems.items():
        assert np.array_equal(heard.stems[name].clip().samples, stem.clip().samples)
    assert ear.clip is not None
    source = ear.clip.open_source()
    assert source.frames == unheard.mix.frames
    blocks = []
    while (block := source.read(30_000)).shape[1]:
        blocks.append(block)
    assert np.array_equal(np.concatenate(blocks, axis=1), unheard.mix.clip().samples)


def test_a_forge_job_can_be_heard_while_it_runs(tmp_path: Path) -> None:
    hearables = Hearables()
    found = []

    class Watching(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            found.append(hearables.opener(3))

    with build_studio(tmp_path / "home") as studio, hearables.offered(3) as listener:
        request = ForgeRequest("house", seconds=3.0, seed=1, candidates=2, folder=str(tmp_path / "out"))
        studio.forge.forge(request, Watching(), listener)
    opener = next(opener for opener in found if opener is not None)
    source = opener()
    assert (source.sample_rate_hz, source.frames) == (44_100, 3 * 44_100)
    assert source.read(10).shape == (2, 10)
    assert hearables.opener(3) is None


def test_what_is_broken_off_ends_for_its_listener_too() -> None:
    hearables, openers = Hearables(), []

    def make() -> None:
        with hearables.offered(4) as listener:
            listener.begin(8000, 1, None)
            openers.append(hearables.opener(4))
            listener.hear(np.ones((1, 100), np.float32))
            openers.append(hearables.opener(4))
            raise Cancelled()

    with pytest.raises(Cancelled):
        make()
    assert openers[0] is None
    assert openers[1] is not None
    source = openers[1]()
    assert (source.read(1000).shape, source.read(1000).shape) == ((1, 100), (1, 0))


def test_a_handler_knows_which_job_it_does(tmp_path: Path) -> None:
    with JobQueue(tmp_path / "jobs.db", {"ask": lambda arguments, progress: current_job_id()}) as jobs:
        job = jobs.submit("ask", {})
        assert jobs.wait(job.id, 5.0).result == job.id
    assert current_job_id() is None
