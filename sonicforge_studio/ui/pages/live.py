"""The Live page: what sounds now, as spectrum, waterfall, loudness, stereo, key and tempo; and the whole track."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Target
from sonicforge_studio.studio import InputDevice, Live, LiveSnapshot, PlayerState, Studio
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece
from sonicforge_studio.ui.live.controls import LiveControls
from sonicforge_studio.ui.live.exports import save_csv, save_png
from sonicforge_studio.ui.live.frame_clock import FrameClock
from sonicforge_studio.ui.live.full_screen import FullScreen
from sonicforge_studio.ui.live.loudness_view import LoudnessView
from sonicforge_studio.ui.live.music_panel import MusicPanel
from sonicforge_studio.ui.live.source_bar import SourceBar
from sonicforge_studio.ui.live.spectrogram_view import SpectrogramView
from sonicforge_studio.ui.live.spectrum_view import SpectrumView
from sonicforge_studio.ui.live.vectorscope_view import VectorscopeView
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.live.waterfall_view import WaterfallView
from sonicforge_studio.ui.numbers import clock
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import label
from sonicforge_studio.ui.widgets.segments import Segments

_CAPTURE_LOOK_MILLISECONDS = 200
_LOOKS_BETWEEN_TRIES = 15


class LivePage(QWidget):
    exported = Signal(str)
    """The path of a picture or table that was written."""
    recorded = Signal(str)
    """The path of a recording that is over, to be put into the library."""

    def __init__(
        self, studio: Studio, live: Live, listening: Listening, frames: FrameClock, kit: Kit, memory: QSettings
    ) -> None:
        super().__init__()
        self._live = live
        self._kit = kit
        self._listening = listening
        self._recordings = studio.recordings
        self._input: InputDevice | None = None
        self._record_once_open = False
        self._looks_in_vain = 0
        self._closing_recording = False
        self._targets = {target.name: target for target in studio.targets}
        self._full_screen = FullScreen()
        self.setObjectName("page")
        theme = kit.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.l, theme.space.xl, theme.space.m)
        layout.setSpacing(theme.space.m)
        self.controls = LiveControls(theme, studio.targets, studio.settings.target, memory)
        self.source = SourceBar(theme)
        self.shown = Segments(theme, tr("Show"), [("meters", tr("Meters")), ("track", tr("Whole track"))])
        layout.addLayout(self._head())
        self._stack = QStackedWidget()
        self._make_views(self._target())
        self._stack.addWidget(self._meters())
        self.spectrogram = SpectrogramView(kit.theme, live.spectrograms)
        self._stack.addWidget(self.spectrogram)
        layout.addWidget(self._stack, 1)
        self._wire(frames)
        self._capture_timer = QTimer(self)
        self._capture_timer.setInterval(_CAPTURE_LOOK_MILLISECONDS)
        self._capture_timer.timeout.connect(self._look_at_capture)

    # Building

    def _head(self) -> QHBoxLayout:
        theme = self._kit.theme
        row = QHBoxLayout()
        row.setSpacing(theme.space.l)
        row.addWidget(label(tr("Live"), "title"))
        row.addWidget(self.source, 1)
        row.addWidget(self.shown)
        return row

    def _make_views(self, target: Target) -> None:
        theme = self._kit.theme
        self.spectrum = SpectrumView(theme)
        self.waterfall = WaterfallView(theme)
        self.loudness = LoudnessView(theme, target)
        self.vectorscope = VectorscopeView(theme)
        self.music = MusicPanel(theme)
        self.views: Sequence[LiveView] = (self.spectrum, self.waterfall, self.loudness, self.vectorscope)

    def _meters(self) -> QWidget:
        theme = self._kit.theme
        meters = QWidget()
        column = QVBoxLayout(meters)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.m)
        column.addWidget(self.controls)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.space.s)
        self._grid.addWidget(self.spectrum, 0, 0, 2, 1)
        self._grid.addWidget(self.waterfall, 2, 0, 2, 1)
        self._grid.addWidget(self.loudness, 0, 1, 2, 1)
        self._grid.addWidget(self.vectorscope, 2, 1)
        self._grid.addWidget(self.music, 3, 1)
        self._grid.setColumnStretch(0, 8)
        self._grid.setColumnStretch(1, 5)
        for row, stretch in enumerate((1, 1, 2, 0)):
            self._grid.setRowStretch(row, stretch)
        column.addLayout(self._grid, 1)
        return meters

    def _wire(self, frames: FrameClock) -> None:
        analyser = self._live.analyser
        controls = self.controls
        controls.settings_wanted.connect(analyser.configure)
        controls.peaks_wanted.connect(self.spectrum.show_peaks)
        controls.average_wanted.connect(self.spectrum.show_average)
        controls.target_wanted.connect(lambda _: self.loudness.show_target(self._target()))
        controls.span_wanted.connect(self.loudness.show_span)
        controls.reset_wanted.connect(self.reset)
        self.spectrum.peaks_shown = controls.peaks_button.isChecked()
        self.spectrum.average_shown = controls.average_button.isChecked()
        self.loudness.show_span(controls.span.currentData())
        analyser.configure(controls.settings)
        self.source.source_wanted.connect(self._look_at)
        self.source.input_wanted.connect(self._listen)
        self.source.record_wanted.connect(self.record)
        self.shown.chosen.connect(self.show_part)
        for view in self.views:
            frames.watch(view.look)
            view.full_screen_wanted.connect(self._full_screen.toggle)
            view.export_wanted.connect(self.export)
        frames.watch(self._look)
        self.spectrogram.sought.connect(self._seek)
        self.spectrogram.loop_wanted.connect(self._listening.set_loop)
        self.spectrogram.loop_dropped.connect(self._listening.clear_loop)
        self.spectrogram.full_screen_wanted.connect(self._full_screen.toggle)
        self.spectrogram.export_wanted.connect(self.export)
        self._listening.loaded.connect(self._show_piece)
        self._listening.changed.connect(self._show_playback)

    def _target(self) -> Target:
        return self._targets[self.controls.target.currentData()]

    # At the screen's pace

    def _look(self, snapshot: LiveSnapshot) -> None:
        if self.music.isVisible():
            self.music.show_reading(self._live.music.newest if snapshot.position_seconds is not None else None)

    def _show_playback(self, state: PlayerState) -> None:
        if self.spectrogram.isVisible():
            self.spectrogram.show_position(state.position_seconds)
            self.spectrogram.show_loop(state.loop)

    def _show_piece(self, piece: Piece) -> None:
        self.spectrogram.show_track(piece.path, piece.title, piece.duration_seconds)

    # What is wanted

    def show_part(self, part: str) -> None:
        """ "meters" or "track"."""
        self.shown.choose(part)
        self._stack.setCurrentIndex(0 if part == "meters" else 1)
        self.take_focus()

    def fit(self, window_width: int) -> None:
        """The window has another width."""
        self.controls.fit(narrow=window_width < self._kit.theme.size.page)

    def take_focus(self) -> None:
        (self.spectrum if self.shown.value() == "meters" else self.spectrogram).setFocus()

    def reset(self) -> None:
        """Begin what was gathered anew: integrated loudness, range, maxima, average, held peaks."""
        self._live.analyser.reset()

    def _seek(self, seconds: float) -> None:
        """A click in the whole track plays from there."""
        self._listening.seek(seconds)
        if not self._listening.playing:
            self._listening.toggle()

    # The input

    def _look_at(self, source: str) -> None:
        """Measure what plays, or what comes in; the input is open only while it is looked at."""
        capture = self._live.capture
        said = tr("Play something to see it here") if source == "playback" else tr("Nothing comes in yet")
        self.spectrum.invitation = said
        self._live.analyser.reset()
        if source == "input":
            self._live.heard.choose(capture.tap)
            self._kit.tasks.start(asyncio.to_thread(capture.listen, self._input))
            self._capture_timer.start()
            self._look_at_capture()
            self._kit.tasks.start(self._list_inputs())
        else:
            self._live.heard.choose(self._live.player.tap)
            self._capture_timer.stop()
            self._kit.tasks.start(self._leave_input())

    async def _list_inputs(self) -> None:
        inputs = await asyncio.to_thread(self._live.devices.inputs)
        self.source.show_inputs(inputs, self._input)

    async def _leave_input(self) -> None:
        if self._live.capture.state.status == "recording":
            await self._record(False)
        await asyncio.to_thread(self._live.capture.close)

    def _listen(self, device: InputDevice | None) -> None:
        self._input = device
        self._kit.tasks.start(asyncio.to_thread(self._live.capture.listen, device))

    def record(self, wanted: bool) -> None:
        """Start a recording, or end it and put it into the library."""
        self._kit.tasks.start(self._record(wanted))

    def toggle_recording(self) -> None:
        """The key, from anywhere: opens the input first, where it is not looked at."""
        if self.source.value() != "input":
            self._record_once_open = True
            self.source.choose("input")
        else:
            self.record(self._live.capture.state.status != "recording")

    async def _record(self, wanted: bool) -> None:
        recordings, capture = self._recordings, self._live.capture
        if wanted:
            await asyncio.to_thread(recordings.start, capture)
        else:
            recorded = await asyncio.to_thread(recordings.stop, capture)
            self.recorded.emit(str(recorded.path))
        self._look_at_capture()

    def _look_at_capture(self) -> None:
        state = self._live.capture.state
        self.source.show_capture(state)
        if state.status == "listening" and self._record_once_open:
            self._record_once_open = False
            self.record(True)
        elif state.status in ("device-lost", "no-device"):
            self._record_once_open = False
            if state.path is not None and not self._closing_recording:
                # What came until then is a recording like any other.
                self._closing_recording = True
                self.record(False)
            elif state.path is None:
                self._look_for_input()
        if state.path is None:
            self._closing_recording = False

    def _look_for_input(self) -> None:
        """An input that went away, or was never there, may come back."""
        self._looks_in_vain += 1
        if self._looks_in_vain % _LOOKS_BETWEEN_TRIES == 0:
            self._kit.tasks.start(self._try_input())

    async def _try_input(self) -> None:
        inputs = await asyncio.to_thread(self._found_inputs)
        if inputs and self.source.value() == "input":
            self.source.show_inputs(inputs, self._input)
            await asyncio.to_thread(self._live.capture.listen, self._input)

    def _found_inputs(self) -> Sequence[InputDevice]:
        self._live.devices.probe()
        return self._live.devices.inputs()

    # Exports

    def export(self, view: LiveView | SpectrogramView, kind: str) -> None:
        """Ask where to, then write the view as it stands, as "png" or "csv"."""
        dialog = QFileDialog(self.window(), tr("Export"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{kind.upper()} (*.{kind})")
        dialog.setDefaultSuffix(kind)
        dialog.selectFile(f"{view.title} {datetime.now():%Y-%m-%d %H.%M.%S}.{kind}")
        # The picture of this moment, not of the one when a name was found.
        picture, table = view.picture(self._caption()), view.table()
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation))
        dialog.fileSelected.connect(
            lambda path: self._kit.tasks.start(
                self._write(save_png, picture, path) if kind == "png" else self._write(save_csv, table, path)
            )
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _caption(self) -> str:
        """What is heard, where in it, and how it is measured."""
        settings, piece = self._live.analyser.settings, self._listening.piece
        if self.source.value() == "input":
            device = self._live.capture.state.device
            heard = "" if device is None else device.name
        else:
            heard = "" if piece is None else f"{piece.title} {clock(self._listening.position_seconds())}"
        bands = f"1/{settings.bands_per_octave}" if settings.bands_per_octave else tr("Lines")
        measured = f"FFT {settings.fft_size} {settings.window}, {bands}, {settings.weighting}, {settings.ballistics}"
        return " · ".join(part for part in (heard, measured, f"{datetime.now():%Y-%m-%d %H:%M}") if part)

    async def _write(self, save: object, content: object, path: str) -> None:
        await asyncio.to_thread(save, content, Path(path))  # type: ignore[arg-type]
        self.exported.emit(path)

    def close_down(self) -> None:
        self._capture_timer.stop()
        self._full_screen.put_back()
        self.spectrogram.close_down()
