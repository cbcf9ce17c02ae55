"""The one pass over power spectra beside plain twins and beside librosa's definitions."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.spectrum import hann_window, stft_power
from sonicforge_studio.kernels.timbre import (
    BANDWIDTH,
    CENTROID,
    CONTRAST_BANDS,
    COUNT,
    EAR_BANDS,
    FLATNESS,
    LEVEL_FLOOR_DB,
    MEL_BANDS,
    ROLLED,
    SHARE_FLOOR,
    TimbreSums,
    add_timbre,
    cosines,
    ear_edges_hz,
    last_row,
    mel_edges_hz,
    timbre_bands,
    timbre_sums,
)

RATE_HZ, WINDOW = 44_100, 2048


def spectra(frames: int = 40, seed: int = 5) -> np.ndarray:
    """Noise that falls with frequency, some tones in it, its level moving."""
    random = np.random.default_rng(seed)
    time = np.arange(frames * WINDOW) / RATE_HZ
    wave = np.cumsum(random.standard_normal(time.size)) * 1e-3 + 0.1 * np.sin(2 * np.pi * 880 * time)
    wave += 0.01 * random.standard_normal(time.size)
    wave *= 0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time)
    return stft_power(wave[np.newaxis].astype(np.float32), hann_window(WINDOW), WINDOW)


def heard(power: np.ndarray, rate_hz: float = RATE_HZ, row_frames: int = 11) -> tuple[TimbreSums, np.ndarray]:
    bands, sums = timbre_bands(rate_hz, 2 * (power.shape[1] - 1), row_frames), timbre_sums()
    rows = add_timbre(power, 0.0, bands, sums)
    return sums, np.concatenate((rows, last_row(bands, sums)))


def test_the_plain_figures_equal_the_twin() -> None:
    power = spectra()
    figures = heard(power)[0].figures
    exact = power.astype(np.float64)
    magnitude = np.sqrt(exact)
    hz = np.arange(power.shape[1]) * RATE_HZ / WINDOW
    centroid = (magnitude @ hz) / magnitude.sum(axis=1)
    bandwidth = np.sqrt((magnitude * (hz - centroid[:, np.newaxis]) ** 2).sum(axis=1) / magnitude.sum(axis=1))
    share = np.cumsum(magnitude, axis=1) / magnitude.sum(axis=1, keepdims=True)
    rolled = hz[np.argmax(share >= 0.85, axis=1)]
    floored = np.maximum(exact, 1e-10)
    flatness = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    assert figures[COUNT] == power.shape[0]
    for place, twin in ((CENTROID, centroid), (BANDWIDTH, bandwidth), (FLATNESS, flatness)):
        np.testing.assert_allclose(figures[place], twin.sum(), rtol=1e-5)
    np.testing.assert_allclose(figures[ROLLED], rolled.sum(), rtol=1e-3)


def test_the_cepstrum_equals_the_twin() -> None:
    power = spectra()
    edges = mel_edges_hz(11_025.0)
    hz = np.arange(power.shape[1]) * RATE_HZ / WINDOW
    rise = (hz - edges[:-2, np.newaxis]) / np.diff(edges)[:-1, np.newaxis]
    fall = (edges[2:, np.newaxis] - hz) / np.diff(edges)[1:, np.newaxis]
    weights = np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    decibels = 10.0 * np.log10(np.maximum(power.astype(np.float64) @ weights.T, 1e-10))
    table = np.cos(np.pi * np.outer(np.arange(20), np.arange(MEL_BANDS) + 0.5) / MEL_BANDS) * np.sqrt(2.0 / MEL_BANDS)
    table[0] /= np.sqrt(2.0)
    twin = decibels @ table.T
    cepstrum = heard(power)[0].cepstrum
    np.testing.assert_allclose(cepstrum[0], twin.sum(axis=0), rtol=1e-4, atol=0.02)
    np.testing.assert_allclose(cepstrum[1], (twin**2).sum(axis=0), rtol=1e-4, atol=0.1)


def test_cepstrum_and_contrast_are_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    power = spectra()
    sums = heard(power)[0]
    exact = power.T.astype(np.float64)
    mel = librosa.filters.mel(sr=RATE_HZ, n_fft=WINDOW, n_mels=128, fmax=11_025.0) @ exact
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=20)
    np.testing.assert_allclose(sums.cepstrum[0] / power.shape[0], mfcc.mean(axis=1), atol=1e-3)
    hz = np.arange(power.shape[1]) * RATE_HZ / WINDOW
    near = hz <= 12_800.0
    contrast = librosa.feature.spectral_contrast(S=np.sqrt(exact[near]), freq=hz[near], sr=RATE_HZ)
    np.testing.assert_allclose(sums.contrast[0] / power.shape[0], contrast.mean(axis=1), atol=1e-3)


def test_the_shape_equals_the_twin() -> None:
    power = spectra()
    edges = ear_edges_hz() / (RATE_HZ / WINDOW)
    k = np.arange(power.shape[1])
    share = np.clip(np.minimum(k + 0.5, edges[1:, np.newaxis]) - np.maximum(k - 0.5, edges[:-1, np.newaxis]), 0.0, 1.0)
    share[:, 0] = 0.0
    levels = power.astype(np.float64) @ share.T
    whole = levels.sum(axis=1)
    shape = (10.0 * np.log10(levels / whole[:, np.newaxis] + SHARE_FLOOR)) @ cosines(20, EAR_BANDS).T
    weight = np.sqrt(whole)
    steps = np.minimum(weight[1:], weight[:-1])
    sums, rows = heard(power)
    np.testing.assert_allclose(sums.shape[0], weight @ shape, rtol=1e-4, atol=1e-3 * weight.sum())
    np.testing.assert_allclose(sums.shape[1], weight @ shape**2, rtol=1e-4)
    np.testing.assert_allclose(sums.shape[2], steps @ np.abs(np.diff(shape, axis=0)), rtol=1e-3)
    first_row = 10.0 * np.log10(levels[:11].mean(axis=0) / (0.375 * 0.5 * WINDOW**2))
    np.testing.assert_allclose(rows[0, :EAR_BANDS], first_row, atol=1e-3)
    assert rows.shape == (4, EAR_BANDS + 1)


def test_pieces_give_what_the_whole_gives() -> None:
    power = spectra()
    bands, sums = timbre_bands(RATE_HZ, WINDOW, 11), timbre_sums()
    rows = [add_timbre(power[a:b], 0.0, bands, sums) for a, b in ((0, 1), (1, 1), (1, 30), (30, 40))]
    whole, whole_rows = heard(power)
    np.testing.assert_array_equal(np.concatenate((*rows, last_row(bands, sums))), whole_rows)
    for piece, at_once in zip(sums, whole, strict=True):
        np.testing.assert_array_equal(piece, at_once)


def test_quiet_frames_count_only_by_their_weight() -> None:
    power = spectra()
    power[20:] *= np.float32(1e-12)
    bands, sums = timbre_bands(RATE_HZ, WINDOW, 11), timbre_sums()
    add_timbre(power, 1e-6, bands, sums)
    assert sums.figures[COUNT] == 20
    halved = timbre_sums()
    add_timbre(power * np.float32(0.25), 1e-6, bands, halved)
    np.testing.assert_allclose(halved.shape, sums.shape / 2.0, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("rate_hz", "window"), [(10, 16), (2000, 64), (8000, 512), (384_000, 16_384)])
def test_any_rate_and_silence_stay_finite(rate_hz: int, window: int) -> None:
    random = np.random.default_rng(1)
    power = random.gamma(0.5, size=(30, window // 2 + 1)).astype(np.float32)
    power[10:20] = 0.0
    sums, rows = heard(power, rate_hz)
    for part in sums:
        assert np.all(np.isfinite(part))
    assert np.all(np.isfinite(rows))
    assert rows.min() >= LEVEL_FLOOR_DB
    bands = timbre_bands(rate_hz, window, 4)
    assert bands.contrast_taken.size == CONTRAST_BANDS
    assert bands.contrast_bins.max() <= window // 2 + 1
