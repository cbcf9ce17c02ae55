"""The bar that stays: what plays, where it is, and how loud."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QVBoxLayout

from sonicforge_studio.ui.numbers import clock
from sonicforge_studio.ui.text import tr, tr_count
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, IconButton, label, restyle
from sonicforge_studio.ui.widgets.peaks import PeaksPainter
from sonicforge_studio.ui.widgets.waveform import WaveformView

_VOLUME_STEPS = 100


class Transport(QFrame):
    """A view: it tells what was wanted and shows what it is told."""

    toggle_wanted = Signal()
    stop_wanted = Signal()
    seek_wanted = Signal(float)
    loop_wanted = Signal(float, float)
    loop_dropped = Signal()
    volume_wanted = Signal(float)
    mute_wanted = Signal(bool)
    device_wanted = Signal()
    record_wanted = Signal()
    """The page with the recording that is under way."""
    outputs_wanted = Signal(object)
    """The place, a ``QPoint`` of the screen, at which the outputs are to be listed."""

    def __init__(self, theme: Theme, painter: PeaksPainter) -> None:
        super().__init__()
        self._theme = theme
        self._muted = False
        self._waiting = False
        self._trouble = self._track_detail = ""
        self.setObjectName("transport")
        self.setAccessibleName(tr("Transport"))
        self.setFixedHeight(theme.size.transport)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.space.l, theme.space.m, theme.space.l, theme.space.m)
        layout.setSpacing(theme.space.m)
        self._play = IconButton(
            theme, "play", tr("Play"), self.toggle_wanted.emit, shortcut="Space", colour=theme.colour.on_accent
        )
        self._play.setProperty("role", "round")
        self._play.setFixedSize(theme.size.play, theme.size.play)
        self._stop = IconButton(theme, "stop", tr("Stop"), self.stop_wanted.emit)
        layout.addWidget(self._play)
        layout.addWidget(self._stop)
        layout.addLayout(self._titles(), 3)
        self._position = self._time_label(tr("Position"), Qt.AlignmentFlag.AlignRight)
        self._duration = self._time_label(tr("Length"), Qt.AlignmentFlag.AlignLeft)
        self._wave = WaveformView(theme, painter, tr("Waveform of what plays"))
        self._wave.sought.connect(self.seek_wanted)
        self._wave.loop_wanted.connect(self.loop_wanted)
        self._wave.loop_dropped.connect(self.loop_dropped)
        layout.addWidget(self._position)
        layout.addWidget(self._wave, 7)
        layout.addWidget(self._duration)
        self._device = Button(tr("No sound device"), "chip", self.device_wanted.emit)
        self._device.setIcon(theme.icon("no-sound", theme.colour.warning))
        self._device.setToolTip(tr("Everything else works. Press to look for a sound device again."))
        self._device.hide()
        layout.addWidget(self._device)
        self._record = Button(clock(0.0), "chip", self.record_wanted.emit)
        self._record.setIcon(theme.icon("record", theme.colour.danger))
        self._record.setAccessibleName(tr("Recording"))
        self._record.setToolTip(tr("An input is being recorded. Press to see it."))
        self._record.hide()
        layout.addWidget(self._record)
        self._counter = self._counter_label()
        layout.addWidget(self._counter)
        self._outputs = IconButton(theme, "output", tr("Output device"), self._ask_for_outputs)
        layout.addWidget(self._outputs)
        self._mute = IconButton(theme, "volume", tr("Mute"), self.toggle_mute)
        layout.addWidget(self._mute)
        layout.addWidget(self._volume_slider())
        self.show_nothing()
        self.show_counts(0, 0)

    def _titles(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        self._title = ElidedLabel("", "item")
        self._detail = ElidedLabel("", "small")
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._detail)
        column.addStretch(1)
        return column

    def _time_label(self, name: str, side: Qt.AlignmentFlag) -> QLabel:
        made = label(clock(None), "small")
        made.setAccessibleDescription(name)
        made.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        made.setMinimumWidth(self._theme.size.icon_hero)
        return made

    def _counter_label(self) -> QLabel:
        made = label("", "caption")
        made.setAccessibleName(tr("Gaps in the sound, frames dropped on the screen"))
        made.setToolTip(
            tr("How often the sound broke off, and how many frames the screen lost, since the studio was opened.")
        )
        made.setMinimumWidth(self._theme.size.volume)
        self._counts = (-1, -1)
        return made

    def _volume_slider(self) -> QSlider:
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setRange(0, _VOLUME_STEPS)
        self._volume.setValue(_VOLUME_STEPS)
        self._volume.setFixedWidth(self._theme.size.volume)
        self._volume.setAccessibleName(tr("Volume"))
        self._volume.valueChanged.connect(self._volume_moved)
        return self._volume

    def _volume_moved(self, step: int) -> None:
        self._volume.setToolTip(f"{step} %")
        self.volume_wanted.emit(step / _VOLUME_STEPS)

    def _ask_for_outputs(self) -> None:
        self.outputs_wanted.emit(self._outputs.mapToGlobal(self._outputs.rect().topLeft()))

    def show_nothing(self) -> None:
        """Nothing is loaded."""
        self._wave.show_track(b"", 0.0)
        self._title.show_text(tr("Nothing playing"))
        self._track_detail = tr("Forge something, or play a track")
        self._show_line()
        self._play.setEnabled(False)
        self._stop.setEnabled(False)

    def show_track(self, title: str, detail: str, peaks: bytes, duration_seconds: float) -> None:
        self._wave.show_track(peaks, duration_seconds)
        self._title.show_text(title)
        self._track_detail = detail
        self._waiting, self._trouble = False, ""
        self._show_line()
        self._duration.setText(clock(duration_seconds))
        self._play.setEnabled(True)
        self._stop.setEnabled(True)

    def show_playback(self, *, playing: bool, position_seconds: float) -> None:
        if playing:
            self._play.show_as("pause", tr("Pause"), shortcut="Space", colour=self._theme.colour.on_accent)
        else:
            self._play.show_as("play", tr("Play"), shortcut="Space", colour=self._theme.colour.on_accent)
        self._wave.show_position(position_seconds)
        self._position.setText(clock(position_seconds if self._play.isEnabled() else None))

    def show_counts(self, gaps: int, dropped_frames: int) -> None:
        """How often the sound broke off, and how many frames the screen lost: shown at all times, zero or not."""
        if (gaps, dropped_frames) == self._counts:
            return
        self._counts = (gaps, dropped_frames)
        lost = tr_count("{count} frame dropped", "{count} frames dropped", dropped_frames)
        self._counter.setText(f"{tr_count('{count} gap', '{count} gaps', gaps)}\n{lost}")
        restyle(self._counter, "tone", "over" if gaps else "")

    def show_loop(self, loop: tuple[float, float] | None) -> None:
        self._wave.show_loop(loop)

    def show_waiting(self, *, waiting: bool) -> None:
        """All that was made so far has been heard."""
        self._waiting = waiting
        self._show_line()

    def show_trouble(self, sentence: str) -> None:
        """A failure of the player, in place of the track's detail; empty once it is over."""
        self._trouble = sentence
        self._show_line()

    def _show_line(self) -> None:
        if self._trouble:
            self._say(self._trouble, "error")
        else:
            self._say(tr("Waiting for what is still being made…") if self._waiting else self._track_detail, "small")

    def show_recording(self, seconds: float | None) -> None:
        """How long an input has been recorded; None where nothing is."""
        self._record.setVisible(seconds is not None)
        if seconds is not None:
            self._record.setText(clock(seconds))

    def show_device(self, *, present: bool) -> None:
        self._device.setVisible(not present)

    def show_volume(self, volume: float, *, muted: bool) -> None:
        self._muted = muted
        self._mute.show_as("muted" if muted else "volume", tr("Unmute") if muted else tr("Mute"))
        if not self._volume.isSliderDown():
            blocked = self._volume.blockSignals(True)
            self._volume.setValue(round(volume * _VOLUME_STEPS))
            self._volume.blockSignals(blocked)

    def toggle_mute(self) -> None:
        self.mute_wanted.emit(not self._muted)

    def _say(self, text: str, role: str) -> None:
        restyle(self._detail, "role", role)
        self._detail.show_text(text)
