"""`library correct`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Sonicforge
from tests.sounds import groove, write


@pytest.fixture
def track(sonicforge: Sonicforge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("SONICFORGE_HOME", str(tmp_path / "home"))
    path = write(tmp_path / "groove.wav", groove(8, 120.0))
    return int(sonicforge("library", "add", path, "--json").only["id"])


def test_a_correction_is_printed_listed_and_taken_back(sonicforge: Sonicforge, track: int) -> None:
    said = sonicforge("library", "correct", track, "--bpm", 100, "--key", "8A", "--json").only
    assert (said["tempo_bpm"], said["key"], said["corrected"]) == (100.0, "A minor", ["tempo", "key"])
    assert sonicforge("library", "correct", track, "--halve", "--json").only["tempo_bpm"] == 50.0
    assert sonicforge("library", "list", "--json").only["tempo_bpm"] == 50.0
    assert sonicforge("library", "correct", track, "--undo", "--json").only["corrected"] == []
    assert sonicforge("library", "correct", track, "--key", "A minor").code == 0


@pytest.mark.parametrize(
    "options", [(), ("--halve", "--double"), ("--undo", "--key", "8A"), ("--bpm", "5"), ("--key", "Q")]
)
def test_wrong_usage_is_told(sonicforge: Sonicforge, track: int, options: tuple[str, ...]) -> None:
    assert sonicforge("library", "correct", track, *options).code == 2


def test_a_track_that_is_not_there_is_one_plain_error(sonicforge: Sonicforge, track: int) -> None:
    assert sonicforge("library", "correct", 10**20, "--double").code == 2
    said = sonicforge("library", "correct", track + 1, "--double", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "library-error")
