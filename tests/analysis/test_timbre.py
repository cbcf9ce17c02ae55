"""The colour of known sounds."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.analysis.timbre import COLOURS, Timbre, TimbreFigures
from tests.sounds import groove, tone


def heard(samples: np.ndarray, rate_hz: int = 44_100) -> TimbreFigures:
    window_frames = window_frames_for(rate_hz, 0.0464)
    frames = PowerFrames(samples.shape[0], window_frames, window_frames)
    timbre = Timbre(rate_hz, window_frames)
    timbre.add(frames.add(samples))
    timbre.add(frames.rest())
    return timbre.finish()


def noise(seconds: float, rate_hz: int = 44_100) -> np.ndarray:
    random = np.random.default_rng(2)
    return (0.1 * random.standard_normal((1, round(seconds * rate_hz)))).astype(np.float32)


def test_a_tone_is_narrow_and_noise_is_wide_and_flat() -> None:
    pure, rough = heard(tone(hz=1000.0)).features, heard(noise(3.0)).features
    assert pure["spectral_centroid_hz"] == pytest.approx(1000.0, abs=40.0)
    assert pure["spectral_rolloff_hz"] == pytest.approx(1000.0, abs=40.0)
    assert pure["spectral_bandwidth_hz"] < 600.0
    assert pure["spectral_flatness"] < 0.001
    assert rough["spectral_centroid_hz"] == pytest.approx(11_025.0, rel=0.01)
    assert rough["spectral_bandwidth_hz"] == pytest.approx(22_050.0 / np.sqrt(12.0), rel=0.01)
    assert rough["spectral_rolloff_hz"] == pytest.approx(0.85 * 22_050.0, rel=0.01)
    assert rough["spectral_flatness"] == pytest.approx(np.exp(-np.euler_gamma), rel=0.03)


def test_a_tone_stands_out_of_its_octave_only() -> None:
    contrast = heard(tone(hz=1000.0) + 0.01 * noise(3.0)).vectors["spectral_contrast_db"]
    assert int(np.argmax(contrast)) == 3  # 800 to 1600 Hz


def test_the_vectors_have_their_sizes() -> None:
    vectors = heard(groove(4.0)).vectors
    assert {name: len(vector) for name, vector in vectors.items()} == {
        "mfcc": 20,
        "mfcc_deviation": 20,
        "spectral_contrast_db": 7,
    }


def test_the_texture_follows_the_level() -> None:
    wave = tone(6.0)
    wave[:, wave.shape[1] // 2 :] *= 0.1
    figures = heard(wave)
    levels = figures.texture[:, -1]
    assert levels.size == pytest.approx(6.0 * figures.texture_rate_hz, abs=1.5)
    assert levels[2] == pytest.approx(20.0 * np.log10(0.25 / np.sqrt(2.0)), abs=0.2)
    assert levels[-3] == pytest.approx(levels[2] - 20.0, abs=0.2)


def test_a_softer_copy_has_the_same_colour() -> None:
    wave = groove(4.0)
    loud, soft = heard(wave).colour, heard(wave * np.float32(0.5)).colour
    assert loud.shape == (COLOURS,)
    np.testing.assert_allclose(soft, loud, rtol=1e-5, atol=1e-5)


def test_a_click_of_20_ms_has_a_colour() -> None:
    figures = heard(tone(0.02))
    assert figures.features["spectral_centroid_hz"] > 0.0
    assert np.all(np.isfinite(figures.vectors["mfcc"]))
    assert figures.texture.shape == (1, 33)


@pytest.mark.parametrize("rate_hz", [10, 1000, 8000, 384_000])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_what_does_not_apply_is_left_out(rate_hz: int, level: float) -> None:
    figures = heard(np.full((2, rate_hz), level, np.float32), rate_hz)
    assert bool(figures.features) == (level > 0.0)
    assert bool(figures.vectors) == (level > 0.0 and rate_hz >= 2000)
    assert all(np.isfinite(value) for value in figures.features.values())
    assert all(np.all(np.isfinite(vector)) for vector in figures.vectors.values())
    assert np.all(np.isfinite(figures.texture))
    assert np.all(np.isfinite(figures.colour))
