"""Everything that is measured of a recording, in one pass over its blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonicforge_studio.analysis._intake import Decimator, EqualChunks, fold_to_pair
from sonicforge_studio.analysis._rhythm import LOWEST_RATE_HZ, OnsetEnvelope
from sonicforge_studio.analysis._sound import Brightness, Levels
from sonicforge_studio.analysis.key import KeyListener
from sonicforge_studio.analysis.tempo import estimate_tempo
from sonicforge_studio.audio.meters import LoudnessMeter
from sonicforge_studio.domain import KeyEstimate, Loudness, Progress, Samples, SilentProgress, Tempo


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass over the audio found; ``features`` are named figures with their unit in the name."""

    tempo: Tempo
    key: KeyEstimate
    loudness: Loudness
    features: dict[str, float]


class TrackAnalyser:
    """Takes blocks of any size, float32 ``(channels, n)``, and keeps 10 MB for each hour of them.

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
        self._brightness = Brightness(sample_rate_hz, channels)
        self._loudness = LoudnessMeter(sample_rate_hz, channels)
        self._onsets = OnsetEnvelope(self._decimator.sample_rate_hz, channels)
        self._key = KeyListener(self._decimator.sample_rate_hz, channels)

    def add(self, block: Samples) -> None:
        """Measure the next stretch of audio."""
        for chunk in self._chunks.add(block):
            self._measure(chunk)

    def finish(self, progress: Progress | None = None) -> Measured:
        """Weigh what was heard. Call it once, after the last block."""
        told = progress or SilentProgress()
        self._measure(self._chunks.rest())
        self._listen(self._decimator.rest())
        told.step(0.0, 1.0, "Finding the tempo")
        tempo, onset_rate_hz = self._tempo(told)
        key, tuning_cents = self._key.finish()
        features = self._levels.finish()
        features["onset_rate_hz"] = onset_rate_hz
        centroid_hz = self._brightness.finish()
        if centroid_hz is not None:
            features["spectral_centroid_hz"] = centroid_hz
        if tuning_cents is not None:
            features["tuning_cents"] = tuning_cents
        told.step(1.0, 1.0)
        return Measured(tempo, key, self._loudness.finish(), features)

    def _measure(self, chunk: Samples) -> None:
        self._frames += chunk.shape[1]
        self._levels.add(chunk)
        self._loudness.add(chunk)
        pair = fold_to_pair(chunk)
        self._brightness.add(pair)
        self._listen(self._decimator.add(pair))

    def _listen(self, pair: Samples) -> None:
        if self._decimator.sample_rate_hz >= LOWEST_RATE_HZ:
            self._onsets.add(pair)
            self._key.add(pair)

    def _tempo(self, progress: Progress) -> tuple[Tempo, float]:
        if self._decimator.sample_rate_hz < LOWEST_RATE_HZ:
            return Tempo(None, 0.0), 0.0
        duration_seconds = self._frames / self._sample_rate_hz
        return estimate_tempo(self._onsets.finish(), self._onsets.frame_rate_hz, duration_seconds, progress)


def warm() -> None:
    """Compile every kernel of the room, or load it from the cache, by measuring two seconds of clicks."""
    rate_hz = 8000
    clicks = np.zeros((2, 2 * rate_hz), np.float32)
    clicks[:, :: rate_hz // 2] = 0.5
    analyser = TrackAnalyser(rate_hz, 2)
    analyser.add(clicks)
    analyser.finish()
