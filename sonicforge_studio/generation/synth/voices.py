"""Players: each turns its part's notes into sound, block by block, whatever the note's length."""

from __future__ import annotations

import math
import zlib
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.clip import Samples
from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.generation.sounds import Drum, Instrument
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.kernels.drums import DrumSettings, HitShape, add_hit, hit_frames
from sonicforge_studio.kernels.strings import StringSettings, add_string, string_frames
from sonicforge_studio.kernels.synthesis import NoteShape, ToneSettings, add_tone, saw_tables, sine_table, tone_frames
from sonicforge_studio.kernels.tines import TineSettings, add_tine, tine_frames

_TIGHTEST_CHOKE_FRAMES = 64
CHOKE_SECONDS = 0.008
_STRENGTHS = (0.35, 0.6, 0.78, 0.95)
_TAKES = 5

TONE_SETTINGS: Mapping[str, type[ToneSettings] | type[TineSettings] | type[StringSettings]] = {
    "tone": ToneSettings,
    "tine": TineSettings,
    "string": StringSettings,
}
"""What an instrument's ``voice`` may be, and what its sound is told in."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The oscillators' wave tables, made once for a performance."""

    saw: NDArray[np.float32]
    sine: NDArray[np.float32]

    @classmethod
    def make(cls, sample_rate_hz: int) -> Tables:
        return cls(saw_tables(sample_rate_hz), sine_table())


class Voice(Protocol):
    """One note or hit into a buffer."""

    def frames(self, index: int) -> int:
        """How long note ``index`` sounds, its release included."""

    def add(self, out: Samples, index: int, first_frame: int) -> None: ...


class Player:
    """Plays a voice's notes in order: each is made whole when its start is reached, its tail waits in the buffer."""

    def __init__(self, voice: Voice, starts: NDArray[np.int64]) -> None:
        self._voice = voice
        self._starts = starts
        self._next = 0
        self._position = 0
        self._pending: Samples = np.zeros((2, 0), dtype=np.float32)
        self._read = 0

    def take(self, frames: int, progress: Progress, done: float) -> Samples:
        """The part's next ``frames`` frames, shape ``(2, frames)``."""
        end = self._position + frames
        self._reserve(frames)
        while self._next < len(self._starts) and self._starts[self._next] < end:
            progress.step(done, 1.0, "Playing")
            offset = int(self._starts[self._next]) - self._position
            self._reserve(offset + self._voice.frames(self._next))
            self._voice.add(self._pending, self._next, self._read + offset)
            self._next += 1
        block = self._pending[:, self._read : self._read + frames].copy()
        self._read += frames
        self._position = end
        return block

    def _reserve(self, frames: int) -> None:
        if self._read + frames <= self._pending.shape[1]:
            return
        kept = self._pending[:, self._read :]
        grown = np.zeros((2, max(frames, 2 * kept.shape[1])), dtype=np.float32)
        grown[:, : kept.shape[1]] = kept
        self._pending = grown
        self._read = 0


class ToneVoice:
    """An instrument's notes through the subtractive, the FM or the plucked voice."""

    def __init__(
        self, instrument: Instrument, overrides: Mapping[str, float], notes: tuple[Note, ...], frames_per_beat: float,
        brightness: float, seeds: NDArray[np.int64], tables: Tables, sample_rate_hz: int,
    ) -> None:  # fmt: skip
        merged = {name: float(value) for name, value in {**instrument.settings, **overrides}.items()}
        self._settings = TONE_SETTINGS[instrument.voice](**merged)
        self._gain = 0.25 * 10 ** (instrument.gain_db / 20)
        self._notes = notes
        self.gates = [max(1, round(note.length_beats * frames_per_beat)) for note in notes]
        self._brightness = brightness
        self._seeds = seeds
        self._tables = tables
        self._rate = sample_rate_hz

    @property
    def release_seconds(self) -> float:
        return self._settings.release

    def frames(self, index: int) -> int:
        gate, settings = self.gates[index], self._settings
        if isinstance(settings, ToneSettings):
            return tone_frames(gate, settings, self._rate)
        if isinstance(settings, TineSettings):
            return tine_frames(gate, settings, self._rate)
        return string_frames(gate, pitch_hz(self._notes[index].pitch), settings, self._rate)

    def add(self, out: Samples, index: int, first_frame: int) -> None:
        note = self._notes[index]
        frequency = pitch_hz(note.pitch)
        before = pitch_hz(self._notes[index - 1].pitch) if index else frequency
        shape = NoteShape(
            first_frame=first_frame,
            gate_frames=self.gates[index],
            frequency_hz=frequency,
            from_hz=before,
            velocity=note.velocity / 127,
            gain=self._gain,
            pan=0.0,
            brightness=self._brightness,
            seed=int(self._seeds[index]),
        )
        settings = self._settings
        if isinstance(settings, ToneSettings):
            add_tone(out, shape, settings, self._tables.saw, self._tables.sine, self._rate)
        elif isinstance(settings, TineSettings):
            add_tine(out, shape, settings, self._rate)
        else:
            add_string(out, shape, settings, self._rate)


