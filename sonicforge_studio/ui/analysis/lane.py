"""What every lane of a track has: a name in the gutter, a picture that is painted once for what is seen, the play head,
and the mouse."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import QEvent, QLineF, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from sonicforge_studio.studio.spectrogram_axes import clock_text
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.theme import Theme

_NOTCH = 120
_ZOOM_A_NOTCH = 1.3
_PAN_A_NOTCH = 0.125
_SEAM = 0.7
_HOVER = 0.35
_OUTSIDE_LOOP = 0.55


class Lane(QWidget):
    """``sought`` carries the place to play from, ``loop_wanted`` a start and an end; ``reading`` what is under the
    mouse, empty where there is nothing."""

    sought = Signal(float)
    loop_wanted = Signal(float, float)
    reading = Signal(str)

    def __init__(self, theme: Theme, axis: TimeAxis, name: str, height: int, *, grows: bool = True) -> None:
        super().__init__()
        self.theme = theme
        self.axis = axis
        self.name = name
        self.gutter = theme.size.lane_gutter
        """How far from the left the time begins."""
        self._picture: QImage | None = None
        self._pressed: tuple[QPointF, Stretch, bool] | None = None
        """Where, what was seen then, and whether Shift was held."""
        self._dragging = False
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setMinimumHeight(height)
        if grows:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        else:
            self.setFixedHeight(height)
        axis.changed.connect(self.renew)
        axis.loop_changed.connect(self.update)
        axis.moved.connect(self._renew_lines)
        axis.hovered.connect(self._renew_lines)

    # For a lane to say

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        """Paint what is seen into ``plot``, which begins at 0, 0."""
        raise NotImplementedError

    def draw_gutter(self, painter: QPainter, plot: QRectF) -> None:
        """Paint the scale that stands left of ``plot``; the lane's name stands there already."""

    def read(self, seconds: float, share: float) -> str:
        """What is at a time and a height, 0 at the bottom to 1 at the top."""
        return ""

    # Painting

    @property
    def plot(self) -> QRect:
        return QRect(self.gutter, 0, max(1, self.width() - self.gutter), self.height())

    def renew(self) -> None:
        """Something of what is shown is new."""
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plot, stretch = self.plot, self.axis.stretch
        if not plot.contains(event.rect()):
            self._paint_gutter(painter, plot)
        if stretch is None:
            painter.fillRect(plot, QColor(self.theme.colour.surface))
            painter.end()
            return
        if self._picture is None:
            self._picture = self._drawn(plot, stretch)
        painter.drawImage(plot.topLeft(), self._picture)
        painter.setClipRect(plot)
        if self.axis.loop is not None:
            self._paint_loop(painter, plot, *(self.x_at(place) for place in self.axis.loop))
        self._paint_lines(painter, plot)
        painter.end()

    def _drawn(self, plot: QRect, stretch: Stretch) -> QImage:
        ratio = self.devicePixelRatioF()
        picture = QImage(plot.size() * ratio, QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(self.theme.colour.surface))
        painter = QPainter(picture)
        painter.setFont(self.theme.font(self.theme.tokens.type.caption))
        self.draw(painter, QRectF(0, 0, plot.width(), plot.height()), stretch)
        painter.end()
        return picture

    def _paint_gutter(self, painter: QPainter, plot: QRect) -> None:
        theme = self.theme
        painter.setFont(theme.font(theme.tokens.type.caption))
        painter.setPen(QColor(theme.colour.text_faint))
        room = QRectF(0, 0, plot.left() - theme.space.s, plot.height())
        line = painter.fontMetrics().height()
        upright = Qt.AlignmentFlag.AlignVCenter if plot.height() < 2 * line else Qt.AlignmentFlag.AlignTop
        name = painter.fontMetrics().elidedText(self.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | upright, name)
        self.draw_gutter(painter, QRectF(plot))

    def _paint_loop(self, painter: QPainter, plot: QRect, first: float, last: float) -> None:
        outside = QColor(self.theme.colour.canvas)
        outside.setAlphaF(_OUTSIDE_LOOP)
        painter.fillRect(QRectF(plot.left(), plot.top(), max(0.0, first - plot.left()), plot.height()), outside)
        painter.fillRect(QRectF(last, plot.top(), max(0.0, plot.right() + 1 - last), plot.height()), outside)
        for x in (first, last):
            line = QRectF(x, plot.top(), self.theme.size.line, plot.height())
            painter.fillRect(line, QColor(self.theme.colour.accent_hover))

    def _paint_lines(self, painter: QPainter, plot: QRect) -> None:
        colour, thin = self.theme.colour, self.theme.size.line
        if self.axis.hover_seconds is not None:
            line = QColor(colour.text)
            line.setAlphaF(_HOVER)
            painter.fillRect(QRectF(self.x_at(self.axis.hover_seconds), plot.top(), thin, plot.height()), line)
        if self.axis.position_seconds is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            x = self.x_at(self.axis.position_seconds)
            seam = QColor(colour.canvas)
            seam.setAlphaF(_SEAM)
            painter.fillRect(QRectF(x - 1.5 * thin, plot.top(), 3 * thin, plot.height()), seam)
            painter.fillRect(QRectF(x - thin / 2, plot.top(), thin, plot.height()), QColor(colour.text))

    def _renew_lines(self, before: float | None, after: float | None) -> None:
        for place in (before, after):
            if place is not None:
                self.update(QRect(math.floor(self.x_at(place)) - 2, 0, 5, self.height()) & self.plot)

    # Places

    def x_at(self, seconds: float) -> float:
        plot, stretch = self.plot, self.axis.stretch
        if stretch is None:
            return float(plot.left())
        return plot.left() + (seconds - stretch.start_seconds) / stretch.seconds * plot.width()

    def seconds_at(self, x: float) -> float:
        plot, stretch = self.plot, self.axis.stretch
        if stretch is None:
            return 0.0
        seconds = stretch.start_seconds + (x - plot.left()) / plot.width() * stretch.seconds
        return min(max(seconds, 0.0), stretch.track_seconds)

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.axis.stretch is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        looping = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._pressed, self._dragging = (event.position(), self.axis.stretch, looping), False
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pressed is None:
            self._hover(place)
            return
        at, stretch, looping = self._pressed
        if not self._dragging and abs(place.x() - at.x()) < QApplication.startDragDistance():
            return
        self._dragging = self.axis.held = True
        if looping:
            self.axis.set_loop(self._between(at, place))
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.axis.set_stretch(stretch.moved((at.x() - place.x()) / self.plot.width() * stretch.seconds))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        pressed, self._pressed = self._pressed, None
        self.axis.held = False
        if pressed is None:
            return
        self.unsetCursor()
        at, _, looping = pressed
        if looping and self._dragging:
            self.loop_wanted.emit(*self._between(at, event.position()))
        elif not looping and not self._dragging and self.plot.contains(at.toPoint()):
            self.sought.emit(self.seconds_at(at.x()))

    def _between(self, a: QPointF, b: QPointF) -> tuple[float, float]:
        first, last = sorted((self.seconds_at(a.x()), self.seconds_at(b.x())))
        return first, last

    def _hover(self, place: QPointF | None) -> None:
        if place is None or self.axis.stretch is None or not self.plot.contains(place.toPoint()):
            self.axis.hover(None)
            self.reading.emit("")
            return
        seconds = self.seconds_at(place.x())
        self.axis.hover(seconds)
        said = self.read(seconds, 1.0 - place.y() / max(1, self.height()))
        self.reading.emit(" · ".join(part for part in (clock_text(seconds, 3), said) if part))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        stretch = self.axis.stretch
        if stretch is None:
            event.ignore()
            return
        turned = event.angleDelta()
        sideways = abs(turned.x()) > abs(turned.y()) or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        notches = (turned.x() if abs(turned.x()) > abs(turned.y()) else turned.y()) / _NOTCH
        if sideways:
            self.axis.move(-notches * _PAN_A_NOTCH * stretch.seconds)
        else:
            self.axis.zoom(_ZOOM_A_NOTCH**-notches, self.seconds_at(event.position().x()))
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.renew()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.renew()


def seamed_line(painter: QPainter, theme: Theme, colour: str, points: list[QPointF], *, dashed: bool = False) -> None:
    """A line that is seen on every ground: the colour over a wider dark one."""
    seam = QColor(theme.colour.canvas)
    seam.setAlphaF(_SEAM)
    # Dashes lie level, where smooth edges cost much and show nothing.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not dashed)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for tint, width in ((seam, 2 * theme.size.focus), (QColor(colour), 1.5 * theme.size.line)):
        pen = QPen(tint, width)
        if dashed:
            pen.setDashPattern([theme.space.s / width, theme.space.xs / width])
        painter.setPen(pen)
        # Piece by piece: as one line, Qt looks for where it crosses itself, which takes it long.
        painter.drawLines([QLineF(a, b) for a, b in pairwise(points)])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
