"""Recordings among the synthesised sounds: as loud as what they stand in for, as pads of a kit or as keys."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio import resample
from sonicforge_studio.domain.clip import Clip, Samples
from sonicforge_studio.domain.engine import Note
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.samples import Sample
from sonicforge_studio.generation.synth.voices import CHOKE_SECONDS, KitVoice, ToneVoice, Voice, chokes, struck
from sonicforge_studio.kernels.pitching import HIGHEST_RATIO, add_pitched, pitch_weights, pitched_frames

_WINDOW_SECONDS = 0.1
"""About what the ear takes together."""
_CHOKED = 12.0
"""Time constants of the choke until a stroke is over."""
_MOST_PEAK = 2.0
"""A recording of short peaks is not made as loud as its model where they would stand out more than 6 dB over it."""


def matching_gain(samples: Samples, model: Samples, sample_rate_hz: int) -> float:
    """What makes one sound as loud as another in the loudest tenth of a second of each; 0 for silence."""
    loud, wanted = (_loudest(sound, sample_rate_hz) for sound in (samples, model))
    peak, model_peak = (float(np.abs(sound).max(initial=0.0)) for sound in (samples, model))
    if not (loud > 0 and peak > 0):
        return 0.0
    return min(wanted / loud, _MOST_PEAK * model_peak / peak)


class PadsVoice:
    """A kit with recordings in place of some of its drums. Each stroke on a recording cuts off the one before, as on
    the pads of a sampler, and a recorded open hat is choked by either hat."""

    def __init__(
        self, kit: KitVoice, samples: Mapping[str, Sample], notes: tuple[Note, ...], starts: NDArray[np.int64],
        sample_rate_hz: int,
    ) -> None:  # fmt: skip
        self._kit = kit
        self._notes = notes
        self._pads: dict[int, Samples] = {}
        for drum, sample in samples.items():
            pitch = DRUM_PITCHES[drum]
            pad = sample.samples * kit.sides(pitch)
            self._pads[pitch] = pad * np.float32(matching_gain(pad, kit.hardest(pitch), sample_rate_hz))
        self._chokes = chokes(notes, starts, self._pads)
        self._choke_frames = CHOKE_SECONDS * sample_rate_hz

    def frames(self, index: int) -> int:
        pad = self._pads.get(self._notes[index].pitch)
        if pad is None:
            return self._kit.frames(index)
        choke = self._chokes[index]
        length = int(pad.shape[1])
        return min(length, choke + round(_CHOKED * self._choke_frames)) if choke else length

    def add(self, out: Samples, index: int, first_frame: int) -> None:
        note = self._notes[index]
        pad = self._pads.get(note.pitch)
        if pad is None:
            self._kit.add(out, index, first_frame)
            return
        frames, choke = self.frames(index), self._chokes[index]
        stroke = pad[:, :frames] * np.float32(struck(note.velocity / 127))
        if 0 < choke < frames:
            stroke[:, choke:] *= np.exp(-np.arange(frames - choke, dtype=np.float32) / np.float32(self._choke_frames))
        out[:, first_frame : first_frame + frames] += stroke


class KeysVoice:
    """A part's notes on a recording, which each reads at another speed; let go as the part's instrument would be.

    Notes more than four octaves from its root sound in the octave nearest to them that is not.
    """

    def __init__(self, sample: Sample, instrument: ToneVoice, notes: tuple[Note, ...], sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._release_seconds = instrument.release_seconds
        self._gates = instrument.gates
        self._velocities = [note.velocity / 127 for note in notes]
        ratios = [_ratio(note.pitch - sample.root) for note in notes]
        halvings = [max(0, math.floor(math.log2(ratio))) for ratio in ratios]
        # An octave up costs twice the work for each frame; a recording at half the rate costs none.
        octaves = [sample.samples]
        for _ in range(max(halvings)):
            octaves.append(resample(Clip(octaves[-1], 2), 1).samples)
        self._recordings = [octaves[halved] for halved in halvings]
        self._ratios = [ratio / 2**halved for ratio, halved in zip(ratios, halvings, strict=True)]
        self._weights = {ratio: pitch_weights(ratio) for ratio in set(self._ratios)}
        self._gain = 1.0
        self._gain = self._matching(instrument, notes)

    def frames(self, index: int) -> int:
        return pitched_frames(
            self._recordings[index].shape[1], self._ratios[index], self._gates[index], self._release_seconds, self._rate
        )

    def add(self, out: Samples, index: int, first_frame: int) -> None:
        ratio, velocity = self._ratios[index], self._velocities[index]
        add_pitched(
            out, first_frame, self._recordings[index], self._weights[ratio], ratio, self._gates[index],
            self._release_seconds, self._gain * (0.2 + 0.8 * velocity * velocity), self._rate,
        )  # fmt: skip

    def _matching(self, instrument: ToneVoice, notes: tuple[Note, ...]) -> float:
        """By the note in the middle of the part, played on both."""
        middle = sorted(range(len(notes)), key=lambda index: notes[index].pitch)[len(notes) // 2]
        own, model = (_played(voice, middle) for voice in (self, instrument))
        return matching_gain(own, model, self._rate)


def _played(voice: Voice, index: int) -> Samples:
    sound: Samples = np.zeros((2, voice.frames(index)), dtype=np.float32)
    voice.add(sound, index, 0)
    return sound


def _ratio(semitones: float) -> float:
    most = 12 * math.log2(HIGHEST_RATIO)
    while abs(semitones) > most:
        semitones -= math.copysign(12, semitones)
    return float(2.0 ** (semitones / 12))


def _loudest(sound: Samples, sample_rate_hz: int) -> float:
    """The RMS value of the loudest window, over both channels; what is shorter counts as if silence followed."""
    window = round(_WINDOW_SECONDS * sample_rate_hz)
    sums = np.concatenate([[0.0], np.cumsum(np.sum(sound.astype(np.float64) ** 2, axis=0))])
    if len(sums) <= window:
        return math.sqrt(float(sums[-1]) / window)
    return math.sqrt(float((sums[window:] - sums[:-window]).max()) / window)
