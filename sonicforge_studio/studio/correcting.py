"""The user's own tempo and key: set, taken back, kept through every new measurement, and learned from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sonicforge_studio.analysis.prior import learned
from sonicforge_studio.analysis.retiming import at_tempo, in_key
from sonicforge_studio.domain import Analysis, Correction, Key, Track
from sonicforge_studio.domain.errors import LibraryError, TempoOutOfRange
from sonicforge_studio.library import Corrections, Kept, Library

_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
_CERTAIN = 1.0


class Corrector:
    """Corrections belong to the sound: every file of the library that decodes to the same one follows.

    Each method that changes raises ``LibraryError`` where there is no such track, and the library's other errors.
    Whoever listens for changes of the library is told.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._corrections = Corrections(library)

    def set_tempo(self, track_id: int, bpm: float) -> Track:
        """Raises ``TempoOutOfRange``."""
        if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
            raise TempoOutOfRange()
        return self._correct(track_id, tempo_bpm=float(bpm))

    def halve_tempo(self, track_id: int) -> Track:
        """Raises ``TempoOutOfRange`` where there is no tempo, or half of it is out of range."""
        return self.set_tempo(track_id, 0.5 * self._bpm(track_id))

    def double_tempo(self, track_id: int) -> Track:
        """Raises ``TempoOutOfRange`` where there is no tempo, or twice it is out of range."""
        return self.set_tempo(track_id, 2.0 * self._bpm(track_id))

    def set_key(self, track_id: int, key: Key) -> Track:
        return self._correct(track_id, key=key)

    def undo(self, track_id: int) -> Track:
        """Back to what was measured; the track as it is where nothing was corrected."""
        track = self._known(track_id)
        kept = self._corrections.of(track.analysis.audio_hash)
        if kept is None:
            return track
        changed = [replace(other, analysis=_measured(other.analysis, kept)) for other in self._same_sound(track)]
        self._corrections.forget(track.analysis.audio_hash, changed)
        return self._known(track_id)

    def correction(self, track_id: int) -> Correction | None:
        track = self._library.track(track_id)
        kept = None if track is None else self._corrections.of(track.analysis.audio_hash)
        return None if kept is None or kept.correction.empty else kept.correction

    def as_wanted(self, analysis: Analysis, path: str | Path, genre: str = "") -> Analysis:
        """A measurement of the file at ``path`` as the user wants to have it: with their own correction of this sound,
        else with what was learned from those of the same folder or genre ("" is none)."""
        return self._as_wanted(analysis, self._kept(analysis), path, genre)

    def see(self, analysis: Analysis, path: str | Path, genre: str = "") -> Analysis:
        """As ``as_wanted``, of a fresh measurement: a correction goes on standing against this one."""
        kept = self._kept(analysis)
        wanted = self._as_wanted(analysis, kept, path, genre)
        if kept is not None:
            if (kept.tempo, kept.key) != (analysis.tempo, analysis.key):
                self._corrections.keep(replace(kept, tempo=analysis.tempo, key=analysis.key))
        elif wanted.corrected and analysis.audio_hash:
            # What was measured is kept beside it: no way back leads from a grid to the beats that were heard.
            self._corrections.keep(Kept(Correction(analysis.audio_hash), analysis.tempo, analysis.key))
        return wanted

    def _kept(self, analysis: Analysis) -> Kept | None:
        return self._corrections.of(analysis.audio_hash) if analysis.audio_hash else None

    def _as_wanted(self, analysis: Analysis, kept: Kept | None, path: str | Path, genre: str) -> Analysis:
        if kept is not None and not kept.correction.empty:
            return apply(kept.correction, analysis)
        folder = str(Path(path).parent)
        return learned(analysis, self._corrections.near(folder, genre), folder, genre)

    def _correct(self, track_id: int, *, tempo_bpm: float | None = None, key: Key | None = None) -> Track:
        track = self._known(track_id)
        before = self._corrections.of(track.analysis.audio_hash)
        tempo, estimate = (before.tempo, before.key) if before else (track.analysis.tempo, track.analysis.key)
        old = before.correction if before else Correction(track.analysis.audio_hash)
        correction = Correction(
            audio_hash=track.analysis.audio_hash,
            tempo_bpm=old.tempo_bpm if tempo_bpm is None else tempo_bpm,
            key=old.key if key is None else key,
            measured_bpm=tempo.bpm,
            measured_key=estimate.key,
            folder=str(Path(track.path).parent),
            genre=track.recipe.genre if track.recipe else "",
            corrected_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
        kept = Kept(correction, tempo, estimate)
        changed = [
            replace(other, analysis=apply(correction, _measured(other.analysis, kept)))
            for other in self._same_sound(track)
        ]
        self._corrections.keep(kept, changed)
        return self._known(track_id)

    def _bpm(self, track_id: int) -> float:
        bpm = self._known(track_id).analysis.tempo.bpm
        if bpm is None:
            raise TempoOutOfRange("No tempo was found in this track.", hint="Give its tempo, or tap it.")
        return bpm

    def _same_sound(self, track: Track) -> Sequence[Track]:
        return self._library.by_audio_hash(track.analysis.audio_hash) or [track]

    def _known(self, track_id: int) -> Track:
        track = self._library.track(track_id)
        if track is None:
            raise LibraryError("The library has no such track.", hint="It may have been removed meanwhile.")
        return track


def apply(correction: Correction, analysis: Analysis) -> Analysis:
    """What was measured, with the user's tempo and key in its place; beats, downbeats, grid and curve follow.

    The candidates stay as they were measured; ``corrected`` says what is the user's own.
    """
    tempo, key = analysis.tempo, analysis.key
    corrected: list[str] = []
    if correction.tempo_bpm is not None and math.isfinite(correction.tempo_bpm):
        tempo = at_tempo(tempo, correction.tempo_bpm, _CERTAIN, analysis.duration_seconds)
        corrected.append("tempo")
    if correction.key is not None:
        key = in_key(key, correction.key, _CERTAIN)
        corrected.append("key")
    return replace(analysis, tempo=tempo, key=key, corrected=tuple(corrected))


def _measured(analysis: Analysis, kept: Kept) -> Analysis:
    return replace(analysis, tempo=kept.tempo, key=kept.key, corrected=())
