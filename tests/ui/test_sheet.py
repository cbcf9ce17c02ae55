"""A forged piece on the desk, with the real engine: parts are looked at, written in, muted, rolled, and made again."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain import Recipe
from sonicforge_studio.host import open_folders
from sonicforge_studio.studio import DraftShelf, Edits
from sonicforge_studio.ui.application import Program
from sonicforge_studio.ui.sheet.draft import Draft
from sonicforge_studio.ui.sheet.note_rows import NoteRows
from sonicforge_studio.ui.sheet.part_row import PartRow
from sonicforge_studio.ui.theme import Theme
from tests.ui.conftest import Run, until, waiting_shelf, write_tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonicforge_studio.domain import Track
    from sonicforge_studio.ui.sheet.part_lane import PartLane
    from sonicforge_studio.ui.sheet.view import SheetView
    from sonicforge_studio.ui.workspace import Workspace


@pytest.fixture
def sheet(workspace: Workspace, run: Run) -> SheetView:
    """A piece of ten seconds, opened from its card."""

    async def forge_and_open() -> None:
        workspace.forge.prompt.write("deep house, 120 bpm, F minor")
        workspace.forge.controls.length.setValue(10)
        workspace.forge.controls.seed.setText("5")
        workspace.forge.forge()
        await until(lambda: workspace.forge.results.cards(), "the piece")
        workspace.forge.results.cards()[0].open_button.click()
        await until(lambda: workspace.forge.sheet.lanes, "its parts")

    run(forge_and_open())
    workspace.window.resize(1280, 800)
    return workspace.forge.sheet


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Drafts are read while it is set: cleared, the disk lets everyone wait."""
    yield from waiting_shelf(monkeypatch, DraftShelf)


def _recipe(sheet: SheetView) -> Recipe:
    assert sheet.editing.draft is not None
    return sheet.editing.draft.recipe


def _place(lane: PartLane, seconds: float, row: int) -> QPoint:
    """The middle of a row at a time."""
    rows = len(lane._rows.pitches)
    return QPoint(round(lane.x_at(seconds)), round((row + 0.5) * lane.height() / rows))


def test_parts_stand_there_with_their_notes(sheet: SheetView) -> None:
    assert list(sheet.lanes) == ["drums", "bass", "chords", "pads", "melody"]
    assert sheet.lanes["drums"].notes
    assert sheet.strips["drums"].sound.currentText() == "909"
    assert sheet.sections.block_at(1.0) is not None
    chord = sheet.chords.block_at(0.5)
    assert chord is not None
    assert chord.text.startswith("F")
    assert not sheet.head.make_button.isEnabled()


def test_a_stroke_is_put_in_and_taken_out_with_the_mouse(sheet: SheetView, run: Run, qtbot: QtBot) -> None:
    lane = sheet.lanes["drums"]
    before = lane.notes
    sheet.strips["drums"].open_button.click()
    assert lane.opened
    place = _place(lane, 0.30, 1)  # the ride, within the third sixteenth at 120 BPM

    async def write() -> None:
        qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=place)
        await until(lambda: _recipe(sheet).written, "the stroke in the draft")
        assert [note.start_beats for note in set(lane.notes) - set(before)] == [0.5]
        assert sheet.strips["drums"].title.accessibleName() == "Drums, by hand"
        qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=place)
        await until(lambda: not _recipe(sheet).written, "the engine's own part")
        await until(lambda: lane.notes == before)

    run(write())


