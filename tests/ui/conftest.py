"""A real window over a real studio in a data folder of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from sonicforge_studio.host import Settings, open_folders
from sonicforge_studio.ui.application import Program, make_loop, prepare_application
from sonicforge_studio.ui.theme import Theme
from tests.generation.musicgen.conftest import build_model
from tests.sound_server import sound_server

if TYPE_CHECKING:
    from sonicforge_studio.studio import DraftShelf
    from sonicforge_studio.studio.master_drafts import MasterDrafts
    from sonicforge_studio.ui.workspace import Workspace

__all__ = ["sound_server"]

RATE_HZ = 44_100
_PATIENCE_SECONDS = 30.0

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform has no window manager to tell sizes and orders to, and says so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return prepare_application(qapp, Settings(language="en"))


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    made = make_loop(qapp)
    yield made
    made.close()


@pytest.fixture
def run(loop: asyncio.AbstractEventLoop) -> Run:
    return loop.run_until_complete


@pytest.fixture
def program(theme: Theme, own_home: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Program]:
    """The program with its window shown and its studio built."""
    made = Program(theme, open_folders(own_home), loop)
    made.window.show()
    loop.run_until_complete(made.begin())
    yield made
    made.window.close()
    loop.run_until_complete(made.close())
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def workspace(program: Program) -> Workspace:
    assert program.opened is not None
    return program.opened.workspace


async def until(happened: Callable[[], object], what: str = "", patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Let the window live until something has happened."""
    deadline = time.monotonic() + patience_seconds
    while not happened():
        assert time.monotonic() < deadline, f"this did not happen in time: {what or happened}"
        await asyncio.sleep(0.02)


def waiting_shelf(
    monkeypatch: pytest.MonkeyPatch, shelf: type[DraftShelf] | type[MasterDrafts]
) -> Iterator[threading.Event]:
    """For a fixture: drafts of such a shelf are read while the event is set."""
    answers = threading.Event()
    answers.set()
    find = shelf.find

    def find_at_last(*asked: Any) -> Any:
        answers.wait()
        return find(*asked)

    monkeypatch.setattr(shelf, "find", find_at_last)
    yield answers
    answers.set()


def write_tone(path: Path, seconds: float = 1.0, hz: float = 440.0, level: float = 0.2) -> Path:
    """A stereo sine with a beat in it, as a 16-bit WAV."""
    moment = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat = 0.5 + 0.5 * (moment * 2.0 % 1.0 < 0.25)
    wave = level * beat * np.sin(2 * np.pi * hz * moment)
    soundfile.write(path, np.stack([wave, wave], axis=1), RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture
def tones(tmp_path: Path) -> list[Path]:
    """Three short files in a folder."""
    folder = tmp_path / "music"
    folder.mkdir()
    return [
        write_tone(folder / f"{name}.wav", seconds, hz)
        for name, seconds, hz in (("banjo", 1.0, 220.0), ("Accordion", 3.0, 440.0), ("cello", 2.0, 330.0))
    ]


@pytest.fixture
def stocked(workspace: Workspace, run: Run, tones: list[Path]) -> Workspace:
    """A workspace whose library holds the three files."""

    async def stock() -> None:
        workspace.actions.import_paths([str(tones[0].parent)])
        await until(lambda: workspace.library.model.rowCount() == 3, "the import")

    run(stock())
    return workspace


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that is as small as one can be."""
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("models") / "tiny", channels=2)
