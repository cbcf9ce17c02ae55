"""A performance: a score played block by block, in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.clip import Samples
from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import Genre, GenrePart
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.sounds import instrument_book, kit_book, mood_book
from sonicforge_studio.generation.synth.arrangement import chosen_kit, dice_seed
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.mixer import LOOK_AHEAD_FRAMES, Bus, Space, Strip
from sonicforge_studio.generation.synth.sampled import KeysVoice, PadsVoice
from sonicforge_studio.generation.synth.samples import Sample
from sonicforge_studio.generation.synth.score import Score
from sonicforge_studio.generation.synth.voices import KitVoice, Player, Tables, ToneVoice, note_seeds, start_frames

BLOCK_FRAMES = 8192
_DRUMS_HIGH_PASS_HZ = 26.0
_LONGEST_FADE_SECONDS = 4.0
_SHORTEST_FADE_SECONDS = 0.12


@dataclass(frozen=True, slots=True)
class Sounding:
    """One block of the piece: the mix and its stems, each of shape ``(2, n)``."""

    mix: Samples
    stems: Mapping[str, Samples]


class Performance:
    """Plays a score. ``blocks`` gives exactly ``frames`` frames, the first beat at frame 0."""

    def __init__(
        self, score: Score, concept: Concept, genre: Genre, seed: int, sample_rate_hz: int,
        samples: Mapping[str, Sample],
    ) -> None:  # fmt: skip
        self.frames = round(concept.duration_seconds * sample_rate_hz)
        self.notes = score.parts
        self._rate = sample_rate_hz
        self._fade_frames = _fade_frames(score, concept, sample_rate_hz)
        beat_seconds = 60 / score.tempo_bpm
        beat_frames = beat_seconds * sample_rate_hz
        tables = Tables.make(sample_rate_hz)
        kicks = _kick_frames(score, sample_rate_hz)
        brightness = 2.0 ** sum(mood_book()[mood].brightness for mood in concept.moods if mood in mood_book())
        self._players: dict[str, Player] = {}
        self._strips: dict[str, Strip] = {}
        for name, notes in score.parts.items():
            if concept.change_of(name).muted:
                continue  # its kick goes on turning the others down, so that these stay as they are
            notes = tuple(_within(notes, self.frames / beat_frames))
            starts = start_frames(notes, score.tempo_bpm, sample_rate_hz)
            order = np.argsort(starts, kind="stable")
            notes = tuple(notes[int(index)] for index in order)
            starts = starts[order]
            seeds = note_seeds(dice_seed(concept, name, seed), name, len(notes))
            if name == "drums":
                chosen = chosen_kit(genre, concept)
                overrides = genre.kit_settings if chosen == genre.kit else {}
                kit = KitVoice(
                    kit_book()[chosen], overrides, concept.key.tonic, notes, starts, seeds, tables,
                    sample_rate_hz,
                )  # fmt: skip
                drums = {drum: sample for drum, sample in samples.items() if drum in DRUM_PITCHES}
                pads = PadsVoice(kit, drums, notes, starts, sample_rate_hz) if drums else kit
                self._players[name] = Player(pads, starts)
                self._strips[name] = Strip(
                    _at_level(_drum_part(genre), concept, name), np.empty(0, np.int64), beat_frames, sample_rate_hz
                )
                continue
            part = genre.parts.get(name) or _EFFECTS
            instrument = chosen_instrument(name, part, concept)
            settings = dict(part.settings) if instrument == part.instrument else {}
            if name == "effects":
                settings |= _riser_times(notes, beat_seconds)
            voice = ToneVoice(
                instrument_book()[instrument], settings, notes, beat_frames, brightness, seeds, tables,
                sample_rate_hz,
            )  # fmt: skip
            keys = KeysVoice(samples[name], voice, notes, sample_rate_hz) if name in samples else voice
            self._players[name] = Player(keys, starts)
            self._strips[name] = Strip(_at_level(part, concept, name), kicks, beat_frames, sample_rate_hz)
        self._space = Space(genre.space, beat_seconds, seed, sample_rate_hz)
        names = [name for name in self._players if name != "effects"]
        if self._space.has_surface:
            names.append("texture")
        self.stems = (*names, "effects")
        self._bus = Bus(genre, self.stems, sample_rate_hz)

    def blocks(self, progress: Progress) -> Iterator[Sounding]:
        """The piece from its start; may be called once. ``progress`` is asked at each note and block."""
        position = 0
        given = -LOOK_AHEAD_FRAMES
        while given < self.frames:
            frames = min(BLOCK_FRAMES, self.frames - given)
            sounding = self._play(frames, position, progress)
            position += frames
            skip = max(0, -given)
            given += frames
            if skip < frames:
                yield self._faded(sounding, skip, given - frames + skip)
        progress.step(1.0, 1.0, "Playing")

    def _play(self, frames: int, position: int, progress: Progress) -> Sounding:
        done = min(1.0, position / max(1, self.frames))
        to_room = np.zeros((2, frames), dtype=np.float32)
        to_echo = np.zeros((2, frames), dtype=np.float32)
        blocks: dict[str, Samples] = {}
        for name, player in self._players.items():
            block = player.take(frames, progress, done)
            strip = self._strips[name]
            strip.process(block, position)
            if strip.reverb > 0:
                to_room += block * np.float32(strip.reverb)
            if strip.delay > 0:
                to_echo += block * np.float32(strip.delay)
            blocks[name] = block
        progress.step(done, 1.0, "Mixing")
        if self._space.has_surface:
            blocks["texture"] = self._space.surface(frames)
        back = self._space.answer(to_room, to_echo, position)
        blocks["effects"] = blocks["effects"] + back if "effects" in blocks else back
        mix, stems = self._bus.process(blocks)
        return Sounding(mix, stems)

    def _faded(self, sounding: Sounding, skip: int, first_frame: int) -> Sounding:
        """The block without the mixer's lead-in, and quieter towards the piece's end."""
        mix = sounding.mix[:, skip:]
        stems = {name: block[:, skip:] for name, block in sounding.stems.items()}
        left = self.frames - first_frame - np.arange(mix.shape[1])
        if left[-1] > self._fade_frames:
            return Sounding(mix, stems)
        share = np.clip((left - 1) / self._fade_frames, 0.0, 1.0)
        fade = (0.5 - 0.5 * np.cos(np.pi * share)).astype(np.float32)
        return Sounding(mix * fade, {name: block * fade for name, block in stems.items()})


def chosen_instrument(name: str, part: GenrePart, concept: Concept) -> str:
    """The sound that the part was given, else the instrument that the concept names for it, else the genre's own."""
    given = concept.change_of(name).sound
    if given:
        return given
    book = instrument_book()
    named = [item for item in concept.instruments if item in book and book[item].part == name]
    named = [item for item in named if book[item].voice]
    return named[0] if named else part.instrument


