"""The plucked string, measured in what it sounds like: its pitch, its dying away, its partials."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.generation.sounds import instrument_book
from sonicforge_studio.kernels.strings import StringSettings, add_string, decay_seconds, string_frames
from sonicforge_studio.kernels.synthesis import NoteShape

RATE = 44100
PLAIN = StringSettings()
DULL = StringSettings(decay=1.0, damping_hz=700.0)
BRIGHT = StringSettings(decay=12.0, damping_hz=9000.0)
BOOK = [
    StringSettings(**instrument.settings) for instrument in instrument_book().values() if instrument.voice == "string"
]


def hertz(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def note(frequency_hz: float, seconds: float, **changes: float) -> NoteShape:
    shape = NoteShape(0, int(seconds * RATE), frequency_hz, frequency_hz, 0.8, 1.0, 0.0, 1.0, 7)
    return shape._replace(**changes)  # type: ignore[arg-type] # numbers for numbers


def play(shape: NoteShape, settings: StringSettings) -> NDArray[np.float64]:
    out = np.zeros((2, string_frames(shape.gate_frames, shape.frequency_hz, settings, RATE)), dtype=np.float32)
    add_string(out, shape, settings, RATE)
    return out.astype(np.float64)


def partial(sound: NDArray[np.float64], frequency_hz: float, second: float, frames: int = 8192) -> complex:
    """Level and phase of a partial around a moment."""
    start = int(second * RATE)
    place = np.arange(start, start + frames)
    window = np.blackman(frames)
    turned = sound[start : start + frames] * np.exp(-2j * np.pi * frequency_hz / RATE * place)
    return complex(np.dot(turned, window) / window.sum())


def cents_off(sound: NDArray[np.float64], frequency_hz: float) -> float:
    """How far the fundamental lies from a frequency, by how its phase moves on."""
    frames = min(16384, int(0.3 * len(sound)))
    hop = frames // 4 / RATE
    moved = np.angle(
        partial(sound, frequency_hz, hop, frames) / partial(sound, frequency_hz, 0, frames)
    )  # the frames in between are hop · RATE
    off_hz = moved / (2 * np.pi * int(hop * RATE) / RATE)
    return float(1200 * np.log2(1 + off_hz / frequency_hz))


@pytest.mark.parametrize("settings", [PLAIN, DULL, BRIGHT], ids=["plain", "dull", "bright"])
def test_every_pitch_is_in_tune_to_a_cent(settings: StringSettings) -> None:
    off = {pitch: cents_off(play(note(hertz(pitch), 3), settings)[0], hertz(pitch)) for pitch in range(28, 97)}
    assert max(abs(cents) for cents in off.values()) < 0.2, off


@pytest.mark.parametrize("settings", BOOK)
def test_the_instruments_of_the_book_are_in_tune(settings: StringSettings) -> None:
    """Where a note has two strings, one lies as far above it as the other below."""
    settings = settings._replace(spread=0.0, detune_cents=0.0)
    for pitch in range(28, 97, 4):
        assert abs(cents_off(play(note(hertz(pitch), 3), settings)[0], hertz(pitch))) < 0.5


@pytest.mark.parametrize("pitch", [28, 45, 60, 76, 96])
@pytest.mark.parametrize("settings", [PLAIN, DULL, BRIGHT], ids=["plain", "dull", "bright"])
def test_the_fundamental_dies_in_its_time(settings: StringSettings, pitch: int) -> None:
    sound = play(note(hertz(pitch), 60), settings)[0]
    expected = decay_seconds(hertz(pitch), settings)
    first, last = 0.1 * expected, 0.6 * expected
    fallen_db = 20 * np.log10(
        abs(partial(sound, hertz(pitch), first, 4096)) / abs(partial(sound, hertz(pitch), last, 4096))
    )
    assert fallen_db == pytest.approx(60 * 0.5, rel=0.03)


def test_partials_at_the_damping_frequency_lose_twice_as_much() -> None:
    settings = StringSettings(decay=3.0, decay_tracking=0.0, damping_hz=2200.0)
    sound = play(note(110.0, 60), settings)[0]
    lost = [abs(partial(sound, 110.0 * k, 0.1)) / abs(partial(sound, 110.0 * k, 0.6)) for k in (1, 20)]
    assert np.log(lost[1]) / np.log(lost[0]) == pytest.approx(2.0, rel=0.05)


def test_partials_with_a_node_where_it_is_plucked_are_missing() -> None:
    sound = play(note(110.0, 4), StringSettings(position=0.25, noise=0.0, damping_hz=8000.0, pick_hz=6000.0))[0]
    levels = {k: abs(partial(sound, 110.0 * k, 0.02)) for k in range(1, 10)}
    for k in (4, 8):
        assert levels[k] < 0.03 * min(levels[k - 1], levels[k + 1])


@pytest.mark.parametrize("pitch", [28, 57, 84, 96])
def test_there_is_nothing_beside_the_partials_and_no_mean(pitch: int) -> None:
    frames = 65536
    sound = play(note(hertz(pitch), 60), BRIGHT)[0]
    assert abs(sound.mean()) < 1e-4 * np.abs(sound).max()
    held = sound[4410 : 4410 + frames]
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(held * np.blackman(frames))) + 1e-12)
    spectrum -= spectrum.max()
    frequency = np.fft.rfftfreq(frames, 1 / RATE)
    # The line's points bend the topmost partials a little off the whole multiples: they are left out.
    within = frequency < min(40 * hertz(pitch), 9000.0)
    off = np.abs(frequency / hertz(pitch) - np.round(frequency / hertz(pitch))) * hertz(pitch) > 12
    off |= frequency < hertz(pitch) - 12
    assert spectrum[within & off].max() < -50
    assert spectrum[frequency < 12].max() < -60


def test_a_harder_pluck_is_brighter_and_a_darker_mood_darker() -> None:
    def centroid(**changes: float) -> float:
        power = np.abs(np.fft.rfft(play(note(220.0, 0.5, **changes), PLAIN)[0])) ** 2
        return float(np.dot(power, np.fft.rfftfreq(2 * len(power) - 2, 1 / RATE)[: len(power)]) / power.sum())

    soft, middle, hard = (centroid(velocity=velocity) for velocity in (0.2, 0.6, 1.0))
    assert 1.15 * soft < middle < hard / 1.15
    assert centroid(brightness=0.5) < centroid(brightness=1.0)


def test_the_same_seed_gives_the_same_sound_and_another_other_noise() -> None:
    settings = StringSettings(detune_cents=1.0, spread=0.5, body=1.5)
    whole = play(note(196.0, 0.3), settings)
    assert np.array_equal(whole, play(note(196.0, 0.3), settings))
    assert not np.array_equal(whole, play(note(196.0, 0.3, seed=8), settings))
    plain = settings._replace(noise=0.0)
    assert np.array_equal(play(note(196.0, 0.3), plain), play(note(196.0, 0.3, seed=8), plain))


def test_one_string_is_in_the_middle_and_two_spread() -> None:
    assert np.array_equal(*play(note(220.0, 0.5), PLAIN))
    left, right = play(note(220.0, 1.0), StringSettings(detune_cents=2.0, spread=1.0))
    assert 20 * abs(np.log10(left.std() / right.std())) < 1.5
    assert np.corrcoef(left, right)[0, 1] < 0.95


def test_what_does_not_fit_is_cut_and_what_cannot_be_played_is_not() -> None:
    whole = play(note(300.0, 0.2), PLAIN)
    short = np.zeros((2, 3000), dtype=np.float32)
    add_string(short, note(300.0, 0.2), PLAIN, RATE)
    assert np.allclose(short, whole[:, :3000], atol=1e-7)
    before = short.copy()
    for silent in (note(300.0, 0.2, first_frame=4000), note(8000.0, 0.2), note(30000.0, 0.2), note(0.0, 0.2)):
        add_string(short, silent, PLAIN, RATE)
    assert np.array_equal(short, before)
    assert np.abs(play(note(7000.0, 0.2), PLAIN)).max() > 0.05


def test_a_note_lasts_as_long_as_it_is_heard() -> None:
    """A harpist's hour-long note is over with its string, a short one with the hand on it."""
    assert string_frames(3600 * RATE, 220.0, PLAIN, RATE) < 1.3 * decay_seconds(220.0, PLAIN) * RATE
    held = play(note(220.0, 60), PLAIN)[0]
    assert np.abs(held[-2000:]).max() < 1e-3 * np.abs(held).max()
    damped = play(note(220.0, 0.5), PLAIN)[0]
    assert len(damped) < 1.1 * RATE
    assert damped[int(0.7 * RATE) :].std() < 0.2 * damped[int(0.3 * RATE) : int(0.5 * RATE)].std()
    assert damped[-1] == 0.0


@pytest.mark.parametrize("pitch", [0, 12, 28, 60, 100, 112])
def test_no_setting_makes_it_howl(pitch: int) -> None:
    extremes = itertools.product((0.05, 100.0), (60.0, 20000.0), (0.0, 0.5), (30.0, 20000.0), (0.0, 1.0))
    for decay, damping_hz, position, pick_hz, noise in extremes:
        settings = StringSettings(
            decay=decay, damping_hz=damping_hz, position=position, pick_hz=pick_hz, noise=noise, body=1.0, release=0.05
        )
        sound = play(note(hertz(pitch), 0.5), settings)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() < 20
        half = sound.shape[1] // 2
        assert sound[:, half:].std() <= sound[:, :half].std()


def test_it_plays_far_faster_than_it_sounds() -> None:
    settings = StringSettings(decay=8.0, detune_cents=1.0, spread=0.5, body=1.0)
    shape = note(110.0, 5)
    play(shape, settings)
    times = []
    for _ in range(5):
        began = time.process_time()
        sound = play(shape, settings)
        times.append(time.process_time() - began)
    assert sound.shape[1] / RATE / min(times) > 100
