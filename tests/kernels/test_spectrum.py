"""Decimation and power spectra beside SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from sonicforge_studio.kernels.spectrum import decimate, decimation_taps, frame_count, hann_window, stft_power


def noise(channels: int, frames: int, seed: int = 1) -> np.ndarray:
    return (0.3 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


def test_the_window_is_the_periodic_hann() -> None:
    np.testing.assert_allclose(hann_window(512), scipy.signal.get_window("hann", 512), atol=1e-7)


@pytest.mark.parametrize("channels", [1, 2])
def test_power_equals_the_mean_of_the_channels_spectra(channels: int) -> None:
    pair = noise(channels, 5000)
    window = hann_window(1024)
    frames = np.lib.stride_tricks.sliding_window_view(pair, 1024, axis=1)[:, ::256]
    expected = (np.abs(np.fft.rfft(frames.astype(np.float64) * window)) ** 2).mean(axis=0)
    np.testing.assert_allclose(stft_power(pair, window, 256), expected, rtol=2e-4, atol=1e-4)


def test_opposite_phases_do_not_cancel() -> None:
    wave = noise(1, 2048)
    together = stft_power(np.concatenate((wave, -wave)), hann_window(1024), 512)
    np.testing.assert_allclose(together, stft_power(wave, hann_window(1024), 512), rtol=1e-3, atol=1e-4)


def test_only_whole_windows_give_frames() -> None:
    window = hann_window(64)
    assert stft_power(noise(2, 63), window, 16).shape == (0, 33)
    assert stft_power(noise(2, 64), window, 16).shape == (1, 33)
    assert frame_count(95, 64, 16) == 2


def test_three_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="one or two channels"):
        stft_power(noise(3, 128), hann_window(64), 16)


@pytest.mark.parametrize("factor", [1, 2, 3, 8, 17])
def test_decimation_equals_upfirdn(factor: int) -> None:
    pair = noise(2, 4000)
    taps = decimation_taps(factor)
    inside = scipy.signal.upfirdn(taps.astype(np.float64), pair, axis=1)[:, taps.size - 1 : pair.shape[1] : factor]
    np.testing.assert_allclose(decimate(pair, taps, factor), inside, atol=2e-6)


def test_decimation_keeps_the_band_and_drops_what_would_fold_into_it() -> None:
    taps = decimation_taps(2).astype(np.float64)
    frequency, response = scipy.signal.freqz(taps, worN=4096, fs=44_100)
    level_db = 20 * np.log10(np.abs(response) + 1e-9)
    assert np.abs(level_db[frequency < 8000]).max() < 0.1
    assert level_db[frequency > 22_050 - 8000].max() < -50


def test_decimating_less_than_the_filter_gives_nothing() -> None:
    assert decimate(noise(2, 10), decimation_taps(2), 2).shape == (2, 0)
