"""The Analysis page: a track over time, corrections, two tracks side by side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain import Curves, Key, Track
from sonicforge_studio.domain.errors import DecodeFailed
from sonicforge_studio.studio import Studio
from sonicforge_studio.studio.measuring import Measurer
from sonicforge_studio.ui.analysis.axis import SHORTEST_SECONDS, TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.analysis.loudness_lane import LoudnessRange, seen_lufs
from sonicforge_studio.ui.analysis.raster_lane import Raster
from sonicforge_studio.ui.analysis.tapping import Tapping
from sonicforge_studio.ui.analysis.waveform_lane import smooth
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.pages.analysis import AnalysisPage
from sonicforge_studio.ui.theme import Theme
from tests.analysis.played_patterns import RATE_HZ, drums
from tests.ui.analysed_tracks import (
    A_MINOR,
    BPM,
    C_MAJOR,
    StandInCorrections,
    StandInMeasurer,
    curves_of,
    fully_measured,
    nothing_found,
)
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.application import Program
    from sonicforge_studio.ui.workspace import Workspace


@pytest.fixture
def measurer(monkeypatch: pytest.MonkeyPatch) -> StandInMeasurer:
    made = StandInMeasurer()
    monkeypatch.setattr(Measurer, "over_time", lambda _, path, progress: made.over_time(path, progress))
    return made


@pytest.fixture
def stocked_studio(
    stocked: Workspace, program: Program, measurer: StandInMeasurer, monkeypatch: pytest.MonkeyPatch
) -> Studio:
    assert program.opened is not None
    studio = program.opened.studio
    monkeypatch.setattr(Studio, "corrections", StandInCorrections(studio.library), raising=False)
    return studio


@pytest.fixture
def page(stocked: Workspace, stocked_studio: Studio, run: Run) -> AnalysisPage:
    """The page with a fully measured track, drawn."""
    _measure(stocked, stocked_studio, 0)
    _open(stocked, run, 0)
    page = stocked.analysis
    run(until(lambda: page.state() == "track" and not page._settling.isActive(), "the pictures"))
    return stocked.analysis


def _track(workspace: Workspace, studio: Studio, row: int) -> Track:
    track = studio.library.track(workspace.library.model.row(row).id)
    assert track is not None
    return track


def _measure(workspace: Workspace, studio: Studio, row: int, bpm: float = BPM, key: Key = A_MINOR) -> None:
    studio.library.add(fully_measured(_track(workspace, studio, row), bpm, key))


def _choose(workspace: Workspace, *rows: int) -> None:
    table, model = workspace.library.table, workspace.library.model
    table.clearSelection()
    flag = QItemSelectionModel.SelectionFlag
    for row in rows:
        table.selectionModel().select(model.index(row, 0), flag.Select | flag.Rows)


def _open(workspace: Workspace, run: Run, row: int) -> None:
    async def open_it() -> None:
        workspace._go("library")
        _choose(workspace, row)
        workspace.library.analyse_chosen()
        wanted = workspace.library.model.row(row).id
        await until(lambda: workspace.analysis.track is not None and workspace.analysis.track.id == wanted)

    run(open_it())


def _pixels(lane: Lane) -> QImage:
    return lane.grab().toImage()


def _holds(picture: QImage, colour: str) -> bool:
    wanted = QColor(colour).rgb()
    return any(picture.pixel(x, y) == wanted for y in range(picture.height()) for x in range(picture.width()))


# Opening


def test_without_a_track_it_shows_the_way(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.window.rail.page_chosen.emit("analysis")
    assert workspace.analysis.state() == "empty"
    qtbot.keyClick(workspace.analysis, Qt.Key.Key_BracketLeft)
    workspace.analysis.library_wanted.emit()
    assert workspace.window.page() == "library"


def test_the_library_opens_a_track_and_two_are_compared(stocked: Workspace, stocked_studio: Studio, run: Run) -> None:
    _open(stocked, run, 1)
    assert stocked.window.page() == "analysis"
    run(until(lambda: stocked.window.focusWidget() is stocked.analysis.lanes, "the keyboard at the lanes"))

    async def compare() -> None:
        stocked._go("library")
        _choose(stocked, 0, 2)
        stocked.library.analyse_chosen()
        await until(lambda: stocked.analysis.state() == "compare", "the comparison")

    run(compare())
    titles = [stocked.library.model.row(row).title for row in (0, 2)]
    assert [stocked.analysis.comparison.one.title.text(), stocked.analysis.comparison.other.title.text()] == titles


def test_the_context_menu_names_what_it_does(stocked: Workspace) -> None:
    for rows, wanted in (((0,), "Analyse"), ((0, 1), "Compare: will these mix?")):
        _choose(stocked, *rows)
        menu = stocked.library.menu()
        assert wanted in [action.text() for action in menu.actions()]
        menu.close()


def test_the_rail_shows_what_was_chosen_or_played_last(stocked: Workspace, stocked_studio: Studio, run: Run) -> None:
    async def look() -> None:
        _choose(stocked, 2)
        stocked._go("analysis")
        chosen = stocked.library.model.row(2).id
        await until(lambda: stocked.analysis.track is not None and stocked.analysis.track.id == chosen, "the chosen")
        played = stocked.library.model.row(0).id
        stocked._go("library")
        stocked.actions.play(played)
        await until(lambda: stocked.listening.piece is not None)
        stocked._go("analysis")
        await until(lambda: stocked.analysis.track is not None and stocked.analysis.track.id == played, "the played")

    run(look())


def test_a_dropped_file_is_shown_and_the_next_held_beside_it(
    workspace: Workspace, measurer: StandInMeasurer, run: Run, tones: list[Path]
) -> None:
    async def drop() -> None:
        workspace._go("analysis")
        workspace.window.dropped.emit([str(tones[0])])
        await until(lambda: workspace.analysis.state() == "track", "the first")
        workspace.window.dropped.emit([str(tones[1])])
        await until(lambda: workspace.analysis.state() == "compare", "the second beside it")

    run(drop())
    assert workspace.analysis.comparison.pair_is_shown()


def test_another_sound_under_the_same_name_is_drawn_anew(page: AnalysisPage, measurer: StandInMeasurer) -> None:
    track = page.track
    assert track is not None
    asked = len(measurer.asked)
    page.open(replace(track, title="Another title"))
    assert len(measurer.asked) == asked, "the same sound is not drawn again"
    page.open(replace(track, analysis=replace(track.analysis, audio_hash="another", duration_seconds=99.0)))
    assert page.lanes.axis.stretch is not None
    assert page.lanes.axis.stretch.track_seconds == pytest.approx(99.0)


def test_what_was_asked_for_last_is_shown(stocked: Workspace, stocked_studio: Studio, run: Run) -> None:
    page = stocked.analysis
    first, last = (stocked.library.model.row(row).id for row in (0, 1))
    look_up = stocked.actions.track

    async def slow(track_id: int) -> Track:
        if track_id == first:
            await asyncio.sleep(0.1)
        return await look_up(track_id)

    async def ask() -> None:
        page._actions.track = slow  # type: ignore[method-assign]
        page.open_id(first)
        page.open_id(last)
        await until(lambda: page.track is not None and page.track.id == last, "the last one")
        await asyncio.sleep(0.2)

    run(ask())
    assert page.track is not None
    assert page.track.id == last


def test_a_track_that_was_removed_is_not_asked_for_again(page: AnalysisPage, stocked: Workspace, run: Run) -> None:
    removed = page.track
    assert removed is not None

    async def remove_and_return() -> None:
        stocked._go("library")
        await asyncio.to_thread(page._studio.library.remove, [removed.id])
        await until(lambda: page.track is None, "the empty page")
        stocked._go("analysis")
        await asyncio.sleep(0.2)

    run(remove_and_return())
    assert page.state() == "empty"


# Measuring


def test_what_is_known_is_there_at_once_and_the_rest_as_it_comes(
    stocked: Workspace, stocked_studio: Studio, measurer: StandInMeasurer, run: Run
) -> None:
    measurer.go_on.clear()
    _measure(stocked, stocked_studio, 0)
    _open(stocked, run, 0)
    page = stocked.analysis
    assert page.state() == "measuring"
    assert page.facts.tempo.figure.text() == "124"
    run(until(lambda: page.lanes.bar.value() > 0, "progress"))
    assert page.lanes.bar.isVisible()
    measurer.go_on.set()
    run(until(lambda: page.state() == "track"))
    assert not page.lanes.bar.isVisible()


def test_another_track_stops_the_measuring_of_the_first(
    stocked: Workspace, stocked_studio: Studio, measurer: StandInMeasurer, run: Run
) -> None:
    measurer.go_on.clear()
    _open(stocked, run, 0)
    first = stocked.analysis.over_time.measuring
    _open(stocked, run, 1)
    assert first is not None
    assert first is not stocked.analysis.over_time.measuring
    measurer.go_on.set()
    run(until(lambda: stocked.analysis.state() == "track"))
    assert stocked.analysis.track is not None
    assert stocked.analysis.track.title == stocked.library.model.row(1).title


def test_a_file_that_cannot_be_measured_is_told_of_and_tried_again(
    stocked: Workspace, stocked_studio: Studio, measurer: StandInMeasurer, run: Run
) -> None:
    measurer.error = DecodeFailed()
    _open(stocked, run, 0)
    page = stocked.analysis
    run(until(lambda: page.state() == "failed"))
    assert page.over_time.failure is not None
    assert DecodeFailed.message in " ".join(label.text() for label in page.over_time.failure.findChildren(QLabel))
    measurer.error = None
    page.over_time.measure()
    run(until(lambda: page.state() == "track"))


# What is seen


def test_the_figures_are_readable(page: AnalysisPage) -> None:
    facts = page.facts
    assert facts.tempo.figure.text() == "124"
    assert facts.tempo.detail.text() == "BPM · 4/4 · constant"
    assert [button.text() for button in facts.tempo.candidates.buttons] == ["124.0\n86%", "62.0\n10%", "186.0\n3%"]
    assert facts.key.figure.text() == "8A · A minor"
    assert facts.key.detail.text() == "Open Key 1m · Tuning: −4 ct · changes key"
    assert ("Energy", "0.78") in facts.character.shown()
    assert [name for name, _ in facts.loudness.shown()][:3] == ["Integrated", "Loudness range", "True peak"]
    assert facts.mfcc.isVisibleTo(facts)


def test_no_beat_and_no_key_are_said_plainly(stocked: Workspace, stocked_studio: Studio, run: Run) -> None:
    stocked_studio.library.add(nothing_found(_track(stocked, stocked_studio, 0)))
    _open(stocked, run, 0)
    facts = stocked.analysis.facts
    assert facts.tempo.figure.text() == "No steady beat"
    assert facts.tempo.none.isVisibleTo(facts)
    assert not facts.tempo.halve_button.isEnabled()
    assert not facts.tempo.candidates.isVisibleTo(facts)
    assert facts.key.figure.text() == "No key"
    assert stocked.analysis.lanes.sections.accessibleDescription() == "No sections were found"


def test_the_lanes_draw_what_they_are_given(page: AnalysisPage, theme: Theme) -> None:
    lanes = page.lanes
    assert _holds(_pixels(lanes.waveform), theme.colour.wave)
    assert _holds(_pixels(lanes.sections), theme.colour.accent)
    assert lanes.keys.accessibleDescription() == "8A · A minor, 7A · D minor"
    assert lanes.sections.accessibleDescription() == "Intro, Drop"
    for lane in (lanes.tempogram, lanes.chromagram, lanes.loudness):
        picture = _pixels(lane)
        assert len({picture.pixel(300, y) for y in range(lane.height())}) > 1, lane.name


def test_the_readings_name_bar_note_tempo_and_loudness(page: AnalysisPage) -> None:
    lanes = page.lanes
    beat = 60.0 / BPM
    assert lanes.waveform.read(0.0, 0.5) == ""
    assert lanes.waveform.read(0.03, 0.5) == "bar 1, beat 1"
    assert lanes.waveform.read(0.03 + 2 * beat, 0.5) == "bar 1, beat 3"
    assert lanes.chromagram.read(1.0, 9.5 / 12) == "A"
    assert lanes.loudness.read(2.0, 0.5) == "short-term −14.0, momentary −12.0 LUFS"
    assert lanes.sections.read(0.1, 0.5) == "A Intro"
    assert lanes.tempogram.read(1.0, 0.0).endswith(" BPM")


def test_all_lanes_share_the_time_that_wheel_drag_and_keys_choose(page: AnalysisPage, qtbot: QtBot) -> None:
    lanes = page.lanes
    whole = lanes.axis.stretch
    assert whole is not None
    place = QPointF(lanes.chromagram.plot.center())
    wheel = QWheelEvent(
        place, QPointF(lanes.chromagram.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(lanes.chromagram, wheel)
    assert lanes.axis.stretch is not None
    assert lanes.axis.stretch.seconds == pytest.approx(whole.seconds / 1.3)
    for _ in range(20):
        qtbot.keyClick(lanes, Qt.Key.Key_Plus)
    assert lanes.axis.stretch.seconds == pytest.approx(SHORTEST_SECONDS)
    assert lanes.waveform.x_at(lanes.axis.stretch.end_seconds) == pytest.approx(lanes.waveform.width())
    qtbot.keyClick(lanes, Qt.Key.Key_Home)
    assert lanes.axis.stretch.start_seconds == 0.0
    qtbot.keyClick(lanes, Qt.Key.Key_0)
    assert lanes.axis.stretch == whole


def test_a_click_plays_from_there_and_shift_drag_loops(page: AnalysisPage, qtbot: QtBot) -> None:
    lane = page.lanes.tempogram
    with qtbot.waitSignal(page.lanes.sought) as sought:
        qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=QPoint(lane.plot.center()))
    assert sought.args is not None
    assert page.track is not None
    assert sought.args[0] == pytest.approx(page.track.analysis.duration_seconds / 2, abs=0.02)
    left, right = QPoint(lane.plot.left() + 50, 10), QPoint(lane.plot.left() + 250, 10)
    with qtbot.waitSignal(page.lanes.loop_wanted) as looped:
        qtbot.mousePress(lane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, left)
        qtbot.mouseMove(lane, right)
        qtbot.mouseRelease(lane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, right)
    assert looped.args is not None
    assert looped.args[0] < looped.args[1]


def test_the_page_turns_while_it_plays(qapp: QApplication) -> None:
    axis = TimeAxis()
    axis.show_track(60.0)
    axis.show_stretch(0.0, 10.0)
    axis.set_position(9.95)
    axis.set_position(10.05)
    assert axis.stretch is not None
    assert axis.stretch.start_seconds == pytest.approx(10.05 - 0.6)
    axis.set_position(40.0)
    assert axis.stretch.start_seconds == pytest.approx(10.05 - 0.6), "a leap is not followed"


# Corrections


def test_one_key_halves_or_doubles_and_undo_brings_it_back(page: AnalysisPage, run: Run, qtbot: QtBot) -> None:
    tempo = page.facts.tempo

    async def correct() -> None:
        qtbot.keyClick(page.lanes, Qt.Key.Key_BracketLeft)
        await until(lambda: tempo.figure.text() == "62", "the half")
        assert tempo.mark.mark.text() == "yours"
        assert tempo.mark.undo_button.isVisibleTo(page)
        qtbot.keyClick(page.lanes, Qt.Key.Key_BracketRight)
        qtbot.keyClick(page.lanes, Qt.Key.Key_BracketRight)
        await until(lambda: tempo.figure.text() == "248", "twice the double")
        qtbot.keyClick(page.lanes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: tempo.figure.text() == "124", "what was measured")
        assert not tempo.mark.undo_button.isVisibleTo(page)

    run(correct())


def test_a_click_on_a_candidate_picks_it(page: AnalysisPage, run: Run) -> None:
    async def pick() -> None:
        page.facts.tempo.candidates.buttons[1].click()
        await until(lambda: page.facts.tempo.figure.text() == "62", "the tempo")
        assert [button.isChecked() for button in page.facts.tempo.candidates.buttons] == [False, True, False]
        page.facts.key.candidates.buttons[1].click()
        await until(lambda: page.facts.key.figure.text() == f"8B · {C_MAJOR}", "the key")
        assert page.facts.key.mark.mark.text() == "yours"
        other = page.facts.key.other
        other.activated.emit(other.findText("1A · G# minor"))
        await until(lambda: page.facts.key.figure.text() == "1A · G# minor", "another key")

    run(pick())


def test_a_tapped_tempo_holds_once_return_takes_it(page: AnalysisPage, run: Run, qtbot: QtBot) -> None:
    tempo = page.facts.tempo
    for number in range(8):
        tempo.tap_at(number * 60.0 / 99.95)
    assert tempo.tapped.text().startswith("100.0 BPM")
    qtbot.keyClick(page.lanes, Qt.Key.Key_Escape)
    assert not tempo.tapped.isVisibleTo(page)
    assert tempo.figure.text() == "124"
    for number in range(8):
        tempo.tap_at(100.0 + number * 60.0 / 99.95)
    qtbot.keyClick(page.lanes, Qt.Key.Key_Return)
    run(until(lambda: tempo.figure.text() == "100", "the tapped tempo"))


def test_t_taps(page: AnalysisPage, qtbot: QtBot) -> None:
    qtbot.keyClick(page.lanes, Qt.Key.Key_T)
    assert page.facts.tempo.taps == 1
    assert page.facts.tempo.tapped.text() == "Go on tapping…"


def test_taps_settle_on_a_line_and_snap() -> None:
    tapping = Tapping()
    jitter = np.random.default_rng(7).normal(0.0, 0.01, 32)
    for number in range(32):
        tapping.tap(number * 60.0 / 127.3 + jitter[number])
    found = tapping.bpm()
    assert found == pytest.approx(127.3, abs=0.2)
    assert tapping.bpm([127.34]) == 127.34
    tapping.tap(1000.0)
    assert tapping.count == 1, "a pause begins a new row"
    assert tapping.bpm() is None
    for number in range(1, 5):
        tapping.tap(1000.0 + number * 60.0 / 90.06)
    assert tapping.bpm() == 90.0


# Comparing


def test_the_comparison_says_whether_they_mix(
    stocked: Workspace, stocked_studio: Studio, run: Run, qtbot: QtBot
) -> None:
    _measure(stocked, stocked_studio, 0)
    _measure(stocked, stocked_studio, 1, 63.0, Key(4, "minor"))
    _measure(stocked, stocked_studio, 2, 100.0, Key(3, "minor"))
    page = stocked.analysis
    ids = [stocked.library.model.row(row).id for row in range(3)]

    async def compare() -> None:
        page.compare_ids(ids[0], ids[1])
        await until(lambda: page.state() == "compare")
        shown = page.comparison
        assert shown.verdict.text() == "These two mix well: tempo 1.6 % apart, neighbouring keys."
        assert shown.tempo.figure.text() == "−1.6 %"
        assert "63 → 62 BPM" in shown.tempo.text.text()
        assert shown.key.figure.text() == "8A → 9A"
        shown.swapped.emit()
        await until(lambda: shown.key.figure.text() == "9A → 8A", "the other way round")
        page.compare_ids(ids[0], ids[2])
        await until(lambda: "do not mix" in shown.verdict.text())
        assert shown.verdict.property("tone") == "danger"

    run(compare())
    qtbot.keyClick(page, Qt.Key.Key_C)
    assert page.state() != "compare"


def test_a_second_track_can_be_chosen_from_the_newest(page: AnalysisPage, run: Run, qtbot: QtBot) -> None:
    qtbot.keyClick(page, Qt.Key.Key_C)
    assert page.state() == "compare"
    assert not page.comparison.pair_is_shown()

    async def choose() -> None:
        page.comparison.choose_wanted.emit()
        await until(lambda: page.findChildren(QMenu))
        menu = page.findChildren(QMenu)[0]
        menu.actions()[0].trigger()
        menu.close()
        await until(page.comparison.pair_is_shown, "the pair")

    run(choose())


def test_what_the_library_opens_is_the_second_where_one_is_awaited(
    stocked: Workspace, page: AnalysisPage, run: Run, qtbot: QtBot
) -> None:
    first = page.track
    qtbot.keyClick(page, Qt.Key.Key_C)

    async def choose() -> None:
        stocked._go("library")
        _choose(stocked, 2)
        stocked.library.analyse_chosen()
        await until(page.comparison.pair_is_shown, "the pair")

    run(choose())
    assert first is not None
    assert page.track is not None
    assert page.track.id == first.id
    assert page.comparison.other.title.text() == stocked.library.model.row(2).title


def test_a_track_that_leaves_the_library_leaves_the_page(stocked: Workspace, page: AnalysisPage, run: Run) -> None:
    assert page.track is not None
    stocked.actions.remove([page.track.id])
    run(until(lambda: page.state() == "empty"))


# The parts


def test_a_raster_keeps_its_peaks_at_every_zoom() -> None:
    shares = np.zeros((10_000, 8), np.float32)
    shares[1234, 2] = 1.0
    raster = Raster.of(shares, 10.0)
    for start, seconds in ((0.0, 1000.0), (100.0, 60.0), (123.0, 1.0)):
        cells, first, last = raster.seen(Stretch(start, seconds, 1000.0), 100)
        assert cells.shape[0] == 8
        assert cells.shape[1] <= 1000
        assert cells[5].max() == 255, "row 0 is the top"
        assert first <= start
        assert last >= start + seconds
        at = first + (int(cells[5].argmax()) + 0.5) / cells.shape[1] * (last - first)
        assert at == pytest.approx(123.45, abs=(last - first) / cells.shape[1])


def test_the_loudest_of_each_column_is_seen_and_lines_between_few_figures() -> None:
    lufs = np.full(3000, -20.0, np.float32)
    lufs[1234] = -5.0
    lufs[:100] = -np.inf
    seen = seen_lufs(lufs, 10.0, Stretch(0.0, 300.0, 300.0), 250)
    assert seen.shape == (250,)
    assert int(seen.argmax()) == 1234 * 250 // 3000
    assert seen.max() == -5.0
    assert seen[0] < -100.0
    assert seen[20] == -20.0
    near = seen_lufs(lufs, 10.0, Stretch(123.3, 0.2, 300.0), 400)
    assert near.max() == pytest.approx(-5.0, abs=0.1)
    assert float(np.abs(np.diff(near)).max()) < 0.2, "lines, not steps"
    assert (seen_lufs(lufs, 10.0, Stretch(299.9, 60.0, 400.0), 100) < 0.0).all()
    assert (seen_lufs(np.zeros(0, np.float32), 10.0, Stretch(0.0, 1.0, 1.0), 5) < -100.0).all()


def test_wide_steps_of_a_waveform_become_lines() -> None:
    steps = np.repeat(np.array([0, 40, -20], np.int8), 20)
    line = smooth(steps)
    assert line[29] == pytest.approx(40.0, abs=2.0)
    assert float(np.abs(np.diff(line)).max()) <= 3.0
    fine = np.array([0, 40, -20, 10], np.int8)
    assert smooth(fine).tolist() == [0.0, 40.0, -20.0, 10.0]


def test_the_loudness_range_holds_curve_and_target() -> None:
    curves = curves_of(20.0)
    shown = LoudnessRange.of(curves, -23.0)
    assert shown.low_lufs <= -26.0
    assert shown.high_lufs >= -11.0
    nothing = np.zeros(0, np.float32)
    empty = Curves(
        10.0, nothing, nothing, 4.0, np.zeros((0, 12), np.float32), 2.0, nothing, np.zeros((0, 0), np.float32)
    )
    assert LoudnessRange.of(empty, -14.0).low_lufs < LoudnessRange.of(empty, -14.0).high_lufs


# With the real parts


def test_a_real_beat_is_measured_drawn_corrected_and_brought_back(
    workspace: Workspace, run: Run, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "beat.wav"
    soundfile.write(path, drums("house", 124.0, 20.0, seed=4).T, RATE_HZ)
    tempo = workspace.analysis.facts.tempo

    async def use() -> None:
        workspace.actions.import_paths([str(path)])
        await until(lambda: workspace.library.model.rowCount() == 1, "the import")
        workspace._go("library")
        _choose(workspace, 0)
        workspace.library.analyse_chosen()
        page = workspace.analysis
        await until(lambda: page.state() == "track" and not page._settling.isActive(), "the pictures")
        assert tempo.figure.text() == "124"
        qtbot.keyClick(page.lanes, Qt.Key.Key_BracketLeft)
        await until(lambda: tempo.figure.text() == "62", "the half")
        qtbot.keyClick(page.lanes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: tempo.figure.text() == "124", "what was measured")

    run(use())
    lanes = workspace.analysis.lanes
    for lane in (lanes.waveform, lanes.tempogram, lanes.loudness):
        picture = _pixels(lane)
        assert len({picture.pixel(300, y) for y in range(lane.height())}) > 1, lane.name
