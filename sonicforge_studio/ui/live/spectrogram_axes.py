"""What is drawn around and over a spectrogram: axes, colour bar, loop, cross-hair, play head, progress."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from sonicforge_studio.studio.spectrogram_axes import clock_text, frequency_ticks, level_ticks, time_ticks
from sonicforge_studio.ui.live.spectrogram_image import SpectrogramImage
from sonicforge_studio.ui.theme import Theme

_LEFT, _TOP, _RIGHT, _BOTTOM = 38, 4, 62, 22
_BAR_GAP, _BAR_WIDTH = 12, 10
_TICK = 4
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_TICK_GAP = 20


class SpectrogramAxes:
    """Painted by hand: the ticks of two axes cost less than a plot's."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._font = theme.font(theme.tokens.type.caption)
        self._metrics = QFontMetricsF(self._font)
        self._text = QColor(theme.colour.text_faint)
        self._line = QPen(QColor(theme.colour.line_strong), theme.size.line)

    def plot(self, size: QSize) -> QRect:
        """Where the picture lies in a widget of this size."""
        return QRect(_LEFT, _TOP, max(0, size.width() - _LEFT - _RIGHT), max(0, size.height() - _TOP - _BOTTOM))

    def time(self, painter: QPainter, plot: QRect, start_seconds: float, end_seconds: float) -> None:
        painter.setFont(self._font)
        seconds_a_pixel = (end_seconds - start_seconds) / plot.width()
        decimals = max(0, math.ceil(-math.log10(50 * seconds_a_pixel)))
        widest = self._metrics.horizontalAdvance(clock_text(end_seconds, decimals)) + _TICK_GAP
        top = plot.bottom() + 1
        for seconds, text in time_ticks(start_seconds, end_seconds, int(plot.width() / widest)):
            x = plot.left() + (seconds - start_seconds) / seconds_a_pixel
            self._tick(painter, QPointF(x, top), QPointF(x, top + _TICK))
            width = self._metrics.horizontalAdvance(text)
            left = min(x - width / 2, plot.right() + _RIGHT - width)
            painter.drawText(QRectF(left, top + _TICK, width + 1, _BOTTOM - _TICK), _MIDDLE, text)

    def frequency(self, painter: QPainter, plot: QRect, low_hz: float, high_hz: float) -> None:
        painter.setFont(self._font)
        room = int(plot.height() / (self._metrics.height() + _TICK))
        for hz, text in frequency_ticks(low_hz, high_hz, max(3, room)):
            y = plot.bottom() + 1 - math.log(hz / low_hz) / math.log(high_hz / low_hz) * plot.height()
            self._tick(painter, QPointF(plot.left() - _TICK, y), QPointF(plot.left(), y))
            self._label(painter, QRectF(0, y, plot.left() - 2 * _TICK, 0), text, Qt.AlignmentFlag.AlignRight)

    def colour_bar(self, painter: QPainter, plot: QRect, picture: SpectrogramImage, range_db: float) -> None:
        painter.setFont(self._font)
        left = plot.right() + 1 + _BAR_GAP
        painter.drawImage(QRect(left, plot.top(), _BAR_WIDTH, plot.height()), picture.colour_bar(plot.height()))
        room = int(plot.height() / (3 * self._metrics.height()))
        for level, text in level_ticks(picture.top_db, range_db, max(2, room)):
            y = plot.top() + (picture.top_db - level) / range_db * plot.height()
            beside = QRectF(left + _BAR_WIDTH + _TICK, y, _RIGHT, 0)
            self._label(painter, beside, text, Qt.AlignmentFlag.AlignLeft)

    def loop(self, painter: QPainter, plot: QRect, first: float, last: float) -> None:
        accent = QColor(self._theme.colour.accent_hover)
        outside = QColor(self._theme.colour.canvas)
        outside.setAlphaF(0.55)
        painter.fillRect(QRectF(plot.left(), plot.top(), max(0.0, first - plot.left()), plot.height()), outside)
        painter.fillRect(QRectF(last, plot.top(), max(0.0, plot.right() + 1 - last), plot.height()), outside)
        for x in (first, last):
            painter.fillRect(QRectF(x - 0.5, plot.top(), self._theme.size.line, plot.height()), accent)
        painter.fillRect(QRectF(first, plot.top(), last - first, self._theme.size.focus), accent)

    def cross(self, painter: QPainter, plot: QRect, place: QPointF) -> None:
        line = QColor(self._theme.colour.text)
        line.setAlphaF(0.4)
        painter.setPen(QPen(line, self._theme.size.line))
        painter.drawLine(QPointF(place.x(), plot.top()), QPointF(place.x(), plot.bottom()))
        painter.drawLine(QPointF(plot.left(), place.y()), QPointF(plot.right(), place.y()))

    def play_head(self, painter: QPainter, plot: QRect, x: float) -> None:
        """Light over a dark seam, so that it is seen on every colour; between pixels where the music is."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seam = QColor(self._theme.colour.canvas)
        seam.setAlphaF(0.7)
        painter.fillRect(QRectF(x - 1.5, plot.top(), 3.0, plot.height()), seam)
        painter.fillRect(QRectF(x - 0.5, plot.top(), 1.0, plot.height()), QColor(self._theme.colour.text))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def progress(self, painter: QPainter, plot: QRect, fraction: float) -> None:
        height = self._theme.size.focus
        ground = QRectF(plot.left(), plot.bottom() + 1 - height, plot.width(), height)
        painter.fillRect(ground, QColor(self._theme.colour.line))
        ground.setWidth(fraction * plot.width())
        painter.fillRect(ground, QColor(self._theme.colour.accent))

    def focus(self, painter: QPainter, plot: QRect) -> None:
        painter.setPen(QPen(QColor(self._theme.colour.accent), self._theme.size.line))
        painter.drawRect(QRectF(plot).adjusted(-0.5, -0.5, 0.5, 0.5))

    def _tick(self, painter: QPainter, a: QPointF, b: QPointF) -> None:
        painter.setPen(self._line)
        painter.drawLine(a, b)
        painter.setPen(self._text)

    def _label(self, painter: QPainter, beside: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
        half = self._metrics.height() / 2
        painter.setPen(self._text)
        painter.drawText(beside.adjusted(0, -half, 0, half), side | _MIDDLE, text)
