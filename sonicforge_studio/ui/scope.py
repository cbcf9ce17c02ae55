"""The dock with the live spectrum of what plays. It looks at the newest snapshot; nobody pushes frames at it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QBrush, QColor, QHideEvent, QLinearGradient, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from sonicforge_studio.studio import SpectrumSnapshot
from sonicforge_studio.ui.numbers import decimal, frequency, note_at
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label

LOWEST_HZ = 20.0
HIGHEST_HZ = 20_000.0
FLOOR_DB = -90.0
TOP_DB = 3.0
_POINTS = 400
_TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_TICKS_DB = (0, -20, -40, -60, -80)
_FALL_DB_PER_SECOND = 60.0
_SETTLED_DB = 0.5


class _Plot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """A plot that tells where the mouse is and does nothing else with it."""

    def __init__(self, hovered: Callable[[QPointF | None], None]) -> None:
        super().__init__(enableMenu=False)
        self._hovered = hovered
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered(self.plotItem.vb.mapSceneToView(self.mapToScene(event.position().toPoint())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered(None)


class Scope(QFrame):
    """``newest`` gives the newest snapshot, or None where there is none since the last look."""

    def __init__(self, theme: Theme, newest: Callable[[], SpectrumSnapshot | None]) -> None:
        super().__init__()
        self._theme = theme
        self._newest = newest
        self._awake = False
        self._drawn_seconds = 0.0
        self._cursor: QPointF | None = None
        self._log_hz = np.linspace(math.log10(LOWEST_HZ), math.log10(HIGHEST_HZ), _POINTS)
        self._levels_db: NDArray[np.float64] = np.full(_POINTS, FLOOR_DB)
        self._peaks_db: NDArray[np.float64] = np.full(_POINTS, FLOOR_DB)
        self.setObjectName("scope")
        self.setAccessibleName(tr("Live spectrum of what plays"))
        self.setFixedHeight(theme.size.scope)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.s, theme.space.s, theme.space.l, theme.space.xs)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(theme.space.s, 0, 0, 0)
        head.addWidget(label(tr("Spectrum"), "section"))
        head.addStretch(1)
        self._readout = label("", "small")
        head.addWidget(self._readout)
        layout.addLayout(head)
        self._plot = _Plot(self.hover)
        layout.addWidget(self._plot, 1)
        self._dress()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(theme.motion.screen_milliseconds)
        self._timer.timeout.connect(self._look)

    def _dress(self) -> None:
        colour, size = self._theme.colour, self._theme.size
        plot: Any = self._plot.plotItem
        self._plot.setBackground(colour.canvas)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.vb.setDefaultPadding(0)
        plot.setXRange(math.log10(LOWEST_HZ * 0.9), math.log10(HIGHEST_HZ * 1.1), padding=0)
        plot.setYRange(FLOOR_DB, TOP_DB, padding=0)
        plot.vb.disableAutoRange()
        font = self._theme.font(self._theme.tokens.type.caption)
        bottom = [(math.log10(hz), f"{hz // 1000}k" if hz >= 1000 else str(hz)) for hz in _TICKS_HZ]
        left = [(db, str(db).replace("-", "−")) for db in _TICKS_DB]
        for name, ticks in (("bottom", bottom), ("left", left)):
            axis = plot.getAxis(name)
            axis.setTicks([ticks])
            axis.setStyle(tickFont=font, tickLength=0, tickTextOffset=self._theme.space.xs)
            axis.setTextPen(colour.text_faint)
            axis.setPen(None)
        plot.getAxis("left").setWidth(size.control)
        for hz in _TICKS_HZ:
            plot.addItem(pg.InfiniteLine(math.log10(hz), 90, pen=pg.mkPen(colour.line, width=size.line)))
        for db in _TICKS_DB:
            plot.addItem(pg.InfiniteLine(db, 0, pen=pg.mkPen(colour.line, width=size.line)))
        gradient = QLinearGradient(0, TOP_DB, 0, FLOOR_DB)
        strong, faint = QColor(colour.accent), QColor(colour.accent)
        strong.setAlphaF(0.55)
        faint.setAlphaF(0.06)
        gradient.setColorAt(0.0, strong)
        gradient.setColorAt(1.0, faint)
        self._held = pg.PlotCurveItem(pen=pg.mkPen(colour.text_faint, width=size.line))
        self._curve = pg.PlotCurveItem(
            pen=pg.mkPen(colour.accent, width=size.line), fillLevel=FLOOR_DB, brush=QBrush(gradient)
        )
        plot.addItem(self._held)
        plot.addItem(self._curve)
        self._draw()

    def wake(self, *, playing: bool) -> None:
        """Begin to look while something plays; sleep again once the picture has come to rest."""
        self._awake = playing
        if playing and self.isVisible() and not self._timer.isActive():
            self._drawn_seconds = time.monotonic()
            self._timer.start()

    def shown(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The curve that is drawn: log10 of the frequency in Hz, and the level in dBFS."""
        return self._log_hz, self._levels_db

    def sleeping(self) -> bool:
        return not self._timer.isActive()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.wake(playing=self._awake)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def close_down(self) -> None:
        self._timer.stop()

    def _look(self) -> None:
        now = time.monotonic()
        fall_db = _FALL_DB_PER_SECOND * (now - self._drawn_seconds)
        self._drawn_seconds = now
        snapshot = self._newest()
        if snapshot is not None:
            log_hz = np.log10(snapshot.frequencies_hz)
            self._levels_db = np.clip(np.interp(self._log_hz, log_hz, snapshot.levels_db), FLOOR_DB, TOP_DB)
            self._peaks_db = np.clip(np.interp(self._log_hz, log_hz, snapshot.peaks_db), FLOOR_DB, TOP_DB)
        elif not self._awake:
            # The analyser sleeps: what it left sinks by itself.
            self._levels_db = np.maximum(FLOOR_DB, self._levels_db - fall_db)
            self._peaks_db = np.maximum(FLOOR_DB, self._peaks_db - fall_db)
        else:
            return
        self._draw()
        if not self._awake and self._silent():
            self._timer.stop()

    def _silent(self) -> bool:
        return float(self._peaks_db.max()) <= FLOOR_DB + _SETTLED_DB

    def _draw(self) -> None:
        self._held.setData(self._log_hz, self._peaks_db)
        self._curve.setData(self._log_hz, self._levels_db)
        heard = self._awake or not self._silent()
        self._held.setVisible(heard)
        self._curve.setVisible(heard)
        self._show_readout()

    def hover(self, place: QPointF | None) -> None:
        """Read out the picture at a place (log10 Hz, dB); None where the mouse has left."""
        self._cursor = place
        self._show_readout()

    def _show_readout(self) -> None:
        place = self._cursor
        if place is None or not self._log_hz[0] <= place.x() <= self._log_hz[-1]:
            silent = not self._awake and self._silent()
            self._readout.setText(tr("Play something to see it here") if silent else "")
            return
        hz = 10.0 ** place.x()
        level = float(np.interp(place.x(), self._log_hz, self._levels_db))
        self._readout.setText(f"{frequency(hz)} · {note_at(hz)} · {decimal(level)} dB")
