"""Everything that is measured of a recording, in one pass over its blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sonicforge_studio.analysis._curves import LoudnessCurve, curves
from sonicforge_studio.analysis._intake import Decimator, EqualChunks, fold_to_pair
from sonicforge_studio.analysis._rhythm import LOWEST_RATE_HZ, OnsetEnvelope
from sonicforge_studio.analysis._sound import Colour, Levels
from sonicforge_studio.analysis.bars import tell_bars
from sonicforge_studio.analysis.embedding import embed
from sonicforge_studio.analysis.key import KeyListener
from sonicforge_studio.analysis.movement import rhythm_figures
from sonicforge_studio.analysis.sections import find_sections
from sonicforge_studio.analysis.tempo import estimate_tempo
from sonicforge_studio.analysis.tempo_curve import follow_tempo
from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.domain import (
    Curves,
    KeyEstimate,
    Loudness,
    Progress,
    Samples,
    Section,
    SilentProgress,
    Span,
    Tempo,
)
from sonicforge_studio.kernels.bars import places_in_bars, smoothest_path, track_changing_beats


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass over the audio found; ``features`` are named figures with their unit in the name.

    ``vectors`` are features of several numbers; ``embedding`` is 128 standardised ones, empty where there is too
    little sound.
    """

    tempo: Tempo
    key: KeyEstimate
    loudness: Loudness
    features: dict[str, float]
    vectors: dict[str, tuple[float, ...]]
    sections: tuple[Section, ...]
    embedding: tuple[float, ...]
    curves: Curves = field(compare=False)


class TrackAnalyser:
    """Takes blocks of any size, float32 ``(channels, n)``, and keeps 20 MB for each hour of them.

    The same audio gives the same figures however it is cut into blocks. Samples that are not finite count as 0.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        if sample_rate_hz < 1 or channels < 1:
            raise ValueError(f"no audio has {channels} channels at {sample_rate_hz} Hz")
        self._sample_rate_hz = sample_rate_hz
        self._frames = 0
        self._decimator = Decimator(sample_rate_hz, channels)
        self._chunks = EqualChunks(channels, self._decimator.chunk_frames)
        self._levels = Levels(sample_rate_hz, channels)
        self._colour = Colour(sample_rate_hz, channels)
        self._loudness = LoudnessMeter(sample_rate_hz, channels)
        self._loudness_curve = LoudnessCurve(sample_rate_hz, self._loudness)
        self._onsets = OnsetEnvelope(self._decimator.sample_rate_hz, channels)
        self._key = KeyListener(self._decimator.sample_rate_hz, channels)

    def add(self, block: Samples) -> None:
        """Measure the next stretch of audio."""
        for chunk in self._chunks.add(block):
            self._measure(chunk)

    def finish(self, progress: Progress | None = None) -> Measured:
        """Weigh what was heard. Call it once, after the last block. Lets ``Cancelled`` of ``progress`` pass."""
        told = progress or SilentProgress()
        self._measure(self._chunks.rest())
        self._listen(self._decimator.rest())
        duration_seconds = self._frames / self._sample_rate_hz
        told.step(0.0, 1.0, "Finding the tempo")
        strength, frame_rate_hz = self._onsets.finish(), self._onsets.frame_rate_hz
        tempo, onset_rate_hz = estimate_tempo(strength, frame_rate_hz, duration_seconds, Span(told, 0.0, 0.25))
        tempo = follow_tempo(tempo, strength, frame_rate_hz, duration_seconds, Span(told, 0.25, 0.4))
        key = self._key.finish(duration_seconds, Span(told, 0.4, 0.5))
        chromagram, chroma_rate_hz = self._key.chromagram, self._key.chroma_rate_hz
        tempo = tell_bars(tempo, strength, frame_rate_hz, chromagram, chroma_rate_hz, Span(told, 0.5, 0.7))
        timbre = self._colour.finish()
        features = self._levels.finish() | timbre.features
        loudness = self._loudness.finish()
        features["onset_rate_hz"] = onset_rate_hz
        features |= rhythm_figures(strength, frame_rate_hz, tempo, loudness)
        if key.tuning_cents is not None:
            features["tuning_cents"] = key.tuning_cents
        sections = find_sections(
            timbre.texture,
            timbre.texture_rate_hz,
            chromagram,
            chroma_rate_hz,
            tempo.downbeats_seconds,
            duration_seconds,
            Span(told, 0.7, 0.9),
        )
        told.step(0.9, 1.0)
        embedding = embed(timbre, strength, frame_rate_hz, tempo, chromagram)
        told.step(0.95, 1.0)
        drawn = curves(self._loudness_curve.finish(), chromagram, chroma_rate_hz, strength, frame_rate_hz)
        told.step(1.0, 1.0)
        return Measured(tempo, key, loudness, features, timbre.vectors, sections, embedding, drawn)

    def _measure(self, chunk: Samples) -> None:
        self._frames += chunk.shape[1]
        self._levels.add(chunk)
        self._loudness_curve.add(chunk)
        pair = fold_to_pair(chunk)
        self._colour.add(pair)
        self._listen(self._decimator.add(pair))

    def _listen(self, pair: Samples) -> None:
        if self._decimator.sample_rate_hz >= LOWEST_RATE_HZ:
            self._onsets.add(pair)
            self._key.add(pair)


def warm() -> None:
    """Compile every kernel of the room, or load it from the cache, by measuring two seconds of clicks."""
    rate_hz = 8000
    clicks = np.zeros((2, 2 * rate_hz), np.float32)
    clicks[:, :: rate_hz // 2] = 0.5
    analyser = TrackAnalyser(rate_hz, 2)
    analyser.add(clicks)
    analyser.finish()
    # What only longer music needs.
    track_changing_beats(np.ones(8), np.full(8, 2.0), 1.0)
    smoothest_path(np.zeros((2, 2)), 1.0, 1.0)
    places_in_bars(np.ones(8), 4, 1.0)
