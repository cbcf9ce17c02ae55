"""The notes of a piece as a standard MIDI file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import mido

from sonicforge_studio.domain import Note
from sonicforge_studio.host import write_bytes

_TICKS_PER_BEAT = 960
"""The grid that the built-in engine writes on, so that nothing moves in the file."""
_DRUM_PART = "drums"
_DRUM_CHANNEL = 9


def write_midi(path: Path, notes: Mapping[str, Sequence[Note]], tempo_bpm: float) -> None:
    """Type 1, 960 ticks a beat, the tempo first and then a track a part; drums on channel 10 (General MIDI).

    Written beside and renamed; raises ``DiskFull`` or ``OutputNotWritable``.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_BEAT)
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo_bpm)))
    file.tracks.append(head)
    melodic = [channel for channel in range(16) if channel != _DRUM_CHANNEL]
    for index, (part, played) in enumerate(notes.items()):
        channel = _DRUM_CHANNEL if part == _DRUM_PART else melodic[index % len(melodic)]
        file.tracks.append(_track(part, played, channel))
    written = io.BytesIO()
    file.save(file=written)
    write_bytes(path, written.getvalue())


def _track(part: str, notes: Sequence[Note], channel: int) -> mido.MidiTrack:
    # At the same tick a note ends before the next one begins, or a repeated pitch would be cut.
    events: list[tuple[int, int, int, int]] = []
    for note in notes:
        start = round(note.start_beats * _TICKS_PER_BEAT)
        end = max(start + 1, round((note.start_beats + note.length_beats) * _TICKS_PER_BEAT))
        events += [(start, 1, note.pitch, note.velocity), (end, 0, note.pitch, 0)]
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=part))
    now = 0
    for tick, begins, pitch, velocity in sorted(events):
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    return track
