"""The Live page in the real window: what plays and what comes in, the whole track, full screen, and the dock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from sonicforge_studio.kernels.live_spectrum import SpectrumSettings
from sonicforge_studio.studio._unfinished import Mark
from sonicforge_studio.ui.running_total import RunningTotal
from tests.sound_server import SoundServer, running_server
from tests.ui.conftest import Run, until, write_tone

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace


def test_the_dock_gives_way_to_the_page_that_shows_the_same(workspace: Workspace) -> None:
    assert workspace.scope.isVisible()
    workspace.window.rail.page_chosen.emit("live")
    assert not workspace.scope.isVisible()
    assert not workspace.window.rail.scope_button.isEnabled()
    assert workspace.live.spectrum.isVisible()
    workspace.window.rail.page_chosen.emit("library")
    assert workspace.scope.isVisible()
    workspace.toggle_scope()
    assert not workspace.scope.isVisible()


def test_settings_reach_the_analyser_and_are_remembered(workspace: Workspace, run: Run) -> None:
    page, live = workspace.live, workspace._live
    page.controls.choose("fft_size", 8192)
    page.controls.choose("weighting", "A")
    wanted = SpectrumSettings(fft_size=8192, weighting="A")
    run(until(lambda: live.analyser.settings == wanted, "the new settings"))
    assert workspace._memory.value("live/fft_size") in (8192, "8192")
    page.controls.target.setCurrentIndex(page.controls.target.findData("ebu-r128"))
    assert page.loudness._target.integrated_lufs == -23.0
    page.controls.average_button.click()
    assert page.spectrum.average_shown
    page.controls.peaks_button.click()
    assert not page.spectrum.peaks_shown


def test_what_a_hand_has_spoilt_in_the_memory_falls_back(workspace: Workspace) -> None:
    from sonicforge_studio.ui.live.controls import remembered

    memory = workspace._memory
    for name, value in (("fft_size", "many"), ("window", "round"), ("bands_per_octave", "12")):
        memory.setValue(f"live/{name}", value)
    assert remembered(memory) == SpectrumSettings(bands_per_octave=12)


def test_a_view_fills_the_screen_and_goes_back(workspace: Workspace, qtbot: QtBot) -> None:
    page = workspace.live
    workspace.window.rail.page_chosen.emit("live")
    place = page.waterfall.geometry()
    page.waterfall.full_button.click()
    assert page.waterfall.isWindow()
    assert page.waterfall.isFullScreen()
    qtbot.keyClick(page.waterfall, Qt.Key.Key_Escape)
    assert not page.waterfall.isWindow()
    qtbot.waitUntil(lambda: page.waterfall.geometry() == place)
    workspace.window.rail.page_chosen.emit("forge")
    workspace.scope.full_button.click()
    assert workspace.scope.isFullScreen()
    qtbot.waitUntil(lambda: workspace.scope.height() > workspace._kit.theme.size.scope)
    workspace.scope.full_button.click()
    qtbot.waitUntil(lambda: workspace.scope.height() == workspace._kit.theme.size.scope)


def test_a_picture_and_figures_are_exported(workspace: Workspace, run: Run, tmp_path: Path) -> None:
    page = workspace.live
    workspace.window.rail.page_chosen.emit("live")

    async def export(kind: str) -> None:
        page.export(page.spectrum, kind)
        dialog = workspace.window.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(tmp_path / f"spectrum.{kind}"))
        dialog.reject()
        await until((tmp_path / f"spectrum.{kind}").exists)
        await until(lambda: workspace.window.findChild(QFileDialog) is None)

    run(until(lambda: page.spectrum.snapshot is not None))
    for kind in ("png", "csv"):
        run(export(kind))
    assert (tmp_path / "spectrum.csv").read_text(encoding="utf-8").startswith("frequency_hz,level_left_dbfs")


def test_without_an_input_the_page_says_so(workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere/native")
    page = workspace.live
    page.source.choose("input")
    run(until(lambda: "input" in page.source.note().lower() or "device" in page.source.note().lower(), "a sentence"))
    assert not page.source.record_button.isEnabled()
    page.source.choose("playback")
    run(until(lambda: workspace._live.capture.state.status == "closed"))


def test_recordings_that_a_crash_left_are_brought_in(workspace: Workspace, run: Run, tmp_path: Path) -> None:
    lost = write_tone(tmp_path / "lost.wav", 1.0)
    Mark.make(tmp_path / "home" / "recordings", lost).release()
    workspace._recover_recordings()
    run(until(lambda: workspace.library.model.rowCount() == 1, "the recording in the library"))
    assert workspace.library.model.row(0).title == "lost"
    assert workspace._recordings.orphans() == ()


@pytest.mark.sound
def test_what_plays_is_seen_and_what_comes_in_is_recorded(
    sound_server: SoundServer, stocked: Workspace, run: Run
) -> None:
    page = stocked.live

    async def journey() -> None:
        stocked.window.rail.page_chosen.emit("live")
        await until(lambda: stocked.library.model.rowCount() == 3)
        stocked.actions.play(stocked.library.model.row(stocked.library.model.rowCount() - 1).id)
        await until(lambda: page.spectrum.snapshot and page.spectrum.snapshot.levels_db.max() > -40, "a spectrum")
        await until(lambda: stocked.clock.running)
        page.shown.choose("track")
        page.show_part("track")
        await until(lambda: page.spectrogram.canvas.isVisible())
        page.spectrogram.sought.emit(0.2)
        page.show_part("meters")
        page.source.choose("input")
        await until(lambda: page.source.record_button.isEnabled(), "an open input")
        page.toggle_recording()
        await until(lambda: page.source.note().startswith("Recording"), "a recording")
        await asyncio.sleep(0.6)
        page.toggle_recording()
        await until(lambda: stocked.library.model.rowCount() == 4, "the recording in the library")
        page.source.choose("playback")
        await until(lambda: stocked._live.capture.state.status == "closed")

    run(journey())
    assert any(row.title.startswith("Recording") for row in map(stocked.library.model.row, range(4)))


def test_a_count_that_is_begun_anew_is_added_up() -> None:
    total = RunningTotal()
    for count in (0, 1, 2, 0, 0, 3, 1):
        total.follow(count)
    assert total.total == 2 + 3 + 1


@pytest.mark.sound
def test_a_recording_whose_input_goes_away_comes_into_the_library(workspace: Workspace, run: Run) -> None:
    page = workspace.live

    async def journey(server: SoundServer) -> None:
        workspace.window.rail.page_chosen.emit("live")
        page.toggle_recording()  # opens the input, and records once it is open
        await until(lambda: page.source.note().startswith("Recording"), "a recording")
        await until(lambda: not workspace.window.transport._record.isHidden(), "the recording in the transport")
        await until(lambda: workspace._live.capture.state.seconds > 0.2, "something recorded")
        server.stop()
        await until(lambda: workspace.library.model.rowCount() == 1, "what was recorded in the library")

    with running_server() as server:
        run(journey(server))
        assert workspace._recordings.orphans() == ()


@pytest.mark.sound
def test_the_library_plays_on_row_by_row(sound_server: SoundServer, stocked: Workspace, run: Run) -> None:
    async def journey() -> None:
        model = stocked.library.model
        await until(lambda: model.rowCount() == 3)
        first, second = model.row(0), model.row(1)
        stocked.library._play(first.id)
        await until(lambda: stocked.listening.piece is not None and stocked.listening.playing)
        stocked.listening.seek(max(0.0, first.duration_seconds - 0.8))
        await until(lambda: stocked.listening.piece and stocked.listening.piece.track_id == second.id, "the next row")
        assert stocked.listening.playing

    run(journey())
