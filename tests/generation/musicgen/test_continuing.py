"""Pieces that begin with a sound of the user's own."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import PcmHasher, read_clip, resample
from sonicforge_studio.domain import Cancelled, HeardSound, Samples, Sampling, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio, MissingPath, NotAudio
from sonicforge_studio.generation.musicgen.continuing import Beginning, hear_beginning
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder, read_model_folder
from tests.generation.musicgen.conftest import load
from tests.sounds import groove, tone, write

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sonicforge_studio.generation.musicgen.codes import write_codes  # noqa: E402
from sonicforge_studio.generation.musicgen.loading import MusicGen  # noqa: E402

RATE_HZ = 32000
FADE = 1600


@pytest.fixture(params=["mono", "stereo"])
def folder(request: pytest.FixtureRequest) -> ModelFolder:
    return read_model_folder(request.getfixturevalue(f"{request.param}_folder"))


def hear(path: Path, folder: ModelFolder, piece_seconds: float = 60.0) -> Beginning:
    return hear_beginning(HeardSound(str(path)), folder, round(piece_seconds * RATE_HZ), SilentProgress())


def whole(beginning: Beginning, made: list[Samples]) -> Samples:
    crossing = beginning.crossing()
    return np.concatenate([*beginning.blocks(SilentProgress()), *map(crossing.add, made)], axis=1)


def noise(channels: int, frames: int) -> NDArray[np.float32]:
    rising = np.linspace(0.0, 0.5, frames)
    return (np.random.default_rng(1).standard_normal((channels, frames)) * rising).astype(np.float32)


def test_the_codes_are_those_of_transformers_and_so_is_what_follows(folder: ModelFolder) -> None:
    model, (theirs, processor) = MusicGen(folder), load(folder.path)
    samples = noise(folder.channels, 40 * 640)
    codes = model.codec.encode(samples)
    assert codes.shape == (1, folder.codebooks, 40)
    assert codes.unique().numel() > 8
    inputs = processor(text=["lofi hip hop"], return_tensors="pt")
    with torch.inference_mode():
        expected = theirs.generate(
            **inputs, input_values=torch.from_numpy(samples[None]), do_sample=False, guidance_scale=3.0,
            max_new_tokens=43,
        )[0].numpy()  # fmt: skip
    told = model.told(["lofi hip hop"])(0)
    continued = write_codes(model.decoder, told, 80, [torch.Generator()], Sampling(greedy=True), before=codes)
    assert torch.equal(continued[:, :, :40], codes)
    assert np.abs(model.codec.decode(continued[0]) - expected).max() < 1e-5


def test_the_piece_begins_with_the_sound_as_it_is(stereo_folder: Path, tmp_path: Path) -> None:
    samples = groove(3.0, rate_hz=RATE_HZ)
    beginning = hear(write(tmp_path / "mine.wav", samples, RATE_HZ, "FLOAT"), read_model_folder(stereo_folder))
    made = [np.full((2, 1000), 0.1, np.float32), np.full((2, 5000), 0.1, np.float32)]
    piece = whole(beginning, made)
    assert np.array_equal(piece[:, : 96000 - FADE], samples[:, :-FADE])
    assert piece.shape[1] == 96000 - FADE + 6000
    assert np.all(piece[:, 96000:] == np.float32(0.1))
    # It goes over in a straight line, and what was handed in stays as it was.
    share = ((np.arange(FADE) + 0.5) / FADE).astype(np.float32)
    expected = samples[:, -FADE:] * (1 - share) + 0.1 * share
    assert np.abs(piece[:, 96000 - FADE : 96000] - expected).max() < 1e-6
    assert np.all(made[0] == np.float32(0.1))


def test_the_join_is_not_heard(mono_folder: Path, tmp_path: Path) -> None:
    """What the model makes of the end is nearly what the end is; a codec's little error must not make a step."""
    seconds, hz = 4.0, 220.0
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    smooth = (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[None]
    end = 2 * RATE_HZ
    beginning = hear(write(tmp_path / "mine.wav", smooth[:, :end], RATE_HZ, "FLOAT"), read_model_folder(mono_folder), 4)
    nearly = (0.9 * smooth + 0.02).astype(np.float32)
    piece = whole(beginning, [nearly[:, end - FADE :]])
    bends = np.abs(np.diff(piece[0], 2))
    assert bends[end - 2 * FADE : end + FADE].max() < 1.1 * bends[: end - 2 * FADE].max()
    # The same without the fade, to see that the measure tells.
    cut = np.concatenate([smooth[:, :end], nearly[:, end:]], axis=1)
    assert np.abs(np.diff(cut[0], 2)).max() > 10 * bends.max()
    assert np.array_equal(whole(beginning, [smooth[:, end - FADE :]])[:, : end - FADE], smooth[:, : end - FADE])


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 44100), (2, 48000), (6, 44100), (2, RATE_HZ)])
def test_it_is_heard_at_the_models_rate_and_channels(
    folder: ModelFolder, channels: int, rate_hz: int, tmp_path: Path
) -> None:
    sides = [tone(1.7, 220.0 * (side + 1), 0.1 + 0.1 * side, rate_hz)[0] for side in range(channels)]
    samples = np.stack(sides)
    path = write(tmp_path / "mine.wav", samples, rate_hz, "FLOAT")
    beginning = hear(path, folder)
    clip = resample(read_clip(path), RATE_HZ)
    heard = whole(beginning, [])
    assert heard.shape == (folder.channels, clip.frames - FADE)
    if channels == 1:
        expected = np.repeat(clip.samples, folder.channels, axis=0)
    elif channels == 2:
        expected = clip.samples if folder.channels == 2 else clip.samples.mean(axis=0, keepdims=True)
    else:
        return
    assert np.abs(heard - expected[:, :-FADE]).max() < 1e-6


