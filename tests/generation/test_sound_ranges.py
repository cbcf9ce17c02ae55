"""Every genre sounds, in figures, like real music of its kind: inside the ranges of the genre book."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from sonicforge_studio.domain import Clip, SilentProgress
from sonicforge_studio.domain.genre import SoundRanges
from sonicforge_studio.generation import SynthEngine, compose
from sonicforge_studio.generation.genres import genre_book
from tests.sound_figures import FRAME_SECONDS, SOURCE_RATE_HZ, SoundFigures, sound_figures

RATE = 44100
QUICK = ("house", "lo-fi", "ambient")


@pytest.mark.parametrize("genre", genre_book().values(), ids=lambda genre: genre.id)
def test_a_genre_names_its_ranges_and_where_they_come_from(genre) -> None:  # type: ignore[no-untyped-def] # Genre
    for measure in fields(SoundRanges):
        wanted = getattr(genre.sound, measure.name)
        assert wanted.low < wanted.high, measure.name
        assert len(wanted.source) > 10, measure.name
    assert {measure.name for measure in fields(SoundFigures)} == {measure.name for measure in fields(SoundRanges)}


@pytest.mark.parametrize(
    "genre", [name if name in QUICK else pytest.param(name, marks=pytest.mark.soak) for name in sorted(genre_book())]
)
def test_a_genre_sounds_like_real_music_of_its_kind(genre: str) -> None:
    concept = compose("", genre=genre, duration_seconds=20.0)
    figures = sound_figures(SynthEngine().render(concept, 1, SilentProgress()).mix.clip())
    assert figures.outside(genre_book()[genre].sound) == {}


def test_the_figures_of_known_sounds() -> None:
    """A beat of 100 Hz thumps in the middle under a steady 3 kHz tone on the left."""
    seconds = np.arange(12 * RATE) / RATE
    since_beat = seconds % 0.5
    thump = 0.5 * np.sin(2 * np.pi * 100 * since_beat) * np.exp(-since_beat / 0.05)
    tone = 0.05 * np.sin(2 * np.pi * 3000 * seconds)
    figures = sound_figures(Clip(np.stack([thump + tone, thump]).astype(np.float32), RATE))
    assert figures.onset_rate_hz == pytest.approx(2.0, abs=0.15)
    assert figures.low_end_share > 0.9
    assert 0.85 < figures.stereo_correlation < 1.0
    peak, mean_square = 0.5, np.mean(np.square([thump + tone, thump]))
    assert figures.crest_factor_db == pytest.approx(20 * np.log10(peak / np.sqrt(mean_square)), abs=1.0)
    assert 1000 < figures.spectral_centroid_hz < 3000


def test_the_centroid_is_that_of_its_source() -> None:
    """Two equal tones, each of whole turns in a frame: their middle, one bin up as pyAudioAnalysis counts."""
    bin_hz = SOURCE_RATE_HZ / round(FRAME_SECONDS * SOURCE_RATE_HZ)
    seconds = np.arange(4 * RATE) / RATE
    mono = sum(0.2 * np.sin(2 * np.pi * turns * bin_hz * seconds) for turns in (50, 150))
    figures = sound_figures(Clip(np.stack([mono, mono]).astype(np.float32), RATE))
    assert figures.spectral_centroid_hz == pytest.approx(101 * bin_hz, rel=0.02)
