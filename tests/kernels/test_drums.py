"""The drum voice, layer by layer, against plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.drums import METAL_HZ, DrumSettings, HitShape, add_hit, hit_frames
from sonicforge_studio.kernels.synthesis import saw_tables, sine_table

RATE = 44100
SAW = saw_tables(RATE)
SINE = sine_table()


def hit(settings: DrumSettings, velocity: float = 1.0, seed: int = 3) -> NDArray[np.float64]:
    out = np.zeros((2, hit_frames(settings, RATE)), dtype=np.float32)
    add_hit(out, HitShape(0, velocity, 1.0, 0.0, seed), settings, SAW, SINE, RATE)
    return out.astype(np.float64)


def test_the_body_is_a_falling_sine() -> None:
    settings = DrumSettings(
        body_level=0.8, body_hz=50.0, body_sweep_octaves=2.0, body_sweep=0.03, body_decay=0.2, variation=0.0
    )
    made = hit(settings)[0]
    count = 12000
    place = np.arange(count)
    sweep = 2.0 * np.exp(-(place // 4) * 4 / (0.03 * RATE))
    phase = np.cumsum(50.0 * 2.0**sweep / RATE)
    decay = np.exp(-np.maximum(place, 0) / (0.2 * RATE))
    expected = 0.8 * np.sin(2 * np.pi * phase) * decay * np.clip(place / 20, 0, 1)
    assert np.allclose(made[:count], expected, atol=3e-3)


@pytest.mark.parametrize("shape", [0, 1, 2])
def test_the_noise_is_coloured_and_dies(shape: int) -> None:
    settings = DrumSettings(noise_level=1.0, noise_hz=4000.0, noise_shape=shape, noise_decay=0.1, variation=0.0)
    g, damping = np.tan(np.pi * 4000.0 * 2.0 ** (0.7 * 0.15) / RATE), 2.0 - 2.0 * settings.noise_resonance
    s = 1j * np.tan(np.pi * np.linspace(1, RATE / 2 - 1, 4000) / RATE)
    response = np.abs((g * g, damping * g * s, s * s)[shape] / (s * s + damping * g * s + g * g)) ** 2
    low_share = response[: round(3000 / (RATE / 2) * 4000)].sum() / response.sum()
    made = hit(settings)[0]
    power = np.abs(np.fft.rfft(made)) ** 2
    frequency = np.fft.rfftfreq(len(made), 1 / RATE)
    share = power[frequency < 3000].sum() / power.sum()
    assert share == pytest.approx(low_share, abs=0.06)
    early, late = (np.sqrt(np.mean(made[at : at + 882] ** 2)) for at in (882, 882 + 4410))
    assert late / early == pytest.approx(np.exp(-1), rel=0.35)


def test_a_clap_is_several_bursts() -> None:
    settings = DrumSettings(
        noise_level=1.0, noise_hz=1500.0, noise_decay=0.03, bursts=4.0, burst_spacing=0.012, variation=0.0
    )
    made = hit(settings)[0]
    frames = 64
    level = np.sqrt((made[: len(made) // frames * frames].reshape(-1, frames) ** 2).mean(axis=1))
    early = level[: int(0.036 * RATE / frames)].mean()
    assert level[int(0.2 * RATE / frames) :].max() < 0.05 * early
    assert early > 0.05


def test_the_metal_is_six_squares_above_its_high_pass() -> None:
    settings = DrumSettings(metal_level=1.0, metal_ratio=1.0, metal_decay=2.0, metal_high_pass_hz=100.0, variation=0.0)
    made = hit(settings)[0, 4096 : 4096 + 65536]
    power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    frequency = np.fft.rfftfreq(len(made), 1 / RATE)
    near = np.zeros(len(frequency), dtype=bool)
    for root in METAL_HZ:
        odd = np.round((frequency / root - 1) / 2) * 2 + 1
        near |= np.abs(frequency - odd * root) < 4
    assert power[near].sum() / power.sum() > 0.98
    high = hit(settings._replace(metal_high_pass_hz=7000.0))[0]
    spectrum = np.abs(np.fft.rfft(high)) ** 2
    at = np.fft.rfftfreq(len(high), 1 / RATE)
    assert spectrum[at < 3000].sum() < 0.05 * spectrum.sum()


def test_hits_differ_by_seed_and_strength_and_end_in_silence() -> None:
    settings = DrumSettings(
        body_level=0.6, body_hz=190.0, noise_level=0.6, noise_tail=0.1, metal_level=0.3, click_level=0.4, spread=0.5,
        drive=0.3, variation=0.1,
    )  # fmt: skip
    first, again, other = hit(settings, seed=1), hit(settings, seed=1), hit(settings, seed=2)
    assert np.array_equal(first, again)
    assert not np.allclose(first[:, :2000], other[:, :2000], atol=1e-2)
    soft = hit(settings, velocity=0.4)
    assert np.abs(soft).max() < 0.5 * np.abs(first).max()
    assert np.abs(first[:, -64:]).max() < 5e-3
    assert not np.array_equal(first[0], first[1])


def test_a_hit_that_does_not_fit_is_cut() -> None:
    settings = DrumSettings(body_level=1.0)
    short = np.zeros((2, 100), dtype=np.float32)
    add_hit(short, HitShape(40, 1.0, 1.0, 0.0, 1), settings, SAW, SINE, RATE)
    add_hit(short, HitShape(400, 1.0, 1.0, 0.0, 1), settings, SAW, SINE, RATE)
    assert np.all(short[:, :40] == 0)
    assert np.abs(short[:, 40:]).max() > 0.1