def test_the_tail_ends_where_the_sound_ends_in_whole_hops(folder: ModelFolder, tmp_path: Path) -> None:
    for seconds, hops in ((0.51, 25), (15.0001, 600)):
        samples = noise(folder.channels, round(seconds * RATE_HZ))
        beginning = hear(write(tmp_path / "mine.wav", samples, RATE_HZ, "FLOAT"), folder)
        assert np.array_equal(beginning.tail, samples[:, -hops * 640 :])
        assert beginning.tail_start_seconds == pytest.approx(seconds - hops * 0.02, abs=1e-4)


def test_the_hash_is_that_of_the_file(folder: ModelFolder, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.flac", tone(1.0))
    hasher = PcmHasher()
    hasher.add(read_clip(path).samples)
    assert hear(path, folder).heard == HeardSound(str(path), hasher.finish())


def test_what_cannot_be_continued_is_a_sentence(mono_folder: Path, tmp_path: Path) -> None:
    folder = read_model_folder(mono_folder)
    path = write(tmp_path / "mine.wav", tone(3.0))
    for seconds in (1.0, 3.0):
        with pytest.raises(BadSetting, match=rf'The sound .*mine.wav", is already as long .*\({seconds:g} s'):
            hear(path, folder, seconds)
    assert hear(path, folder, 3.01).heard.audio_hash
    with pytest.raises(BadSetting, match=r"too short: 0\.40 s"):
        hear(write(tmp_path / "short.wav", tone(0.4)), folder)
    with pytest.raises(EmptyAudio, match=r'The sound to continue, ".*silence.wav", is silent'):
        hear(write(tmp_path / "silence.wav", np.zeros((2, 44100), np.float32)), folder)
    with pytest.raises(MissingPath, match=r'The sound to continue, ".*none.wav", is not there'):
        hear(tmp_path / "none.wav", folder)
    text = tmp_path / "text.wav"
    text.write_text("la la la")
    with pytest.raises(NotAudio, match=r'The sound to continue, ".*text.wav", cannot be played'):
        hear(text, folder)


def test_one_that_does_not_tell_its_length_is_refused_as_well(mono_folder: Path, tmp_path: Path) -> None:
    """As a stream has it that was kept: an Ogg file says nothing of its end at its beginning."""
    path = tmp_path / "mine.aac"
    _write_adts(path, tone(5.0))
    with pytest.raises(BadSetting, match="is already as long"):
        hear(path, read_model_folder(mono_folder), 2.0)


def _write_adts(path: Path, samples: NDArray[np.float32]) -> None:
    import av

    with av.open(str(path), "w", format="adts") as container:
        stream = container.add_stream("aac", rate=44100, layout="stereo")
        for start in range(0, samples.shape[1] - 1023, 1024):
            block = np.ascontiguousarray(samples[:, start : start + 1024])
            frame: Any = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_half_an_hour_flows_through(mono_folder: Path, tmp_path: Path) -> None:
    path, rate_hz, seconds = tmp_path / "long.flac", 8000, 1800
    minute = tone(60.0, rate_hz=rate_hz)[0]
    with soundfile.SoundFile(path, "w", rate_hz, 1) as file:
        for _ in range(seconds // 60):
            file.write(minute)
    folder = read_model_folder(mono_folder)
    tracemalloc.start()
    try:
        beginning = hear(path, folder, 3600.0)
        frames = sum(block.shape[1] for block in beginning.blocks(SilentProgress()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert frames == seconds * RATE_HZ - FADE
    assert beginning.tail.shape[1] == 12 * RATE_HZ
    assert peak < seconds * RATE_HZ * 4 / 20


def test_listening_may_be_stopped(mono_folder: Path, tmp_path: Path) -> None:
    class Stop(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            raise Cancelled()

    path, folder = write(tmp_path / "mine.wav", tone(1.0)), read_model_folder(mono_folder)
    with pytest.raises(Cancelled):
        hear_beginning(HeardSound(str(path)), folder, 10 * RATE_HZ, Stop())
    with pytest.raises(Cancelled):
        list(hear(path, folder).blocks(Stop()))
