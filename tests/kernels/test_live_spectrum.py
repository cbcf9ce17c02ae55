"""The live spectrum's kernel beside a plain NumPy twin."""

from __future__ import annotations

import itertools
import time
import tracemalloc

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.live_spectrum import FLOOR_DB, Ballistics, SpectrumKernel, fractional_octave_bands

RATE_HZ = 48_000
SIZE = 4096


def sine(
    frequency_hz: float, amplitude: float = 1.0, rate_hz: int = RATE_HZ, phase: float = 0.3
) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(SIZE) / rate_hz + phase)


def stereo(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.stack((left, right)).astype(np.float32)


def twin(samples: NDArray[np.float32], edges_hz: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Band levels in dB, channel by channel, straight from the definition."""
    size = samples.shape[1]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    bin_hz = rate_hz / size
    bins = np.arange(size // 2 + 1)
    levels = []
    for channel in samples.astype(np.float64):
        centred = channel - np.sum(channel * window) / np.sum(window)
        power = np.abs(np.fft.rfft(centred * window)) ** 2 * 4.0 / (size * np.sum(window**2))
        row = []
        for low_hz, high_hz in itertools.pairwise(edges_hz):
            low, high = low_hz / bin_hz - 2.0, high_hz / bin_hz + 2.0
            share = np.clip(np.minimum(bins + 0.5, high) - np.maximum(bins - 0.5, low), 0.0, 1.0)
            share[0] = 0.0
            row.append(max(FLOOR_DB, 10 * np.log10(np.sum(share * power) + 1e-30)))
        levels.append(row)
    return np.array(levels)


def nearest(spectrum: SpectrumKernel, frequency_hz: float) -> int:
    return int(np.argmin(np.abs(np.log(spectrum.frequencies_hz / frequency_hz))))


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
def test_levels_equal_the_plain_twin(rate_hz: int) -> None:
    rng = np.random.default_rng(3)
    samples = (rng.standard_normal((2, SIZE)) * [[0.2], [0.01]]).astype(np.float32)
    spectrum = SpectrumKernel(rate_hz, SIZE)
    _, edges_hz = fractional_octave_bands(24, 20.0, min(20_000.0, 0.49 * rate_hz))
    spectrum.process(samples, 0.016)
    np.testing.assert_allclose(spectrum.level_db, twin(samples, edges_hz, rate_hz), atol=1e-3)


@pytest.mark.parametrize("frequency_hz", [61.0, 100.0, 440.0, 997.0, 1000.0, 5003.7, 12_345.6, 19_000.0])
@pytest.mark.parametrize("bands_per_octave", [3, 12, 24])
def test_a_full_scale_sine_reads_0_dbfs_in_its_band(frequency_hz: float, bands_per_octave: int) -> None:
    spectrum = SpectrumKernel(RATE_HZ, bands_per_octave=bands_per_octave)
    spectrum.process(stereo(sine(frequency_hz), sine(frequency_hz, 0.1)), 0.016)
    band = nearest(spectrum, frequency_hz)
    assert spectrum.level_db[0, band] == pytest.approx(0.0, abs=0.05)
    assert spectrum.level_db[1, band] == pytest.approx(-20.0, abs=0.05)
    far = np.abs(np.log2(spectrum.frequencies_hz / frequency_hz)) > 2.0
    assert spectrum.level_db[0, far].max() < -45.0


def test_the_channels_do_not_leak_into_each_other() -> None:
    spectrum = SpectrumKernel(RATE_HZ)
    spectrum.process(stereo(sine(1000.0), np.zeros(SIZE)), 0.016)
    assert spectrum.level_db[1].max() == FLOOR_DB
    assert spectrum.peak_db[1] == FLOOR_DB


def test_one_channel_reads_as_the_left_of_two() -> None:
    wave = sine(333.0, 0.5)
    one, two = SpectrumKernel(RATE_HZ, channels=1), SpectrumKernel(RATE_HZ)
    one.process(wave[np.newaxis].astype(np.float32), 0.016)
    two.process(stereo(wave, wave * 0), 0.016)
    np.testing.assert_allclose(one.level_db[0], two.level_db[0], atol=1e-4)


def test_rms_and_peak_of_the_window() -> None:
    spectrum = SpectrumKernel(RATE_HZ)
    square = np.sign(sine(1000.0))
    spectrum.process(stereo(sine(1501.0, 0.5), square), 0.016)
    assert spectrum.rms_db == pytest.approx([-6.02, 3.01], abs=0.01)
    assert spectrum.peak_db == pytest.approx([-6.02, 0.0], abs=0.01)


def test_rise_is_immediate_release_is_linear_and_peaks_hold_then_fall() -> None:
    step_seconds = 0.02
    spectrum = SpectrumKernel(RATE_HZ, ballistics=Ballistics(25.0, 1.5, 10.0))
    silence = np.zeros((2, SIZE), np.float32)
    spectrum.process(stereo(sine(1000.0), sine(1000.0)), step_seconds)
    band = nearest(spectrum, 1000.0)
    levels, holds = [], []
    for _ in range(150):
        spectrum.process(silence, step_seconds)
        levels.append(float(spectrum.level_db[0, band]))
        holds.append(float(spectrum.peak_hold_db[0, band]))
    times = step_seconds * np.arange(1, 151)
    np.testing.assert_allclose(levels, -25.0 * times, atol=0.02)
    np.testing.assert_allclose(holds, -10.0 * np.maximum(0.0, times - 1.5), atol=0.25)
    for _ in range(800):
        spectrum.process(silence, step_seconds)
    assert spectrum.silent


def test_bad_samples_count_as_silence_and_an_offset_is_no_tone() -> None:
    spectrum = SpectrumKernel(RATE_HZ)
    samples = np.full((2, SIZE), 0.5, np.float32)
    samples[1] = 0.0
    samples[1, ::3], samples[1, 1::3] = np.nan, np.inf
    spectrum.process(samples, 0.016)
    assert np.all(spectrum.level_db < -120.0)
    assert np.isfinite(spectrum.rms_db).all()
    assert spectrum.peak_db == pytest.approx([-6.02, FLOOR_DB], abs=0.01)


def test_bands_are_the_standards() -> None:
    centres, edges = fractional_octave_bands(3, 20.0, 20_000.0)
    # IEC 61260-1:2014, table E.1, exact mid-band frequencies
    assert centres.size == 30
    assert [round(centre, 3) for centre in centres[13:19]] == [501.187, 630.957, 794.328, 1000.0, 1258.925, 1584.893]
    np.testing.assert_allclose(edges[1:] / edges[:-1], 10.0**0.1)
    even, _ = fractional_octave_bands(24, 20.0, 20_000.0)
    assert 1000.0 not in even.round(6)
    with pytest.raises(ValueError, match="no band"):
        fractional_octave_bands(3, 1001.0, 1100.0)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 100), np.float32), np.zeros((1, SIZE), np.float32), np.zeros((2, SIZE))]
)
def test_a_wrong_block_is_refused(wrong: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="is wanted"):
        SpectrumKernel(RATE_HZ).process(wrong, 0.016)


def test_frames_leave_no_memory_behind_and_cost_less_than_two_scipy_ffts() -> None:
    rng = np.random.default_rng(1)
    samples = rng.standard_normal((2, SIZE)).astype(np.float32)
    window = scipy.signal.get_window("hann", SIZE)
    spectrum = SpectrumKernel(RATE_HZ)
    spectrum.process(samples, 0.016)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(500):
        spectrum.process(samples, 0.016)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 4096

    def ours() -> None:
        spectrum.process(samples, 0.016)

    def reference() -> None:
        bins = scipy.fft.rfft(samples * window)
        _ = bins.real**2 + bins.imag**2

    own, theirs = [], []
    for _ in range(400):
        for act, into in ((ours, own), (reference, theirs)):
            start = time.perf_counter()
            act()
            into.append(time.perf_counter() - start)
    microseconds = 1e6 * np.median(own), 1e6 * np.median(theirs)
    print(f"\nlive frame {microseconds[0]:.1f} us, SciPy rfft + window + power {microseconds[1]:.1f} us")
    assert microseconds[0] < 1.5 * microseconds[1]
