"""What must not change an embedding, and what must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonicforge_studio.analysis._embedding_scale import DEVIATIONS, MEANS
from sonicforge_studio.analysis._intake import Decimator, PowerFrames, window_frames_for
from sonicforge_studio.analysis._rhythm import OnsetEnvelope
from sonicforge_studio.analysis.embedding import SIZE, embed
from sonicforge_studio.analysis.key import KeyListener
from sonicforge_studio.analysis.timbre import Timbre
from sonicforge_studio.domain import Tempo
from tests.sounds import groove

TEMPO = Tempo(120.0, 0.9)
TIMBRE, RHYTHM, HARMONY = slice(0, 64), slice(64, 96), slice(96, 128)


def embedded(samples: np.ndarray, rate_hz: int = 44_100, tempo: Tempo = TEMPO) -> np.ndarray:
    channels = samples.shape[0]
    window_frames = window_frames_for(rate_hz, 0.0464)
    frames, timbre = PowerFrames(channels, window_frames, window_frames), Timbre(rate_hz, window_frames)
    timbre.add(frames.add(samples))
    timbre.add(frames.rest())
    decimator = Decimator(rate_hz, channels)
    onsets = OnsetEnvelope(decimator.sample_rate_hz, channels)
    key = KeyListener(decimator.sample_rate_hz, channels)
    for pair in (decimator.add(samples), decimator.rest()):
        onsets.add(pair)
        key.add(pair)
    key.finish(samples.shape[1] / rate_hz)
    return np.array(embed(timbre.finish(), onsets.finish(), onsets.frame_rate_hz, tempo, key.chromagram))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def test_it_is_128_numbers_within_reach() -> None:
    point = embedded(groove(6.0))
    assert point.shape == (SIZE,) == (128,)
    assert len(MEANS) == len(DEVIATIONS) == SIZE
    assert np.abs(point).max() <= 4.0
    assert min(DEVIATIONS) > 0.0


def test_the_level_changes_nothing() -> None:
    wave = groove(6.0)
    np.testing.assert_allclose(embedded(wave * np.float32(0.5)), embedded(wave), atol=1e-3)


def test_an_excerpt_lies_near_and_noise_far() -> None:
    whole = embedded(groove(16.0))
    excerpt = embedded(groove(16.0)[:, 3 * 44_100 : 10 * 44_100])
    noise = embedded((0.1 * np.random.default_rng(1).standard_normal((2, 6 * 44_100))).astype(np.float32))
    assert cosine(whole, excerpt) > 0.9
    assert cosine(whole, noise) < 0.4


def test_moving_every_pitch_leaves_the_harmony_as_it_is() -> None:
    random = np.random.default_rng(3)
    chroma = random.gamma(0.4, size=(60, 12)).astype(np.float32)
    figures = _figures()
    strength = random.gamma(0.5, size=(1000, 4))
    here, moved = (
        np.array(embed(figures, strength, 172.0, TEMPO, classes)) for classes in (chroma, np.roll(chroma, 5, axis=1))
    )
    np.testing.assert_allclose(moved, here, atol=1e-3)
    other = np.array(embed(figures, strength, 172.0, TEMPO, np.sort(chroma, axis=1)))
    assert np.abs(other - here)[HARMONY].max() > 1.0


def test_major_is_not_minor() -> None:
    figures, strength = _figures(), np.random.default_rng(5).gamma(0.5, size=(1000, 4))
    major, minor = np.full((2, 40, 12), 0.05)
    major[:, [0, 4, 7]] = 1.0
    minor[:, [0, 3, 7]] = 1.0
    points = [np.array(embed(figures, strength, 172.0, TEMPO, chroma))[HARMONY] for chroma in (major, minor)]
    assert np.abs(points[0] - points[1]).max() > 1.0


def test_a_little_faster_is_nearer_than_another_rhythm() -> None:
    here, faster = embedded(groove(12.0)), embedded(groove(12.0, bpm=126.0), tempo=Tempo(126.0, 0.9))
    waltz = groove(12.0)
    waltz[:, : waltz.shape[1] // 2] *= (np.arange(waltz.shape[1] // 2) // 3000 % 5 < 2).astype(np.float32)
    assert cosine(here[RHYTHM], faster[RHYTHM]) > max(0.8, cosine(here[RHYTHM], embedded(waltz)[RHYTHM]))


def test_too_little_sound_has_no_place() -> None:
    assert embedded(np.zeros((2, 44_100), np.float32)).size == 0
    assert embedded(groove(0.3)).size == 0
    assert embedded(groove(0.8)).size == SIZE


def test_drums_without_pitches_or_tempo_lie_where_the_average_does() -> None:
    strength = np.random.default_rng(6).gamma(0.5, size=(1000, 4))
    point = np.array(embed(_figures(), strength, 172.0, Tempo(None, 0.0), np.zeros((10, 12), np.float32)))
    np.testing.assert_array_equal(point[HARMONY], 0.0)
    assert np.all(np.isfinite(point))


def test_two_encodings_of_a_recording_are_each_others_nearest(test_data: Path) -> None:
    points = []
    for good in sorted((test_data / "music").glob("*.hq.ogg")):
        for path in (good, good.with_name(good.name.replace(".hq.ogg", ".ogg"))):
            with soundfile.SoundFile(path) as file:
                samples = file.read(10 * file.samplerate, dtype="float32", always_2d=True).T
                points.append(embedded(np.ascontiguousarray(samples), file.samplerate))
    if len(points) < 4:
        pytest.skip("no two encodings of one recording")
    place = np.array(points)
    place /= np.sqrt((place**2).sum(axis=1, keepdims=True))
    likeness = place @ place.T - 2.0 * np.eye(len(points))
    np.testing.assert_array_equal(likeness.argmax(axis=1), np.arange(len(points)) ^ 1)


def _figures():  # type: ignore[no-untyped-def]
    frames, timbre = PowerFrames(2, 2048, 2048), Timbre(44_100, 2048)
    timbre.add(frames.add(groove(2.0)))
    return timbre.finish()
