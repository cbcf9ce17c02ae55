"""What the music is doing: its key and tempo as they are heard lately, and the twelve pitch classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonicforge_studio.studio import MusicReading
from sonicforge_studio.ui.numbers import NONE, decimal, key_name, tempo
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_SHARPS = (1, 3, 6, 8, 10)
_FOLLOW = 0.12
"""How far the bars go each frame toward what was heard: readings come a few times a second, the screen draws sixty."""


class MusicPanel(QFrame):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._reading: MusicReading | None = None
        self.setObjectName("live")
        self.setAccessibleName(tr("Key and tempo"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.m, theme.space.s)
        layout.setSpacing(theme.space.xl)
        self._key, key_column = self._figure(tr("Key"))
        self._tempo, tempo_column = self._figure(tr("Tempo, BPM"))
        layout.addLayout(key_column)
        layout.addLayout(tempo_column)
        self.chroma = ChromaBars(theme)
        layout.addWidget(self.chroma, 1)

    def _figure(self, name: str) -> tuple[QLabel, QVBoxLayout]:
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(label(name, "caption"))
        figure = label(NONE, "figure")
        figure.setAccessibleName(name)
        figure.setMinimumWidth(self._theme.size.wave_thumbnail - self._theme.space.xxl)
        column.addWidget(figure)
        column.addStretch(1)
        return figure, column

    def show_reading(self, reading: MusicReading | None) -> None:
        """Called at the screen's pace; None where nothing was heard yet."""
        if reading is not self._reading:
            self._reading = reading
            self._key.setText(NONE if reading is None else key_name(reading.key))
            self._tempo.setText(NONE if reading is None else tempo(reading.tempo_bpm))
            self.setToolTip(_details(reading))
        self.chroma.follow(
            np.zeros(12) if reading is None else reading.chroma, reading.key.tonic if reading and reading.key else None
        )

    def shown(self) -> tuple[str, str]:
        """Key and tempo as they stand there."""
        return self._key.text(), self._tempo.text()


class ChromaBars(QWidget):
    """Twelve bars from C to B; the tonic of the suggested key in the accent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: NDArray[np.float64] = np.zeros(12)
        self._tonic: int | None = None
        self.setMinimumHeight(theme.size.target)
        self.setAccessibleName(tr("Pitch classes"))

    def follow(self, chroma: NDArray[np.float64], tonic: int | None) -> None:
        """Go a step toward what was heard."""
        step = _FOLLOW * (chroma - self._shown)
        if tonic == self._tonic and float(np.abs(step).max()) < 1e-3:
            return
        self._tonic = tonic
        self._shown = self._shown + step
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        painter.setFont(theme.font(theme.tokens.type.caption))
        line = painter.fontMetrics().height()
        room = self.height() - line
        width = self.width() / 12
        for note, level in enumerate(self._shown):
            left = note * width
            bar = QRectF(left + theme.space.xxs, room * (1.0 - level), width - theme.space.xs, room * level)
            painter.fillRect(QRectF(bar.left(), 0, bar.width(), room), QColor(colour.surface))
            painter.fillRect(bar, QColor(colour.accent if note == self._tonic else colour.wave))
            painter.setPen(QColor(colour.text if note == self._tonic else colour.text_faint))
            place = QRectF(left, room, width, line)
            if note not in _SHARPS or width > 2 * theme.space.m:
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, _NAMES[note])
        painter.end()


def _details(reading: MusicReading | None) -> str:
    """The second guesses, and the tuning."""
    if reading is None:
        return ""
    lines = []
    if reading.key_candidates:
        names = ", ".join(f"{key_name(one.key)} {one.confidence:.0%}" for one in reading.key_candidates)
        lines.append(tr("Keys: {names}", names=names))
    if reading.tempo_candidates:
        names = ", ".join(f"{tempo(one.bpm)} {one.confidence:.0%}" for one in reading.tempo_candidates)
        lines.append(tr("Tempi: {names}", names=names))
    if reading.tuning_cents is not None:
        lines.append(tr("Tuning: {cents} ct", cents=decimal(reading.tuning_cents, 0, signed=True)))
    return "\n".join(lines)
