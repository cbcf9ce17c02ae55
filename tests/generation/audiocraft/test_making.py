"""Environments that cannot be made, for a reason that the machine has; and one that can, in the soak."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, SilentProgress
from sonicforge_studio.domain.errors import DiskFull, EngineUnavailable, OutputNotWritable, StudioError
from sonicforge_studio.generation.audiocraft.environment import find, folder_of, require
from sonicforge_studio.generation.audiocraft.making import make, remove


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip knows no place to get anything from."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def refused(engines: Path) -> StudioError:
    with pytest.raises(StudioError) as told:
        make(engines, SilentProgress())
    assert not folder_of(engines).exists()
    assert find(engines) is None
    return told.value


@pytest.mark.usefixtures("no_packages")
def test_packages_that_are_nowhere_are_told_and_nothing_is_left(tmp_path: Path) -> None:
    error = refused(tmp_path / "engines")
    assert isinstance(error, EngineUnavailable)
    assert error.message.startswith("The packages could not be installed: No matching distribution found for torch")


@pytest.mark.usefixtures("no_packages")
def test_a_machine_without_a_network_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    # Port 9 takes nothing here.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert "no way to the package index" in refused(tmp_path / "engines").message


def test_a_small_disk_is_told_first(small_disk: Path) -> None:
    error = refused(small_disk / "engines")
    assert isinstance(error, DiskFull)
    assert "0.0 GB are free" in error.message


def test_a_cancel_leaves_nothing(tmp_path: Path) -> None:
    class Stop(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            if (folder_of(tmp_path / "engines") / "pyvenv.cfg").exists():
                raise Cancelled()

    with pytest.raises(Cancelled):
        make(tmp_path / "engines", Stop())
    assert not folder_of(tmp_path / "engines").exists()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "song.wav").touch()
    (tmp_path / "engines").mkdir()
    folder_of(tmp_path / "engines").symlink_to(mine)
    with pytest.raises(OutputNotWritable, match="is a link"):
        remove(tmp_path / "engines", SilentProgress())
    assert (mine / "song.wav").exists()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_one_is_made_from_the_package_index_and_deleted(tmp_path: Path) -> None:
    made = make(tmp_path / "engines", SilentProgress())
    assert made == require(tmp_path / "engines")
    assert made.made
    assert made.audiocraft == "1.3.0"
    remove(tmp_path / "engines", SilentProgress())
    assert not folder_of(tmp_path / "engines").exists()
