"""Tempo of what was heard lately: the offline evidence over the last seconds, and a choice that does not flicker."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._pulse import SIMPLE_RATIOS
from sonicforge_studio.analysis._rhythm import OnsetEnvelope
from sonicforge_studio.analysis.tempo import LEAST_BEAT, WeighedTempi, beats_seconds, refined, weigh_tempi
from sonicforge_studio.domain import Progress, Samples, Tempo, TempoCandidate
from sonicforge_studio.kernels.onset import REGIONS

_WINDOW_SECONDS = 10.0
_FEWEST_SECONDS = 4.0
_WEIGHED_EVERY_SECONDS = 1.0
_LEAST_RISE = 0.01
"""Of the level: less is the rounding of a steady tone, in which nothing begins."""
_SAME_TEMPO = 0.03
_MOST_AT_ONCE = 0.9
"""The most that one weighing says for or against a change, as a logarithm of odds: one alone is never enough."""
_ENOUGH = 1.0
_ENOUGH_A_SECOND = 0.5
_ENOUGH_AT_MOST = 10.0
"""What must have come together for a change. A simple multiple or fraction is the likelier error: against a tempo that
has held for long, more."""
_FOLLOWS = 0.4
"""How far the told tempo goes at once towards a new measurement of the same one."""
_SAID_CANDIDATES = 3
_BEATS_AGREE = 8
_ELSEWHERE = 0.25
_TIMES_ELSEWHERE = 3
"""So often in a row the beat must lie so much of its length elsewhere before it is moved there."""


class LiveTempo:
    """Takes stretches of two channels, at the rate that the decimator leaves; remembers ten seconds of onsets."""

    def __init__(self, sample_rate_hz: float, channels: int, progress: Progress) -> None:
        self._onsets = OnsetEnvelope(sample_rate_hz, channels)
        self._rate_hz = self._onsets.frame_rate_hz
        self._recent = np.zeros((round(_WINDOW_SECONDS * self._rate_hz), REGIONS))
        self._filled = 0
        self._since_weighed = 0
        self._progress = progress
        self._held_bpm: float | None = None
        self._held_seconds = 0.0
        self._against = 0.0
        self._beat = 0.0
        self._seen = 0
        self._elsewhere = 0
        self._beat_seconds: float | None = None
        self.tempo = Tempo(None, 0.0)

    def beat_phase(self, seconds: float) -> float | None:
        """How far through a beat (0..1) the music is so long after the first frame; None where there is none."""
        if self._beat_seconds is None or self._held_bpm is None:
            return None
        return (seconds - self._beat_seconds) * self._held_bpm / 60.0 % 1.0

    def add(self, pair: Samples) -> None:
        self._remember(self._onsets.follow(pair))
        if self._since_weighed >= _WEIGHED_EVERY_SECONDS * self._rate_hz:
            if self._filled >= _FEWEST_SECONDS * self._rate_hz:
                self._weigh(self._since_weighed / self._rate_hz)
            self._since_weighed = 0

    def _remember(self, strength: NDArray[np.float32]) -> None:
        count = min(strength.shape[0], self._recent.shape[0])
        if count == 0:
            return
        self._recent[:-count] = self._recent[count:]
        self._recent[-count:] = strength[-count:]
        if strength.sum(axis=1).max() < _LEAST_RISE * self._onsets.level:
            self._recent[-count:] = 0.0
        self._filled = min(self._filled + count, self._recent.shape[0])
        self._since_weighed += count
        self._seen += count

    def _weigh(self, elapsed_seconds: float) -> None:
        strength = self._recent[-self._filled :]
        weighed = None
        if np.any(strength > 0.0):
            weighed, _ = weigh_tempi(strength, self._rate_hz, self._filled / self._rate_hz, math.inf, self._progress)
        self._beat += 0.5 * ((0.0 if weighed is None else weighed.beat) - self._beat)
        if weighed is None or self._beat < LEAST_BEAT:
            self._held_bpm = self._beat_seconds = None
            self.tempo = Tempo(None, 0.0)
            return
        chosen = self._chosen(weighed)
        bpm, _ = refined(weighed.envelope, self._rate_hz, float(weighed.bpm[chosen]), self._progress)
        held = self._held_bpm
        if held is None or abs(math.log(bpm / held)) > _SAME_TEMPO:
            self._held_seconds = self._against = 0.0
        else:
            bpm = held + _FOLLOWS * (bpm - held)
            if self._filled == self._recent.shape[0]:
                self._held_seconds += elapsed_seconds
        self._held_bpm = bpm
        self._place_beat(strength, weighed.envelope, bpm)
        order = [chosen, *(i for i in range(weighed.bpm.size) if i != chosen)][:_SAID_CANDIDATES]
        said = [bpm, *(float(weighed.bpm[i]) for i in order[1:])]
        listed = tuple(
            TempoCandidate(round(value, 3), round(float(weighed.share[i]) * self._beat, 4))
            for value, i in zip(said, order, strict=True)
        )
        self.tempo = Tempo(listed[0].bpm, listed[0].confidence, listed)

    def _place_beat(self, strength: NDArray[np.float64], envelope: NDArray[np.float64], bpm: float) -> None:
        beats = beats_seconds(strength, envelope, self._rate_hz, bpm, True)[-_BEATS_AGREE:]
        if not beats.size:
            return
        turns = complex(np.exp(2j * np.pi * beats * bpm / 60.0).sum())
        found = (self._seen - self._filled) / self._rate_hz + np.angle(turns) / (2.0 * np.pi) * 60.0 / bpm
        phase = self.beat_phase(float(found))
        if phase is not None and _ELSEWHERE < phase < 1.0 - _ELSEWHERE and self._elsewhere < _TIMES_ELSEWHERE:
            self._elsewhere += 1
            return
        self._elsewhere = 0
        self._beat_seconds = float(found)

    def _chosen(self, weighed: WeighedTempi) -> int:
        """Which of the candidates to tell: the one told before, until enough has been said against it (the cumulative
        sum of E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954)."""
        held = self._held_bpm
        if held is None:
            return 0
        distance = np.abs(np.log(weighed.bpm / held))
        same = int(np.argmin(distance))
        if distance[same] > _SAME_TEMPO:
            return 0
        if weighed.bpm.size == 1:
            return same
        rival = 0 if same else 1
        odds = math.log((float(weighed.share[rival]) + 1e-9) / (float(weighed.share[same]) + 1e-9))
        self._against = max(0.0, self._against + min(max(odds, -_MOST_AT_ONCE), _MOST_AT_ONCE))
        enough = _ENOUGH
        if any(abs(math.log(weighed.bpm[rival] / held / ratio)) < _SAME_TEMPO for ratio in SIMPLE_RATIOS):
            enough = min(_ENOUGH_AT_MOST, enough + _ENOUGH_A_SECOND * self._held_seconds)
        return rival if self._against > enough else same
