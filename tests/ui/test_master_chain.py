"""The chain under the hand: pictures, knobs and keys, undo, what is kept, presets, references, and what is heard."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from sonicforge_studio.domain import Suggestion, from_plain
from sonicforge_studio.domain.chain import STAGES, ChainSettings, EqSettings, parameters_of
from sonicforge_studio.domain.mastering import Target
from sonicforge_studio.host import open_folders
from sonicforge_studio.studio.chain_response import eq_response
from sonicforge_studio.studio.master_drafts import MasterDrafts, Reference, first_draft
from sonicforge_studio.studio.master_presets import SUFFIX
from sonicforge_studio.studio.mastering import MasterRequest
from sonicforge_studio.ui.application import Program
from sonicforge_studio.ui.master.stage_panel import StagePanel
from sonicforge_studio.ui.master.stage_views import EqStage, MultibandStage, StereoStage
from sonicforge_studio.ui.master.suggestions import SuggestionsDialog, change_text, reason_text
from sonicforge_studio.ui.master.words import LIMITER, figure_name, option_name, stage_name
from sonicforge_studio.ui.theme import Theme
from tests.ui.conftest import Run, until, waiting_shelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from sonicforge_studio.ui.pages.master import MasterPage
    from sonicforge_studio.ui.workspace import Workspace


@pytest.fixture
def page(stocked: Workspace, run: Run) -> MasterPage:
    async def open() -> None:
        stocked.actions.master(stocked.library.model.row(0).id)
        await until(lambda: stocked.master.track is not None, "the track")

    run(open())
    return stocked.master


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Drafts are read while it is set: cleared, the disk lets everyone wait."""
    yield from waiting_shelf(monkeypatch, MasterDrafts)


async def _open(workspace: Workspace, track_id: int) -> MasterPage:
    page = workspace.master
    workspace.actions.master(track_id)
    await until(lambda: page.track is not None and page.track.id == track_id, "the track")
    return page


def _eq(page: MasterPage) -> EqStage:
    page.chain.choose("eq")
    stage = page.chain.current
    assert isinstance(stage, EqStage)
    return stage


def test_every_stage_has_its_figures_with_name_unit_and_help(page: MasterPage) -> None:
    for stage in (*STAGES, LIMITER):
        page.chain.choose(stage)
        assert page.chain.strip.tiles[stage].isChecked()
        assert stage_name(stage) in page.chain.strip.tiles[stage].accessibleName()
        if stage == LIMITER:
            continue
        shown = {place for panel in page.chain.current.findChildren(StagePanel) for place in panel.figures}
        for name, parameter in parameters_of(getattr(ChainSettings(), stage)).items():
            assert figure_name(name)
            assert any(place.split(".")[0] == name for place in shown) or name == "crossovers_hz", f"{stage}.{name}"
            assert parameter.help
    eq = _eq(page)
    knob = eq.bands[0].figures["gain_db"]
    assert "−15.0 … 15.0 dB" in knob.knob.toolTip()
    assert knob.box.suffix() == " dB"


def test_a_drag_is_one_step_that_can_be_taken_back(page: MasterPage) -> None:
    editor = _eq(page).editor
    editor.resize(800, 400)
    handle = editor.handles[4]
    before = page.editing.draft.chain.eq
    for step in range(1, 6):
        handle.dragged.emit(QPointF(editor.x_of(2000.0) + 10 * step, editor.y_of(0.0) - 12 * step))
    handle.let_go.emit()
    band = page.editing.draft.chain.eq.bands[4]
    assert band.frequency_hz > 2000.0
    assert band.gain_db == pytest.approx(editor.value_at(editor.y_of(0.0) - 60), abs=0.06)
    page.editing.undo()
    assert page.editing.draft.chain.eq == before
    page.editing.redo()
    assert page.editing.draft.chain.eq.bands[4] == band
    handle.dragged.emit(QPointF(editor.x_of(900.0), editor.y_of(2.0)))
    page.editing.undo()
    assert page.editing.draft.chain.eq.bands[4] == band, "another drag is a step of its own"


