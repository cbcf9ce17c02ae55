"""The jobs drawer over the real queue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.widgets.controls import IconButton
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace


def _button(workspace: Workspace, name: str) -> IconButton:
    return next(
        button
        for button in workspace.drawer.findChildren(IconButton)
        if button.accessibleName() == name and button.isVisibleTo(workspace.drawer)
    )


def _says(workspace: Workspace) -> str:
    labels = workspace.drawer.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisibleTo(workspace.drawer))


def test_it_slides_in_and_out(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    async def slide() -> None:
        qtbot.keyClick(workspace.window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
        area = workspace.window.area()
        await until(lambda: workspace.drawer.geometry().right() == area.right(), "the drawer")
        assert workspace.window.rail.jobs_button.isChecked()
        qtbot.keyClick(workspace.drawer, Qt.Key.Key_Escape)
        await until(workspace.drawer.isHidden)
        assert not workspace.window.rail.jobs_button.isChecked()

    run(slide())


def test_a_running_job_is_shown_and_cancelled(workspace: Workspace, run: Run) -> None:
    async def run_and_cancel() -> None:
        workspace.toggle_jobs()
        workspace.desk.order("forge", {"prompt": "slow ambient", "seconds": 900.0}, "A long piece")
        await until(lambda: any(job.fraction > 0 for job in workspace.desk.jobs()), "progress")
        assert "A long piece" in _says(workspace)
        _button(workspace, "Cancel").click()
        await until(lambda: workspace.desk.at_work() == 0, "the end")
        await until(lambda: "Cancelled" in _says(workspace))

    run(run_and_cancel())
    assert [str(job.state) for job in workspace.desk.jobs()] == ["cancelled"]


def test_a_failed_job_says_why_and_what_to_do(workspace: Workspace, run: Run, tmp_path: Path) -> None:
    async def fail() -> None:
        workspace.toggle_jobs()
        workspace.actions.import_paths([str(tmp_path / "nowhere.wav")])
        await until(lambda: any(str(job.state) == "failed" for job in workspace.desk.jobs()), "the failure")
        await until(lambda: "Check the spelling" in _says(workspace))
        _button(workspace, "Try again").click()
        await until(lambda: workspace.desk.at_work() == 1 or workspace.desk.jobs()[0].attempt, "the retry")
        await until(lambda: workspace.desk.at_work() == 0)
        _button(workspace, "Dismiss").click()
        assert "Check the spelling" not in _says(workspace)

    run(fail())


def test_the_rail_counts_what_runs(workspace: Workspace, run: Run) -> None:
    rail = workspace.window.rail

    async def count() -> None:
        workspace.desk.order("forge", {"prompt": "slow ambient", "seconds": 900.0}, "One")
        workspace.desk.order("forge", {"prompt": "slow ambient", "seconds": 900.0}, "Two")
        await until(lambda: "2" in rail.jobs_button.accessibleName(), "the badge")
        for job in workspace.desk.jobs():
            workspace.desk.cancel(job.id)
        await until(lambda: rail.jobs_button.accessibleName() == "Jobs")

    run(count())


def test_finished_jobs_are_cleared(workspace: Workspace, run: Run, tones: list[Path]) -> None:
    async def clear() -> None:
        workspace.toggle_jobs()
        workspace.actions.import_paths([str(tones[0])])
        await until(lambda: "1 track imported" in _says(workspace), "the import")
        workspace.drawer.clear_finished()
        assert "1 track imported" not in _says(workspace)

    run(clear())
    assert workspace.desk.jobs() == []
