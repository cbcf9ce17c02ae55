"""The Forge page with the real composer and engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.pages.forge import EXAMPLES
from sonicforge_studio.ui.pages.variations import changes_text
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace


def _chips(workspace: Workspace, role: str) -> set[str]:
    labels = workspace.forge.prompt.findChildren(QLabel)
    return {label.text() for label in labels if label.property("role") == role and not label.isHidden()}


def _error(workspace: Workspace) -> str:
    return workspace.forge.error_text()


def test_the_prompt_is_read_while_it_is_typed(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    async def type_it() -> None:
        qtbot.keyClicks(workspace.forge.prompt.field, "liquid drum and bass, 174 bpm, A minor, qwertz")
        await until(lambda: {"174 BPM", "A minor"} <= _chips(workspace, "read"), "the reading")
        assert _chips(workspace, "ignored") == {"qwertz"}
        workspace.forge.prompt.field.clear()
        await until(lambda: not _chips(workspace, "read"))

    run(type_it())


def test_an_example_fills_the_field(workspace: Workspace) -> None:
    chip = next(
        button
        for button in workspace.forge.findChildren(type(workspace.forge.forge_button))
        if button.text() == EXAMPLES[2]
    )
    chip.click()
    assert workspace.forge.prompt.text() == EXAMPLES[2]


def test_without_words_it_asks_for_some(workspace: Workspace, qtbot: QtBot) -> None:
    qtbot.mouseClick(workspace.forge.forge_button, Qt.MouseButton.LeftButton)
    assert "Describe the music" in _error(workspace)
    assert workspace.desk.jobs() == []


def test_an_impossible_tempo_is_told_at_the_field(workspace: Workspace, run: Run) -> None:
    async def ask() -> None:
        workspace.forge.prompt.write("house at 5000 bpm")
        await until(lambda: "20 to 400" in _error(workspace), "the error")
        workspace.forge.forge()
        await until(lambda: workspace.forge.forge_button.isVisible())
        workspace.forge.prompt.write("house at 124 bpm")
        await until(lambda: not _error(workspace), "the error to go")

    run(ask())
    assert workspace.desk.jobs() == []


def test_a_piece_is_forged_shown_and_played(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    async def forge() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm, F minor")
        workspace.forge.controls.length.setValue(8)
        workspace.forge.controls.seed.setText("7")
        qtbot.keyClick(workspace.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert workspace.forge.cancel_button.isVisible()
        await until(lambda: workspace.forge.results.cards(), "the piece")
        await until(lambda: workspace.listening.piece is not None, "its sound")

    run(forge())
    track = workspace.forge.results.cards()[0].track
    assert track.recipe is not None
    assert (track.recipe.seed, track.recipe.prompt) == (7, "deep house, 124 bpm, F minor")
    assert workspace.listening.piece is not None
    assert workspace.listening.piece.track_id == track.id
    assert workspace.forge.forge_button.isVisible()
    assert workspace.forge.controls.seed.text() == ""


def test_a_part_is_rolled_again_from_its_card(workspace: Workspace, run: Run) -> None:
    async def forge_and_vary() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm, F minor")
        workspace.forge.controls.length.setValue(6)
        workspace.forge.forge()
        await until(lambda: workspace.forge.results.cards(), "the piece")
        first = workspace.forge.results.cards()[0]
        menu = first.vary.menu_of_changes()
        names = [action.text() for action in menu.actions() if action.text()]
        assert {"Drums", "Bass", "Melody", "Harmony"} <= set(names)
        next(action for action in menu.actions() if action.text() == "Melody").trigger()
        menu.close()
        await until(lambda: len(workspace.forge.results.cards()) == 2, "the variation")

    run(forge_and_vary())
    new, old = (card.track for card in workspace.forge.results.cards())
    assert new.recipe is not None
    assert old.recipe is not None
    assert new.recipe.seed == old.recipe.seed
    assert new.recipe.concept is not None
    assert [(change.part, change.roll) for change in new.recipe.concept.changes] == [("melody", 1)]
    assert changes_text(new.recipe.concept) == "Melody rolled again"
    assert new.analysis.audio_hash != old.analysis.audio_hash


def test_a_piece_is_listened_to_while_it_is_made(workspace: Workspace, run: Run) -> None:
    """There is no sound device here: what is offered, loaded and then taken over is what counts."""

    async def forge_and_listen() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm, F minor")
        workspace.forge.controls.length.setValue(60)
        workspace.forge.forge()
        assert workspace.forge.listen_button.isHidden()
        await until(workspace.forge.listen_button.isVisible, "something to hear")
        workspace.forge.listen_button.click()
        piece = workspace.listening.piece
        assert piece is not None
        assert (piece.track_id, piece.duration_seconds) == (None, 60.0)
        await until(lambda: workspace.listening.state and workspace.listening.state.duration_seconds == 60.0)
        assert workspace.forge.listen_button.isHidden()
        workspace.forge.cancel_button.click()
        await until(lambda: workspace.forge.forge_button.isVisible(), "the end")

    run(forge_and_listen())
    assert workspace.forge.listen_button.isHidden()


def test_cancel_stops_and_leaves_nothing(workspace: Workspace, run: Run) -> None:
    async def forge_and_cancel() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm")
        workspace.forge.controls.length.setValue(600)
        workspace.forge.forge()
        await until(lambda: any(str(job.state) == "running" for job in workspace.desk.jobs()), "the start")
        workspace.forge.cancel_button.click()
        await until(lambda: workspace.forge.forge_button.isVisible(), "the end")

    run(forge_and_cancel())
    assert [str(job.state) for job in workspace.desk.jobs()] == ["cancelled"]
    assert workspace.forge.results.cards() == []


def test_a_locked_seed_stays(workspace: Workspace) -> None:
    controls = workspace.forge.controls
    controls.lock.click()
    seed = controls.seed.text()
    assert seed
    controls.forged()
    assert controls.request().seed == int(seed)
    controls.lock.click()
    controls.forged()
    assert controls.request().seed is None


def test_what_the_controls_say_is_what_is_ordered(workspace: Workspace) -> None:
    controls = workspace.forge.controls
    assert controls.request().bpm is None
    assert controls.request().key is None
    assert controls.request().seconds is None
    controls.tempo.setValue(140)
    controls.key.setCurrentIndex(controls.key.findData("F# minor"))
    controls.length.setValue(30)
    controls.takes.setValue(3)
    controls.target.setCurrentIndex(controls.target.findData("club"))
    wanted = controls.request()
    assert (wanted.bpm, wanted.key, wanted.seconds, wanted.candidates, wanted.target) == (
        140,
        "F# minor",
        30,
        3,
        "club",
    )


def test_the_window_breathes_while_a_piece_is_forged(workspace: Workspace, run: Run) -> None:
    """The longest the main thread is away from its loop, while an engine renders."""

    async def forge() -> float:
        workspace.forge.prompt.write("liquid drum and bass")
        workspace.forge.controls.length.setValue(10)
        workspace.forge.forge()
        longest, loop = 0.0, asyncio.get_running_loop()
        while not workspace.forge.results.cards():
            before = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)
        return longest

    assert run(forge()) < 0.5
