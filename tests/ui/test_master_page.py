"""The Master page with the real chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog

from sonicforge_studio.ui.widgets.controls import Button
from sonicforge_studio.ui.widgets.question import Question
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace


def _open(workspace: Workspace) -> None:
    workspace.actions.master(workspace.library.model.row(0).id)


@pytest.fixture
def mastered(stocked: Workspace, run: Run) -> Workspace:
    async def master() -> None:
        _open(stocked)
        await until(lambda: stocked.window.page() == "master", "the page")
        stocked.master.controls.choose_own(-18.0, -2.0)
        stocked.master.master_button.click()
        await until(stocked.master.result.shows, "the master", patience_seconds=120)

    run(master())
    return stocked


def test_without_a_track_it_shows_the_way(workspace: Workspace) -> None:
    assert not workspace.master.master_button.isEnabled()
    workspace.actions.library_wanted.emit()
    assert workspace.window.page() == "library"


def test_a_file_dropped_on_the_page_is_imported_and_opened(workspace: Workspace, run: Run, tones: list[Path]) -> None:
    async def drop() -> None:
        workspace.window.show_page("master")
        workspace.window.dropped.emit([str(tones[0])])
        await until(lambda: workspace.master.master_button.isEnabled(), "the track on the page")
        await until(lambda: workspace.library.model.rowCount() == 1, "the track in the library")

    run(drop())


def test_the_targets_are_offered_with_their_figures(workspace: Workspace) -> None:
    page = workspace.master
    assert "−14 LUFS" in page.controls.target.itemText(page.controls.target.findData("spotify"))
    assert page.editing.draft.arguments()["target"] == "spotify"
    page.controls.choose_own(-12.5, -1.5)
    page.controls.amount.setValue(40)
    page.order.prove.click()
    wanted = page.editing.draft.arguments()
    assert (wanted["lufs"], wanted["ceiling"], wanted["amount"]) == (-12.5, -1.5, 0.4)
    assert "target" not in wanted
    assert "proof" not in wanted
    assert page.controls.lufs.value() == -12.5


def test_a_master_reaches_its_target_and_shows_both_sides(mastered: Workspace) -> None:
    before, after, wanted, mark = mastered.master.result.shown("lufs")
    assert before.startswith("−")
    assert float(after.replace("−", "-")) == pytest.approx(-18.0, abs=0.2)
    assert (wanted, mark) == ("−18.0", "reached")
    assert mastered.master.result.shown("peak")[3] == "reached"


def test_every_format_is_proved_and_the_recipe_has_the_chain(stocked: Workspace, run: Run) -> None:
    page = stocked.master

    async def master() -> None:
        _open(stocked)
        await until(lambda: page.track is not None, "the track")
        page.editing.set_many({"chain.eq.bands.2.gain_db": 2.0})
        page.master_button.click()
        await until(lambda: page.result.shows() or page.error_text(), "the master", patience_seconds=120)

    run(master())
    assert page.result.shows(), page.error_text()
    assert page.result._master is not None
    assert len(page.result._master.proof) == 10
    assert page.result.proof.summary.text()
    track = page.result._mastered
    assert track is not None
    assert track.recipe is not None
    assert track.recipe.mastering[-1].chain.eq.bands[2].gain_db == 2.0
    assert Path(page.result._report[0]).read_bytes()[:4] == b"%PDF"


def test_an_export_of_a_format_that_did_not_pass_asks_first(mastered: Workspace) -> None:
    result = mastered.master.result
    assert result._master is not None
    proofs = [replace(proof, passed=False, reason="It is too loud.") for proof in result._master.proof]
    result._master = replace(result._master, proof=tuple(proofs))
    result.proof.show_proofs(proofs, result._master.target)
    assert "did not pass" in result.proof.summary.text()
    result.format.setCurrentIndex(result.format.findData("mp3"))
    result.export_button.click()
    question = mastered.window.findChild(Question)
    assert isinstance(question, Question)
    assert "It is too loud." in question.text.text()
    assert mastered.window.findChild(QFileDialog) is None
    question.yes_button.click()
    dialog = mastered.window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.reject()


def test_what_was_wanted_all_the_same_is_not_asked_about_again(stocked: Workspace, run: Run, tmp_path: Path) -> None:
    result, target = stocked.master.result, tmp_path / "delivered.flac"

    async def export() -> None:
        _open(stocked)
        await until(lambda: stocked.window.page() == "master", "the page")
        stocked.master.controls.choose_own(-6.0, -12.0)
        stocked.master.master_button.click()
        await until(result.shows, "the master", patience_seconds=120)
        result.format.setCurrentIndex(result.format.findData("flac"))
        result.export_button.click()
        question = stocked.window.findChild(Question)
        assert isinstance(question, Question)
        assert "from the target" in question.text.text()
        question.yes_button.click()
        dialog = stocked.window.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(target))
        dialog.reject()
        await until(target.exists, "the export")

    run(export())


def test_a_piece_without_a_loudness_to_read_is_not_asked_about(mastered: Workspace) -> None:
    result = mastered.master.result
    assert result._master is not None
    proofs = [replace(proof, passed=False, failure="no-reading") for proof in result._master.proof]
    result._master = replace(result._master, proof=tuple(proofs))
    result.export_button.click()
    assert mastered.window.findChild(Question) is None
    dialog = mastered.window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.reject()


def test_the_switch_shows_and_plays_the_other_one(mastered: Workspace, run: Run) -> None:
    result = mastered.master.result

    async def compare() -> None:
        result.play.click()
        await until(lambda: mastered.listening.piece is not None)

    run(compare())
    first = mastered.listening.piece
    assert first is not None
    original = next(button for button in result.switch.findChildren(Button) if "Original" in button.text())
    original.click()
    result.play.click()
    run(until(lambda: mastered.listening.piece is not None and mastered.listening.piece.path != first.path))
    assert "masters" in first.path


def test_the_two_are_compared_equally_loud_unless_one_wants_to_hear_the_difference(
    mastered: Workspace, run: Run
) -> None:
    result, listening = mastered.master.result, mastered.listening
    result.play.click()
    assert [piece.path for piece in listening.compared] == [result._original.path, result._mastered.path]  # type: ignore[union-attr]
    run(until(lambda: listening.state is not None and listening.state.version == 1, "the master"))
    original = next(button for button in result.switch.findChildren(Button) if "Original" in button.text())
    original.click()
    run(until(lambda: listening.state is not None and listening.state.version == 0, "the original"))
    assert listening.piece == listening.compared[0]
    assert result.match.isChecked()
    assert min(result._gains()) < 0.0
    result.match.click()
    assert result._gains() == (0.0, 0.0)


def test_the_master_is_exported(mastered: Workspace, run: Run, tmp_path: Path) -> None:
    async def export() -> None:
        mastered.master.result.format.setCurrentIndex(mastered.master.result.format.findData("flac"))
        mastered.master.result.export_button.click()
        dialog = mastered.window.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.defaultSuffix() == "flac"
        target = tmp_path / "delivered.flac"
        dialog.fileSelected.emit(str(target))
        dialog.reject()
        await until(target.exists, "the export")
        await until(lambda: mastered.desk.at_work() == 0)

    run(export())
    assert (tmp_path / "delivered.flac").read_bytes()[:4] == b"fLaC"


def test_a_file_that_went_away_is_told_of(stocked: Workspace, run: Run, tones: list[Path]) -> None:
    async def master() -> None:
        _open(stocked)
        await until(lambda: stocked.master.master_button.isEnabled())
        for path in tones:
            path.unlink()
        stocked.master.master()
        await until(stocked.master.error_text, "the error")

    run(master())
    assert stocked.master.master_button.isVisible()