def test_notes_are_written_with_the_keyboard_alone(sheet: SheetView, run: Run, qtbot: QtBot) -> None:
    lane = sheet.lanes["bass"]
    lane.setFocus()
    qtbot.keyClick(lane, Qt.Key.Key_Return)
    assert lane.opened
    qtbot.keyClick(lane, Qt.Key.Key_Right)
    first = lane.notes[0]
    assert lane.chosen == first

    async def write() -> None:
        qtbot.keyClick(lane, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
        qtbot.keyClick(lane, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        qtbot.keyClick(lane, Qt.Key.Key_BracketRight)
        chosen = lane.chosen
        assert chosen is not None
        assert (chosen.pitch, chosen.velocity) == (first.pitch + 12, min(127, first.velocity + 12))
        assert chosen.length_beats == pytest.approx(max(0.25, first.length_beats + 0.25))
        qtbot.keyClick(lane, Qt.Key.Key_Delete)
        assert chosen not in lane.notes
        await until(lambda: _recipe(sheet).written, "the notes in the draft")
        qtbot.keyClick(lane, Qt.Key.Key_R)
        await until(lambda: len({note.start_beats % 4 for note in lane.notes}) <= len(lane.notes), "the bar")
        await until(lambda: not sheet.editing.pending, "the last one in the draft")
        # Everything is taken back, one change after the other.
        while sheet.editing.draft is not None and sheet.editing.draft.can_undo:
            qtbot.keyClick(lane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: lane.notes[0] == first)

    run(write())
    assert not _recipe(sheet).written


def test_strips_change_the_draft(sheet: SheetView, run: Run) -> None:
    strip, melody = sheet.strips["bass"], sheet.strips["melody"]
    strip.mute_button.click()
    strip.lock_button.click()
    melody.fader.setValue(-6)
    melody.fader.setValue(-12)
    melody.sound.setCurrentIndex(1)
    melody.sound.activated.emit(1)
    concept = _recipe(sheet).concept
    assert concept is not None
    bass, changed = concept.change_of("bass"), concept.change_of("melody")
    assert (bass.muted, bass.seed, concept.change_of("harmony").seed) == (True, 5, 5)
    assert (changed.gain_db, changed.sound) == (-6.0, melody.sound.currentText())
    sheet.editing.throw_all()
    assert _recipe(sheet).seed != 5
    assert sheet.editing.draft is not None
    sheet.editing.draft.undo()
    sheet.editing.draft.undo()
    sheet.editing.draft.undo()  # the fader's two steps are one
    concept = _recipe(sheet).concept
    assert concept is not None
    assert concept.change_of("melody").gain_db == 0.0

    async def write_chords() -> None:
        bars = sheet.chords.block_at(0.5)
        sheet.progression.setText("no chords")
        sheet.progression.editingFinished.emit()
        assert "Roman numerals" in sheet._readout.accessibleName()
        sheet.progression.setText("i7 iv7")
        sheet.progression.editingFinished.emit()
        await until(lambda: sheet.chords.block_at(0.5) != bars, "the other chords")

    run(write_chords())


def test_own_samples_play_a_part_and_a_drum(sheet: SheetView, run: Run, tmp_path: Path) -> None:
    key, hit = write_tone(tmp_path / "flute.wav"), write_tone(tmp_path / "thump.wav", 0.2, 80.0)
    strip = sheet.strips["melody"]
    sheet.use_sample("melody", str(key))
    sheet.use_sample("kick", str(hit))
    assert strip.sound.currentText() == "flute.wav"
    assert sheet.strips["drums"].sound.currentText() == "thump.wav"

    async def hear() -> None:
        sheet.head.play_button.click()
        await until(lambda: sheet.rehearsal.heard, "the draft")

    run(hear())
    # Another sound takes the sample's place.
    strip.sound.setCurrentIndex(1)
    strip.sound.activated.emit(1)
    assert strip.sound.currentText() == strip.sound.itemText(1)
    concept = _recipe(sheet).concept
    assert concept is not None
    assert [choice.plays for choice in concept.samples] == ["kick"]


def test_the_draft_is_heard_and_made(sheet: SheetView, workspace: Workspace, run: Run) -> None:
    async def hear_and_make() -> None:
        sheet.head.play_button.click()
        await until(lambda: sheet.rehearsal.heard, "the draft")
        sheet.strips["drums"].mute_button.click()
        sheet.head.make_button.click()
        await until(lambda: len(workspace.forge.results.cards()) == 2, "the piece")
        sheet.head.back_button.click()
        assert workspace.forge.results.isVisible()

    run(hear_and_make())
    made = workspace.forge.results.cards()[0].track
    assert made.recipe is not None
    assert made.recipe.concept is not None
    assert made.recipe.concept.change_of("drums").muted
    assert made.recipe.mastering


def test_what_was_begun_is_here_again(sheet: SheetView, workspace: Workspace, run: Run) -> None:
    async def leave_and_come_back() -> None:
        sheet.strips["bass"].roll_button.click()
        sheet.strips["drums"].mute_button.click()
        changed = _recipe(sheet)
        sheet.head.back_button.click()
        await until(lambda: list(workspace.forge._studio.folders.drafts.glob("*.json")), "the draft on the disk")
        workspace.forge.results.cards()[0].open_button.click()
        await until(lambda: sheet.editing.draft is not None and sheet.editing.draft.is_changed, "the changes")
        assert _recipe(sheet) == changed
        await until(lambda: sheet.lanes, "its parts")
        assert sheet.strips["drums"].mute_button.isChecked()
        sheet.head.undo_button.click()
        assert not sheet.head.make_button.isEnabled()
        # Taken back, there is nothing to keep any more.
        sheet.head.back_button.click()
        await until(lambda: not list(workspace.forge._studio.folders.drafts.glob("*.json")), "the empty shelf")

    run(leave_and_come_back())


def test_what_is_on_its_way_is_kept_when_one_leaves(sheet: SheetView, workspace: Workspace, run: Run) -> None:
    track = workspace.forge.results.cards()[0].track

    async def leave_with_notes_under_way() -> None:
        sheet.editing.rewrite("melody", sheet.lanes["melody"].notes[:-1])
        sheet.editing.rewrite("drums", ())
        count = len(sheet.lanes["melody"].notes)
        # Another piece takes its place at once, and it comes back at once.
        sheet.open(track)
        await until(lambda: sheet.editing.draft is not None and sheet.editing.draft.is_changed, "what was begun")
        await until(
            lambda: "melody" in sheet.lanes and len(sheet.lanes["melody"].notes) == count - 1, "the written melody"
        )
        assert {part.part for part in _recipe(sheet).written} == {"drums", "melody"}
        # The window closes half a second too early for the draft to be written by itself.
        sheet.strips["bass"].fader.setValue(-18)
        await sheet.finish()

    run(leave_with_notes_under_way())
    assert track.recipe is not None
    (kept,) = DraftShelf(workspace.forge._studio.folders.drafts).find(track.recipe)
    assert kept.concept is not None
    assert kept.concept.change_of("bass").gain_db == -9.0


def _seeds(sheet: SheetView) -> list[int]:
    """Of what is shown, and of every state that it can be taken back to."""
    seeds = [_recipe(sheet).seed]
    while sheet.editing.draft is not None and sheet.editing.draft.can_undo:
        sheet.editing.undo()
        seeds.append(_recipe(sheet).seed)
    return seeds


def _set_seed(sheet: SheetView, seed: int) -> None:
    sheet.editing.edit(Edits(seed=seed))


def _track(workspace: Workspace) -> Track:
    return workspace.forge.results.cards()[0].track


def _other(track: Track) -> Track:
    assert track.recipe is not None
    return replace(track, recipe=replace(track.recipe, prompt="another piece"))


def test_what_was_begun_before_is_kept_though_one_leaves_before_it_was_read(
    sheet: SheetView, workspace: Workspace, run: Run, disk: threading.Event
) -> None:
    track = _track(workspace)
    one_step_back: list[bool] = []
    sheet.editing.restored.connect(one_step_back.append)

    async def only_look() -> None:
        disk.clear()
        sheet.open(track)
        sheet.leave()
        disk.set()

    async def set_and_open_another(seed: int) -> None:
        """Before the disk has answered."""
        disk.clear()
        sheet.open(track)
        _set_seed(sheet, seed)
        sheet.open(_other(track))
        disk.set()

    async def leave_and_come_back() -> None:
        _set_seed(sheet, 11)
        sheet.leave()
        await only_look()
        # Twice, so that of three states none was ever shown beside another.
        await set_and_open_another(12)
        await set_and_open_another(13)
        sheet.open(track)
        await until(lambda: one_step_back, "what was begun")

    run(leave_and_come_back())
    assert one_step_back == [True]
    assert "one step back" in sheet._readout.accessibleName()
    assert _seeds(sheet) == [13, 12, 11, 5]


def test_notes_that_are_on_their_way_before_it_was_read_lie_over_what_was_begun(
    sheet: SheetView, workspace: Workspace, run: Run, disk: threading.Event
) -> None:
    track = _track(workspace)

    async def write_and_leave() -> None:
        _set_seed(sheet, 11)
        await sheet.finish()
        disk.clear()
        sheet.open(track)
        sheet.editing.rewrite("drums", ())
        leaving = asyncio.ensure_future(sheet.finish())
        await asyncio.sleep(0)
        disk.set()
        await leaving

    run(write_and_leave())
    assert track.recipe is not None
    begun, newest = DraftShelf(workspace.forge._studio.folders.drafts).find(track.recipe)
    assert (begun.seed, begun.written) == (11, ())
    assert (newest.seed, [part.part for part in newest.written]) == (5, ["drums"])


def test_a_fader_that_was_moved_before_it_was_read_moves_on_over_what_was_begun(
    sheet: SheetView, workspace: Workspace, run: Run, disk: threading.Event
) -> None:
    restored: list[bool] = []

    async def move() -> None:
        _set_seed(sheet, 11)
        sheet.leave()
        disk.clear()
        sheet.open(_track(workspace))
        sheet.editing.move_level("bass", -6.0)
        sheet.editing.move_level("bass", 0.0)
        sheet.editing.restored.connect(restored.append)
        disk.set()
        await until(lambda: restored, "what was begun")
        sheet.editing.move_level("bass", -3.0)

    run(move())
    assert restored == [False]
    assert _seeds(sheet) == [11, 11, 5]


def test_what_was_begun_before_is_kept_though_the_program_ends_before_it_was_read(
    theme: Theme,
    own_home: Path,
    loop: asyncio.AbstractEventLoop,
    program: Program,
    workspace: Workspace,
    sheet: SheetView,
    run: Run,
    disk: threading.Event,
) -> None:
    track = _track(workspace)

    async def set_and_end() -> None:
        _set_seed(sheet, 11)
        sheet.leave()
        disk.clear()
        sheet.open(track)
        _set_seed(sheet, 12)
        program.window.close()
        closing = asyncio.ensure_future(program.close())
        done, _ = await asyncio.wait([closing], timeout=0.2)
        assert not done, "what was changed last is not on the disk yet"
        disk.set()
        await closing

    run(set_and_end())
    again = Program(theme, open_folders(own_home), loop)

    async def begin_again() -> list[int]:
        await again.begin()
        assert again.opened is not None
        reopened = again.opened.workspace.forge.sheet
        reopened.open(track)
        await until(lambda: _recipe(reopened).seed != 5, "what was begun")
        seeds = _seeds(reopened)
        await again.close()
        return seeds

    try:
        assert run(begin_again()) == [12, 11, 5]
    finally:
        again.window.deleteLater()


def test_what_was_begun_before_outlives_the_making_of_what_lies_over_it(
    sheet: SheetView, workspace: Workspace, run: Run, disk: threading.Event
) -> None:
    track = _track(workspace)
    assert track.recipe is not None
    original, shelf = track.recipe, DraftShelf(workspace.forge._studio.folders.drafts)

    async def make() -> None:
        _set_seed(sheet, 11)
        sheet.leave()
        disk.clear()
        sheet.open(track)
        _set_seed(sheet, 12)
        disk.set()
        await until(lambda: [draft.seed for draft in shelf.find(original)] == [11, 12], "both drafts")
        sheet.make()
        await until(lambda: [draft.seed for draft in shelf.find(original)] == [11], "the one that was not made")

    run(make())


def test_undo_takes_back_what_is_on_its_way_and_nothing_else(sheet: SheetView, run: Run) -> None:
    async def undo() -> None:
        before = sheet.lanes["drums"].notes
        sheet.editing.rewrite("drums", before[:-1])
        await until(lambda: _recipe(sheet).written, "the first edit")
        sheet.editing.rewrite("bass", sheet.lanes["bass"].notes[:-1])
        sheet._undo()
        await until(lambda: not sheet.editing.pending, "the second edit")
        await until(lambda: {part.part for part in _recipe(sheet).written} == {"drums"}, "one step back")
        sheet._redo()
        assert {part.part for part in _recipe(sheet).written} == {"drums", "bass"}

    run(undo())


def test_a_draft_is_unfinished_until_its_piece_is_there(
    sheet: SheetView, workspace: Workspace, run: Run, tmp_path: Path
) -> None:
    drafts = workspace.forge._studio.folders.drafts
    hit = write_tone(tmp_path / "hit.wav", seconds=0.3)

    async def make_in_vain_and_then_well() -> None:
        sheet.use_sample("kick", str(hit))
        hit.rename(tmp_path / "elsewhere.wav")
        sheet.make()
        await until(lambda: any(str(job.state) == "failed" for job in workspace.desk.jobs()), "the failure")
        await until(lambda: list(drafts.glob("*.json")), "the draft")
        (tmp_path / "elsewhere.wav").rename(hit)
        sheet.make()
        await until(lambda: len(workspace.forge.results.cards()) == 2, "the piece")
        await until(lambda: not list(drafts.glob("*.json")), "the empty shelf")

    run(make_in_vain_and_then_well())


def test_a_level_moves_what_is_heard_and_composes_nothing(sheet: SheetView, run: Run) -> None:
    composed: list[bool] = []

    async def move() -> None:
        sheet.head.play_button.click()
        await until(lambda: sheet.rehearsal.current, "the draft")
        sheet.editing.composed.connect(lambda: composed.append(True))
        sheet.strips["bass"].fader.setValue(-12)
        sheet.strips["bass"].fader.setValue(-24)
        heard = sheet.rehearsal._taken
        assert heard is not None
        assert heard.faders.of(("bass", "drums")).tolist() == pytest.approx([10 ** (-12 / 20), 1.0])
        # Played anew with this level it is heard through faders that stand at the middle.
        await until(lambda: sheet.rehearsal._preview not in (None, heard), "the beginning of it")
        sheet.head.play_button.click()
        await until(lambda: sheet.rehearsal.current, "what is played anew")
        assert sheet.rehearsal._taken is not None
        assert sheet.rehearsal._taken.faders.of(("bass",)).tolist() == [1.0]

    run(move())
    assert not composed


def test_a_file_that_is_dropped_on_a_part_plays_it(sheet: SheetView, run: Run, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "key.wav", seconds=1.0)
    row = sheet.strips["melody"].parentWidget()
    assert isinstance(row, PartRow)
    one, several = QMimeData(), QMimeData()
    one.setUrls([QUrl.fromLocalFile(str(tone))])
    several.setUrls([QUrl.fromLocalFile(str(tone))] * 2)
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    def drop(data: QMimeData) -> bool:
        entering = QDragEnterEvent(QPoint(5, 5), action, data, button, keys)
        entering.ignore()
        row.dragEnterEvent(entering)
        if entering.isAccepted():
            row.dropEvent(QDropEvent(QPointF(5, 5), action, data, button, keys))
        return entering.isAccepted()

    assert not drop(several)
    assert drop(one)
    concept = _recipe(sheet).concept
    assert concept is not None
    assert [(choice.plays, choice.path) for choice in concept.samples] == [("melody", str(tone))]


def test_a_piece_that_cannot_be_played_says_so(sheet: SheetView, run: Run, tmp_path: Path) -> None:
    key = write_tone(tmp_path / "key.wav", seconds=1.0)

    async def lose_it() -> None:
        sheet.use_sample("melody", str(key))
        Path(key).unlink()
        sheet.head.play_button.click()
        await until(lambda: "key.wav" in sheet._readout.accessibleName(), "the reason")
        assert not sheet.rehearsal._looking.isActive()

    run(lose_it())


def test_a_draft_keeps_its_past() -> None:
    draft = Draft(Recipe("synth", "2", 1, "", None, "", "", 1))
    states = [Recipe("synth", "2", seed, "", None, "", "", 1) for seed in range(2, 6)]
    for state in states:
        draft.apply(state)
    draft.apply(states[-1])
    draft.undo()
    draft.undo()
    assert draft.recipe == states[1]
    assert draft.can_redo
    draft.redo()
    draft.apply(states[0], joined=True)
    assert draft.recipe == states[0]
    assert not draft.can_redo
    draft.undo()
    assert draft.recipe == states[1]
    # A fader that is moved and put back leaves no step.
    draft.apply(states[2])
    draft.apply(states[3], joined=True)
    draft.apply(states[1], joined=True)
    assert draft.recipe == states[1]
    draft.undo()
    assert draft.recipe != states[1]


def test_rows_of_drums_and_of_pitches() -> None:
    drums = NoteRows.of((), drums=True, open=True)
    assert drums.name(drums.pitch_at(0.999)) == "Kick"
    assert drums.shifted(36, 1) == drums.pitches[-2]
    assert drums.shifted(36, -1) == 36
    keys = NoteRows.of((), drums=False, open=True)
    assert len(keys.pitches) >= 14
    assert keys.row_of(60) is not None
    assert keys.shifted(127, 1) == 127
