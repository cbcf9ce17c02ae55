"""The Models page with the real desk of models, tiny models and a hub on this machine."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain.errors import OutputNotWritable
from sonicforge_studio.studio import ModelDesk, spoken_bytes
from sonicforge_studio.ui.pages.model_row import ModelRow
from sonicforge_studio.ui.pages.model_words import kind_text, memory_text
from sonicforge_studio.ui.text import speak
from sonicforge_studio.ui.widgets.controls import Button
from sonicforge_studio.ui.widgets.names import licence_text
from sonicforge_studio.ui.widgets.question import Question
from tests.hub_server import HubServer, hub_of
from tests.ui.conftest import Run, until
from tests.ui.test_frame import _drop, _files

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace

SMALL = "musicgen-small"


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with hub_of(tiny_model) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


@pytest.fixture
def page(workspace: Workspace, run: Run, qtbot: QtBot) -> Workspace:
    """A workspace that shows the page, with what there is on it."""

    async def come() -> None:
        qtbot.keyClick(workspace.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: workspace.models.state() == "list", "the list")

    run(come())
    return workspace


def _row(page: Workspace, name: str) -> ModelRow:
    return page.models.rows()[name]


async def _asked(page: Workspace) -> Question:
    await until(lambda: page.window.findChildren(Question), "the question")
    return page.window.findChildren(Question)[-1]


async def _answer(page: Workspace, button: Callable[[Question], Button]) -> str:
    """Answer the question; what it said."""
    question = await _asked(page)
    said = " ".join(label.text() for label in question.findChildren(QLabel))
    button(question).click()
    await until(lambda: not page.window.findChildren(Question))
    return said


def test_the_catalogue_is_there_before_anything_is_here(page: Workspace, qtbot: QtBot) -> None:
    rows = page.models.rows()
    assert page.window.page() == "models"
    assert len(rows) == 10
    small = rows[SMALL]
    assert small.state() == "Not here"
    assert small.download_button.isVisible()
    assert not small.use_button.isVisible()
    assert not small.remove_button.isVisible()
    # The scope gives its room to the list.
    assert not page.scope.isVisible()
    # The arrow keys go from one to the next, and stay on the last.
    first, second = list(rows.values())[:2]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is second
    for _ in rows:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    assert QApplication.focusWidget() is list(rows.values())[-1]


def test_a_folder_that_is_dropped_can_be_used_and_is_removed_again(
    page: Workspace, run: Run, qtbot: QtBot, tiny_model: Path
) -> None:
    async def go() -> None:
        _drop(page.window, _files(tiny_model))
        await until(lambda: "tiny" in page.models.rows(), "the model")
        row = _row(page, "tiny")
        assert row.state() == "Your own folder"
        assert next(iter(page.models.rows())) == "tiny"
        row.setFocus()
        qtbot.keyClick(row, Qt.Key.Key_Return)
        assert page.window.page() == "forge"
        assert page.forge.engine.model == row.card
        page._go("models")
        row.setFocus()
        qtbot.keyClick(row, Qt.Key.Key_Delete)
        said = await _answer(page, lambda question: question.no_button)
        assert "stays where it is" in said
        assert "tiny" in page.models.rows()
        qtbot.keyClick(row, Qt.Key.Key_Delete)
        await _answer(page, lambda question: question.yes_button)
        await until(lambda: "tiny" not in page.models.rows(), "the removal")
        assert tiny_model.is_dir()
        assert page.forge.engine.model is None

    run(go())


def test_what_is_no_model_is_told_of_and_nothing_is_added(
    page: Workspace, run: Run, tones: list[Path], tiny_model: Path
) -> None:
    async def go() -> None:
        before = set(page.models.rows())
        page.models.add([str(tones[0].parent)])
        await until(page.models.notice, "the notice")
        assert set(page.models.rows()) == before
        page.models.add([str(tiny_model)])
        assert not page.models.notice()
        await until(lambda: "tiny" in page.models.rows(), "the model")

    run(go())


def test_a_cut_off_model_says_so_and_cannot_be_used(
    page: Workspace, run: Run, tiny_model: Path, own_home: Path
) -> None:
    weights = shutil.copytree(tiny_model, own_home / "models" / SMALL) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])

    async def go() -> None:
        page.shelf.refresh()
        row = _row(page, SMALL)
        await until(lambda: row.state() == "Cannot be used", "the state")
        assert "cut off" in row.trouble()
        assert not row.use_button.isVisible()
        assert row.remove_button.isVisible()
        assert page.forge.engine.engine.findData(SMALL) == -1

    run(go())


def test_a_model_is_downloaded_after_a_yes(page: Workspace, run: Run, hub: HubServer, qtbot: QtBot) -> None:
    async def go() -> None:
        row = _row(page, SMALL)
        row.setFocus()
        qtbot.keyClick(row, Qt.Key.Key_Return)
        assert row.state() == "Asking the hub…"
        assert not row.download_button.isEnabled()
        said = await _answer(page, lambda question: question.no_button)
        assert "Not for commercial use (CC-BY-NC-4.0)" in said
        assert spoken_bytes(sum(file.stat().st_size for file in hub.folder.iterdir())) in said
        assert not page.desk.jobs(), "nothing comes without a yes"
        assert row.state() == "Not here"
        row.download_button.click()
        await _answer(page, lambda question: question.yes_button)
        await until(lambda: row.state() == "Here", "the download")
        assert row.use_button.isVisible()
        row.use_button.click()
        assert page.forge.engine.neural() is not None
        assert page.forge.engine.engine.currentText() == "MusicGen small"

    run(go())


def test_a_download_is_cancelled_and_goes_on_where_it_was(page: Workspace, run: Run, hub: HubServer) -> None:
    async def go() -> None:
        row = _row(page, SMALL)
        hub.faults.bytes_a_second = 100_000
        row.download_button.click()
        await _answer(page, lambda question: question.yes_button)
        await until(lambda: row.cancel_button.isVisible() and hub.sent_bytes["model.safetensors"], "the progress")
        assert row.state() == "Downloading"
        assert not row.download_button.isVisible()
        row.cancel_button.click()
        await until(lambda: row.state() == "Not here" and row.card.partial_bytes, "the cancel")
        assert row.remove_button.isVisible(), "what there is of it can be thrown away"
        hub.faults.bytes_a_second = 0
        row.download_button.click()
        await _answer(page, lambda question: question.yes_button)
        await until(lambda: row.state() == "Here", "the rest")
        assert any(file == "model.safetensors" for file, _ in hub.ranges)

    run(go())


def test_without_a_network_the_row_says_so_and_all_else_goes_on(
    page: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    async def go() -> None:
        row = _row(page, SMALL)
        row.download_button.click()
        await until(row.trouble, "the sentence")
        assert row.state() == "Not here"
        assert row.download_button.isEnabled()
        assert page.models.state() == "list"

    run(go())


def test_a_shelf_that_cannot_be_read_is_looked_at_again(page: Workspace, run: Run) -> None:
    async def go() -> None:
        page.shelf.unreadable.emit(OutputNotWritable())
        assert page.models.state() == "error"
        again = next(
            button for button in page.models.findChildren(Button) if button.text() == "Try again" and button.isVisible()
        )
        again.click()
        await until(lambda: page.models.state() == "list", "the list")

    run(go())


def test_no_file_is_read_and_nobody_called_on_the_main_thread(
    page: Workspace, run: Run, hub: HubServer, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[str]] = {}

    def watched(name: str) -> Callable[..., Any]:
        real = getattr(ModelDesk, name)

        def call(*arguments: Any) -> Any:
            threads.setdefault(name, set()).add(threading.current_thread().name)
            return real(*arguments)

        return call

    for name in ("cards", "offer", "add", "remove", "download"):
        monkeypatch.setattr(ModelDesk, name, watched(name))

    async def go() -> None:
        page.models.add([str(tiny_model)])
        await until(lambda: "tiny" in page.models.rows(), "the model")
        _row(page, "tiny").remove_button.click()
        await _answer(page, lambda question: question.yes_button)
        _row(page, SMALL).download_button.click()
        await _answer(page, lambda question: question.yes_button)
        await until(lambda: _row(page, SMALL).state() == "Here", "the download")

    run(go())
    assert set(threads) == {"cards", "offer", "add", "remove", "download"}
    assert threading.main_thread().name not in set().union(*threads.values())


def test_words_of_a_model(page: Workspace, qapp: QApplication) -> None:
    card = _row(page, SMALL).card
    assert kind_text(card) == "Text · mono · 589 million parameters"
    assert memory_text(replace(card, memory_bytes=3_100_000_000, fits=False)) == (
        "Needs 3.1 GB of memory, more than is free"
    )
    assert memory_text(replace(card, memory_bytes=0)) == ""
    assert licence_text("MIT") == "Licence MIT"
    before = set(qapp.findChildren(QTranslator))
    speak(qapp, "pl")
    try:
        assert kind_text(replace(card, kind="melody", channels=2)).startswith("Tekst i melodia · stereo")
        assert licence_text(card.licence) == "Nie do użytku komercyjnego (CC-BY-NC-4.0)"
    finally:
        for translator in set(qapp.findChildren(QTranslator)) - before:
            qapp.removeTranslator(translator)
            translator.deleteLater()


def test_the_models_are_known_to_the_forge_without_the_page(
    workspace: Workspace, run: Run, own_home: Path, tiny_model: Path
) -> None:
    """Also right after the start, and after a change from elsewhere."""
    shutil.copytree(tiny_model, own_home / "models" / SMALL)

    async def go() -> None:
        workspace.shelf.refresh()
        await until(lambda: workspace.forge.engine.engine.findData(SMALL) > 0, "the choice")
        await asyncio.sleep(0)

    run(go())
