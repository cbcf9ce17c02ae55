"""The tune of a file, held against the definition written out plainly."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import PcmHasher, read_clip
from sonicforge_studio.domain import Cancelled, HeardSound, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio, MissingPath, NotAudio
from sonicforge_studio.generation.musicgen.melody import Melody, chroma_filters, hear_melody
from tests.sounds import write

RATE_HZ = 32000


def scale(notes: Sequence[int], seconds: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """Notes (MIDI) one after the other, as two equal channels."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    tones = [0.3 * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time) for note in notes]
    wave = np.concatenate(tones).astype(np.float32)
    return np.stack([wave, wave])


def hear(path: Path, piece_seconds: float = 60.0) -> Melody:
    return hear_melody(HeardSound(str(path)), RATE_HZ, piece_seconds, SilentProgress())


def by_definition(samples: NDArray[np.float32]) -> NDArray[np.intp]:
    """MusicgenMelodyFeatureExtractor's steps in plain NumPy, with transformers' own filter bank."""
    audio_utils = pytest.importorskip("transformers.audio_utils")
    filters = audio_utils.chroma_filter_bank(num_frequency_bins=16384, num_chroma=12, sampling_rate=RATE_HZ)
    padded = np.pad(samples.astype(np.float64), 8192, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(16384) / 16384)
    places = []
    for start in range(0, len(padded) - 16384 + 1, 4096):
        spectrum = np.fft.rfft(padded[start : start + 16384] * window)
        places.append((filters @ np.abs(spectrum) ** 2).argmax())
    return np.array(places)


def test_the_filters_are_those_of_transformers() -> None:
    audio_utils = pytest.importorskip("transformers.audio_utils")
    theirs = audio_utils.chroma_filter_bank(num_frequency_bins=16384, num_chroma=12, sampling_rate=RATE_HZ)
    assert np.abs(chroma_filters(RATE_HZ).T - theirs).max() < 1e-6


@pytest.mark.parametrize("frames", [16000, 32768, 394_241, 31 * RATE_HZ])
def test_the_tune_is_the_one_of_the_definition(frames: int, tmp_path: Path) -> None:
    random = np.random.default_rng(frames)
    tune = scale(random.integers(48, 84, 1 + frames // 8000).tolist(), 0.25)[0, :frames]
    samples = (tune + 0.05 * random.standard_normal(frames)).astype(np.float32)
    melody = hear(write(tmp_path / "tune.wav", samples[None], RATE_HZ, "FLOAT"))
    expected = by_definition(samples)
    assert len(melody.pitch_classes) == 1 + frames // 4096
    assert np.array_equal(melody.pitch_classes, expected)


def test_a_scale_is_heard_note_by_note(tmp_path: Path) -> None:
    """Through a stereo file at another rate, too; the one on the left, the other on the right."""
    notes = [60, 62, 64, 65, 67, 69, 71, 72]
    melody = hear(write(tmp_path / "scale.flac", scale(notes, 1.024, 48000), 48000))
    middles = melody.pitch_classes[4::8][: len(notes)]
    assert middles.tolist() == [0, 2, 4, 5, 7, 9, 11, 0]
    left = scale(notes, 1.024, 44100) * np.array([[1], [0]], np.float32)
    assert np.array_equal(hear(write(tmp_path / "left.wav", left)).pitch_classes[4::8][:8], middles)


def test_where_it_ends_it_begins_again() -> None:
    melody = Melody(HeardSound("x"), np.array([0, 4, 7, 11], np.uint8), RATE_HZ)
    assert melody.from_second(0.0) == (0, 4, 7, 11)
    assert melody.from_second(0.256) == (7, 11, 0, 4)
    assert melody.from_second(4 * 0.128 + 0.12) == (4, 7, 11, 0)


def test_the_hash_is_that_of_the_whole_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "tune.wav", scale([60, 64, 67], 1.0))
    hasher = PcmHasher()
    hasher.add(read_clip(path).samples)
    assert hear(path).heard == HeardSound(str(path), hasher.finish())
    assert hear(path, 1.0).heard.audio_hash == hear(path, 600.0).heard.audio_hash


def test_of_a_long_one_only_what_the_piece_needs_is_kept(tmp_path: Path) -> None:
    path, rate_hz, minutes = tmp_path / "long.flac", 8000, 30
    minute = scale([57, 60, 64, 69] * 15, 1.0, rate_hz)[:1].T
    with soundfile.SoundFile(path, "w", rate_hz, 1) as file:
        for _ in range(minutes):
            file.write(minute)
    chroma_filters(RATE_HZ)
    tracemalloc.start()
    try:
        melody = hear(path, 30.0)
        short = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        whole = hear(path, 1800.0)
        long = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(melody.pitch_classes) == 1 + 60 * RATE_HZ // 4096
    assert len(whole.pitch_classes) == 1 + 1800 * RATE_HZ // 4096
    assert np.array_equal(whole.pitch_classes[:460], melody.pitch_classes[:460])
    one_copy_bytes = 1800 * RATE_HZ * 4
    assert long - short < one_copy_bytes / 50


def test_what_is_no_tune_is_a_sentence(tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", np.zeros((2, 44100), np.float32))
    with pytest.raises(EmptyAudio, match=r'The melody, ".*silence.wav", has no tune to follow'):
        hear(silence)
    late = np.concatenate([np.zeros((2, 32 * 8000), np.float32), scale([60], 2.0, 8000)], axis=1)
    with pytest.raises(EmptyAudio, match=r'The melody, ".*late.wav", has no tune to follow'):
        hear(write(tmp_path / "late.wav", late, 8000), 1.0)
    assert hear(write(tmp_path / "late.wav", late, 8000), 10.0).pitch_classes[-1] == 0
    with pytest.raises(BadSetting, match=r"too short: 0\.10 s"):
        hear(write(tmp_path / "short.wav", scale([60], 0.1), RATE_HZ))
    with pytest.raises(MissingPath, match=r'The melody, ".*none.wav", is not there'):
        hear(tmp_path / "none.wav")
    text = tmp_path / "text.wav"
    text.write_text("la la la")
    with pytest.raises(NotAudio, match=r'The melody, ".*text.wav", cannot be played'):
        hear(text)


def test_listening_may_be_stopped(tmp_path: Path) -> None:
    class Stop(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            raise Cancelled()

    path = write(tmp_path / "tune.wav", scale([60], 1.0))
    with pytest.raises(Cancelled):
        hear_melody(HeardSound(str(path)), RATE_HZ, 10.0, Stop())
