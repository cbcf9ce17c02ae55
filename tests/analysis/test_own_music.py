"""The tempo of what this program itself plays: its seeds are not among those that the weights were fitted on."""

from __future__ import annotations

import pytest

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.generation import SynthEngine, compose


@pytest.mark.parametrize(
    ("genre", "bpm", "seed"),
    [
        ("drum and bass", 172.0, 3),
        ("liquid drum and bass", 175.0, 8),
        ("jungle", 165.0, 5),
        ("lo-fi", 84.0, 2),
    ],
)
def test_neither_half_nor_double(genre: str, bpm: float, seed: int) -> None:
    concept = compose(genre, seed=seed, duration_seconds=10.0, tempo_bpm=bpm)
    mix = SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
    analyser = TrackAnalyser(mix.sample_rate_hz, mix.channels)
    analyser.add(mix.samples)
    assert analyser.finish().tempo.bpm == pytest.approx(bpm, abs=0.5)
