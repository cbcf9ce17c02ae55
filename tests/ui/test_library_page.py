"""The Library page over a real library."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from sonicforge_studio.audio import Tags, write_tags
from sonicforge_studio.domain import MasterSettings, Recipe, Target
from sonicforge_studio.generation import recipe_to_json
from sonicforge_studio.ui.pages.track_model import COLUMNS
from sonicforge_studio.ui.widgets.question import Question
from tests.ui.conftest import Run, until, write_tone

if TYPE_CHECKING:
    from sonicforge_studio.ui.application import Program
    from sonicforge_studio.ui.workspace import Workspace


def _titles(workspace: Workspace) -> list[str]:
    model = workspace.library.model
    return [model.row(number).title for number in range(model.rowCount())]


def _choose(workspace: Workspace, *numbers: int) -> None:
    table, model = workspace.library.table, workspace.library.model
    table.clearSelection()
    flag = QItemSelectionModel.SelectionFlag
    for number in numbers:
        table.selectionModel().select(model.index(number, 0), flag.Select | flag.Rows)


def test_an_empty_library_invites(workspace: Workspace, run: Run) -> None:
    run(until(lambda: workspace.library.state() == "empty"))


def test_headers_sort(stocked: Workspace, run: Run) -> None:
    header = stocked.library.table.horizontalHeader()

    async def sort() -> None:
        for column, order, wanted in (
            ("title", Qt.SortOrder.AscendingOrder, ["Accordion", "banjo", "cello"]),
            ("title", Qt.SortOrder.DescendingOrder, ["cello", "banjo", "Accordion"]),
            ("duration_seconds", Qt.SortOrder.AscendingOrder, ["banjo", "cello", "Accordion"]),
        ):
            header.setSortIndicator(COLUMNS.index(column), order)
            await until(lambda wanted=wanted: _titles(stocked) == wanted, f"sorting by {column}")

    run(sort())


def test_the_search_finds_while_it_is_typed(stocked: Workspace, run: Run, qtbot: QtBot) -> None:
    async def search() -> None:
        qtbot.keyClicks(stocked.library.search_field, "cel")
        await until(lambda: _titles(stocked) == ["cello"])
        qtbot.keyClicks(stocked.library.search_field, "zzz")
        await until(lambda: stocked.library.state() == "no-result")
        stocked.library.search_field.clear()
        await until(lambda: len(_titles(stocked)) == 3 and stocked.library.state() == "table")

    run(search())


def test_what_sounds_alike_comes_in_its_own_order_and_is_narrowed_by_words(
    program: Program, stocked: Workspace, run: Run, qtbot: QtBot
) -> None:
    assert program.opened is not None
    studio = program.opened.studio
    rows = {row.title: row.id for row in studio.library.rows()}
    alike = [found.track.title for found in studio.alike.to_track(rows["cello"])]
    assert sorted(alike) == ["Accordion", "banjo"]

    async def find() -> None:
        await until(lambda: len(_titles(stocked)) == 3)
        _choose(stocked, _titles(stocked).index("cello"))
        (action,) = [one for one in stocked.library.menu().actions() if one.text() == "Find what sounds like this"]
        action.trigger()
        await until(lambda: _titles(stocked) == alike)
        assert stocked.library.search_field.text() == f"like:{rows['cello']} "
        qtbot.keyClicks(stocked.library.search_field, "ban")
        await until(lambda: _titles(stocked) == ["banjo"])

    run(find())


def test_tracks_drag_out_as_files(stocked: Workspace, tones: list[Path]) -> None:
    model = stocked.library.model
    data = model.mimeData([model.index(number, column) for number in (0, 2) for column in (0, 1)])
    wanted = {str(Path(model.row(number).path)) for number in (0, 2)}
    assert {url.toLocalFile() for url in data.urls()} == wanted
    assert wanted <= {str(path) for path in tones}
    assert "text/uri-list" in data.formats()
    assert model.supportedDragActions() == Qt.DropAction.CopyAction
    assert stocked.library.table.dragEnabled()


def test_a_missing_file_is_marked_and_stays_out_of_a_drag(stocked: Workspace, run: Run, tones: list[Path]) -> None:
    tones[0].unlink()
    model = stocked.library.model

    async def look_again() -> None:
        model.reload()
        await until(lambda: any(model.missing(model.row(number).id) for number in range(3)))

    run(look_again())
    gone = next(number for number in range(3) if model.row(number).title == "banjo")
    assert model.missing(model.row(gone).id)
    assert "banjo" in str(model.data(model.index(gone, 2), Qt.ItemDataRole.ToolTipRole))
    assert model.mimeData([model.index(gone, 0)]).urls() == []


def test_return_plays_and_the_row_shows_it(stocked: Workspace, run: Run, qtbot: QtBot) -> None:
    table = stocked.library.table
    table.setCurrentIndex(stocked.library.model.index(1, 2))

    async def play() -> None:
        qtbot.keyClick(table, Qt.Key.Key_Return)
        await until(lambda: table.tracks.playing_id == stocked.library.model.row(1).id)

    run(play())
    piece = stocked.listening.piece
    assert piece is not None
    assert piece.peaks
    assert piece.title == stocked.library.model.row(1).title


def test_removing_keeps_the_file_and_can_be_undone(
    stocked: Workspace, run: Run, qtbot: QtBot, tones: list[Path]
) -> None:
    before = set(_titles(stocked))

    async def remove_and_undo() -> None:
        _choose(stocked, 0, 1)
        qtbot.keyClick(stocked.library.table, Qt.Key.Key_Delete)
        await until(lambda: len(_titles(stocked)) == 1, "the removal")
        assert all(path.exists() for path in tones)
        undo = next(
            button
            for button in stocked.window.toasts.findChildren(type(stocked.library.import_button))
            if button.text() == "Undo"
        )
        undo.click()
        await until(lambda: set(_titles(stocked)) == before, "the undoing")

    run(remove_and_undo())


def test_the_menu_offers_what_can_be_done(stocked: Workspace) -> None:
    _choose(stocked, 0)
    texts = [action.text() for action in stocked.library.menu().actions() if not action.isSeparator()]
    expected = ["Play", "Play next", "Analyse", "Master…", "Find what sounds like this"]
    expected += ["Export as", "Show in folder", "Copy path", "Remove from the library"]
    assert texts == expected
    _choose(stocked, 0, 1)
    texts = [action.text() for action in stocked.library.menu().actions() if not action.isSeparator()]
    assert texts == ["Compare: will these mix?", "Export as", "Copy path", "Remove from the library"]


def test_paths_are_copied(stocked: Workspace) -> None:
    _choose(stocked, 0, 1, 2)
    copy = next(action for action in stocked.library.menu().actions() if action.text() == "Copy path")
    copy.trigger()
    assert QApplication.clipboard().text().splitlines() == [
        stocked.library.model.row(number).path for number in range(3)
    ]


def test_export_writes_the_file(stocked: Workspace, run: Run, tmp_path: Path) -> None:
    async def export() -> None:
        _choose(stocked, 0)
        stocked.library.export_chosen("flac")
        dialog = stocked.window.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        target = tmp_path / "out.flac"
        dialog.fileSelected.emit(str(target))
        dialog.reject()
        await until(target.exists, "the export")

    run(export())


def test_what_does_not_keep_what_was_asked_of_its_master_is_asked_about(
    workspace: Workspace, run: Run, tmp_path: Path
) -> None:
    target = tmp_path / "out.flac"
    chain = MasterSettings(Target("own", -8.0, -1.0))
    recipe = Recipe("mastering", "1", 0, "", None, "", "", 44_100, mastering=(chain,))

    async def export() -> None:
        write_tags(write_tone(tmp_path / "quiet.wav"), Tags(title="Quiet", recipe=recipe_to_json(recipe)))
        workspace.actions.import_paths([str(tmp_path / "quiet.wav")])
        await until(lambda: workspace.library.model.rowCount() == 1, "the import")
        row = workspace.library.model.row(0)
        workspace.actions.export_to((row.id, row.title), target, "flac")
        await until(lambda: workspace.window.findChild(Question), "the question")
        question = workspace.window.findChild(Question)
        assert isinstance(question, Question)
        assert re.match(r"The loudness is -\d+\.\d\d LU from the target\. Master it again", question.text.text())
        assert not target.exists()
        question.yes_button.click()
        await until(target.exists, "the export")

    run(export())


def test_waveforms_come_for_what_is_seen(stocked: Workspace, run: Run) -> None:
    model = stocked.library.model
    stocked.window.show_page("library")
    run(until(lambda: all(model.wave(model.row(number).id) for number in range(3))))


def test_the_choice_stays_while_the_library_grows(stocked: Workspace, run: Run, tones: list[Path]) -> None:
    _choose(stocked, 1)
    chosen = stocked.library.model.row(1).id
    copy = tones[0].with_name("dulcimer.wav")
    copy.write_bytes(tones[2].read_bytes())

    async def grow() -> None:
        stocked.actions.import_paths([str(copy)])
        await until(lambda: stocked.library.model.rowCount() == 4)

    run(grow())
    assert [row.id for row in stocked.library.table.chosen_rows()] == [chosen]


def test_answers_that_come_late_are_not_shown(stocked: Workspace, run: Run) -> None:
    async def hurry() -> None:
        for text in ("b", "ba", "c", "ce"):
            stocked.library.model.search(text)
        await until(lambda: _titles(stocked) == ["cello"])
        await asyncio.sleep(0.2)
        assert _titles(stocked) == ["cello"]

    run(hurry())
