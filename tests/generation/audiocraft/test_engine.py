"""The engine: with audiocraft itself where there is one, and with other programs in its place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.domain import (
    Cancelled,
    Concept,
    HeardSound,
    Neural,
    Samples,
    Sampling,
    SilentProgress,
    StudioError,
)  # fmt: skip
from sonicforge_studio.domain.errors import (
    BadSetting,
    DurationOutOfRange,
    EngineProcessDied,
    EngineUnavailable,
    ModelNotUsable,
    OutOfMemory,
)  # fmt: skip
from sonicforge_studio.generation import compose
from sonicforge_studio.generation.audiocraft import worker
from sonicforge_studio.generation.audiocraft.engine import AudiocraftEngine
from sonicforge_studio.generation.audiocraft.environment import WORKER, Environment, keep
from sonicforge_studio.generation.audiocraft.process import Ready, sound_of
from tests.engine_watch import Heard, Steps, concept_of, workers

torch = pytest.importorskip("torch")

TOLD = "import struct, sys, time, os\nout = sys.stdout.buffer\n" + (
    "def tell(kind, content=b''):\n    out.write(struct.pack('<cQ', kind, len(content)) + content)\n    out.flush()\n"
)
READY = 'tell(b\'r\', b\'{"rate": 32000, "channels": 2, "frames": 4}\')\n'


def prompt_of(concept: Concept) -> str:
    return ", ".join([concept.description, *concept.ignored])


def _lives(stat: Path) -> bool:
    """One that has ended may stay as a zombie until its reaper comes."""
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def sounds(text: str, progress: SilentProgress | None = None) -> list[Ready | Samples]:
    """What a program in the worker's place tells."""
    return list(sound_of([sys.executable, "-c", TOLD + text], {}, progress or SilentProgress()))


# The conversation, with programs that end it in every way.


def test_sound_comes_as_it_is_told() -> None:
    first, block = sounds(READY + "tell(b's', b'[1, 2]')\ntell(b'a', struct.pack('<4f', 1, 2, 3, 4))\ntell(b'd')")
    assert first == Ready(32000, 2, 4)
    assert np.array_equal(np.asarray(block), [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EngineProcessDied),
        (READY, EngineProcessDied),
        (READY + "os.kill(os.getpid(), 9)", EngineProcessDied),
        ("raise SystemExit(3)", EngineProcessDied),
        (READY + "out.write(b'a' + bytes([255] * 8) + b'x')", EngineProcessDied),
        (READY + "tell(b'm')", OutOfMemory),
        ('tell(b\'e\', b\'{"kind": "ModelNotUsable", "message": "No.", "hint": ""}\')', ModelNotUsable),
        ('tell(b\'e\', b\'{"kind": "annotations", "message": "No.", "hint": ""}\')', StudioError),
    ],
)
def test_every_end_is_told(text: str, error: type[StudioError]) -> None:
    with pytest.raises(error) as told:
        sounds(text)
    assert type(told.value) is error


def test_cancel_ends_a_silent_program_and_what_it_started_within_a_second(tmp_path: Path) -> None:
    begun: list[float] = []

    def stop() -> None:
        if (tmp_path / "pid").exists():
            begun.append(time.monotonic())
            raise Cancelled()

    note = str(tmp_path / "pid")
    text = "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
    text += f"open({note!r}, 'w').write(str(child.pid))\ntime.sleep(60)"
    with pytest.raises(Cancelled):
        sounds(text, Steps(0.0, stop))
    assert time.monotonic() - begun[0] < 1.0
    child = Path("/proc") / (tmp_path / "pid").read_text() / "stat"
    deadline = time.monotonic() + 5.0
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(child)
    assert not [thread for thread in threading.enumerate() if thread.name == "audiocraft"]


def test_a_program_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="cannot be run"):
        list(sound_of([str(tmp_path / "nowhere")], {}, SilentProgress()))


# What is refused before anything runs.


@pytest.fixture
def adopted(tmp_path: Path) -> Path:
    """A note of an environment that nobody has asked."""
    keep(tmp_path, Environment(sys.executable, False, "3.11", "2.13.0", "5.24.0", "1.3.0", False))
    return tmp_path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (worker.LANGUAGE_MODEL, worker.CODEC):
        torch.save({"best_state": {}, "xp.cfg": "device: cpu"}, folder / name)
    return folder


def test_what_it_cannot_do_is_told_first(adopted: Path, checkpoint: Path, tmp_path: Path) -> None:
    for neural, error in (
        (Neural(melody=HeardSound("tune.wav")), BadSetting),
        (Neural(continues=HeardSound("song.wav")), BadSetting),
        (Neural(precision="int8"), BadSetting),
        (Neural(precision="bfloat16"), BadSetting),
        (Neural(device="cuda"), EngineUnavailable),
    ):
        with pytest.raises(error):
            AudiocraftEngine(checkpoint, adopted, neural)
    with pytest.raises(EngineUnavailable, match="is not installed"):
        AudiocraftEngine(checkpoint, tmp_path / "none")
    engine = AudiocraftEngine(checkpoint, adopted)
    assert (engine.name, engine.version, engine.licence) == ("audiocraft", "1.3.0", "CC-BY-NC-4.0")
    for seconds in (0.1, 3601.0):
        with pytest.raises(DurationOutOfRange):
            engine.render(replace(concept_of(2), duration_seconds=seconds), 1, SilentProgress())


def test_a_python_that_has_lost_audiocraft_ends_and_takes_nothing_down(adopted: Path, checkpoint: Path) -> None:
    with pytest.raises(EngineProcessDied):
        AudiocraftEngine(checkpoint, adopted).render(concept_of(2), 1, SilentProgress())
    assert not workers(str(WORKER))


