"""Chroma and key of what was heard lately: fading histograms of pitch classes, and a key that does not flicker."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._intake import PowerFrames, window_frames_for
from sonicforge_studio.analysis.key import WINDOW_SECONDS, WeighedKeys, pitch_classes, weigh_keys
from sonicforge_studio.analysis.key_path import key_at
from sonicforge_studio.domain import KeyEstimate, Samples
from sonicforge_studio.kernels.chroma import HIGHEST_HZ, LOWEST_HZ, STEPS, add_pitch_classes

Float64 = NDArray[np.float64]

_HOPS_A_WINDOW = 4
_CHROMA_SECONDS = 1.2
_PASSING_SECONDS = 3.0
_LASTING_SECONDS = 12.0
"""In which a sound's share falls to 1/e: of what is drawn, of what may contradict the key, of what makes it."""
_WEIGHED_EVERY_SECONDS = 0.5
_FEWEST_SECONDS = 2.0
_CLEARLY_BETTER = 0.05
"""So much higher correlation takes over from the key that was told before at once; any higher one after a while."""
_DOUBT_SECONDS = 2.5
"""The while; also how long music must have been tonal, or not, before a key appears or goes."""
_CONTRADICTED = 0.4
_FORGETS = 0.75
"""Where the last seconds fit the key worse than this, as they do after a modulation but hardly ever on a chord within
the key, the past loses a quarter at each weighing. Of 21 modulations the tonic was followed after 7 s on average, 8.5
at most, in place of 9 and 16, without more changes on music that stays."""
_QUIETEST_DBFS = -80.0
"""A sine below it is not heard: what is left there is dither, or the rounding of a constant."""
_FADED = 0.02


class LiveKey:
    """Takes stretches of two channels, at the rate that the decimator leaves."""

    def __init__(self, sample_rate_hz: float, channels: int) -> None:
        window_frames = window_frames_for(sample_rate_hz, WINDOW_SECONDS)
        self.hop_frames = window_frames // _HOPS_A_WINDOW
        self._frames = PowerFrames(channels, window_frames, self.hop_frames)
        self._bin_hz = sample_rate_hz / window_frames
        self._band = slice(max(2, int(LOWEST_HZ / self._bin_hz)), int(HIGHEST_HZ / self._bin_hz))
        self._quietest = 10.0 ** (_QUIETEST_DBFS / 10.0) * (window_frames / 4.0) ** 2
        self._frame_seconds = self.hop_frames / sample_rate_hz
        times = np.array([[_CHROMA_SECONDS], [_PASSING_SECONDS], [_LASTING_SECONDS]])
        self._keeps = np.exp(-self._frame_seconds / times)
        self._histograms = np.zeros((3, STEPS))
        self._recent, self._passing, self._lasting = self._histograms
        self._presence = 0.0
        self._sounding_seconds = 0.0
        self._since_weighed_seconds = 0.0
        self._weighed: WeighedKeys | None = None
        self._held: int | None = None
        self._better_seconds = 0.0
        self._doubt_seconds = 0.0

    def add(self, pair: Samples) -> None:
        for power in self._frames.add(pair):
            self._hear(power)

    @property
    def chroma(self) -> Float64:
        """Shape ``(12,)`` from C, the strongest 1; fading to 0 where nothing sounds."""
        classes = pitch_classes(self._recent, self.cents or 0.0)
        highest = float(classes.max())
        if self._presence < _FADED or highest <= 0.0:
            return np.zeros(12)
        scaled: Float64 = classes / highest * min(1.0, 1.4 * self._presence)
        return scaled

    @property
    def estimate(self) -> KeyEstimate:
        weighed = self._weighed
        if weighed is None:
            return KeyEstimate(None, 0.0)
        if self._held is None:
            return KeyEstimate(None, 0.0, weighed.listed())
        return KeyEstimate(key_at(self._held), round(float(weighed.confidence[self._held]), 4), weighed.listed())

    @property
    def cents(self) -> float | None:
        """The tuning against A4 = 440 Hz."""
        return self._weighed.cents if self._weighed is not None and self._held is not None else None

    def _hear(self, power: NDArray[np.float32]) -> None:
        sounds = bool(power[self._band].max(initial=0.0) > self._quietest)
        heard = np.zeros(STEPS)
        if sounds:
            add_pitch_classes(power[np.newaxis], self._bin_hz, heard)
        self._histograms *= self._keeps
        self._histograms += heard
        self._presence += (sounds - self._presence) * (1.0 - math.exp(-self._frame_seconds / _CHROMA_SECONDS))
        self._sounding_seconds += sounds * self._frame_seconds
        self._since_weighed_seconds += self._frame_seconds
        if self._since_weighed_seconds >= _WEIGHED_EVERY_SECONDS and self._sounding_seconds >= _FEWEST_SECONDS:
            self._weigh(self._since_weighed_seconds)
            self._since_weighed_seconds = 0.0

    def _weigh(self, elapsed_seconds: float) -> None:
        self._weighed = weighed = weigh_keys(self._lasting)
        tonal = weighed is not None and weighed.tonal
        self._doubt_seconds = 0.0 if tonal == (self._held is not None) else self._doubt_seconds + elapsed_seconds
        if weighed is None or self._doubt_seconds >= _DOUBT_SECONDS:
            self._held = int(np.argmax(weighed.fit)) if weighed is not None and tonal else None
            self._doubt_seconds = self._better_seconds = 0.0
        if weighed is None or self._held is None:
            return
        passing = weigh_keys(self._passing)
        if passing is not None and passing.fit[self._held] < _CONTRADICTED:
            self._lasting *= _FORGETS
        best = int(np.argmax(weighed.fit))
        lead = float(weighed.fit[best] - weighed.fit[self._held])
        self._better_seconds = self._better_seconds + elapsed_seconds if lead > 0.0 else 0.0
        if lead > _CLEARLY_BETTER or self._better_seconds >= _DOUBT_SECONDS:
            self._held, self._better_seconds = best, 0.0
