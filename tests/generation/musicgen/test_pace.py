"""What a piece will take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sonicforge_studio.generation.musicgen.model_folder import ModelFolder
from sonicforge_studio.generation.musicgen.pace import Paces, steps_of

SMALL = ModelFolder(Path("small"), "text", 1, 32000, 50, 4, 24, 1024, 590_000_000, 2_360_000_000, ())


def test_steps_are_counted_over_windows() -> None:
    assert steps_of(SMALL, 10) == 500 + 3
    # A second window knows 600 codes already, and makes 900.
    assert steps_of(SMALL, 48) == 2400 + 2 * 3 + 600 / 2


def test_what_was_learned_tells_what_comes(tmp_path: Path) -> None:
    paces = Paces(tmp_path / "paces.json")
    guess = paces.estimate(SMALL, "int8", "cpu", 30, 1)
    assert not guess.learned
    assert 10 < guess.seconds < 600
    paces.learn(SMALL, "int8", "cpu", 10, 1, loading_seconds=8.0, working_seconds=20.0)
    told = Paces(tmp_path / "paces.json").estimate(SMALL, "int8", "cpu", 30, 1)
    assert told.learned
    assert told.seconds == pytest.approx(8 + 20 * 1503 / 503)
    # Several at once take longer than one, and less than one after the other.
    assert told.seconds < paces.estimate(SMALL, "int8", "cpu", 30, 4).seconds < 4 * told.seconds
    # Another precision is another thing.
    assert not paces.estimate(SMALL, "float32", "cpu", 30, 1).learned


def test_the_newest_run_counts_half(tmp_path: Path) -> None:
    paces = Paces(tmp_path / "paces.json")
    for working in (10.06, 20.12):
        paces.learn(SMALL, "int8", "cpu", 10, 1, loading_seconds=5.0, working_seconds=working)
    assert paces.estimate(SMALL, "int8", "cpu", 10, 1).seconds == pytest.approx(5 + 15.09)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": {"loading_seconds": "x", "step_seconds": {}}}'])
def test_a_damaged_file_is_no_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "paces.json").write_text(text)
    assert not Paces(tmp_path / "paces.json").estimate(SMALL, "int8", "cpu", 10, 1).learned


def test_more_memory_for_more_at_once_and_finer_numbers() -> None:
    def needs(precision: str, at_once: int, folder: ModelFolder = SMALL) -> int:
        return Paces(Path("nowhere")).estimate(folder, precision, "cpu", 30, at_once).memory_bytes

    assert needs("int8", 1) < needs("int8", 8) < needs("float32", 8)
    assert needs("int8", 1) < needs("float32", 1)
    assert needs("int8", 1) < needs("int8", 1, replace(SMALL, layers=48, hidden_size=2048, parameters=3_400_000_000))


@pytest.mark.parametrize("count", ["0", "-1", "1e3"])
@pytest.mark.parametrize("pace", ["1.0", "-1.0", "0", "Infinity", "NaN", "1e308", "1" + "0" * 400])
def test_figures_that_no_run_has_are_no_figures(tmp_path: Path, count: str, pace: str) -> None:
    file = tmp_path / "paces.json"
    paces = Paces(file)
    guess = paces.estimate(SMALL, "int8", "cpu", 30, 2)
    paces.learn(SMALL, "int8", "cpu", 30, 1, 5.0, 60.0)
    (key,) = json.loads(file.read_text())
    wrong = count if pace == "1.0" else "1"
    file.write_text(f'{{"{key}": {{"step_seconds": {{"{wrong}": {pace}}}, "loading_seconds": 5.0}}}}')
    assert paces.estimate(SMALL, "int8", "cpu", 30, 2) == guess
    file.write_text(f'{{"{key}": {{"step_seconds": {{"1": 1.0}}, "loading_seconds": {pace.replace("1.0", "-1.0")}}}}}')
    assert paces.estimate(SMALL, "int8", "cpu", 30, 2) == guess
    file.write_text("[" * 100_000)
    paces.learn(SMALL, "int8", "cpu", 30, 1, 5.0, 60.0)
    assert paces.estimate(SMALL, "int8", "cpu", 30, 1).learned