# With audiocraft itself.


def test_a_piece_is_made_heard_and_comes_again(engines: Path, stereo_checkpoint: Path) -> None:
    engine = AudiocraftEngine(stereo_checkpoint, engines)
    heard, steps = Heard(), Steps()
    rendering = engine.render(concept_of(2.51), 7, steps, listener=heard)
    mix = rendering.mix.clip()
    assert (mix.sample_rate_hz, mix.samples.shape) == (32000, (2, 80320))
    assert heard.told == (32000, 2, 80320)
    assert heard.ended
    assert np.array_equal(np.concatenate(heard.blocks, axis=1), mix.samples)
    assert np.abs(mix.samples).max() > 0
    assert steps.shares == sorted(steps.shares)
    assert len(set(steps.shares)) > 100
    assert steps.shares[-1] == 1.0
    neural = rendering.neural
    assert neural is not None
    assert (neural.model, neural.precision, neural.device) == (str(stereo_checkpoint), "float32", "cpu")
    assert len(neural.weights_hash) == 64
    again = engine.render(concept_of(2.51), 7, SilentProgress()).mix.clip()
    assert np.array_equal(again.samples, mix.samples)
    other = engine.render(concept_of(2.51), 8, SilentProgress()).mix.clip()
    assert not np.array_equal(other.samples, mix.samples)
    assert not workers(str(WORKER))


@pytest.mark.parametrize("seconds", [3.0, 31.0])
def test_it_is_the_piece_that_audiocraft_makes(
    audiocraft_python: str, engines: Path, mono_checkpoint: Path, tmp_path: Path, seconds: float
) -> None:
    """In one window and over several. Sound that is decoded in pieces is as close to that of all at once as the codec's
    long memory lets it be."""
    concept = concept_of(seconds)
    command = [Path(__file__).with_name("reference.py"), WORKER, mono_checkpoint, "5", str(seconds), prompt_of(concept)]
    subprocess.run([audiocraft_python, *command, tmp_path / "raw"], check=True, capture_output=True)
    theirs = np.fromfile(tmp_path / "raw", dtype="<f4")[None]
    neural = Neural(sampling=Sampling(top_k=64))
    ours = AudiocraftEngine(mono_checkpoint, engines, neural).render(concept, 5, SilentProgress()).mix.clip().samples
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_cancel_ends_the_process_at_once(engines: Path, mono_checkpoint: Path) -> None:
    begun: list[float] = []

    def stop() -> None:
        begun.append(time.monotonic())
        raise Cancelled()

    with pytest.raises(Cancelled):
        AudiocraftEngine(mono_checkpoint, engines).render(concept_of(600), 1, Steps(0.101, stop))
    assert time.monotonic() - begun[0] < 1.0
    assert not workers(str(WORKER))


def test_a_killed_process_is_told_and_takes_nothing_down(engines: Path, mono_checkpoint: Path) -> None:
    def kill() -> None:
        for one in workers(str(WORKER)):
            os.kill(one, signal.SIGKILL)

    with pytest.raises(EngineProcessDied):
        AudiocraftEngine(mono_checkpoint, engines).render(concept_of(600), 1, Steps(0.101, kill))
    assert not workers(str(WORKER))


def test_too_little_memory_is_told(engines: Path, mono_checkpoint: Path) -> None:
    """A limit on the address space, set once it makes music."""
    import resource

    limited: set[int] = set()

    def limit() -> None:
        for one in set(workers(str(WORKER))) - limited:
            used = int((Path("/proc") / str(one) / "statm").read_text().split()[0]) * resource.getpagesize()
            resource.prlimit(one, resource.RLIMIT_AS, (used, used))
            limited.add(one)

    with pytest.raises(OutOfMemory):
        AudiocraftEngine(mono_checkpoint, engines).render(concept_of(600), 1, Steps(0.101, limit))
    assert limited
    assert not workers(str(WORKER))


def test_a_text_model_that_is_not_there_is_told(engines: Path, mono_checkpoint: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(mono_checkpoint, tmp_path / "model"))
    shutil.rmtree(copy / "t5-small")
    with pytest.raises(ModelNotUsable, match='needs the model "t5-small"') as told:
        AudiocraftEngine(copy, engines).render(concept_of(1), 1, SilentProgress())
    assert "safetensors" in told.value.hint


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("model: t5", "model: chroma_stem", "follows melodies"),
        ("model: t5", "model: clap", "only T5 is known"),
        ("lm_model: transformer_lm", "lm_model: other", "cannot be loaded"),
        ("num_layers: 2", "num_layers: 3", "cannot be loaded"),
        ("normalize_text: false", "normalize_text: true", "needs spacy"),
    ],
)
def test_what_a_checkpoint_wants_and_cannot_have_is_told(
    engines: Path, mono_checkpoint: Path, tmp_path: Path, written: str, instead: str, said: str
) -> None:
    copy = Path(shutil.copytree(mono_checkpoint, tmp_path / "model"))
    package = torch.load(mono_checkpoint / worker.LANGUAGE_MODEL, weights_only=True)
    assert written in package["xp.cfg"]
    package["xp.cfg"] = package["xp.cfg"].replace(written, instead)
    torch.save(package, copy / worker.LANGUAGE_MODEL)
    with pytest.raises(ModelNotUsable, match=said):
        AudiocraftEngine(copy, engines).render(concept_of(1), 1, SilentProgress())


def test_a_prompt_of_any_length_is_taken(engines: Path, mono_checkpoint: Path) -> None:
    for prompt in ("", "techno " * 1500):
        concept = replace(compose(prompt, duration_seconds=1.0), description=prompt)
        assert AudiocraftEngine(mono_checkpoint, engines).render(concept, 1, SilentProgress()).mix.frames == 32000
