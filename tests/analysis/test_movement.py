"""Energy and danceability of sounds that have much and little of them."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.analysis.movement import rhythm_figures
from sonicforge_studio.domain import Loudness, Tempo

RATE_HZ = 172.3


def loudness(lufs: float) -> Loudness:
    return Loudness(lufs, 5.0, lufs + 3.0, lufs + 2.0, -1.0, -1.0)


def pulse(seconds: float, period_seconds: float) -> np.ndarray:
    strength = np.random.default_rng(1).gamma(0.5, 0.02, size=(round(seconds * RATE_HZ), 4))
    strength[(np.arange(0.0, seconds, period_seconds) * RATE_HZ).astype(int)] += 1.0
    return strength


def drift(seconds: float) -> np.ndarray:
    """Stretches of much and of little, as long as sentences and longer."""
    random = np.random.default_rng(2)
    steps = np.cumsum(random.standard_normal(round(seconds * RATE_HZ)))
    return np.tile(np.exp(0.02 * steps)[:, np.newaxis], (1, 4))


def test_a_steady_beat_is_danced_to_and_a_drift_is_not() -> None:
    beat, slow = (rhythm_figures(s, RATE_HZ, Tempo(120.0, 0.9), loudness(-10.0)) for s in (pulse(60, 0.25), drift(60)))
    assert 0.0 < slow["danceability"] < 1.0 < beat["danceability"] <= 3.0


def test_louder_and_busier_has_more_energy() -> None:
    tempo = Tempo(120.0, 0.9)
    full = rhythm_figures(pulse(30, 0.125), RATE_HZ, tempo, loudness(-8.0))["energy"]
    soft = rhythm_figures(pulse(30, 0.125), RATE_HZ, tempo, loudness(-25.0))["energy"]
    sparse = rhythm_figures(pulse(30, 1.0), RATE_HZ, tempo, loudness(-8.0))["energy"]
    assert soft < full <= 1.0
    assert sparse < full


@pytest.mark.parametrize("strength", [np.zeros((0, 4)), np.zeros((1000, 4)), np.ones((5, 4))])
def test_what_cannot_be_told_is_left_out(strength: np.ndarray) -> None:
    named = rhythm_figures(strength, RATE_HZ, Tempo(None, 0.0), loudness(float("-inf")))
    assert named == {}
