"""Onset strength beside a NumPy twin."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.onset import (
    BANDS,
    LAG_FRAMES,
    REGION_BANDS,
    REGIONS,
    band_bins,
    onset_history,
    onset_strength,
)
from sonicforge_studio.kernels.spectrum import hann_window, stft_power


def twin(power: np.ndarray, bins: np.ndarray) -> np.ndarray:
    bands = np.zeros((power.shape[0] + LAG_FRAMES, BANDS))
    for band in range(BANDS):
        if bins[band] < power.shape[1]:
            end = max(bins[band + 1], bins[band] + 1)
            bands[LAG_FRAMES:, band] = power[:, bins[band] : end].mean(axis=1) ** 0.25
    padded = np.pad(bands, ((0, 0), (1, 1)))
    highest = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    rise = np.maximum(0.0, bands[LAG_FRAMES:] - highest[:-LAG_FRAMES])
    return np.stack([rise[:, REGION_BANDS[r] : REGION_BANDS[r + 1]].sum(axis=1) for r in range(REGIONS)], axis=1)


@pytest.mark.parametrize("rate_hz", [22_050, 8_000, 4_000])
def test_it_equals_the_twin(rate_hz: int) -> None:
    power = np.random.default_rng(2).gamma(0.5, size=(200, 257)).astype(np.float32)
    bins = band_bins(rate_hz, 512)
    strength = onset_strength(power, bins, onset_history())
    np.testing.assert_allclose(strength, twin(power.astype(np.float64), bins), rtol=1e-4, atol=1e-4)


def test_pieces_give_what_the_whole_gives() -> None:
    power = np.random.default_rng(3).gamma(0.5, size=(100, 513)).astype(np.float32)
    bins = band_bins(22_050, 1024)
    history = onset_history()
    pieces = [onset_strength(power[a:b], bins, history) for a, b in ((0, 1), (1, 1), (1, 40), (40, 100))]
    np.testing.assert_array_equal(np.concatenate(pieces), onset_strength(power, bins, onset_history()))


def test_a_click_shows_once_and_where_it_is() -> None:
    wave = np.zeros((1, 22_050), np.float32)
    wave[0, 11_025] = 1.0
    strength = onset_strength(stft_power(wave, hann_window(1024), 128), band_bins(22_050, 1024), onset_history()).sum(
        axis=1
    )
    centre_seconds = (np.argmax(strength) * 128 + 512) / 22_050
    assert -0.015 < centre_seconds - 0.5 < 0.0  # the window sees it coming
    assert np.count_nonzero(strength > 0.2 * strength.max()) < 8


def test_quieter_music_has_the_same_shape() -> None:
    power = np.random.default_rng(4).gamma(0.5, size=(80, 513)).astype(np.float32)
    bins = band_bins(22_050, 1024)
    loud = onset_strength(power, bins, onset_history())
    soft = onset_strength(power * np.float32(1e-4), bins, onset_history())
    np.testing.assert_allclose(soft * 10.0, loud, rtol=1e-4, atol=1e-5)


def test_a_steady_tone_with_vibrato_rises_less_than_a_new_note() -> None:
    time = np.arange(44_100) / 22_050
    vibrato = np.sin(2 * np.pi * (880 * time + 880 * 0.02 / 5 * np.sin(2 * np.pi * 5 * time)))
    note = np.where(time < 1.0, np.sin(2 * np.pi * 880 * time), np.sin(2 * np.pi * 1244.5 * time))
    bins = band_bins(22_050, 1024)
    risen = [
        onset_strength(stft_power(wave[None].astype(np.float32), hann_window(1024), 128), bins, onset_history())
        .sum(axis=1)[10:]
        .max()
        for wave in (vibrato, note)
    ]
    assert risen[0] < 0.4 * risen[1]
