"""Pitch classes of tones that are known."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.chroma import (
    BASS_HIGHEST_HZ,
    BASS_LOWEST_HZ,
    HARMONIC_DECAY,
    HIGHEST_HZ,
    LOWEST_HZ,
    STEPS,
    add_pitch_classes,
    pitch_class_rows,
)
from sonicforge_studio.kernels.spectrum import hann_window, stft_power

RATE_HZ = 22_050
WINDOW = 8192


def histogram(wave: np.ndarray) -> np.ndarray:
    total = np.zeros(STEPS)
    add_pitch_classes(stft_power(wave[None].astype(np.float32), hann_window(WINDOW), 4096), RATE_HZ / WINDOW, total)
    return total


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


@pytest.mark.parametrize(("hz", "step"), [(440.0, 90), (261.626, 0), (466.164, 100), (82.407, 40), (1046.5, 0)])
def test_a_tone_stands_at_its_pitch_class(hz: float, step: int) -> None:
    found = histogram(tone(hz))
    assert min((np.argmax(found) - step) % STEPS, (step - np.argmax(found)) % STEPS) <= 1


def test_pitch_is_found_to_a_few_cents() -> None:
    for cents in (-37.0, -12.0, 5.0, 44.0):
        found = histogram(tone(440.0 * 2 ** (cents / 1200)))
        near = found * (np.abs(np.arange(STEPS) - 90) < 8)
        assert abs((near @ np.arange(STEPS) / near.sum() - 90) * 10 - cents) < 2.0


def test_a_tone_speaks_more_softly_for_those_it_may_be_a_harmonic_of() -> None:
    found = histogram(tone(440.0))
    own, third = found[85:96].sum(), found[15:26].sum()  # A, and D whose third harmonic A is
    octaves = 1 + HARMONIC_DECAY + HARMONIC_DECAY**3
    assert third / own == pytest.approx(HARMONIC_DECAY**2 / octaves, rel=0.02)


def test_noise_has_no_pitch_and_silence_nothing() -> None:
    noise = histogram(np.random.default_rng(1).standard_normal(5 * RATE_HZ))
    coherence = abs(noise @ np.exp(2j * np.pi * np.arange(STEPS) / 10)) / noise.sum()
    assert coherence < 0.1
    assert not histogram(np.zeros(RATE_HZ)).any()


def test_a_chord_is_heard_under_drums() -> None:
    wave = sum(tone(hz, 3.0) for hz in (261.63, 329.63, 392.0))
    random = np.random.default_rng(2)
    for start in range(0, wave.size - 4000, 8000):
        wave[start : start + 4000] += random.standard_normal(4000) * np.exp(-np.arange(4000) / 800)
    classes = np.roll(histogram(wave), 5).reshape(12, 10).sum(axis=1)
    assert set(np.argsort(-classes)[:3]) <= {0, 4, 5, 7, 9}
    assert classes[[0, 4, 7]].min() > 2.0 * classes[[1, 3, 6, 10]].max()


def _rows_twin(power: np.ndarray, bin_hz: float) -> tuple[np.ndarray, np.ndarray]:
    whole, bass = np.zeros((len(power), STEPS)), np.zeros((len(power), STEPS))
    for frame, spectrum in enumerate(np.sqrt(power.astype(np.float64))):
        for k in range(2, min(spectrum.size - 2, int(HIGHEST_HZ / bin_hz))):
            left, here, right = spectrum[k - 1 : k + 2]
            near, wide = max(8, int(k * 0.12)), max(12, int(k * 0.5))
            around = spectrum[max(0, k - near) : k + near + 1].mean()
            envelope = spectrum[max(0, k - wide) : k + wide + 1].mean()
            if not left < here >= right or here < 2.0 * around:
                continue
            logs = np.log([left + 1e-20, here, right + 1e-20])
            offset = 0.5 * (logs[0] - logs[2]) / (logs[0] - 2.0 * logs[1] + logs[2])
            step = 120.0 * np.log2((k + offset) * bin_hz / 440.0) + 90.0
            spoken = []
            if int(BASS_LOWEST_HZ / bin_hz) <= k < int(BASS_HIGHEST_HZ / bin_hz):
                spoken.append((bass, step, np.sqrt(here - around)))
            if k >= int(LOWEST_HZ / bin_hz):
                weight = np.sqrt((here - around) / np.sqrt(envelope))
                spoken += [(whole, step - 120.0 * np.log2(h), weight * HARMONIC_DECAY ** (h - 1)) for h in (1, 2, 3, 4)]
            for rows, place, weight in spoken:
                floor = int(np.floor(place))
                rows[frame, floor % STEPS] += weight * (floor + 1 - place)
                rows[frame, (floor + 1) % STEPS] += weight * (place - floor)
    return tuple(rows / np.sqrt(np.maximum(rows.sum(axis=1, keepdims=True), 1e-30)) for rows in (whole, bass))  # type: ignore[return-value] # two


def test_rows_agree_with_a_plain_loop() -> None:
    random = np.random.default_rng(4)
    wave = sum(tone(hz, 1.0) for hz in (65.4, 98.3, 261.63, 333.0, 392.0)) + 0.02 * random.standard_normal(RATE_HZ)
    power = stft_power(wave[None].astype(np.float32), hann_window(WINDOW), 4096)
    for rows, twin in zip(pitch_class_rows(power, RATE_HZ / WINDOW), _rows_twin(power, RATE_HZ / WINDOW), strict=True):
        assert twin.max() > 0.5
        np.testing.assert_allclose(rows, twin, atol=2e-3 * twin.max())


def test_the_bass_is_heard_by_itself() -> None:
    wave = tone(55.0) + tone(110.0) + tone(261.626) + tone(329.63)
    _, bass = pitch_class_rows(stft_power(wave[None].astype(np.float32), hann_window(WINDOW), 4096), RATE_HZ / WINDOW)
    near_a = np.abs(np.arange(STEPS) - 90) < 5
    assert bass[:, near_a].sum() > 0.95 * bass.sum()
