"""Tracks with everything measured, and stand-ins for what measures and corrects, so that the page is tested alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from sonicforge_studio.domain import (
    Analysis,
    Curves,
    Key,
    KeyCandidate,
    KeyEstimate,
    KeySegment,
    Progress,
    Section,
    Tempo,
    TempoCandidate,
    Track,
)
from sonicforge_studio.domain.curves import spaced_tempi_bpm
from sonicforge_studio.library import Library

BPM = 124.0
A_MINOR, C_MAJOR, D_MINOR = Key(9, "minor"), Key(0, "major"), Key(2, "minor")


def curves_of(seconds: float, bpm: float = BPM) -> Curves:
    """A ridge at the tempo, an A that sounds throughout, and −14 LUFS after a second of silence."""
    rows = max(1, round(10 * seconds))
    tempi = spaced_tempi_bpm(40.0, 250.0, 64)
    tempogram = np.zeros((max(1, round(2 * seconds)), 64), np.float32)
    tempogram[:, int(np.argmin(np.abs(tempi - bpm)))] = 1.0
    chroma = np.zeros((max(1, round(4 * seconds)), 12), np.float32)
    chroma[:, 9] = 1.0
    lufs = np.full(rows, -14.0, np.float32)
    lufs[:10] = -np.inf
    return Curves(10.0, lufs, lufs + 2.0, 4.0, chroma, 2.0, tempi, tempogram)


class FlatPeaks:
    """A waveform as loud everywhere."""

    def columns(self, start_seconds: float, end_seconds: float, columns: int) -> np.ndarray:
        return np.tile(np.array([-64, 64], np.int8), (columns, 1))


class StandInMeasurer:
    """Measures nothing: waits for ``go_on``, and raises ``error`` where one is given."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.error: Exception | None = None
        self.asked: list[Path] = []

    def over_time(self, path: Path, progress: Progress) -> tuple[Curves, FlatPeaks]:
        self.asked.append(path)
        for step in range(400):
            progress.step(step, 400)
            if self.go_on.wait(0.02):
                break
        if self.error is not None:
            raise self.error
        return curves_of(3.0), FlatPeaks()


class StandInCorrections:
    """Writes what is said into the library's entry."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._measured: dict[int, Analysis] = {}

    def set_tempo(self, track_id: int, bpm: float) -> None:
        analysis = self._analysis(track_id)
        self._put(track_id, "tempo", replace(analysis, tempo=replace(analysis.tempo, bpm=bpm)))

    def halve_tempo(self, track_id: int) -> None:
        self.set_tempo(track_id, (self._analysis(track_id).tempo.bpm or 0.0) / 2)

    def double_tempo(self, track_id: int) -> None:
        self.set_tempo(track_id, (self._analysis(track_id).tempo.bpm or 0.0) * 2)

    def set_key(self, track_id: int, key: Key) -> None:
        analysis = self._analysis(track_id)
        self._put(track_id, "key", replace(analysis, key=replace(analysis.key, key=key)))

    def undo(self, track_id: int) -> None:
        self._write(track_id, self._measured[track_id])

    def _analysis(self, track_id: int) -> Analysis:
        track = self._library.track(track_id)
        assert track is not None
        return track.analysis

    def _put(self, track_id: int, part: str, analysis: Analysis) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self._measured.setdefault(track_id, self._analysis(track_id))
        self._write(track_id, replace(analysis, corrected=tuple({*analysis.corrected, part})))

    def _write(self, track_id: int, analysis: Analysis) -> None:
        track = self._library.track(track_id)
        assert track is not None
        self._library.add(replace(track, analysis=analysis))


def fully_measured(track: Track, bpm: float = BPM, key: Key = A_MINOR) -> Track:
    """The track with beats, bars, sections, a change of key, and all figures."""
    analysis = track.analysis
    seconds = analysis.duration_seconds
    beats = tuple(np.arange(0.02, seconds, 60.0 / bpm).tolist())
    return replace(
        track,
        analysis=replace(
            analysis,
            tempo=Tempo(
                bpm,
                0.86,
                (TempoCandidate(bpm, 0.86), TempoCandidate(bpm / 2, 0.1), TempoCandidate(1.5 * bpm, 0.03)),
                beats,
                beats[::4],
                4,
                0.9,
                beats[0],
            ),
            key=KeyEstimate(
                key,
                0.7,
                (KeyCandidate(key, 0.7), KeyCandidate(C_MAJOR, 0.2)),
                (KeySegment(0.0, 0.6 * seconds, key, 0.8), KeySegment(0.6 * seconds, seconds, D_MINOR, 0.5)),
                -4.2,
            ),
            sections=(
                Section(0.0, 0.5 * seconds, "intro", "A", 0.3),
                Section(0.5 * seconds, seconds, "drop", "B", 1.0),
            ),
            features=analysis.features | {"energy": 0.78, "danceability": 0.64, "onset_rate_hz": 4.2},
            vectors={"mfcc": tuple(map(float, range(20))), "spectral_contrast_db": (12.0, 15.0, 18.0)},
        ),
    )


def nothing_found(track: Track) -> Track:
    """The track as a drone over noise measures: no beat, no key, no sections."""
    empty = replace(track.analysis, tempo=Tempo(None, 0.0), key=KeyEstimate(None, 0.0), sections=(), vectors={})
    return replace(track, analysis=empty)
