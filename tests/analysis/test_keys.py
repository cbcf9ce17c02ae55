"""Keys of progressions whose key is known because the test plays them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.analysis._key_profiles import PROFILES
from sonicforge_studio.analysis.key import key_correlations, pitch_classes, tuning, weigh_keys
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.key import Key
from sonicforge_studio.kernels.chroma import STEPS
from tests.analysis.played_patterns import RATE_HZ, babble, chords, drums


def measured(wave: Samples) -> Measured:
    analyser = TrackAnalyser(RATE_HZ, wave.shape[0])
    analyser.add(wave)
    return analyser.finish()


def test_all_24_keys_at_any_tuning_and_under_drums() -> None:
    random = np.random.default_rng(5)
    wrong = []
    for number in range(24):
        cents = float(random.uniform(-40, 40))
        wave = chords(number % 12, number >= 12, 100 + number, cents=cents, with_drums=number % 3 == 0)
        found = measured(wave)
        wanted = Key(number % 12, "minor" if number >= 12 else "major")
        if found.key.key != wanted:
            wrong.append((str(wanted), str(found.key.key)))
        assert found.features["tuning_cents"] == pytest.approx(cents, abs=4.0)
        assert 0.0 < sum(candidate.confidence for candidate in found.key.candidates) <= 1.0
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize(
    "wave",
    [
        drums("breakbeat", 165.0, 12.0, 1),
        babble(15.0, 3),
        (0.1 * np.random.default_rng(1).standard_normal((1, 8 * RATE_HZ))).astype(np.float32),
        np.zeros((1, 8 * RATE_HZ), np.float32),
    ],
    ids=["drums", "babble", "noise", "silence"],
)
def test_what_is_not_tonal_has_no_key(wave: Samples) -> None:
    found = measured(wave)
    assert found.key.key is None
    assert "tuning_cents" not in found.features


def test_correlations_are_pearsons() -> None:
    classes = np.random.default_rng(2).random(12)
    found = key_correlations(classes)
    for tonic in range(12):
        for mode in (0, 1):
            each = [scipy.stats.pearsonr(np.roll(profile[mode], tonic), classes).statistic for profile in PROFILES]
            assert found[12 * mode + tonic] == pytest.approx(np.mean(each))


def test_folding_follows_the_tuning() -> None:
    histogram = np.zeros(STEPS)
    histogram[(np.array([0, 4, 7]) * 10 + 3) % STEPS] = (3.0, 2.0, 1.0)  # 30 cents sharp
    cents, coherence = tuning(histogram)
    assert cents == pytest.approx(30.0)
    assert coherence == pytest.approx(1.0)
    np.testing.assert_allclose(pitch_classes(histogram, cents)[[0, 4, 7]], (3.0, 2.0, 1.0), atol=1e-9)


def test_an_empty_histogram_is_no_key() -> None:
    assert weigh_keys(np.zeros(STEPS)) is None


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0, 3.0])
def test_a_burst_of_noise_has_no_key(seconds: float) -> None:
    told = []
    for seed in range(20):
        noise = 0.1 * np.random.default_rng(seed).standard_normal((2, int(seconds * RATE_HZ)))
        told.append(measured(noise.astype(np.float32)).key.key)
    assert sum(key is not None for key in told) <= 2


@pytest.mark.parametrize("seconds", [0.6, 1.0])
def test_a_chord_that_is_struck_once_has_one(seconds: float) -> None:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    notes_hz = 440.0 * 2.0 ** (np.array([0.0, 3.0, 7.0]) / 12.0)
    chord = sum(np.sin(2 * np.pi * hz * part * time) / part for hz in notes_hz for part in range(1, 5))
    wave = (0.1 * chord * np.exp(-3.0 * time)).astype(np.float32)
    assert str(measured(np.stack([wave, wave])).key.key) == "A minor"