def test_bands_are_moved_by_keys_and_named_for_screen_readers(page: MasterPage) -> None:
    editor = _eq(page).editor
    handle = editor.handles[1]
    assert handle.accessibleName() == "Band 2: Bell, 160 Hz, 0.0 dB, Q 0.71" or "+0.0 dB" in handle.accessibleName()
    assert handle.focusPolicy() == Qt.FocusPolicy.StrongFocus
    QTest.keyClick(handle, Qt.Key.Key_Up)
    QTest.keyClick(handle, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(handle, Qt.Key.Key_Right)
    QTest.keyClick(handle, Qt.Key.Key_Plus)
    band = page.editing.draft.chain.eq.bands[1]
    assert band.gain_db == pytest.approx(0.6)
    assert band.frequency_hz == pytest.approx(160.0 * 2 ** (1 / 12), abs=0.1)
    assert band.q == pytest.approx(0.7071 * 2**0.25, abs=0.001)
    assert "+0.6 dB" in handle.accessibleName()
    QTest.mouseDClick(handle, Qt.MouseButton.LeftButton)
    assert page.editing.draft.chain.eq.bands[1] == EqSettings().bands[1]


def test_a_band_changes_its_shape_from_its_menu(page: MasterPage) -> None:
    editor = _eq(page).editor
    menu = editor.menu(2)
    action = next(action for action in menu.actions() if action.text() == option_name("notch"))
    action.trigger()
    assert page.editing.draft.chain.eq.bands[2].kind == "notch"
    menu.deleteLater()


def test_the_curve_is_the_equalisers(page: MasterPage) -> None:
    page.editing.set_many({"chain.eq.bands.3.gain_db": 6.0, "chain.eq.bands.3.frequency_hz": 1000.0})
    editor = _eq(page).editor
    frequencies = editor._frequencies
    shown = eq_response(page.editing.draft.chain.eq, frequencies)
    assert editor._curve == pytest.approx(shown)
    assert float(shown[abs(frequencies - 1000.0).argmin()]) == pytest.approx(6.0, abs=0.1)


def test_crossovers_stay_apart_however_they_are_dragged(page: MasterPage) -> None:
    page.chain.choose("multiband")
    stage = page.chain.current
    assert isinstance(stage, MultibandStage)
    stage.view.resize(800, 400)
    stage.view.crossovers[0].dragged.emit(QPointF(stage.view.x_of(15_000.0), 0.0))
    low, middle, high = page.editing.draft.chain.multiband.crossovers_hz
    assert (middle, high) == (700.0, 5000.0)
    assert 1.5 * low <= middle
    stage.view.bands[2].dragged.emit(QPointF(0.0, stage.view.y_of(3.0)))
    assert page.editing.draft.chain.multiband.bands[2].gain_db == pytest.approx(3.0, abs=0.06)


def test_widths_are_dragged_band_by_band(page: MasterPage) -> None:
    page.chain.choose("stereo")
    stage = page.chain.current
    assert isinstance(stage, StereoStage)
    stage.view.resize(800, 400)
    stage.view.bands[0].dragged.emit(QPointF(0.0, stage.view.y_of(0.5)))
    assert page.editing.draft.chain.stereo.widths == (0.5, 1.0, 1.0)


def test_a_figure_is_turned_by_keys_and_written_by_hand(page: MasterPage) -> None:
    page.chain.choose("glue")
    panel = page.chain.current.findChildren(StagePanel)[0]
    ratio = panel.figures["ratio"]
    before = page.editing.draft.chain.glue.ratio
    QTest.keyClick(ratio.knob, Qt.Key.Key_Up)
    QTest.keyClick(ratio.knob, Qt.Key.Key_Up)
    assert page.editing.draft.chain.glue.ratio > before
    page.editing.undo()
    assert page.editing.draft.chain.glue.ratio == before, "strokes that follow each other are one step"
    ratio.box.setValue(4.0)
    assert page.editing.draft.chain.glue.ratio == 4.0
    QTest.keyClick(ratio.knob, Qt.Key.Key_Delete)
    assert page.editing.draft.chain.glue.ratio == ChainSettings().glue.ratio


def test_a_stage_is_bypassed_and_heard_alone_from_its_tile(page: MasterPage) -> None:
    tile = page.chain.strip.tiles["glue"]
    tile.power.click()
    assert not page.editing.draft.chain.glue.on
    assert "off" in tile.accessibleName()
    tile.ear.click()
    assert page.rehearsal.alone == "glue"
    page.chain.strip.tiles["eq"].ear.click()
    assert page.rehearsal.alone == "eq"
    assert not tile.ear.isChecked()
    page.chain.strip.tiles["eq"].ear.click()
    assert page.rehearsal.alone is None


def test_what_was_set_is_there_again_after_another_track_and_after_a_kill(
    stocked: Workspace, page: MasterPage, run: Run
) -> None:
    track = page.track
    assert track is not None
    page.editing.set_many({"chain.eq.tilt_db": 2.0})
    shelf = MasterDrafts(stocked._live.master_drafts._folder)
    # On the disk soon after the change, not only when the page is left.
    run(until(lambda: shelf.find(track.analysis.audio_hash), "the draft"))
    other = stocked.library.model.row(1).id
    stocked.actions.master(other)
    run(until(lambda: page.track is not None and page.track.id == other, "the other track"))
    assert page.editing.draft.chain.eq.tilt_db == 0.0
    stocked.actions.master(track.id)
    run(until(lambda: page.editing.draft.chain.eq.tilt_db == 2.0, "what was set"))
    page.editing.undo()
    assert page.editing.draft.chain.eq.tilt_db == 0.0


def test_what_was_begun_before_lies_one_step_back_where_more_was_set_meanwhile(page: MasterPage, run: Run) -> None:
    editing, track = page.editing, page.track
    assert track is not None
    editing.set_many({"chain.eq.tilt_db": 2.0})
    run(editing.finish())
    one_step_back: list[bool] = []
    editing.restored.connect(one_step_back.append)
    editing.open(replace(track, analysis=replace(track.analysis, audio_hash="of another sound")))
    editing.open(track)
    # Before the disk has answered.
    editing.set_many({"chain.eq.tilt_db": -1.0})
    run(until(lambda: one_step_back, "what was begun before"))
    assert one_step_back == [True]
    assert editing.draft.chain.eq.tilt_db == -1.0
    editing.undo()
    assert editing.draft.chain.eq.tilt_db == 2.0


def test_what_was_begun_before_is_kept_though_another_track_is_chosen_before_it_was_read(
    stocked: Workspace, page: MasterPage, run: Run, disk: threading.Event
) -> None:
    track, other = page.track, stocked.library.model.row(1).id
    assert track is not None
    one_step_back: list[bool] = []
    page.editing.restored.connect(one_step_back.append)

    async def set_and_leave(tilt_db: float) -> None:
        """Before the disk has answered."""
        disk.clear()
        await _open(stocked, track.id)
        page.editing.set_many({"chain.eq.tilt_db": tilt_db})
        await _open(stocked, other)
        disk.set()

    async def leave_and_come_back() -> None:
        page.editing.set_many({"chain.eq.tilt_db": 2.0})
        await _open(stocked, other)
        # Twice, so that of three states none was ever shown beside another.
        await set_and_leave(-1.0)
        await set_and_leave(-3.0)
        await _open(stocked, track.id)
        await until(lambda: one_step_back, "what was begun")

    run(leave_and_come_back())
    assert one_step_back == [True]
    assert _states(page) == [-3.0, -1.0, 2.0, 0.0]


def _states(page: MasterPage) -> list[float]:
    """What is shown, and every state that it can be taken back to."""
    states = [page.editing.draft.chain.eq.tilt_db]
    while page.editing.can_undo:
        page.editing.undo()
        states.append(page.editing.draft.chain.eq.tilt_db)
    return states


def test_what_was_begun_before_is_kept_though_the_program_ends_before_it_was_read(
    theme: Theme,
    own_home: Path,
    loop: asyncio.AbstractEventLoop,
    program: Program,
    stocked: Workspace,
    page: MasterPage,
    run: Run,
    disk: threading.Event,
) -> None:
    track = page.track
    assert track is not None

    async def set_and_end() -> None:
        page.editing.set_many({"chain.eq.tilt_db": 2.0})
        await _open(stocked, stocked.library.model.row(1).id)
        disk.clear()
        await _open(stocked, track.id)
        page.editing.set_many({"chain.eq.tilt_db": -1.0})
        program.window.close()
        closing = asyncio.ensure_future(program.close())
        done, _ = await asyncio.wait([closing], timeout=0.2)
        assert not done, "what was set last is not on the disk yet"
        disk.set()
        await closing

    run(set_and_end())
    again = Program(theme, open_folders(own_home), loop)

    async def begin_again() -> list[float]:
        await again.begin()
        assert again.opened is not None
        page = await _open(again.opened.workspace, track.id)
        await until(lambda: page.editing.can_undo, "what was begun")
        states = _states(page)
        await again.close()
        return states

    try:
        assert run(begin_again()) == [-1.0, 2.0, 0.0]
    finally:
        again.window.deleteLater()


def test_what_was_shown_once_is_no_more_kept_beside_what_is_set(
    page: MasterPage, run: Run, disk: threading.Event
) -> None:
    editing, track = page.editing, page.track
    assert track is not None
    shelf, audio_hash = editing._shelf, track.analysis.audio_hash

    async def kept() -> list[float]:
        await editing.finish()
        return [draft.chain.eq.tilt_db for draft in shelf.find(audio_hash)]

    editing.set_many({"chain.eq.tilt_db": 2.0})
    assert run(kept()) == [2.0]
    editing.open(replace(track, analysis=replace(track.analysis, audio_hash="of another sound")))
    editing.open(track)
    editing.set_many({"chain.eq.tilt_db": -1.0})
    assert run(kept()) == [2.0, -1.0]
    editing.set_many({"chain.eq.tilt_db": -2.0})
    assert run(kept()) == [2.0, -2.0]
    editing.undo()
    editing.undo()
    assert run(kept()) == [2.0]
    editing.redo()
    assert run(kept()) == [-1.0]


def test_a_figure_that_was_moved_before_it_was_read_moves_on_over_what_was_begun(
    page: MasterPage, run: Run, disk: threading.Event
) -> None:
    editing, track = page.editing, page.track
    assert track is not None
    restored: list[bool] = []

    async def move() -> None:
        editing.set_many({"chain.eq.tilt_db": 2.0})
        editing.open(replace(track, analysis=replace(track.analysis, audio_hash="of another sound")))
        disk.clear()
        editing.open(track)
        editing.set_many({"chain.eq.tilt_db": -1.0}, joined="tilt")
        editing.set_many({"chain.eq.tilt_db": 0.0}, joined="tilt")
        editing.restored.connect(restored.append)
        disk.set()
        await until(lambda: restored, "what was begun")
        editing.set_many({"chain.eq.tilt_db": -3.0}, joined="tilt")

    run(move())
    assert restored == [False]
    assert _states(page) == [-3.0, 2.0, 0.0]


def test_a_draft_with_nonsense_in_it_is_left_and_kept_beside(tmp_path: Path) -> None:
    shelf = MasterDrafts(tmp_path)
    draft = first_draft(Target("spotify", -14.0, -1.0))
    shelf.keep("abc", draft)
    assert shelf.find("abc") == (draft,)
    place = tmp_path / "abc.json"
    stored = json.loads(place.read_text())
    newer = json.dumps({**stored, "version": 99})
    stored["draft"]["chain"]["glue"]["ratio"] = 99.0
    nonsense = [json.dumps(stored), "[]", newer]
    for text in nonsense:
        place.write_text(text)
        assert shelf.find("abc") == ()
        shelf.keep("abc", draft)
        assert shelf.find("abc") == (draft,)
    assert sorted(aside.read_text() for aside in tmp_path.glob("abc.*.unreadable")) == sorted(nonsense)


def test_presets_are_chosen_saved_shared_and_deleted(page: MasterPage, run: Run, tmp_path: Path) -> None:
    bar = page.preset_bar
    run(until(lambda: bar.preset.count() > 2, "the presets"))
    bar.preset.setCurrentIndex(bar.preset.findData("punchy"))
    bar.preset.activated.emit(bar.preset.currentIndex())
    run(until(lambda: page.editing.draft.preset == "punchy", "the preset"))
    assert page.editing.draft.chain.glue.ratio == 2.2
    page.editing.set_many({"chain.glue.ratio": 3.0})
    bar.save_wanted.emit("My drums")
    run(until(lambda: bar.preset.findData("My drums") >= 0, "the saved one"))
    shared = tmp_path / f"shared{SUFFIX}"
    run(page.presets._give_out(str(shared)))
    bar.delete_wanted.emit("My drums")
    run(until(lambda: bar.preset.findData("My drums") < 0, "the deletion"))
    page.editing.set_many({"chain.glue.ratio": 1.0})
    assert page.take_drop([str(shared)])
    run(until(lambda: page.editing.draft.chain.glue.ratio == 3.0, "the dropped preset"))
    assert not page.take_drop([str(tmp_path / "song.wav")])


def test_what_plays_is_led_towards_the_references(page: MasterPage, tones: list[Path], run: Run) -> None:
    rehearsal, track = page.rehearsal, page.track
    assert track is not None
    # Files are imported side by side: any of them may have come first.
    other = next(path for path in tones if path.stem != track.title)

    async def refer() -> None:
        page.references.add([str(other)])
        await until(lambda: rehearsal._match is not None, "the reference")
        page.references.add([str(other.with_name("nowhere.wav"))])
        await until(page.error_text, "what is wrong")
        assert rehearsal._match is None
        page.editing.undo()
        await until(lambda: rehearsal._match is not None, "the reference that is there")

    run(refer())
    wanted = rehearsal._wanted()
    assert wanted is not None
    assert wanted.match is not None
    assert any(wanted.match.curve_db)
    page.editing.undo()
    assert rehearsal._wanted() == page.editing.draft.settings


def test_references_are_weighed_and_can_be_taken_back(page: MasterPage, tones: list[Path]) -> None:
    panel = page.references
    panel.add([str(tones[0]), str(tones[1]), str(tones[0])])
    assert [row.weight.value() for row in panel.rows] == [100, 100]
    panel.rows[1].weight.setValue(40)
    panel.share.setValue(75)
    draft = page.editing.draft
    assert draft.references[1] == Reference(str(tones[1]), tones[1].stem, 0.4)
    assert draft.match_share == 0.75
    panel.rows[0].remove.click()
    assert len(page.editing.draft.references) == 1
    for _ in range(4):
        page.editing.undo()
    assert page.editing.draft.references == ()


def test_suggestions_are_taken_together_as_one_step(theme: Theme, qtbot: QtBot, page: MasterPage) -> None:
    cut = Suggestion(
        "Harsh around {frequency_hz} Hz: {gain_db} dB.",
        (("frequency_hz", 4012.0), ("gain_db", -2.0)),
        (("eq.bands.5.gain_db", -2.0), ("eq.bands.5.frequency_hz", 4012.0)),
    )
    mono = Suggestion("The bass is thin: +{gain_db} dB.", (("gain_db", 1.0),), (("stereo.mono_below_hz", 120.0),))
    assert reason_text(cut) == "Harsh around 4012 Hz: −2.0 dB."
    assert change_text(cut) == "EQ 6: Gain −2.0 dB, Frequency 4.01 kHz"
    dialog = SuggestionsDialog(theme, page, (cut, mono))
    qtbot.addWidget(dialog)
    dialog.taken.connect(page._take_suggestions)
    dialog.ticks[1].click()
    dialog.take_chosen()
    assert page.editing.draft.chain.eq.bands[5].frequency_hz == 4012.0
    assert page.editing.draft.chain.stereo.mono_below_hz == 0.0
    page.editing.undo()
    assert page.editing.draft.chain == ChainSettings()


def test_the_master_is_heard_as_it_is_set_and_swapped_with_the_original(
    stocked: Workspace, page: MasterPage, run: Run
) -> None:
    listening = stocked.listening
    page.bar.play.click()
    assert page.rehearsal.heard
    assert len(listening.compared) == 2
    run(until(lambda: listening.state is not None and listening.state.version == 1, "the master"))
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_X)
    run(until(lambda: listening.state is not None and listening.state.version == 0, "the original"))
    assert page.bar.switch.value() == "original"
    QTest.keyClick(page, Qt.Key.Key_B)
    run(until(lambda: listening.state is not None and listening.state.version == 1, "the master again"))
    page.editing.set_many({"chain.eq.tilt_db": 3.0})
    preview = page.rehearsal._preview
    assert preview is not None
    assert preview.settings.chain.eq.tilt_db == 3.0


