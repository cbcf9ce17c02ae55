"""The tempo: the figure, what else it may be, and the user's own word against it."""

from __future__ import annotations

import time

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import Analysis
from sonicforge_studio.ui.analysis.candidates import Candidates, CorrectionMark
from sonicforge_studio.ui.analysis.tapping import Tapping
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.numbers import tempo as tempo_text
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, Card, label

_SAME_BPM = 0.05
_QUARTERS = 4


class TempoCard(Card):
    tempo_wanted = Signal(float)
    """This tempo is the right one."""
    halve_wanted = Signal()
    double_wanted = Signal()
    undo_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tapping = Tapping()
        self._likely_bpm: tuple[float, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.space.m] * 4)
        layout.setSpacing(theme.space.s)
        layout.addLayout(self._head())
        figures = QHBoxLayout()
        figures.setSpacing(theme.space.s)
        self.figure = label("", "display", select=True)
        self.figure.setAccessibleName(tr("Tempo, BPM"))
        figures.addWidget(self.figure)
        self.detail = label("", "small")
        figures.addWidget(self.detail, 1)
        layout.addLayout(figures)
        self.none = label(tr("Speech, drones and free time have none. If you hear one, tap it."), "small", wrap=True)
        layout.addWidget(self.none)
        self.candidates = Candidates(theme)
        layout.addWidget(self.candidates)
        layout.addLayout(self._tools())
        self.tapped = label("", "small", wrap=True)
        self.tapped.hide()
        layout.addWidget(self.tapped)

    def _head(self) -> QHBoxLayout:
        theme = self._theme
        head = QHBoxLayout()
        head.setSpacing(theme.space.s)
        head.addWidget(label(tr("Tempo"), "section"))
        self.mark = CorrectionMark(theme)
        self.mark.undo_wanted.connect(self.undo_wanted)
        head.addWidget(self.mark, 1)
        return head

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self._theme.space.xs)
        self.halve_button = Button("½", "", self.halve_wanted.emit)
        self.halve_button.setAccessibleName(tr("Half the tempo"))
        self.halve_button.setToolTip(f"{tr('Half the tempo')}  ([)")
        self.double_button = Button("×2", "", self.double_wanted.emit)
        self.double_button.setAccessibleName(tr("Double the tempo"))
        self.double_button.setToolTip(f"{tr('Double the tempo')}  (])")
        self.tap_button = Button(tr("Tap"), "", self.tap)
        self.tap_button.setAccessibleName(tr("Tap the tempo"))
        self.tap_button.setToolTip(f"{tr('Tap the tempo')}  (T)")
        for button in (self.halve_button, self.double_button):
            row.addWidget(button)
        row.addWidget(self.tap_button, 1)
        return row

    # What is shown

    def show_analysis(self, analysis: Analysis) -> None:
        tempo = analysis.tempo
        self.forget_taps()
        self._likely_bpm = tuple(candidate.bpm for candidate in tempo.candidates)
        self.figure.setText(tr("No steady beat") if tempo.bpm is None else tempo_text(tempo.bpm))
        self.none.setVisible(tempo.bpm is None)
        self.detail.setText(_detail(analysis))
        self.halve_button.setEnabled(tempo.bpm is not None)
        self.double_button.setEnabled(tempo.bpm is not None)
        self.candidates.clear()
        for candidate in tempo.candidates:
            bpm, current = candidate.bpm, tempo.bpm is not None and abs(candidate.bpm - tempo.bpm) < _SAME_BPM
            button = self.candidates.add(decimal(bpm), f"{decimal(bpm)} BPM", candidate.confidence, current=current)
            button.clicked.connect(lambda _=False, bpm=bpm: self.tempo_wanted.emit(bpm))
        self.mark.show_part("tempo", analysis.corrected)

    # Tapping

    @property
    def taps(self) -> int:
        return self._tapping.count

    def tap(self) -> None:
        self.tap_at(time.monotonic())

    def tap_at(self, seconds: float) -> None:
        """A tap at a time of the monotonic clock."""
        self._tapping.tap(seconds)
        bpm = self._tapping.bpm(self._likely_bpm)
        self.tapped.setText(
            tr("Go on tapping…")
            if bpm is None
            else tr("{bpm} BPM tapped. Return takes it, Esc does not.", bpm=decimal(bpm))
        )
        self.tapped.show()

    def take_taps(self) -> None:
        """What was tapped is the tempo."""
        bpm = self._tapping.bpm(self._likely_bpm)
        self.forget_taps()
        if bpm is not None:
            self.tempo_wanted.emit(bpm)

    def forget_taps(self) -> None:
        self._tapping.forget()
        self.tapped.hide()


def _detail(analysis: Analysis) -> str:
    tempo = analysis.tempo
    if tempo.bpm is None:
        return ""
    parts = ["BPM"]
    if tempo.beats_per_bar is not None:
        parts.append(f"{tempo.beats_per_bar}/{_QUARTERS}")
    if tempo.curve:
        slowest, fastest = (edge(point.bpm for point in tempo.curve) for edge in (min, max))
        parts.append(tr("changes, {low} to {high}", low=tempo_text(slowest), high=tempo_text(fastest)))
    elif tempo.grid_start_seconds is not None:
        parts.append(tr("constant"))
    return " · ".join(parts)
