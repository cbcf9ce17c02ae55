"""The effects, against plain twins, and cut into blocks of any size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import sosfilt

from sonicforge_studio.generation.synth.equaliser import strip_filters
from sonicforge_studio.kernels.effects import (
    add_vinyl,
    delay_lines,
    duck,
    equalise,
    level_bus,
    modulate,
    modulated_lines,
    ping_pong,
    reverb_lines,
    reverberate,
)

RATE = 44100


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (2, frames)).astype(np.float32)


def blocks(frames: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, frames)) for start in range(0, frames, size)]


@pytest.mark.parametrize("drive", [0.0, 0.4])
def test_the_equaliser_is_a_cascade_of_biquads_then_a_soft_clip(drive: float) -> None:
    rows = strip_filters(120.0, 9000.0, 2.0, -3.0, RATE)
    signal = noise(6000)
    sections = np.column_stack([rows[:, :3], np.ones(len(rows)), rows[:, 3:]])
    expected = sosfilt(sections, signal.astype(np.float64), axis=1)
    boost = 1 + 6 * drive
    if drive:
        x = np.clip(expected * boost, -3, 3)
        expected = x * (27 + x * x) / (27 + 9 * x * x) * 0.7 / boost**0.65
    else:
        expected *= 0.7
    made = signal.copy()
    state = np.zeros((2, len(rows), 2))
    for part in blocks(6000, 777):
        block = np.ascontiguousarray(made[:, part])
        equalise(block, rows, state, drive, 0.7)
        made[:, part] = block
    assert np.allclose(made, expected, atol=1e-5)


def test_the_strip_filters_have_the_gains_they_are_asked_for() -> None:
    def gain_db(rows: NDArray[np.float64], hz: float) -> float:
        z = np.exp(-2j * np.pi * hz / RATE)
        value = np.prod([(b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z) for b0, b1, b2, a1, a2 in rows])
        return float(20 * np.log10(abs(value)))

    assert gain_db(strip_filters(200.0, 20000.0, 0.0, 0.0, RATE), 200.0) == pytest.approx(-3.01, abs=0.05)
    assert gain_db(strip_filters(200.0, 20000.0, 0.0, 0.0, RATE), 100.0) == pytest.approx(-24.1, abs=0.3)
    assert gain_db(strip_filters(20.0, 5000.0, 0.0, 0.0, RATE), 5000.0) == pytest.approx(-3.01, abs=0.05)
    assert gain_db(strip_filters(20.0, 20000.0, 0.0, 4.0, RATE), 3000.0) == pytest.approx(4.0, abs=0.01)
    assert gain_db(strip_filters(20.0, 20000.0, 3.0, 0.0, RATE), 20.0) == pytest.approx(3.0, abs=0.1)
    assert len(strip_filters(20.0, 20000.0, 0.0, 0.0, RATE)) == 0


def test_ducking_falls_at_each_hit_and_comes_back() -> None:
    hits = np.array([1000, 9000, 12000], dtype=np.int64)
    made = np.ones((2, 40000), dtype=np.float32)
    for part in blocks(40000, 1234):
        block = np.ascontiguousarray(made[:, part])
        duck(block, part.start, hits, 0.6, 5000.0)
        made[:, part] = block
    assert np.all(made[:, :1000] == 1.0)
    for hit in (1000, 9000, 12000):
        assert made[0, hit + 96] == pytest.approx(0.4, abs=0.01)
    since = 3000 - 1000 - 96
    assert made[0, 3000] == pytest.approx(1 - 0.6 * (1 - since / 5000) ** 2, abs=1e-3)
    assert made[0, 8900] == 1.0
    # No click: from frame to frame the gain moves gently, also where a hit comes before the last has let go.
    assert np.abs(np.diff(made[0])).max() < 0.01


def test_echoes_alternate_and_fade() -> None:
    lines = delay_lines(0.1, RATE)
    state = np.zeros(4)
    send = np.zeros((2, RATE), dtype=np.float32)
    send[:, 10:60] = 1.0
    out = np.zeros_like(send)
    for part in blocks(RATE, 1000):
        block = np.zeros((2, part.stop - part.start), dtype=np.float32)
        ping_pong(np.ascontiguousarray(send[:, part]), block, lines, state, part.start, 0.5, 0.6)
        out[:, part] = block
    length = lines.shape[1]
    energy = [(out[:, n * length : (n + 1) * length] ** 2).sum(axis=1) for n in range(1, 6)]
    assert np.all(out[:, :length] == 0)
    for number, (left, right) in enumerate(energy):
        assert (left > 0 and right == 0) if number % 2 == 0 else (right > 0 and left == 0)
    levels = [float(one.sum()) for one in energy]
    assert all(after < 0.3 * before for before, after in pairwise(levels))


@pytest.mark.parametrize("seconds", [0.8, 3.0])
def test_the_room_falls_by_sixty_decibels_in_its_time(seconds: float) -> None:
    frames = int((seconds + 0.5) * RATE)
    send = np.zeros((2, frames), dtype=np.float32)
    send[:, :200] = noise(200)
    whole = np.zeros_like(send)
    lines, lengths = reverb_lines(RATE, 1.0)
    reverberate(send, whole, lines, lengths, np.zeros(32), seconds, 0.0, RATE)
    # Schroeder's backward integral, between -5 and -35 dB.
    energy = (whole.astype(np.float64) ** 2).sum(axis=0)[::-1].cumsum()[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-12)
    first, last = int(np.argmax(level < -5)), int(np.argmax(level < -35))
    assert (last - first) / RATE * 2 == pytest.approx(seconds, rel=0.2)
    tail = whole[:, int(0.2 * RATE) : int(0.6 * RATE)]
    assert abs(np.corrcoef(tail)[0, 1]) < 0.3
    cut = np.zeros_like(send)
    lines, lengths = reverb_lines(RATE, 1.0)
    state = np.zeros(32)
    for part in blocks(frames, 4096):
        block = np.zeros((2, part.stop - part.start), dtype=np.float32)
        reverberate(np.ascontiguousarray(send[:, part]), block, lines, lengths, state, seconds, 0.0, RATE)
        cut[:, part] = block
    assert np.array_equal(whole, cut)


def test_damping_takes_the_treble_first() -> None:
    send = np.zeros((2, RATE), dtype=np.float32)
    send[:, :400] = noise(400)
    centroids = []
    for damping in (0.0, 0.7):
        out = np.zeros_like(send)
        lines, lengths = reverb_lines(RATE, 1.0)
        reverberate(send, out, lines, lengths, np.zeros(32), 2.0, damping, RATE)
        power = np.abs(np.fft.rfft(out[0, RATE // 2 :])) ** 2
        centroids.append((power * np.fft.rfftfreq(RATE // 2, 1 / RATE)).sum() / power.sum())
    assert centroids[1] < 0.5 * centroids[0]


def test_wow_sways_the_pitch_and_nothing_else() -> None:
    place = np.arange(4 * RATE)
    signal = np.tile(np.sin(2 * np.pi * 1000 * place / RATE), (2, 1)).astype(np.float32) * 0.5
    made = signal.copy()
    lines = modulated_lines(RATE)
    for part in blocks(made.shape[1], 5000):
        block = np.ascontiguousarray(made[:, part])
        modulate(block, lines, part.start, 1.0, 0.002, 0.5, RATE)
        made[:, part] = block
    crossings = np.flatnonzero((made[0, :-1] < 0) & (made[0, 1:] >= 0))[20:]
    frequency = RATE / np.diff(crossings[::10]) * 10
    # 2 ms at 0.5 Hz: the pitch moves by 2π·0.5·0.002 = 0.63 % at most (three quarters of it on the main sway).
    assert 1002 < frequency.max() < 1008
    assert 992 < frequency.min() < 998
    assert np.abs(made[:, RATE:]).max() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(made[0], made[1])


def test_vinyl_hisses_and_crackles_as_often_as_asked() -> None:
    def surface(rate: float) -> NDArray[np.float32]:
        out = np.zeros((2, 20 * RATE), dtype=np.float32)
        add_vinyl(out, np.array([12345], dtype=np.uint64), np.zeros(8), rate, 1.0, RATE)
        return out

    quiet, busy = surface(0.0), surface(8.0)
    assert 1e-4 < np.sqrt(np.mean(quiet**2)) < 0.01
    loud = np.abs(busy).max(axis=0) > 3 * np.abs(quiet).max()
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    clicks = 1 + np.count_nonzero(np.diff(starts) > 200)
    assert 40 < clicks < 170
    assert np.array_equal(busy, surface(8.0))


def test_the_limiter_is_a_minimum_over_what_comes_smoothed_by_a_mean() -> None:
    """Its twin: a sliding minimum that is let go slowly, then a running mean."""
    look_ahead, frames = 64, 6000
    mix = (noise(frames + look_ahead) * np.linspace(0.2, 3.0, frames + look_ahead)).astype(np.float32)
    gains = np.empty(frames, dtype=np.float32)
    state, held = np.array([1.0, 1.0, 0.0, 0.0]), np.ones(look_ahead)
    level_bus(mix, gains, look_ahead, state, held, 100.0, 2.0, 0.5, RATE)
    peaks = np.abs(mix).max(axis=0)
    wanted = np.minimum(1.0, 0.5 / peaks)
    ahead = minimum_filter1d(wanted, look_ahead, origin=-(look_ahead // 2), mode="nearest")[:frames]
    release = 1 - np.exp(-1 / (0.06 * RATE))
    let_go, now = np.empty(frames), 1.0
    for index, value in enumerate(ahead):
        now = min(value, now + release * (1 - now))
        let_go[index] = now
    padded = np.concatenate((np.ones(look_ahead - 1), let_go))
    expected = np.convolve(padded, np.full(look_ahead, 1 / look_ahead), mode="valid")
    assert np.allclose(gains, expected, atol=1e-5)
    assert np.abs(mix[:, :frames] * gains).max() <= 0.5 + 1e-6
    assert uniform_filter1d(gains, 3)[-1] < 0.5


def test_the_bus_compressor_settles_on_its_ratio() -> None:
    frames, look_ahead = 3 * RATE, 64
    mix = np.full((2, frames + look_ahead), 0.4, dtype=np.float32)
    gains = np.empty(frames, dtype=np.float32)
    level_bus(mix, gains, look_ahead, np.array([1.0, 1.0, 0.0, 0.0]), np.ones(look_ahead), 0.1, 2.0, 0.9, RATE)
    # 12 dB over the threshold at 2:1 is 6 dB less.
    assert gains[-1] == pytest.approx((0.1 / 0.4) ** 0.5, rel=0.01)
