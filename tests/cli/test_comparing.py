"""`compare`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Sonicforge
from tests.sounds import groove, write


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SONICFORGE_HOME", str(tmp_path / "home"))
    one = write(tmp_path / "one.wav", groove(12, 124.0))
    return one, write(tmp_path / "other.wav", 0.5 * groove(12, 126.0))


def test_two_grooves_mix(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    said = sonicforge("compare", *pair, "--json").only
    assert said["tempo"]["change_percent"] == pytest.approx(-1.6, abs=0.1)
    assert said["tempo"]["grade"] == "good"
    assert said["loudness"]["gain_db"] == pytest.approx(6.0, abs=0.1)
    assert said["likeness"] > 0.8
    assert "BPM" in sonicforge("compare", *pair).out


def test_a_track_mixes_with_itself(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    said = sonicforge("compare", pair[0], pair[0], "--json").only
    assert (said["tempo"]["change_percent"], said["grade"]) == (0.0, "good")
    assert said["likeness"] == pytest.approx(1.0, abs=1e-6)


def test_one_bad_file_is_told_and_nothing_is_compared(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    bad = pair[0].with_name("bad.wav")
    bad.write_bytes(b"not audio at all" * 64)
    said = sonicforge("compare", pair[0], bad, "--json")
    assert (said.code, said.only["path"]) == (1, str(bad))


def test_a_pattern_stands_for_the_one_file_that_matches(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    said = sonicforge("compare", pair[0].parent / "on*.wav", pair[1], "--json").only
    assert (said["path"], said["grade"]) == (str(pair[0]), "good")
    assert sonicforge("compare", pair[0].parent / "o*.wav", pair[1]).code == 2


def test_a_correction_counts(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    track = sonicforge("library", "add", pair[0], "--json").only["id"]
    sonicforge("library", "correct", track, "--bpm", 90)
    assert sonicforge("compare", *pair, "--json").only["tempo"]["one_bpm"] == 90.0
    said = sonicforge("analyze", pair[0], "--json").only
    assert (said["tempo_bpm"], said["corrected"]) == (90.0, ["tempo"])


def test_a_folder_is_wrong_usage(sonicforge: Sonicforge, pair: tuple[Path, Path]) -> None:
    assert sonicforge("compare", pair[0], pair[0].parent).code == 2
