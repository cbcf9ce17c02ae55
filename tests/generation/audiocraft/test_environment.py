"""Which Python has audiocraft: real interpreters and programs are asked."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, SilentProgress
from sonicforge_studio.domain.errors import EngineUnavailable
from sonicforge_studio.generation.audiocraft import worker
from sonicforge_studio.generation.audiocraft.environment import (
    WORKER,
    Environment,
    find,
    folder_of,
    keep,
    probe,
    require,
)
from sonicforge_studio.generation.audiocraft.making import REQUIREMENTS, remove

ROOT = Path(__file__).parents[3]


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def answering(path: Path, **told: object) -> Path:
    """A program that answers as a Python with these packages would."""
    whole = {
        "python": "3.11.7", "torch": "2.13.0", "transformers": "5.24.0", "audiocraft": "1.3.0", "missing": [],
        "cuda": False, "failure": "",
    }  # fmt: skip
    return program(path, f"echo '{json.dumps({**whole, **told})}'")


def test_a_python_without_audiocraft_says_what_it_lacks() -> None:
    # The suite's own never has it: its pins do not go with the studio's.
    with pytest.raises(EngineUnavailable, match=r"lacks .*audiocraft\.") as told:
        probe(Path(sys.executable), SilentProgress())
    assert sys.executable in told.value.message
    assert "sonicforge models engine install audiocraft" in told.value.hint


def test_what_is_no_python_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="There is no Python"):
        probe(tmp_path / "nowhere", SilentProgress())
    with pytest.raises(EngineUnavailable, match="There is no Python"):
        probe(tmp_path, SilentProgress())
    unrunnable = tmp_path / "notes.txt"
    unrunnable.write_text("audiocraft")
    with pytest.raises(EngineUnavailable, match="cannot be run"):
        probe(unrunnable, SilentProgress())
    for text in ("true", "echo hello", "echo '[]'", "cat $1", "exit 3", "echo '{\"missing\": []}'"):
        with pytest.raises(EngineUnavailable, match="does not answer as Python"):
            probe(program(tmp_path / "python", text), SilentProgress())


def test_one_that_hangs_or_never_ends_its_answer_is_ended(tmp_path: Path) -> None:
    hanging = program(tmp_path / "hanging", f"echo $$ > {tmp_path}/pid; sleep 60 & wait")
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match=r"did not answer within 0\.5 seconds"):
        probe(hanging, SilentProgress(), limit_seconds=0.5)
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    with pytest.raises(EngineUnavailable, match="does not answer as Python"):
        probe(program(tmp_path / "endless", "yes"), SilentProgress(), limit_seconds=30)


def test_asking_stops_at_once_when_told(tmp_path: Path) -> None:
    class Stop(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            raise Cancelled()

    began = time.monotonic()
    with pytest.raises(Cancelled):
        probe(program(tmp_path / "hanging", "sleep 60"), Stop())
    assert time.monotonic() - began < 2


def test_an_environment_is_told_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = answering(tmp_path / "bin" / "python", cuda=True)
    found = probe(tmp_path, SilentProgress())
    assert found == Environment(str(python), False, "3.11.7", "2.13.0", "5.24.0", "1.3.0", True)


def test_what_cannot_be_imported_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="cannot be imported there: OSError: undefined symbol"):
        probe(answering(tmp_path / "python", failure="OSError: undefined symbol"), SilentProgress())
    with pytest.raises(EngineUnavailable, match=r"lacks torch 2\.10 or newer \(it has 2\.1\.0\)"):
        probe(answering(tmp_path / "python", missing=["torch 2.10 or newer (it has 2.1.0)"]), SilentProgress())


def test_an_old_torch_is_not_trusted_with_pickles(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = dict.fromkeys(worker.NEEDED, "1.3.0") | {"torch": "2.9.1+cu128"}
    monkeypatch.setattr(worker, "_version_of", versions.get)
    assert worker.probe()["missing"] == ["torch 2.10 or newer (it has 2.9.1+cu128)"]
    versions |= {"audiocraft": "1.2.0", "torch": "2.10.0"}
    assert worker.probe()["missing"] == ["audiocraft 1.3 or newer (it has 1.2.0)"]


def test_what_is_kept_is_found_until_it_is_gone(tmp_path: Path) -> None:
    engines = tmp_path / "engines"
    assert find(engines) is None
    with pytest.raises(EngineUnavailable, match="is not installed"):
        require(engines)
    python = answering(tmp_path / "python")
    keep(engines, probe(python, SilentProgress()))
    assert require(engines).python == str(python)
    python.unlink()
    with pytest.raises(EngineUnavailable, match="is gone"):
        find(engines)
    remove(engines, SilentProgress())
    assert find(engines) is None


@pytest.mark.parametrize(
    "note", ["", "{", "[]", '{"format": 1}', '{"format": 9, "python": "/bin/true"}', "\x00\xff", '"format"']
)
def test_a_damaged_note_is_told_and_taken_away(tmp_path: Path, note: str) -> None:
    (tmp_path / "audiocraft.json").write_text(note)
    with pytest.raises(EngineUnavailable, match="cannot be read"):
        find(tmp_path)
    remove(tmp_path, SilentProgress())
    assert find(tmp_path) is None


def test_a_note_of_other_types_is_damaged(tmp_path: Path) -> None:
    keep(tmp_path, probe(answering(tmp_path / "python"), SilentProgress()))
    note = tmp_path / "audiocraft.json"
    note.write_text(note.read_text().replace('"cuda": false', '"cuda": "no"'))
    with pytest.raises(EngineUnavailable, match="cannot be read"):
        find(tmp_path)


def test_removing_follows_no_link_and_leaves_what_was_adopted(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    python = answering(mine / "python")
    engines = tmp_path / "engines"
    inside = folder_of(engines) / "lib"
    inside.mkdir(parents=True)
    (inside / "module.py").touch()
    (inside / "link").symlink_to(mine)
    (inside / "dangling").symlink_to(tmp_path / "nowhere")
    keep(engines, probe(python, SilentProgress()))
    remove(engines, SilentProgress())
    assert not folder_of(engines).exists()
    assert python.is_file()


def test_the_worker_is_read_by_python_3_9_and_needs_nothing_at_first() -> None:
    tree = ast.parse(WORKER.read_text(encoding="utf-8"), feature_version=(3, 9))
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert {str(module).split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


def test_what_is_installed_is_pinned_as_the_studio_has_it() -> None:
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    wanted = dict(re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE))
    assert {"torch", "transformers"} <= set(wanted)
    assert {name: locked[name] for name in wanted if name in locked} == {
        name: version for name, version in wanted.items() if name in locked
    }
    assert "audiocraft" not in (ROOT / "pyproject.toml").read_text()
