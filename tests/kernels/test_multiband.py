"""Crossovers that sum flat, and the compressor of each band."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.crossover import all_pass
from sonicforge_studio.kernels.multiband import (
    BandSettings,
    Dynamics,
    LinearPhaseCompressor,
    MinimumPhaseCompressor,
)

RATE_HZ = 44_100
CROSSOVERS_HZ = np.array([120.0, 700.0, 5000.0])
OFF = BandSettings(-20.0, 1.0, 20.0, 150.0, 0.0)
Block = NDArray[np.float32]
Kind = type[MinimumPhaseCompressor] | type[LinearPhaseCompressor]


def noise(channels: int, frames: int, level: float = 0.1) -> Block:
    return (level * np.random.default_rng(3).standard_normal((channels, frames))).astype(np.float32)


def made(
    kind: Kind,
    bands: tuple[BandSettings, ...] = (OFF,) * 4,
    channels: int = 2,
    rate_hz: int = RATE_HZ,
    crossovers_hz: NDArray[np.float64] = CROSSOVERS_HZ,
) -> MinimumPhaseCompressor | LinearPhaseCompressor:
    dynamics = Dynamics(rate_hz, bands)
    if kind is MinimumPhaseCompressor:
        return MinimumPhaseCompressor(rate_hz, channels, crossovers_hz, dynamics)
    return LinearPhaseCompressor(rate_hz, channels, crossovers_hz, dynamics, 4096)


@pytest.mark.parametrize("rate_hz", [8000, 44_100, 192_000])
def test_the_bands_sum_flat_and_to_the_all_passes(rate_hz: int) -> None:
    crossovers_hz = np.array([30.0, 700.0, 16_000.0])
    impulse = np.zeros((1, 2 * rate_hz), np.float32)
    impulse[0, 0] = 1.0
    out = made(MinimumPhaseCompressor, channels=1, rate_hz=rate_hz, crossovers_hz=crossovers_hz).process(impulse)
    spectrum_db = 20.0 * np.log10(np.abs(np.fft.rfft(out[0].astype(np.float64))))
    assert np.abs(spectrum_db).max() < 0.001
    sections = np.insert(all_pass(rate_hz, crossovers_hz), 3, 1.0, axis=1)
    samples = noise(1, 20_000)
    passed = made(MinimumPhaseCompressor, channels=1, rate_hz=rate_hz, crossovers_hz=crossovers_hz).process(samples)
    assert np.abs(passed - scipy.signal.sosfilt(sections, samples.astype(np.float64))).max() < 1e-7


def test_of_linear_phase_the_bands_sum_to_a_delay() -> None:
    samples = noise(2, 20_000)
    compressor = made(LinearPhaseCompressor)
    assert isinstance(compressor, LinearPhaseCompressor)
    late = compressor.latency_frames
    assert np.abs(compressor.process(samples)[:, late:] - samples[:, :-late]).max() < 1e-7


@pytest.mark.parametrize("kind", [MinimumPhaseCompressor, LinearPhaseCompressor])
@pytest.mark.parametrize("band", range(4))
def test_each_band_is_lifted_by_its_own_gain(kind: Kind, band: int) -> None:
    centre_hz = (40.0, 290.0, 1900.0, 14_000.0)
    bands = tuple(OFF._replace(gain_db=6.0) if number == band else OFF for number in range(4))
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    for number, frequency_hz in enumerate(centre_hz):
        sine = np.tile(0.1 * np.sin(2.0 * np.pi * frequency_hz * time), (2, 1)).astype(np.float32)
        late = made(kind, bands).process(sine)[:, RATE_HZ:]
        gain_db = 20.0 * np.log10(late.std() / sine[:, RATE_HZ:].std())
        assert gain_db == pytest.approx(6.0 if number == band else 0.0, abs=0.5)


@pytest.mark.parametrize("kind", [MinimumPhaseCompressor, LinearPhaseCompressor])
def test_a_sine_is_held_by_the_ratio_and_the_others_are_not(kind: Kind) -> None:
    """A sine of −6 dBFS in both channels has −6.7 LUFS without weighting: 16.3 over the threshold."""
    sine = np.tile(0.5 * np.sin(2.0 * np.pi * 1900.0 * np.arange(3 * RATE_HZ) / RATE_HZ), (2, 1)).astype(np.float32)
    bands = (OFF._replace(ratio=4.0, threshold_lufs=-23.0),) * 4
    compressor = made(kind, bands, crossovers_hz=np.array([50.0, 200.0, 16_000.0]))
    out = compressor.process(sine)
    level_lufs = -0.691 + 20.0 * np.log10(0.5)
    wanted_db = -0.75 * (level_lufs + 23.0)
    assert compressor.dynamics.reductions_db[2] == pytest.approx(wanted_db, abs=0.1)
    gain_db = 20.0 * np.log10(out[:, -RATE_HZ:].std() / sine[:, -RATE_HZ:].std())
    assert gain_db == pytest.approx(wanted_db, abs=0.3)
    assert compressor.dynamics.reductions_db[0] == pytest.approx(0.0, abs=0.01)
    assert compressor.dynamics.mean_reductions_db[2] == pytest.approx(wanted_db, abs=0.6)


@pytest.mark.parametrize("kind", [MinimumPhaseCompressor, LinearPhaseCompressor])
@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_any_division_into_blocks_gives_the_same_samples(kind: Kind, channels: int) -> None:
    bands = (OFF._replace(ratio=5.0, threshold_lufs=-40.0, attack_ms=0.5, gain_db=3.0),) * 4
    samples = noise(channels, 12_000)
    divided = made(kind, bands, channels)
    ends = [0, 1, 2, 30, 31, 32, 2048, 5000, 12_000]
    parts = [divided.process(samples[:, a:b]) for a, b in itertools.pairwise(ends)]
    assert np.array_equal(np.concatenate(parts, axis=1), made(kind, bands, channels).process(samples))


def test_channels_are_linked() -> None:
    samples = noise(3, 30_000)
    samples[1] *= 0.01
    bands = (OFF._replace(ratio=5.0, threshold_lufs=-40.0),) * 4
    out = made(MinimumPhaseCompressor, bands, 3).process(samples)
    plain = made(MinimumPhaseCompressor, channels=3).process(samples)
    gains = [out[channel, -9000:].std() / plain[channel, -9000:].std() for channel in range(3)]
    assert max(gains) < 0.5
    assert gains == pytest.approx([gains[0]] * 3, rel=0.06)


def test_silence_ends_in_zeros() -> None:
    compressor = made(MinimumPhaseCompressor)
    compressor.process(noise(2, 1000))
    compressor.process(np.zeros((2, 2 * RATE_HZ), np.float32))
    assert not compressor.process(np.zeros((2, 1000), np.float32)).any()
