"""All lanes of a track under one clock, with the keyboard."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from sonicforge_studio.domain import Analysis, Curves
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.block_lane import BlockLane, key_blocks, section_blocks
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.analysis.loudness_lane import LoudnessLane, LoudnessRange
from sonicforge_studio.ui.analysis.raster_lane import ChromagramLane, Raster, TempogramLane
from sonicforge_studio.ui.analysis.ruler import Ruler
from sonicforge_studio.ui.analysis.waveform_lane import Peaks, StoredPeaks, WaveformLane
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import ElidedLabel, IconButton

_ZOOM_A_KEY = 2.0
_PAN_A_KEY = 0.125
_BAR_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the lanes draw, made ready in a thread."""

    curves: Curves
    peaks: Peaks
    tempogram: Raster
    chromagram: Raster
    loudness: LoudnessRange

    @classmethod
    def of(cls, curves: Curves, peaks: Peaks, target_lufs: float) -> Pictures:
        """Not for the main thread."""
        return cls(
            curves,
            peaks,
            Raster.of(curves.tempogram, curves.tempogram_rate_hz, -0.5 / curves.tempogram_rate_hz),
            Raster.of(curves.chromagram, curves.chroma_rate_hz),
            LoudnessRange.of(curves, target_lufs),
        )


class Lanes(QFrame):
    """The wheel zooms, a drag moves, a click plays from there (``sought``), Shift and a drag loops."""

    sought = Signal(float)
    loop_wanted = Signal(float, float)
    loop_dropped = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.axis = TimeAxis()
        self.setObjectName("live")
        self.setAccessibleName(tr("The track over time"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.waveform = WaveformLane(theme, self.axis)
        self.sections = BlockLane(theme, self.axis, tr("Sections"), tr("No sections were found"))
        self.keys = BlockLane(theme, self.axis, tr("Key"), tr("Nothing tonal was found"))
        self.tempogram = TempogramLane(theme, self.axis)
        self.chromagram = ChromagramLane(theme, self.axis)
        self.loudness = LoudnessLane(theme, self.axis)
        self.ruler = Ruler(theme, self.axis)
        self.lanes: tuple[Lane, ...] = (
            self.ruler, self.waveform, self.sections, self.keys, self.tempogram, self.chromagram, self.loudness
        )  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.m, theme.space.m)
        layout.setSpacing(theme.space.xs)
        layout.addLayout(self._head())
        stretches = {self.waveform: 7, self.tempogram: 6, self.chromagram: 9, self.loudness: 7}
        for lane in self.lanes:
            layout.addWidget(lane, stretches.get(lane, 0))
            lane.sought.connect(self.sought)
            lane.loop_wanted.connect(self.loop_wanted)
            lane.reading.connect(self._show_reading)
        self._show_reading("")

    def _head(self) -> QHBoxLayout:
        theme = self._theme
        head = QHBoxLayout()
        head.setSpacing(theme.space.s)
        self.readout = ElidedLabel("", "small")
        head.addWidget(self.readout, 1)
        self.bar = QProgressBar()
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Measuring"))
        self.bar.setFixedWidth(theme.size.wave_thumbnail)
        self.bar.hide()
        head.addWidget(self.bar)
        self.all_button = IconButton(
            theme, "wave", tr("See the whole track"), self.axis.show_all, shortcut="0", small=True
        )
        head.addWidget(self.all_button)
        return head

    # What is shown

    def show_track(self, analysis: Analysis, peaks: bytes) -> None:
        """Another track, with what its entry in the library knows; ``show_pictures`` brings the rest."""
        self.axis.show_track(analysis.duration_seconds)
        self.waveform.show_peaks(StoredPeaks(peaks, analysis.duration_seconds))
        self.tempogram.show_raster(None)
        self.chromagram.show_raster(None)
        self.loudness.show_curves(None, LoudnessRange())

    def show_analysis(self, analysis: Analysis, target_lufs: float) -> None:
        """What is known of the track, or is now, after a correction."""
        self.waveform.show_tempo(analysis.tempo)
        self.sections.show_blocks(section_blocks(analysis))
        self.keys.show_blocks(key_blocks(analysis))
        self.tempogram.show_tempo(analysis.tempo)
        self.chromagram.show_key(analysis.key.key)
        self.loudness.show_figures(analysis.loudness.integrated_lufs, target_lufs)

    def show_pictures(self, pictures: Pictures) -> None:
        self.bar.hide()
        self.waveform.show_peaks(pictures.peaks)
        self.tempogram.show_tempi(pictures.curves.tempogram_bpm)
        self.tempogram.show_raster(pictures.tempogram)
        self.chromagram.show_raster(pictures.chromagram)
        self.loudness.show_curves(pictures.curves, pictures.loudness)
        self._show_reading("")

    def show_progress(self, share: float | None) -> None:
        """How far the measuring is, 0..1; None once it is over."""
        self.bar.setVisible(share is not None)
        if share is not None:
            self.bar.setValue(round(share * _BAR_STEPS))
            if self.axis.hover_seconds is None:
                self.readout.show_text(tr("Measuring, {percent} %", percent=round(100 * share)))
        elif self.axis.hover_seconds is None:
            self._show_reading("")

    def _show_reading(self, reading: str) -> None:
        self.readout.show_text(reading or tr("Wheel zooms, drag moves, click plays, Shift and drag loops"))

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        axis, stretch, key = self.axis, self.axis.stretch, event.key()
        other = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        if stretch is None or other:
            super().keyPressEvent(event)
            return
        moves = {
            Qt.Key.Key_Left: -_PAN_A_KEY * stretch.seconds,
            Qt.Key.Key_Right: _PAN_A_KEY * stretch.seconds,
            Qt.Key.Key_PageUp: -stretch.seconds,
            Qt.Key.Key_PageDown: stretch.seconds,
            Qt.Key.Key_Home: -stretch.track_seconds,
            Qt.Key.Key_End: stretch.track_seconds,
        }
        if key in moves:
            axis.move(moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Up):
            axis.zoom(1 / _ZOOM_A_KEY)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore, Qt.Key.Key_Down):
            axis.zoom(_ZOOM_A_KEY)
        elif key == Qt.Key.Key_0:
            axis.show_all()
        elif key == Qt.Key.Key_Escape and axis.loop is not None:
            axis.set_loop(None)
            self.loop_dropped.emit()
        else:
            super().keyPressEvent(event)

    def place_seconds(self) -> float | None:
        """Where Return plays from: under the mouse, else the middle of what is seen."""
        stretch = self.axis.stretch
        if stretch is None:
            return None
        hovered = self.axis.hover_seconds
        return stretch.start_seconds + stretch.seconds / 2 if hovered is None else hovered
