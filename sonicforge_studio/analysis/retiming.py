"""The same beats at another tempo, and the same music in another key: what follows when the user corrects a reading."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from sonicforge_studio.domain import Key, KeyEstimate, Tempo, TempoPoint

_SAME_OCTAVE = 3e-4
"""In octaves: what is so near a half or a double is meant as one; over three minutes it adds up to 40 ms."""
_MOST_OCTAVES = 4


def at_tempo(tempo: Tempo, bpm: float, confidence: float, duration_seconds: float) -> Tempo:
    """The measured beats at another tempo; the candidates stay as they are.

    Halved, every second beat stays, the ones with the downbeats among them; doubled, one comes between each two; and
    the curve follows. At any other tempo the beats lie on a constant grid that begins where the measured one does.
    """
    octaves = math.log2(bpm / tempo.bpm) if tempo.bpm else math.inf
    if abs(octaves) <= _MOST_OCTAVES and abs(octaves - round(octaves)) < _SAME_OCTAVE and tempo.beats_seconds:
        changed = tempo
        for _ in range(abs(round(octaves))):
            changed = _halved(changed) if octaves < 0.0 else _doubled(changed, duration_seconds)
    else:
        changed = _on_grid(tempo, bpm, duration_seconds)
    return replace(changed, bpm=bpm, confidence=confidence)


def in_key(estimate: KeyEstimate, key: Key, confidence: float) -> KeyEstimate:
    """The estimate with another key; stretches that were in the measured one follow, modulations stay."""
    segments = tuple(
        replace(segment, key=key, confidence=confidence) if segment.key == estimate.key else segment
        for segment in estimate.segments
    )
    return replace(estimate, key=key, confidence=confidence, segments=segments)


def _halved(tempo: Tempo) -> Tempo:
    beats = tempo.beats_seconds
    first_downbeats = set(tempo.downbeats_seconds)
    on_beat = [sum(beat in first_downbeats for beat in beats[parity::2]) for parity in (0, 1)]
    parity = int(on_beat[1] > on_beat[0])
    if on_beat[0] == on_beat[1] and tempo.downbeats_seconds:
        parity = beats.index(tempo.downbeats_seconds[0]) % 2 if tempo.downbeats_seconds[0] in beats else 0
    kept = beats[parity::2]
    downbeats = tuple(beat for beat in kept if beat in first_downbeats)
    if tempo.beats_per_bar is not None and tempo.beats_per_bar % 2 == 0:
        downbeats = downbeats[::2]  # as many beats a bar as before, so every second bar
    grid = tempo.grid_start_seconds
    if grid is not None and tempo.bpm and kept:
        slow = 120.0 / tempo.bpm
        grid += slow * round((kept[0] - grid) / (0.5 * slow)) / 2.0
        grid %= slow
    return _scaled(tempo, 0.5, kept, downbeats, grid)


def _doubled(tempo: Tempo, duration_seconds: float) -> Tempo:
    beats = tempo.beats_seconds
    between = [0.5 * (here + following) for here, following in itertools.pairwise(beats)]
    last_step = beats[-1] - beats[-2] if len(beats) > 1 else 60.0 / (tempo.bpm or 60.0)
    all_beats = [beat for pair in zip(beats, between, strict=False) for beat in pair] + [beats[-1]]
    if (after := beats[-1] + 0.5 * last_step) < duration_seconds:
        all_beats.append(after)
    rounded = tuple(round(beat, 4) for beat in all_beats)
    downbeats = tuple(round(beat, 4) for beat in tempo.downbeats_seconds)
    metre = tempo.beats_per_bar
    if downbeats and metre:
        firsts = sorted({index for index, beat in enumerate(rounded) if beat in set(downbeats)})
        begun = {index + more for index in firsts for more in (0, metre) if index + more < len(rounded)}
        downbeats = tuple(rounded[index] for index in sorted(begun))
    grid = tempo.grid_start_seconds
    if grid is not None and tempo.bpm:
        grid %= 30.0 / tempo.bpm
    return _scaled(tempo, 2.0, rounded, downbeats, grid)


def _scaled(
    tempo: Tempo, ratio: float, beats: tuple[float, ...], downbeats: tuple[float, ...], grid: float | None
) -> Tempo:
    return replace(
        tempo,
        bpm=None if tempo.bpm is None else tempo.bpm * ratio,
        beats_seconds=beats,
        downbeats_seconds=downbeats,
        grid_start_seconds=grid,
        curve=tuple(TempoPoint(point.seconds, point.bpm * ratio) for point in tempo.curve),
    )


def _on_grid(tempo: Tempo, bpm: float, duration_seconds: float) -> Tempo:
    period = 60.0 / bpm
    anchor = tempo.downbeats_seconds[0] if tempo.downbeats_seconds else tempo.grid_start_seconds
    if anchor is None:
        anchor = tempo.beats_seconds[0] if tempo.beats_seconds else 0.0
    start = anchor % period
    count = max(0, math.ceil((duration_seconds - start) / period))
    beats = tuple(round(start + index * period, 4) for index in range(count))
    metre = tempo.beats_per_bar
    downbeats: tuple[float, ...] = ()
    if metre and tempo.downbeats_seconds:
        downbeats = beats[round((anchor - start) / period) % metre :: metre]
    return replace(
        tempo,
        beats_seconds=beats,
        downbeats_seconds=downbeats,
        beats_per_bar=metre if downbeats else None,
        metre_confidence=tempo.metre_confidence if downbeats else 0.0,
        grid_start_seconds=round(start, 6),
        curve=(),
    )
