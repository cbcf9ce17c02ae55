"""The waveform of what plays: the played part in the accent, a click or a drag seeks, hovering tells the time, Shift
and a drag loop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from sonicforge_studio.ui.numbers import clock
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.peaks import PeaksPainter, share_at

_KEY_STEP_SECONDS = 5.0
_SHORTEST_LOOP_SECONDS = 0.05
"""A shorter drag was meant as a click."""


class WaveformView(QWidget):
    """``sought`` carries the wanted place in seconds. Left and right step by five seconds.

    Shift and a drag ask for a loop (``loop_wanted``, seconds), Shift and a click or Escape for its end.
    """

    sought = Signal(float)
    loop_wanted = Signal(float, float)
    loop_dropped = Signal()

    def __init__(self, theme: Theme, painter: PeaksPainter, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._painter = painter
        self._peaks = b""
        self._duration_seconds = 0.0
        self._position_seconds = 0.0
        self._hover: float | None = None
        self._dragged: float | None = None
        self._marked_from: float | None = None
        self._loop: tuple[float, float] | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.size.wave_thumbnail, theme.size.control)

    def show_track(self, peaks: bytes, duration_seconds: float) -> None:
        self._peaks, self._duration_seconds, self._position_seconds = peaks, duration_seconds, 0.0
        self._dragged = self._marked_from = self._loop = None
        self.setCursor(Qt.CursorShape.PointingHandCursor if duration_seconds > 0 else Qt.CursorShape.ArrowCursor)
        self.update()

    def show_position(self, seconds: float) -> None:
        if abs(seconds - self._position_seconds) * max(1, self.width()) < 0.25 * max(0.001, self._duration_seconds):
            return  # less than a quarter of a pixel
        self._position_seconds = seconds
        self.update()

    def show_loop(self, loop: tuple[float, float] | None) -> None:
        """The region that is played again and again, in seconds."""
        if loop != self._loop and self._marked_from is None:
            self._loop = loop
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour, ratio = self._theme.colour, self.devicePixelRatioF()
        if self._loop is not None and self._duration_seconds > 0:
            self._paint_loop(painter, *self._loop)
        if self._peaks:
            painter.drawPixmap(0, 0, self._painter.pixmap(self._peaks, self.size(), colour.wave, ratio))
        else:
            painter.setPen(QPen(QColor(colour.line_strong), self._theme.size.line))
            painter.drawLine(QPointF(0, self.height() / 2), QPointF(self.width(), self.height() / 2))
        share = self._share()
        if share > 0:
            played = QRectF(0, 0, self.width() * share, self.height())
            painter.setClipRect(played)
            painter.drawPixmap(0, 0, self._painter.pixmap(self._peaks, self.size(), colour.accent, ratio))
            painter.setClipping(False)
            painter.fillRect(
                QRectF(played.right() - self._theme.size.line, 0, self._theme.size.line, self.height()),
                QColor(colour.accent_hover),
            )
        if self._hover is not None and self._duration_seconds > 0:
            painter.fillRect(QRectF(self._hover, 0, self._theme.size.line, self.height()), QColor(colour.text_muted))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colour.accent), self._theme.size.line))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5),
                self._theme.tokens.radius.s,
                self._theme.tokens.radius.s,
            )
        painter.end()

    def _paint_loop(self, painter: QPainter, start_seconds: float, end_seconds: float) -> None:
        left, right = (self.width() * at / self._duration_seconds for at in (start_seconds, end_seconds))
        painter.fillRect(QRectF(left, 0, right - left, self.height()), QColor(self._theme.colour.accent_soft))
        for edge in (left, right - self._theme.size.line):
            painter.fillRect(QRectF(edge, 0, self._theme.size.line, self.height()), QColor(self._theme.colour.accent))

    def _share(self) -> float:
        if self._dragged is not None:
            return self._dragged
        return self._position_seconds / self._duration_seconds if self._duration_seconds > 0 else 0.0

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._duration_seconds > 0 and event.button() == Qt.MouseButton.LeftButton:
            at = share_at(event.position().x(), self.width())
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._marked_from = at * self._duration_seconds
                self._loop = None
            else:
                self._dragged = at
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        if self._duration_seconds > 0:
            at = share_at(self._hover, self.width())
            if self._dragged is not None:
                self._dragged = at
            if self._marked_from is not None:
                here = at * self._duration_seconds
                self._loop = min(self._marked_from, here), max(self._marked_from, here)
            QToolTip.showText(event.globalPosition().toPoint(), clock(at * self._duration_seconds), self)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._marked_from is not None:
            self._marked_from = None
            if self._loop is not None and self._loop[1] - self._loop[0] >= _SHORTEST_LOOP_SECONDS:
                self.loop_wanted.emit(*self._loop)
            else:
                self._loop = None
                self.loop_dropped.emit()
            self.update()
            return
        if self._dragged is not None:
            self._position_seconds = self._dragged * self._duration_seconds
            self._dragged = None
            self.sought.emit(self._position_seconds)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._loop is not None:
            self.loop_dropped.emit()
            return
        step = {Qt.Key.Key_Left: -_KEY_STEP_SECONDS, Qt.Key.Key_Right: _KEY_STEP_SECONDS}.get(Qt.Key(event.key()))
        if step is None or self._duration_seconds <= 0:
            super().keyPressEvent(event)
            return
        self.sought.emit(min(self._duration_seconds, max(0.0, self._position_seconds + step)))
