"""A dropped folder: every file as soon as it is measured, several at once, and the user's own corrections kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.studio import Studio
from tests.sounds import groove, write

SILENT = SilentProgress()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    songs = tmp_path / "songs"
    songs.mkdir()
    for number in range(3):
        write(songs / f"{number}.flac", groove(8.0, 100.0 + 10.0 * number))
    (songs / "1b.flac").write_bytes(b"fLaC, but nothing else")
    return songs


class Notes:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def step(self, done: float, total: float, note: str = "") -> None:
        self.heard.append(note)


def test_one_bad_file_spoils_nothing(studio: Studio, folder: Path) -> None:
    notes = Notes()
    imported = studio.importer.add_all([str(folder)], notes)
    assert [Path(track.path).name for track in imported.tracks] == ["0.flac", "1.flac", "2.flac"]
    assert [Path(path).name for path, _ in imported.failed] == ["1b.flac"]
    counts = [note.partition("/4 · 0:00:")[0] for note in notes.heard]
    assert counts == sorted(counts)
    assert notes.heard[-1].startswith("4/4 · 0:00:24")


def test_a_correction_outlives_another_measurement(studio: Studio, folder: Path) -> None:
    track = studio.importer.add(folder / "1.flac", SILENT)
    measured = track.analysis.tempo.bpm
    assert measured is not None
    studio.corrections.halve_tempo(track.id)
    again = studio.importer.add(folder / "1.flac", SILENT, force=True)
    assert again.analysis.tempo.bpm == pytest.approx(measured / 2.0)
    assert again.analysis.corrected == ("tempo",)
    back = studio.corrections.undo(track.id)
    assert back.analysis.tempo.bpm == pytest.approx(measured)
