"""`models engine`: environments of engines, adopted, listed and removed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Sonicforge
from tests.generation.audiocraft.test_environment import answering


def test_every_engine_is_listed_with_what_it_needs(sonicforge: Sonicforge) -> None:
    said = sonicforge("models", "engine", "list", "--json")
    assert said.code == 0
    by_name = {fields["engine"]: fields for fields in said.objects}
    assert list(by_name) == ["synth", "musicgen", "audiocraft"]
    assert (by_name["synth"]["ready"], by_name["synth"]["origin"]) == (True, "built-in")
    audiocraft = by_name["audiocraft"]
    assert (audiocraft["ready"], audiocraft["origin"], audiocraft["python"]) == (False, None, None)
    assert audiocraft["message"] == "audiocraft is not installed."
    assert "models engine install audiocraft" in audiocraft["hint"]
    shown = sonicforge("models", "engine", "list")
    assert "built-in" in shown.out
    assert "audiocraft is not installed." in shown.out


def test_an_environment_is_adopted_listed_and_left_as_it_is(sonicforge: Sonicforge, tmp_path: Path) -> None:
    python = answering(tmp_path / "python")
    said = sonicforge("models", "engine", "install", "audiocraft", "--python", python, "--json")
    assert said.code == 0
    assert said.only["ready"] is True
    assert said.only["origin"] == "adopted"
    assert said.only["python"] == str(python)
    assert said.only["versions"]["audiocraft"] == "1.3.0"
    assert said.only["elapsed_seconds"] > 0
    # It is there: nothing is downloaded, and nobody is asked.
    assert sonicforge("models", "engine", "install", "audiocraft", "--json").only["origin"] == "adopted"
    assert "adopted" in sonicforge("models", "engine", "list").out
    removed = sonicforge("models", "engine", "remove", "audiocraft", "--json")
    assert (removed.code, removed.only["ready"]) == (0, False)
    assert python.is_file()


def test_what_cannot_be_adopted_is_told_and_what_is_kept_stays(sonicforge: Sonicforge, tmp_path: Path) -> None:
    python = answering(tmp_path / "python")
    sonicforge("models", "engine", "install", "audiocraft", "--python", python)
    for bad in (sys.executable, tmp_path / "nowhere", tmp_path):
        said = sonicforge("models", "engine", "install", "audiocraft", "--python", bad, "--json")
        assert said.code == 1
        assert said.only["error"]["code"] == "engine-unavailable"
    assert sonicforge("models", "engine", "list", "--json").objects[2]["python"] == str(python)


def test_nothing_is_downloaded_without_a_yes(sonicforge: Sonicforge, own_home: Path) -> None:
    said = sonicforge("models", "engine", "install", "audiocraft", "--json")
    assert (said.code, said.out) == (2, "")
    assert "--yes" in said.err
    assert not (own_home / "engines").exists()


@pytest.mark.parametrize(
    ("name", "code"), [("synth", "bad-setting"), ("musicgen", "bad-setting"), ("x", "unknown-engine")]
)
def test_other_engines_need_no_installing(sonicforge: Sonicforge, name: str, code: str) -> None:
    for command in ("install", "remove"):
        said = sonicforge("models", "engine", command, name, "--json")
        assert said.code == 1
        assert said.only["error"]["code"] == code


def test_a_damaged_note_is_listed_and_mended(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    (own_home / "engines").mkdir(parents=True)
    (own_home / "engines" / "audiocraft.json").write_text("{")
    assert "cannot be read" in sonicforge("models", "engine", "list", "--json").objects[2]["message"]
    python = answering(tmp_path / "python")
    assert sonicforge("models", "engine", "install", "audiocraft", "--python", python).code == 0
    assert sonicforge("models", "engine", "list", "--json").objects[2]["ready"] is True


def test_audiocraft_is_asked_for_by_name_and_by_its_checkpoint(sonicforge: Sonicforge, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "state_dict.bin").touch()
    for engine in ("audiocraft", "auto"):
        said = sonicforge("generate", "house", "--engine", engine, "--model", tmp_path / "model", "--json")
        assert said.code == 1
        assert said.only["error"]["message"] == "audiocraft is not installed."
    wrong = sonicforge("generate", "house", "--engine", "nothing", "--json").only["error"]
    assert (wrong["code"], wrong["hint"]) == ("unknown-engine", "Use auto, synth, musicgen or audiocraft.")
