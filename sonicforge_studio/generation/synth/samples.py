"""The user's own samples: chosen in words, read from their files, and made ready to be played."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sonicforge_studio.audio import PcmHasher, open_source, resample
from sonicforge_studio.domain.clip import Clip, Samples
from sonicforge_studio.domain.concept import Concept, SampleChoice
from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio, InputError, MissingPath
from sonicforge_studio.domain.key import Key
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.generation.pitch import find_pitch
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES

KEYED_PARTS = ("bass", "chords", "pads", "melody")
"""Parts that a sample can play as keys."""
PLAYABLE = (*DRUM_PITCHES, *KEYED_PARTS)
MOST_SAMPLES = 16
LONGEST_SECONDS = 30.0
"""Of a longer file the beginning is played."""
LONGEST_PATH = 4096
_MIDDLE_C = 60.0
_SILENT = 10 ** (-80 / 20)
_ONSET = 10 ** (-40 / 20)
"""Against the peak: what is softer before the first louder frame is the silence before a hit."""
_GONE = 10 ** (-66 / 20)
_LEAD_FRAMES = 32
"""Kept before the onset, and faded in: a cut would click."""
_TAIL_FRAMES = 256
_BLOCK_FRAMES = 65536
_NOTE = re.compile(r"([A-Ha-h])([#♯b♭]?)(-?\d)")
_MIDI_PITCH = re.compile(r"\d{1,3}(?:\.\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A recording ready to play, its onset at the start: float32 of shape ``(2, frames)`` at the engine's rate."""

    samples: Samples
    root: float
    """The MIDI pitch it sounds at."""


def choose_samples(concept: Concept, texts: Iterable[str]) -> Concept:
    """The concept with these samples: "kick=FILE", "melody=FILE" or, where its pitch is known, "melody=FILE@C3" (C4 is
    middle C); "kick=" gives the kit's own back. No file is read.

    Raises ``BadSetting`` for a text that is none of this, for a drum or part that there is none of, and for too many.
    """
    chosen = {choice.plays: choice for choice in concept.samples}
    named: set[str] = set()
    for text in texts:
        choice = _read_choice(text)
        if choice.plays in named:
            raise BadSetting(f"There are two samples for the {_spoken(choice.plays)}: it can play one.")
        named.add(choice.plays)
        chosen.pop(choice.plays, None)
        if choice.path:
            chosen[choice.plays] = choice
    if len(chosen) > MOST_SAMPLES:
        raise BadSetting(f"A piece has up to {MOST_SAMPLES} samples, not {len(chosen)}.")
    return replace(concept, samples=tuple(chosen.values()))


def settle_samples(concept: Concept, progress: Progress) -> Concept:
    """The concept with what its sample files are now: the hash of each, and the pitch of keys where nobody told it.

    Raises ``MissingPath``, ``EmptyAudio`` for a silent file, and what else ``open_source`` raises; the message names
    the file.
    """
    settled = []
    for choice in concept.samples:
        clip, audio_hash = _decode(choice, progress)
        root = _root(choice, clip) if choice.plays in KEYED_PARTS else None
        settled.append(replace(choice, root=root, audio_hash=audio_hash))
    return replace(concept, samples=tuple(settled))


def load_samples(concept: Concept, sample_rate_hz: int, progress: Progress) -> Mapping[str, Sample]:
    """The concept's samples by what they play. Raises as ``settle_samples`` does."""
    loaded = {}
    for choice in concept.samples:
        clip, _ = _decode(choice, progress)
        loaded[choice.plays] = Sample(_trimmed(resample(clip, sample_rate_hz).samples), _root(choice, clip))
    return loaded


def told_samples(concept: Concept) -> list[str]:
    """Each sample in words, such as "kick from thump.wav"."""
    return [f"{_spoken(choice.plays)} from {Path(choice.path).name}" for choice in concept.samples]


def unplayed_samples(concept: Concept, notes: Mapping[str, Sequence[Note]]) -> tuple[str, ...]:
    """What the concept has a sample for and these notes never play, as people say it."""
    struck = {note.pitch for note in notes.get("drums", ())}
    return tuple(
        _spoken(choice.plays)
        for choice in concept.samples
        if not (notes.get(choice.plays) or DRUM_PITCHES.get(choice.plays) in struck)
    )


def are_samples(choices: Sequence[SampleChoice]) -> bool:
    """Whether choices that came from outside are in bounds."""
    return len({choice.plays for choice in choices}) == len(choices) <= MOST_SAMPLES and all(
        choice.plays in PLAYABLE
        and isinstance(choice.path, str)
        and 0 < len(choice.path) <= LONGEST_PATH
        and isinstance(choice.audio_hash, str)
        and (choice.root is None or 0 <= choice.root <= 127)
        for choice in choices
    )