class KitVoice:
    """A drum part through a kit. Each drum is struck a few times in a few strengths, which then take turns as recorded
    strokes do; an open hat is choked by the next stroke on the hats."""

    def __init__(
        self, kit: Mapping[str, Drum], overrides: Mapping[str, Mapping[str, float]], tonic: int,
        notes: tuple[Note, ...], starts: NDArray[np.int64], seeds: NDArray[np.int64], tables: Tables,
        sample_rate_hz: int,
    ) -> None:  # fmt: skip
        self._drums: dict[int, tuple[DrumSettings, float, float]] = {}
        for name, drum in kit.items():
            changed = dict(overrides.get(name, {}))
            gain_db = drum.gain_db + changed.pop("gain_db", 0.0)
            pan = changed.pop("pan", drum.pan)
            settings = DrumSettings(**{key: float(value) for key, value in {**drum.settings, **changed}.items()})
            settings = settings._replace(body_hz=tuned_hz(settings.body_hz, tonic))
            self._drums[DRUM_PITCHES[name]] = (settings, 0.5 * 10 ** (gain_db / 20), pan)
        self._notes = notes
        self._seeds = seeds
        self._tables = tables
        self._rate = sample_rate_hz
        self._chokes = chokes(notes, starts)
        self._takes: dict[tuple[int, int, int], Samples] = {}

    def frames(self, index: int) -> int:
        drum = self._drums.get(self._notes[index].pitch)
        return hit_frames(drum[0], self._rate) if drum else 0

    def add(self, out: Samples, index: int, first_frame: int) -> None:
        note = self._notes[index]
        if note.pitch not in self._drums:
            return
        strength = note.velocity / 127
        layer = min(range(len(_STRENGTHS)), key=lambda number: abs(_STRENGTHS[number] - strength))
        take = self._take(note.pitch, layer, int(self._seeds[index]) % _TAKES)
        frames = take.shape[1]
        stroke = take * np.float32(struck(strength / _STRENGTHS[layer]))
        choke = self._chokes[index]
        if 0 < choke < frames:
            stroke[:, choke:] *= np.exp(-np.arange(frames - choke, dtype=np.float32) / (CHOKE_SECONDS * self._rate))
        out[:, first_frame : first_frame + frames] += stroke

    def hardest(self, pitch: int) -> Samples:
        """The drum as it sounds at full velocity, shape ``(2, frames)``."""
        return self._take(pitch, len(_STRENGTHS) - 1, 0) * np.float32(struck(1.0 / _STRENGTHS[-1]))

    def sides(self, pitch: int) -> NDArray[np.float32]:
        """The gains of left and right that place the drum, shape ``(2, 1)``."""
        angle = (self._drums[pitch][2] + 1.0) * math.pi / 4
        return np.array([[math.cos(angle)], [math.sin(angle)]], dtype=np.float32) * np.float32(math.sqrt(2))

    def _take(self, pitch: int, layer: int, number: int) -> Samples:
        made = self._takes.get((pitch, layer, number))
        if made is None:
            settings, gain, pan = self._drums[pitch]
            made = np.zeros((2, hit_frames(settings, self._rate)), dtype=np.float32)
            seed = (pitch * len(_STRENGTHS) + layer) * _TAKES + number + 1
            hit = HitShape(0, _STRENGTHS[layer], gain, pan, seed)
            add_hit(made, hit, settings, self._tables.saw, self._tables.sine, self._rate)
            self._takes[pitch, layer, number] = made
        return made


def struck(strength: float) -> float:
    """How loud a stroke is, full strength being 1."""
    return float(strength**1.6)


def pitch_hz(pitch: int) -> float:
    """Equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def tuned_hz(frequency_hz: float, tonic: int) -> float:
    """The key's tonic where it lies near the frequency, else its fifth: a drum that rings on another note would speak
    of another key."""
    pitch = 69 + 12 * math.log2(frequency_hz / 440.0)
    tonic_above, fifth_above = ((tonic + step - round(pitch) + 5) % 12 - 5 for step in (0, 7))
    return pitch_hz(round(pitch) + (tonic_above if -2 <= tonic_above <= 5 else fifth_above))


def note_seeds(seed: int, part: str, count: int) -> NDArray[np.int64]:
    """One number a note for the kernels' own dice."""
    sequence = np.random.SeedSequence([seed % 2**64, zlib.crc32(part.encode()), 1])
    return np.random.Generator(np.random.PCG64(sequence)).integers(1, 2**62, size=count, dtype=np.int64)


def start_frames(notes: tuple[Note, ...], tempo_bpm: float, sample_rate_hz: int) -> NDArray[np.int64]:
    """Where each note starts, rounded to the frame from the piece's start: no error adds up."""
    return np.array([round(note.start_beats * 60 / tempo_bpm * sample_rate_hz) for note in notes], dtype=np.int64)


def chokes(notes: tuple[Note, ...], starts: NDArray[np.int64], pads: Container[int] = ()) -> list[int]:
    """How many frames after its start each stroke is cut off by a later one, 0 where none does: an open hat by either
    hat, and what is on one of the ``pads`` by the next stroke on the same."""
    hats = (DRUM_PITCHES["closed_hat"], DRUM_PITCHES["open_hat"])
    found = [0] * len(notes)
    following: dict[int, int] = {}
    for index in range(len(notes) - 1, -1, -1):
        pitch, start = notes[index].pitch, int(starts[index])
        cutters = (hats if pitch == hats[1] else ()) + ((pitch,) if pitch in pads else ())
        gap = min((following[cutter] for cutter in cutters if cutter in following), default=start) - start
        if gap > _TIGHTEST_CHOKE_FRAMES:
            found[index] = gap
        following[pitch] = start
    return found
