"""Tempo and key of real loops and songs, measured against what their makers say of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonicforge_studio.analysis import Measured, TrackAnalyser

_FOLDERS = ("loops", "samples", "songs", "music")


def truths(folder: Path, column: str, grade: str) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["file"].split("/")[0] in _FOLDERS]
    return [row for row in rows if row[column] and row[grade] in ("A", "B")]


def measured(path: Path, seconds: float | None = None) -> Measured:
    frames = -1 if seconds is None else round(seconds * soundfile.info(path).samplerate)
    samples, rate_hz = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
    analyser = TrackAnalyser(rate_hz, samples.shape[1])
    analyser.add(np.ascontiguousarray(samples.T))
    return analyser.finish()


def tempo_errors(folder: Path, rows: list[dict[str, str]], seconds: float | None = None) -> dict[str, float]:
    """Measured over true tempo, as a ratio; NaN where none was found."""
    ratios = {}
    for row in rows:
        bpm = measured(folder / row["file"], seconds).tempo.bpm
        ratios[row["file"]] = (bpm or np.nan) / float(row["truth_bpm"])
    return ratios


def share_within(ratios: dict[str, float], tolerance: float) -> float:
    return float(np.mean([abs(ratio - 1.0) < tolerance for ratio in ratios.values()]))


def wrong(ratios: dict[str, float]) -> dict[str, float]:
    return {name: round(ratio, 3) for name, ratio in ratios.items() if not abs(ratio - 1.0) < 0.04}


def test_the_tempo_of_short_loops(test_data: Path) -> None:
    rows = [row for row in truths(test_data, "truth_bpm", "bpm_grade") if not row["file"].startswith("songs/")]
    ratios = tempo_errors(test_data, rows)
    assert share_within(ratios, 0.04) >= 0.94, wrong(ratios)  # 36 of 37
    assert share_within(ratios, 0.01) >= 0.78, ratios  # the loops' lengths are that far from their names


def test_the_tempo_of_songs_by_their_first_half_minute(test_data: Path) -> None:
    rows = [row for row in truths(test_data, "truth_bpm", "bpm_grade") if row["file"].startswith("songs/")][::5]
    ratios = tempo_errors(test_data, rows, 30.0)
    assert share_within(ratios, 0.005) >= 0.9, wrong(ratios)


def test_keys(test_data: Path) -> None:
    rows = truths(test_data, "truth_key", "key_grade")
    found = {row["file"]: (str(measured(test_data / row["file"], 25.0).key.key), row["truth_key"]) for row in rows}
    # Where the truth names a tonic alone, the mode is open.
    right = [key == truth or key.split()[0] == truth for key, truth in found.values()]
    assert np.mean(right) >= 0.92, {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def test_speech_and_whales_have_neither_tempo_nor_key(test_data: Path) -> None:
    for name in ("5703-47212-0000.ogg", "glacier-bay-humpback.ogg"):
        found = measured(test_data / "music" / name)
        assert found.tempo.bpm is None, name
        assert found.key.key is None, name


def test_two_encodings_of_one_recording_agree(test_data: Path) -> None:
    one, other = (measured(test_data / "music" / f"Kevin_MacLeod_-_Vibe_Ace{suffix}") for suffix in (".ogg", ".hq.ogg"))
    assert one.tempo.bpm == pytest.approx(other.tempo.bpm, abs=0.05)
    # A blues on E: its third lies between major and minor, and each key is among the other's candidates.
    assert one.key.key is not None
    assert other.key.key is not None
    assert one.key.key.tonic == other.key.key.tonic
    assert one.key.key in [candidate.key for candidate in other.key.candidates]
    assert other.key.key in [candidate.key for candidate in one.key.candidates]


@pytest.mark.soak
def test_every_song_from_end_to_end(test_data: Path) -> None:
    rows = [row for row in truths(test_data, "truth_bpm", "bpm_grade") if row["file"].startswith("songs/")]
    ratios = tempo_errors(test_data, rows)
    assert share_within(ratios, 0.04) >= 0.95, wrong(ratios)  # 46 of 48
    octaves = [min(abs(ratio / step - 1.0) for step in (0.5, 2.0)) < 0.04 for ratio in ratios.values()]
    assert np.mean(octaves) <= 0.025
    right = {name: ratio for name, ratio in ratios.items() if abs(ratio - 1.0) < 0.04}
    assert np.mean([abs(ratio - 1.0) < 0.001 for ratio in right.values()]) > 0.95  # 0.1 BPM at 100
