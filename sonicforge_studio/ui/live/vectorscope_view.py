"""The stereo picture: a vectorscope (mono stands upright, left leans left), and the correlation below it."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sonicforge_studio.kernels.raster import paint_density
from sonicforge_studio.kernels.stereo import add_points
from sonicforge_studio.studio import LiveSnapshot
from sonicforge_studio.ui.live.exports import Table
from sonicforge_studio.ui.live.heat import heat_colours
from sonicforge_studio.ui.live.plot import LivePlot
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.numbers import NONE, decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_FADE_SECONDS = 0.12
_STEPS_DB = (0, 6, 12, 18, 24)
"""How far a quiet picture is enlarged, so that its shape can be seen."""
_FULL, _LEAST = 0.95, 0.4
_PATIENCE_SECONDS = 1.5
_REACH = 1.05
_HALF_ROOT = math.sqrt(0.5)
_FLOOR_DB = -80.0


class VectorscopeView(LiveView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "vectorscope", tr("Stereo"))
        self._cursor: QPointF | None = None
        self._density = np.zeros((1, 1), np.float32)
        self._drawn_at = 0.0
        self._step = 0
        self._loud_at = 0.0
        self._lut = heat_colours(theme)
        self._plot = LivePlot(theme, (-_REACH, _REACH), (-_REACH, _REACH), self.hover)
        self._draw_frame()
        self._square = _Square(self._plot)
        self.put(self._square)
        self.correlation = Correlation(theme)
        self.put(self.correlation, 0)

    def _draw_frame(self) -> None:
        """The axes of left and right, and the diamond that full scale reaches."""
        theme = self._theme
        faint = pg.mkPen(theme.colour.line_strong, width=theme.size.line)
        diamond = pg.PlotCurveItem([0, 1, 0, -1, 0], [1, 0, -1, 0, 1], pen=faint)
        for curve in (
            diamond,
            pg.PlotCurveItem([-0.5, 0.5], [0.5, -0.5], pen=faint),
            pg.PlotCurveItem([-0.5, 0.5], [-0.5, 0.5], pen=faint),
        ):
            self._plot.addItem(curve)
        font = theme.font(theme.tokens.type.caption)
        marks = ((tr("L|left"), -0.6, 0.6, 0.5), (tr("R|right"), 0.6, 0.6, 0.5), ("", 0.16, 0.88, 0.0))
        for text, x, y, anchor in marks:
            mark = pg.TextItem(text, color=theme.colour.text_faint, anchor=(anchor, 0.5))
            mark.setFont(font)
            mark.setPos(x, y)
            self._plot.addItem(mark)
        self._scale = mark
        self._say_scale()

    # Painting

    def draw(self, snapshot: LiveSnapshot) -> None:
        raster = self._plot.raster
        if self._plot.fit_raster():
            self._density = np.zeros(raster.pixels.shape, np.float32)
        decay = math.exp(-max(0.0, snapshot.made_at - self._drawn_at) / _FADE_SECONDS)
        self._drawn_at = snapshot.made_at
        self._fit_scale(snapshot)
        add_points(self._density, snapshot.wave, decay, self._gain / _REACH)
        paint_density(raster.pixels, self._density, self._lut)
        self._plot.show_raster()
        self.correlation.show_reading(snapshot.correlation, snapshot.balance)
        if self._cursor is None:
            reading = NONE if snapshot.correlation is None else decimal(snapshot.correlation, 2, signed=True)
            self.readout.setText(f"{tr('Correlation')} {reading}")

    @property
    def _gain(self) -> float:
        return float(10.0 ** (_STEPS_DB[self._step] / 20.0))

    def _fit_scale(self, snapshot: LiveSnapshot) -> None:
        """Enlarge what stays small for a while; make room at once for what gets loud."""
        highest = float(np.abs(snapshot.wave).max(initial=0.0))
        step = self._step
        while step and highest * 10.0 ** (_STEPS_DB[step] / 20.0) > _FULL:
            step -= 1
        if highest * self._gain > _LEAST or not highest:
            self._loud_at = snapshot.made_at
        elif snapshot.made_at - self._loud_at > _PATIENCE_SECONDS and step < len(_STEPS_DB) - 1:
            step += 1
            self._loud_at = snapshot.made_at
        if step != self._step:
            self._step = step
            self._density[:] = 0.0
            self._say_scale()

    def _say_scale(self) -> None:
        """What the diamond's tips stand for."""
        self._scale.setText(f"{decimal(float(-_STEPS_DB[self._step]), 0)} dBFS")

    # Reading

    def hover(self, place: QPointF | None) -> None:
        """Read out a place: the levels of left and right that would put a point there."""
        self._cursor = place
        self._plot.show_cursor(place, level=True)
        if place is not None:
            left, right = (place.y() - place.x()) / self._gain, (place.y() + place.x()) / self._gain
            angle = math.degrees(math.atan2(place.x(), place.y()))
            self.readout.setText(
                f"{tr('L|left')} {_level(left)} · {tr('R|right')} {_level(right)} dB · {decimal(angle, 0)}°"
            )

    def move_cursor(self, step: int) -> None:
        place = QPointF(self._cursor or QPointF(0.0, 0.5))
        place.setX(min(max(place.x() + step * 0.02, -_REACH), _REACH))
        self.hover(place)

    def table(self) -> Table:
        """The last samples of left and right."""
        if self.snapshot is None:
            return Table(("frame", "left", "right"), ())
        wave = self.snapshot.wave
        return Table(
            ("frame", "left", "right"),
            [[index, float(left), float(right)] for index, (left, right) in enumerate(wave.T)],
        )