def _at_level(part: GenrePart, concept: Concept, name: str) -> GenrePart:
    return replace(part, gain_db=part.gain_db + concept.change_of(name).gain_db)


def _drum_part(genre: Genre) -> GenrePart:
    return GenrePart(
        instrument="drums",
        rhythms=(),
        sections=(),
        low=0,
        high=127,
        gain_db=genre.drums_gain_db,
        high_pass_hz=_DRUMS_HIGH_PASS_HZ,
        reverb=genre.drums_reverb,
        drive=genre.drums_drive,
        low_pass_hz=genre.drums_low_pass_hz,
    )


_EFFECTS = GenrePart(
    instrument="riser", rhythms=(), sections=(), low=60, high=60, gain_db=-9.0, reverb=0.3, high_pass_hz=180.0
)


def _riser_times(notes: tuple[Note, ...], beat_seconds: float) -> dict[str, float]:
    """A riser climbs for as long as it sounds."""
    longest = max(note.length_beats for note in notes) * beat_seconds
    return {"attack": longest, "filter_attack": longest}


def _within(notes: Iterable[Note], end_beats: float) -> Iterator[Note]:
    """The notes that are heard before the piece ends, none held on behind it: nothing of that would be heard."""
    for note in notes:
        if note.start_beats < end_beats:
            left = end_beats - note.start_beats
            yield note if note.length_beats <= left else replace(note, length_beats=left)


def _kick_frames(score: Score, sample_rate_hz: int) -> NDArray[np.int64]:
    kicks = tuple(note for note in score.parts.get("drums", ()) if note.pitch == DRUM_PITCHES["kick"])
    return np.unique(start_frames(kicks, score.tempo_bpm, sample_rate_hz))


def _fade_frames(score: Score, concept: Concept, sample_rate_hz: int) -> int:
    """The last stroke's ringing fades; a piece that is cut before its last bar fades out quickly."""
    end = score.bars * BEATS_PER_BAR * 60 / score.tempo_bpm
    tail = concept.duration_seconds - end
    seconds = min(max(tail * 0.9, _SHORTEST_FADE_SECONDS), _LONGEST_FADE_SECONDS, 0.4 * concept.duration_seconds)
    return max(1, round(seconds * sample_rate_hz))