def test_keys_take_back_and_do_again(page: MasterPage) -> None:
    page.editing.set_many({"chain.eq.tilt_db": 1.0})
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(page, Qt.Key.Key_Z, control)
    assert page.editing.draft.chain.eq.tilt_db == 0.0
    QTest.keyClick(page, Qt.Key.Key_Z, control | shift)
    assert page.editing.draft.chain.eq.tilt_db == 1.0


def test_the_assistant_says_why(page: MasterPage, run: Run) -> None:
    page.assistant_button.click()
    run(until(lambda: page.window().findChildren(SuggestionsDialog), "the suggestions"))
    dialog = page.window().findChildren(SuggestionsDialog)[0]
    assert dialog.ticks, "a lone sine with a beat is far from balanced"
    assert all(tick.text() for tick in dialog.ticks)
    before = page.editing.draft
    dialog.take_all()
    assert page.editing.draft.chain != before.chain
    page.editing.undo()
    assert page.editing.draft == before


def test_the_assistant_leaves_off_when_it_is_told_to(page: MasterPage, run: Run) -> None:
    async def ask() -> None:
        page.assistant_button.click()
        assert page.assistant_button.text() == "Cancel"
        page.assistant_button.click()
        await until(lambda: page.assistant_button.text() != "Cancel", "the end")

    run(ask())
    assert not page.window().findChildren(SuggestionsDialog)
    assert not page.error_text()


def test_the_job_understands_what_the_page_sends(page: MasterPage, tones: list[Path]) -> None:
    page.references.add([str(tones[1])])
    page.editing.set(keep_dynamics_lu=9.0, sample_rate_hz=48_000, match_share=0.25)
    page.editing.set_many({"chain.glue.ratio": 3.0})
    request = from_plain(MasterRequest, page.editing.draft.arguments() | {"path": str(tones[0])})
    assert (request.references[0].path, request.references[0].weight) == (str(tones[1]), 1.0)
    assert (request.match_share, request.keep_dynamics_lu, request.sample_rate_hz) == (0.25, 9.0, 48_000)
    assert request.chain is not None
    assert request.chain == page.editing.draft.chain
