"""The Forge page with the real composer and engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain import Concept, Target, Track
from sonicforge_studio.studio import Edits, Lane, edited
from sonicforge_studio.ui.pages.forge import EXAMPLES
from sonicforge_studio.ui.pages.variations import changes_text
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace


def _chips(workspace: Workspace, role: str) -> set[str]:
    return set(workspace.forge.prompt.chips.chips(role))


def _error(workspace: Workspace) -> str:
    return workspace.forge.error_text()


def test_the_prompt_is_read_while_it_is_typed(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    async def type_it() -> None:
        qtbot.keyClicks(workspace.forge.prompt.field, "liquid drum and bass, 174 bpm, A minor, qwertz")
        await until(
            lambda: {"174 BPM", "8A · A minor", "Liquid drum and bass"} <= _chips(workspace, "read"), "the reading"
        )
        assert _chips(workspace, "ignored") == {"qwertz"}
        workspace.forge.prompt.field.clear()
        await until(lambda: not _chips(workspace, "read"))

    run(type_it())


def test_words_are_completed(workspace: Workspace, qtbot: QtBot) -> None:
    field = workspace.forge.prompt.field
    qtbot.keyClicks(field, "dark, techn")
    assert field._completion is not None
    assert field._completion.shown
    assert field._completion._list.window() is workspace.window
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Tab):
        qtbot.keyClick(field, key)
    assert field.toPlainText() == "dark, techno"
    assert not field._completion.shown
    qtbot.keyClicks(field, ", jun")
    assert field._completion.shown
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field._completion.shown
    assert field.toPlainText() == "dark, techno, jun"


def test_the_keyboard_stays_where_it_went_while_the_sentence_is_read(
    workspace: Workspace, run: Run, qtbot: QtBot
) -> None:
    prompt, window = workspace.forge.prompt, workspace.window

    async def type_it() -> None:
        prompt.take_focus()
        qtbot.keyClicks(prompt.field, "deep house, 124 bpm")
        await until(lambda: "Deep house" in _chips(workspace, "read"), "the reading")
        qtbot.keyClicks(prompt.field, ", F minor, 8 s")
        qtbot.keyClick(prompt.field, Qt.Key.Key_Tab)
        focused = window.focusWidget()
        assert focused.accessibleName() == "Genre: Deep house"
        await until(lambda: "8 seconds" in _chips(workspace, "read"), "the reading anew")
        assert window.focusWidget().accessibleName() == "Genre: Deep house"
        assert window.focusWidget().isVisible()

    run(type_it())


def test_chips_and_blocks_change_what_is_made(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    forge = workspace.forge

    async def steer() -> None:
        forge.prompt.write("deep house, 124.5 bpm, F minor, 8 seconds")
        await until(lambda: "Deep house" in _chips(workspace, "read"), "the reading")
        _trigger(forge.prompt.chips._genres(), "Techno")
        await until(lambda: "Techno" in _chips(workspace, "read"), "the other genre")
        _trigger(forge.prompt.chips._moods(), "dark")
        await until(lambda: "dark" in _chips(workspace, "read"), "the mood")
        _trigger(forge.prompt.chips._sounds("bass"), "reese bass")
        await until(lambda: any("reese bass" in chip for chip in _chips(workspace, "chip")), "the bass")
        row = forge.form_row
        bars = [section.bars for section in row.form]
        row.setFocus()
        qtbot.keyClick(row, Qt.Key.Key_Insert)
        await until(lambda: len(row.form) == len(bars) + 1, "the doubled block")
        qtbot.keyClick(row, Qt.Key.Key_Plus)
        await until(lambda: sum(section.bars for section in row.form) == sum(bars) + bars[0] + 1, "the longer block")
        form = row.form
        forge.forge()
        await until(lambda: forge.results.cards(), "the piece")
        concept = _concept(forge.results.cards()[0].track)
        assert (concept.genre, concept.moods, concept.form) == ("techno", ("dark",), form)
        assert "reese bass" in concept.instruments
        # Started from again, it is the same piece; as written, it is the sentence's.
        forge.prompt.write("something else")
        workspace.actions.fork_wanted.emit(forge.results.cards()[0].track)
        await until(lambda: row.form == form and "Techno" in _chips(workspace, "read"), "the same start")
        again = await asyncio.to_thread(forge._studio.compose, forge._request(), forge._seed())
        assert (again.tempo_bpm, again.duration_seconds, again.key) == (124.5, concept.duration_seconds, concept.key)
        assert (again.form, again.instruments, again.energy) == (form, concept.instruments, concept.energy)
        forge.prompt.chips._forget()
        await until(lambda: "Deep house" in _chips(workspace, "read"), "the sentence alone")

    run(steer())


def test_takes_are_heard_side_by_side_and_one_is_kept(workspace: Workspace, run: Run, qtbot: QtBot) -> None:
    forge = workspace.forge

    async def choose() -> None:
        forge.prompt.write("deep house, 124 bpm, F minor")
        forge.controls.length.setValue(5)
        forge.controls.seed.setText("40")
        forge.controls.takes.setValue(3)
        forge.forge()
        await until(lambda: len(forge.takes.cards()) == 3, "the takes")
        assert not forge.results.cards()
        assert [card.take.recipe.seed for card in forge.takes.cards()] == [40, 41, 42]
        assert len(workspace.listening.compared) == 3
        while forge.takes.chosen:
            qtbot.keyClick(forge.takes, Qt.Key.Key_Left)
        qtbot.keyClick(forge.takes, Qt.Key.Key_Right)
        assert workspace.listening.piece is forge.takes.cards()[1].take.piece
        qtbot.keyClick(forge.takes, Qt.Key.Key_X)
        assert [card.take.recipe.seed for card in forge.takes.cards()] == [40, 42]
        qtbot.keyClick(forge.takes, Qt.Key.Key_K)
        await until(lambda: forge.results.cards(), "the kept one")
        qtbot.keyClick(forge.takes, Qt.Key.Key_Escape)
        assert not forge.takes.cards()
        # What was thrown away comes back, the last of it first.
        qtbot.keyClick(forge.takes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert [card.take.recipe.seed for card in forge.takes.cards()] == [40]
        qtbot.keyClick(forge.takes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert [card.take.recipe.seed for card in forge.takes.cards()] == [40, 41]
        qtbot.keyClick(forge.takes, Qt.Key.Key_Escape)
        qtbot.keyClick(forge.takes, Qt.Key.Key_Escape)
        assert forge.takes.isHidden()

    run(choose())
    kept = forge.results.cards()[0].track
    assert kept.recipe is not None
    assert kept.recipe.seed in (40, 42)
    assert kept.recipe.mastering


def test_a_piece_is_compared_with_the_one_before(workspace: Workspace, run: Run) -> None:
    async def compare() -> None:
        for seed in ("1", "2"):
            workspace.forge.prompt.write("deep house, 124 bpm, F minor")
            workspace.forge.controls.length.setValue(4)
            workspace.forge.controls.seed.setText(seed)
            workspace.forge.forge()
            await until(lambda seed=seed: len(workspace.forge.results.cards()) == int(seed), "the piece")
        newest, oldest = workspace.forge.results.cards()
        assert not _action(oldest.menu_of_more(), "Compare").isEnabled()
        _action(newest.menu_of_more(), "Compare").trigger()
        await until(lambda: workspace.analysis.state() == "compare", "the comparison")

    run(compare())


def _action(menu: QMenu | None, start: str) -> QAction:
    assert menu is not None
    return next(action for action in menu.actions() if action.text().startswith(start))


def _trigger(menu: QMenu | None, text: str) -> None:
    _action(menu, text).trigger()


def _concept(track: Track) -> Concept:
    assert track.recipe is not None
    assert track.recipe.concept is not None
    return track.recipe.concept


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


def test_a_piece_with_a_target_of_its_own_is_varied_and_made_of_a_draft_as_loud_as_was_asked_for(
    workspace: Workspace, run: Run
) -> None:
    own = Target("own", -20.0, -3.0)

    async def master(path: str) -> Track:
        arguments = {"path": path, "lufs": own.integrated_lufs, "ceiling": own.ceiling_dbtp}
        job = await workspace.desk.submit("master", arguments, "Master", Lane.HIGH)
        return await workspace.actions.track(await made_by(job.id))

    async def made_by(job_id: int) -> int:
        await until(lambda: (job := workspace.desk.job(job_id)) is not None and job.state.finished, "the job")
        job = workspace.desk.job(job_id)
        assert job is not None
        assert job.error is None
        return int(job.result["track_id"])

    async def asked_for(*, since: int) -> list[Target]:
        """Of the piece that the newest job made."""
        await until(lambda: workspace.desk.jobs()[0].id > since, "the job")
        track = await workspace.actions.track(await made_by(workspace.desk.jobs()[0].id))
        assert track.recipe is not None
        return [settings.asked_for for settings in track.recipe.mastering]

    async def forge_master_and_vary() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm, F minor")
        workspace.forge.controls.length.setValue(4)
        workspace.forge.forge()
        await until(lambda: workspace.forge.results.cards(), "the piece")
        track = await master(workspace.forge.results.cards()[0].track.path)
        assert track.recipe is not None
        newest = workspace.desk.jobs()[0].id
        workspace.actions.vary(track, Edits(roll=("melody",)))
        assert await asked_for(since=newest) == [own]
        # Where a codec led the limiter elsewhere, and by a name that only a reference gives.
        led = replace(track.recipe.mastering[-1], target=replace(own, ceiling_dbtp=-4.0))
        for wanted in (own, replace(own, name="reference")):
            recipe = replace(track.recipe, mastering=(led.led_from(wanted),))
            newest = workspace.desk.jobs()[0].id
            workspace.actions.make_draft(replace(track, recipe=recipe), edited(recipe, Edits(mute=("drums",))))
            assert await asked_for(since=newest) == [wanted]

    run(forge_master_and_vary())


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


def test_cancelled_before_the_order_has_arrived(workspace: Workspace, run: Run) -> None:
    async def forge_and_cancel() -> None:
        workspace.forge.prompt.write("deep house, 124 bpm")
        workspace.forge.controls.length.setValue(600)
        workspace.forge.forge()
        workspace.forge.cancel_button.click()
        await until(lambda: workspace.forge.forge_button.isVisible(), "the end")

    run(forge_and_cancel())
    assert [str(job.state) for job in workspace.desk.jobs()] == ["cancelled"]


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
    # What comes from a piece stays exact until another figure is put in.
    controls.tempo.set_exact(174.12345)
    assert controls.request().bpm == 174.12345
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