def _read_choice(text: str) -> SampleChoice:
    name, equals, file = text.partition("=")
    plays = re.sub(r"[\s-]+", "_", name.strip().lower())
    if not equals or plays not in PLAYABLE:
        raise BadSetting(
            f'"{text[:80]}" is no sample for a drum or a part.',
            hint=f'Write "kick=FILE" or "melody=FILE@C3". There are: {", ".join(map(_spoken, PLAYABLE))}.',
        )
    file = file.strip()
    if len(file) > LONGEST_PATH:
        raise BadSetting(f"A path has up to {LONGEST_PATH:,} characters, not {len(file):,}.")
    if not file:
        return SampleChoice(plays, "")
    path, root = _absolute(file), None
    if plays in KEYED_PARTS and not path.exists():
        before, _, pitch = file.rpartition("@")
        root = _read_pitch(pitch) if before else None
        path = _absolute(before) if root is not None else path
    return SampleChoice(plays, str(path), root)


def _absolute(file: str) -> Path:
    """The path from the root on: a recipe is read elsewhere. A leading "~" is a shell's that did not see it."""
    path = Path(file)
    if file.startswith("~") and not path.exists():
        try:
            path = path.expanduser()
        except RuntimeError:  # there is no such user: then it is a name
            return path.absolute()
    return path.absolute()


def _read_pitch(text: str) -> float | None:
    """The MIDI pitch of "C3", "F#2", "Bb1" or a number; None for anything else."""
    if match := _NOTE.fullmatch(text):
        letter, accidental, octave = match.groups()
        raised = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[accidental]
        pitch = float(Key.parse(letter).tonic + raised + 12 * (int(octave) + 1))
    elif _MIDI_PITCH.fullmatch(text):
        pitch = float(text)
    else:
        return None
    return pitch if 0 <= pitch <= 127 else None


def _decode(choice: SampleChoice, progress: Progress) -> tuple[Clip, str]:
    """The file's first ``LONGEST_SECONDS`` and the hash of these."""
    about = f'The sample for the {_spoken(choice.plays)}, "{choice.path}",'
    progress.step(0.0, 1.0, "Reading samples")
    try:
        with open_source(choice.path) as source:
            left = round(LONGEST_SECONDS * source.sample_rate_hz)
            blocks: list[Samples] = []
            while left > 0 and (block := source.read(min(left, _BLOCK_FRAMES))).shape[1]:
                blocks.append(block)
                left -= block.shape[1]
            rate_hz = source.sample_rate_hz
    except MissingPath as error:
        raise MissingPath(f"{about} is not there.") from error
    except InputError as error:
        raise type(error)(f"{about} cannot be played. {error.message}", hint=error.hint) from error
    samples = np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 0), np.float32)
    if not np.abs(samples).max(initial=0.0) > _SILENT:
        raise EmptyAudio(f"{about} is silent.")
    hasher = PcmHasher()
    hasher.add(samples)
    return Clip(samples, rate_hz), hasher.finish()


def _root(choice: SampleChoice, clip: Clip) -> float:
    """The pitch that was told, else the one that is heard, else middle C."""
    if choice.root is not None or choice.plays not in KEYED_PARTS:
        return _MIDDLE_C if choice.root is None else choice.root
    found = find_pitch(_trimmed(clip.samples).mean(axis=0), clip.sample_rate_hz)
    return _MIDDLE_C if found is None else round(min(max(found, 0.0), 127.0), 2)


def _trimmed(samples: Samples) -> Samples:
    """In stereo, without the silence before and after; one channel is heard on both sides, more than two are mixed."""
    stereo = samples if samples.shape[0] == 2 else np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
    level = np.abs(stereo).max(axis=0)
    peak = level.max(initial=0.0)
    onset = int(np.argmax(level >= _ONSET * peak))
    end = len(level) - int(np.argmax(level[::-1] >= _GONE * peak))
    start = max(0, onset - _LEAD_FRAMES)
    kept = stereo[:, start:end].astype(np.float32, copy=True)
    if start:
        kept[:, :_LEAD_FRAMES] *= np.linspace(0.0, 1.0, _LEAD_FRAMES, endpoint=False, dtype=np.float32)
    tail = min(_TAIL_FRAMES, kept.shape[1] // 2)
    if tail:
        kept[:, -tail:] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
    return kept


def _spoken(plays: str) -> str:
    return plays.replace("_", " ")
