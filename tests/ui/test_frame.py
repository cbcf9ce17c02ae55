"""The frame: rail, transport, dropping and keys, with a real studio behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain.errors import LibraryDamaged
from sonicforge_studio.host import open_folders
from sonicforge_studio.ui.application import Program
from sonicforge_studio.ui.shortcuts import KEYS, Overview, described
from sonicforge_studio.ui.theme import Theme
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace

INTERACTIVE = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
)  # fmt: skip


def _files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def _drop(window: QWidget, data: QMimeData) -> None:
    place, action = QPointF(300, 300), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(place.toPoint(), action, data, buttons, keys)
    QApplication.sendEvent(window, entered)
    if entered.isAccepted():
        QApplication.sendEvent(window, QDropEvent(place, action, data, buttons, keys))


def test_the_frame_stands_before_the_studio(theme: Theme, own_home: Path, loop: asyncio.AbstractEventLoop) -> None:
    program = Program(theme, open_folders(own_home), loop)
    program.window.show()
    assert program.window.rail.isVisible()
    assert program.window.transport.isVisible()
    assert program.opened is None
    program.window.close()
    loop.run_until_complete(program.close())


def test_a_studio_that_cannot_open_says_so_and_can_try_again(
    theme: Theme, own_home: Path, loop: asyncio.AbstractEventLoop, qtbot: QtBot
) -> None:
    own_home.mkdir(parents=True)
    database = own_home / "library.sqlite"
    database.write_bytes(b"this was a database once" * 1000)
    program = Program(theme, open_folders(own_home), loop)
    qtbot.addWidget(program.window)
    program.window.show()
    loop.run_until_complete(program.begin())
    assert program.opened is None
    buttons = {button.text(): button for button in program.window.stack.findChildren(QAbstractButton)}
    assert LibraryDamaged.message in {label.text() for label in program.window.stack.findChildren(QLabel)}
    database.unlink()

    async def again() -> None:
        buttons["Try again"].click()
        await until(lambda: program.opened, "the second try")

    loop.run_until_complete(again())
    program.window.close()
    loop.run_until_complete(program.close())


def test_a_window_closed_at_once_leaves_nothing_behind(
    theme: Theme, own_home: Path, loop: asyncio.AbstractEventLoop
) -> None:
    program = Program(theme, open_folders(own_home), loop)
    program.window.show()
    loop.call_later(0.05, program.window.close)
    loop.run_until_complete(program.run())
    assert program.opened is None or not program.window.isVisible()


def test_every_control_has_a_name(workspace: Workspace) -> None:
    nameless = [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for widget in workspace.window.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE)
        and not isinstance(widget, QScrollBar)
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget.parentWidget(), (QComboBox, QAbstractSpinBox, QLineEdit))
        and type(widget).__name__ not in ("QComboBoxListView", "QTableCornerButton", "QHeaderView", "TrackHeader")
        and not _name(widget)
    ]
    assert not nameless


def _name(widget: QWidget) -> str:
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def test_tab_goes_round_through_every_control_of_a_page(workspace: Workspace, qtbot: QtBot) -> None:
    window = workspace.window
    window.activateWindow()
    seen = set()
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.add(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    controls = workspace.forge.controls
    for wanted in (
        workspace.forge.prompt.field,
        controls.length,
        controls.key,
        controls.seed,
        workspace.forge.forge_button,
    ):
        assert wanted in seen


@pytest.mark.parametrize(("key", "page"), [("1", "forge"), ("2", "library"), ("3", "master")])
def test_the_keys_change_pages(workspace: Workspace, qtbot: QtBot, key: str, page: str) -> None:
    qtbot.keyClick(workspace.window, Qt.Key(ord(key)), Qt.KeyboardModifier.ControlModifier)
    assert workspace.window.page() == page
    assert workspace.window.stack.currentWidget().isVisible()


def test_the_search_key_goes_to_the_field(workspace: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClick(workspace.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is workspace.library.search_field


def test_f1_shows_every_shortcut(workspace: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClick(workspace.window, Qt.Key.Key_F1)
    overview = workspace.window.findChild(Overview)
    assert isinstance(overview, QDialog)
    assert overview.isVisible()
    assert set(KEYS.values()) <= {keys for keys, _ in described()}
    overview.accept()


def test_space_plays_outside_fields_and_types_inside(stocked: Workspace, run: Run, qtbot: QtBot) -> None:
    async def play() -> None:
        stocked.actions.play(stocked.library.model.row(0).id)
        await until(lambda: stocked.listening.piece)

    run(play())
    asked = []
    stocked.window.transport.toggle_wanted.connect(lambda: asked.append(1))
    stocked.window.show_page("library")
    qtbot.keyClick(stocked.library.table, Qt.Key.Key_Space)
    assert len(asked) == 1
    stocked.window.show_page("forge")
    qtbot.keyClicks(stocked.forge.prompt.field, "deep house")
    assert len(asked) == 1
    assert stocked.forge.prompt.text() == "deep house"


def test_dropped_files_and_folders_are_imported(workspace: Workspace, run: Run, tones: list[Path]) -> None:
    async def drop() -> None:
        _drop(workspace.window, _files(tones[0], tones[0].parent))
        await until(lambda: workspace.library.model.rowCount() == 3, "the import")

    run(drop())
    assert {row.title for row in map(workspace.library.model.row, range(3))} == {"banjo", "Accordion", "cello"}


def test_what_is_no_file_is_not_taken(workspace: Workspace, qtbot: QtBot) -> None:
    words = QMimeData()
    words.setText("some words")
    with qtbot.assertNotEmitted(workspace.window.dropped):
        _drop(workspace.window, words)


def test_no_field_swallows_a_dropped_file(workspace: Workspace) -> None:
    takers = [widget for widget in workspace.window.stack.findChildren(QWidget) if widget.acceptDrops()]
    forge = workspace.forge.engine
    made_for_it = {forge.continues, forge.melody, workspace.master.references}
    assert set(takers) == made_for_it, "but for the places that are made for it"


def test_a_file_that_is_not_audio_is_told_of_and_the_rest_is_imported(
    workspace: Workspace, run: Run, tones: list[Path]
) -> None:
    text = tones[0].parent / "letter.mp3"
    text.write_text("Dear Sir or Madam, this is not music at all.\n" * 50)

    async def drop() -> None:
        _drop(workspace.window, _files(*tones, text))
        await until(lambda: workspace.library.model.rowCount() == 3 and workspace.window.toasts.texts(), "the import")

    run(drop())
    assert any("letter.mp3" in said for said in workspace.window.toasts.texts())


def test_the_window_comes_back_where_it_was(theme: Theme, own_home: Path, loop: asyncio.AbstractEventLoop) -> None:
    first = Program(theme, open_folders(own_home), loop)
    first.window.show()
    first.window.resize(1040, 700)
    first.window.close()
    loop.run_until_complete(first.close())
    second = Program(theme, open_folders(own_home), loop)
    assert (second.window.width(), second.window.height()) == (1040, 700)
    loop.run_until_complete(second.close())


def test_the_scope_is_hidden_and_remembered(workspace: Workspace, qtbot: QtBot) -> None:
    assert workspace.scope.isVisible()
    qtbot.keyClick(workspace.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not workspace.scope.isVisible()
    assert not workspace.window.rail.scope_button.isChecked()