def _level(amplitude: float) -> str:
    return decimal(max(_FLOOR_DB, 20.0 * math.log10(abs(amplitude) + 1e-9)))


class _Square(QWidget):
    """Keeps the plot as high as it is wide, in the middle."""

    def __init__(self, plot: LivePlot) -> None:
        super().__init__()
        self._plot = plot
        plot.setParent(self)

    def resizeEvent(self, event: object) -> None:
        side = min(self.width(), self.height())
        self._plot.setGeometry((self.width() - side) // 2, (self.height() - side) // 2, side, side)


class Correlation(QWidget):
    """−1 (out of phase) to +1 (mono), with the balance as a tick below."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._correlation: float | None = None
        self._balance: float | None = None
        self.setFixedHeight(theme.size.control)
        self.setAccessibleName(tr("Correlation"))

    def show_reading(self, correlation: float | None, balance: float | None) -> None:
        shown = (
            None if correlation is None else round(correlation, 3),
            None if balance is None else round(balance, 3),
        )
        if shown != (self._correlation, self._balance):
            self._correlation, self._balance = shown
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        painter.setFont(theme.font(theme.tokens.type.caption))
        side = theme.size.icon_l
        bar = QRectF(side, theme.space.xs, self.width() - 2 * side, theme.space.s)
        painter.fillRect(bar, QColor(colour.surface))
        middle = bar.center().x()
        if self._correlation is not None:
            reach = self._correlation * bar.width() / 2
            tint = QColor(colour.accent if self._correlation >= 0 else colour.danger)
            painter.fillRect(QRectF(min(middle, middle + reach), bar.top(), abs(reach), bar.height()), tint)
        painter.fillRect(QRectF(middle, bar.top(), theme.size.line, bar.height()), QColor(colour.line_strong))
        painter.setPen(QColor(colour.text_faint))
        rest = QRectF(0, bar.top() - theme.space.xs, side - theme.space.xs, bar.height() + 2 * theme.space.xs)
        painter.drawText(rest, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "−1")
        rest.moveLeft(bar.right() + theme.space.xs)
        painter.drawText(rest, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "+1")
        if self._balance is not None:
            x = middle + self._balance * bar.width() / 2
            under = bar.bottom() + theme.space.xs
            painter.fillRect(QRectF(bar.left(), under, bar.width(), theme.size.line), QColor(colour.line_strong))
            painter.fillRect(
                QRectF(x - theme.space.xs, under - theme.space.xxs, theme.space.s, theme.space.xs), QColor(colour.text)
            )
        painter.end()
