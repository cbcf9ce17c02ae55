"""Gain reduction over time while it plays, from the top down; over it the loudness, where there is a target for it."""

from __future__ import annotations

import math
import time
from collections import deque

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_SHOWN_SECONDS = 8.0
_STEP_SECONDS = 1 / 30
_DEEPEST_DB = 12.0
_TICKS_DB = (-3.0, -6.0, -9.0)
_LOWEST_LUFS, _HIGHEST_LUFS = -36.0, 0.0


class ReductionView(QWidget):
    def __init__(self, theme: Theme, name: str, *, with_loudness: bool) -> None:
        super().__init__()
        self._theme = theme
        self._with_loudness = with_loudness
        self._target_lufs: float | None = None
        self._points: deque[tuple[float, float, float]] = deque(maxlen=round(_SHOWN_SECONDS / _STEP_SECONDS) + 2)
        """When, the deepest reduction in dB, and the short-term loudness."""
        self.setAccessibleName(name)
        self.setMinimumHeight(theme.size.lane_open // 2)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_target(self, lufs: float) -> None:
        self._target_lufs = lufs
        self.update()

    def add(self, reduction_db: float, short_term_lufs: float) -> None:
        """What is heard now; called at the screen's pace."""
        now = time.monotonic()
        if self._points and now - self._points[-1][0] < _STEP_SECONDS:
            at, before_db, _ = self._points[-1]
            self._points[-1] = (at, min(before_db, reduction_db), short_term_lufs)
        else:
            self._points.append((now, reduction_db, short_term_lufs))
        if self.isVisible():
            self.update()

    def forget(self) -> None:
        self._points.clear()
        self.update()

    def _y_db(self, db: float) -> float:
        return min(max(-db / _DEEPEST_DB, 0.0), 1.0) * self.height()

    def _y_lufs(self, lufs: float) -> float:
        share = (_HIGHEST_LUFS - lufs) / (_HIGHEST_LUFS - _LOWEST_LUFS)
        return min(max(share, 0.0), 1.0) * self.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colour.canvas))
        painter.setFont(theme.font(theme.tokens.type.caption))
        painter.setPen(QPen(QColor(colour.line), theme.size.line))
        for db in _TICKS_DB:
            painter.drawLine(QPointF(0, self._y_db(db)), QPointF(self.width(), self._y_db(db)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_reduction(painter)
        if self._with_loudness:
            self._paint_loudness(painter)
        painter.setPen(QColor(colour.text_faint))
        line = painter.fontMetrics().height()
        for db in _TICKS_DB:
            place = QRectF(0, self._y_db(db) - line, self.width() - theme.space.s, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{decimal(db, 0)} dB")
        if not self._points:
            painter.setPen(QColor(colour.text_faint))
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Play the master to see how much is taken away, and when")
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(colour.line), theme.size.line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _x(self, at: float) -> float:
        return self.width() * (1.0 - (self._points[-1][0] - at) / _SHOWN_SECONDS)

    def _paint_reduction(self, painter: QPainter) -> None:
        if not self._points:
            return
        colour = self._theme.colour
        line = [QPointF(self._x(at), self._y_db(db)) for at, db, _ in self._points]
        area = QPolygonF([QPointF(line[0].x(), 0.0), *line, QPointF(line[-1].x(), 0.0)])
        fill = QColor(colour.accent)
        fill.setAlphaF(0.22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour.accent), self._theme.size.focus))
        painter.drawPolyline(QPolygonF(line))

    def _paint_loudness(self, painter: QPainter) -> None:
        theme, colour = self._theme, self._theme.colour
        heard = [QPointF(self._x(at), self._y_lufs(lufs)) for at, _, lufs in self._points if math.isfinite(lufs)]
        painter.setPen(QPen(QColor(colour.text), theme.size.focus))
        painter.drawPolyline(QPolygonF(heard))
        if self._target_lufs is not None:
            y = self._y_lufs(self._target_lufs)
            painter.setPen(QPen(QColor(colour.text_muted), theme.size.line, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
            painter.setPen(QColor(colour.text_muted))
            text = tr("Target {lufs} LUFS", lufs=decimal(self._target_lufs))
            painter.drawText(QPointF(theme.space.s, y - theme.space.xs), text)
