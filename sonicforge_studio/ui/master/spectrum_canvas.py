"""The live spectrum as a ground to set things on: what is heard now, and how it was before and after on average."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from sonicforge_studio.kernels.raster import columns_from_bands, paint_spectrum
from sonicforge_studio.studio import LiveSnapshot
from sonicforge_studio.ui.live.heat import fill_colours
from sonicforge_studio.ui.live.plot import HIGHEST_HZ, LOWEST_HZ, frequency_ticks, opaque
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.theme import Theme

_FLOOR_DB, _TOP_DB = -90.0, 0.0
_AVERAGE_SECONDS = 3.0
_LEFT, _RIGHT = math.log10(LOWEST_HZ), math.log10(HIGHEST_HZ)


class SpectrumCanvas(QWidget):
    """``look`` is called with each new picture; nothing is painted while it is hidden.

    Over it lies a scale of its own, ``low`` to ``high`` from bottom to top, on which handles stand.
    """

    changed = Signal(str, object, bool)
    """A place of the stage's settings, its new value, and whether a hand is still moving it."""
    many_changed = Signal(object, str)
    """Several places with their values, and the word that joins them with the step before."""
    let_go = Signal()

    def __init__(self, theme: Theme, name: str, low: float, high: float, ticks: tuple[float, ...], unit: str) -> None:
        super().__init__()
        self._theme = theme
        self._low, self._high, self._ticks, self._unit = low, high, ticks, unit
        self._averages: dict[int, NDArray[np.float32]] = {}
        self._frequencies_hz: NDArray[np.float64] = np.zeros(0)
        self._seen_at = 0.0
        self._dirty = True
        self._pixels: NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self._curves: NDArray[np.float32] = np.zeros((3, 1), np.float32)
        self._gradient: NDArray[np.uint32] = np.zeros(1, np.uint32)
        self._columns: NDArray[np.int64] = np.zeros(0, np.int64)
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._places: NDArray[np.float64] = np.zeros(0)
        self._scales: QPixmap | None = None
        """What is written on the scales, of the present size: text is the dearest thing on a picture."""
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumHeight(theme.size.lane_open // 2)

    # Places

    @property
    def scale_height(self) -> float:
        """Without the line of frequencies at the bottom."""
        return float(self.height() - self._theme.space.l - self._theme.space.xs)

    def x_of(self, hz: float) -> float:
        share = (math.log10(max(hz, 1.0)) - _LEFT) / (_RIGHT - _LEFT)
        return self._theme.space.s + share * (self.width() - 2 * self._theme.space.s)

    def hz_at(self, x: float) -> float:
        share = (x - self._theme.space.s) / max(1, self.width() - 2 * self._theme.space.s)
        return min(max(float(10.0 ** (_LEFT + share * (_RIGHT - _LEFT))), LOWEST_HZ), HIGHEST_HZ)

    def y_of(self, value: float) -> float:
        room = self._theme.space.m
        return room + (self._high - value) / (self._high - self._low) * (self.scale_height - 2 * room)

    def value_at(self, y: float) -> float:
        room = self._theme.space.m
        share = (y - room) / max(1.0, self.scale_height - 2 * room)
        return min(max(self._high - share * (self._high - self._low), self._low), self._high)

    # The spectrum

    def look(self, snapshot: LiveSnapshot, version: int | None) -> None:
        """Show a picture; ``version`` is 0 where the original is heard, 1 where the master is."""
        levels = np.maximum(snapshot.levels_db[0], snapshot.levels_db[1])
        if snapshot.frequencies_hz is not self._frequencies_hz:
            self._frequencies_hz = snapshot.frequencies_hz
            self._averages.clear()
        now = time.monotonic()
        if version is not None and snapshot.position_seconds is not None:
            share = 1.0 - math.exp(-min(now - self._seen_at, 1.0) / _AVERAGE_SECONDS)
            before = self._averages.get(version)
            self._averages[version] = (
                levels.copy() if before is None else before + np.float32(share) * (levels - before)
            )
        self._seen_at = now
        if self.isVisible():
            self._paint_levels(levels)
            self.update()

    def forget(self) -> None:
        """Another track: its averages begin anew."""
        self._averages.clear()
        self._dirty = True
        self.update()

    def _paint_levels(self, levels: NDArray[np.float32] | None) -> None:
        ratio = self.devicePixelRatioF()
        shape = (max(1, round(self.height() * ratio)), max(1, round(self.width() * ratio)))
        if self._pixels.shape != shape or self._places.size != self._frequencies_hz.size:
            self._measure_up(shape, ratio)
        height, width = shape
        for number, curve in enumerate(self._curves):
            shown = levels if number == 0 else self._averages.get(number - 1)
            if levels is None or shown is None or not self._places.size:
                curve[:] = height
                continue
            columns_from_bands(shown, self._places, _FLOOR_DB, _TOP_DB, height, curve)
            curve[: max(0, math.ceil(self._places[0]))] = np.nan
            curve[min(width, math.floor(self._places[-1]) + 1) :] = np.nan
        colour = self._theme.colour
        paint_spectrum(
            self._pixels, self._curves[0], self._curves[1], self._curves[2], 0 in self._averages, 1 in self._averages,
            self._columns, self._rows, self._gradient, opaque(colour.canvas), opaque(colour.line),
            opaque(colour.wave), opaque(colour.line_strong), opaque(colour.text_faint), ratio,
        )  # fmt: skip
        self._dirty = False

    def _measure_up(self, shape: tuple[int, int], ratio: float) -> None:
        """Where bands, grid and gradient lie in the present size."""
        height, width = shape
        self._pixels = np.zeros(shape, np.uint32)
        self._curves = np.full((3, width), height, np.float32)
        self._gradient = fill_colours(self._theme.colour.canvas, self._theme.colour.wave, height)
        self._columns = np.array([self.x_of(10.0**place) * ratio for place, _ in frequency_ticks()], np.int64)
        self._rows = np.array([self.y_of(value) * ratio for value in self._ticks], np.int64)
        self._scales = None
        if self._frequencies_hz.size:
            places = (np.log10(self._frequencies_hz) - _LEFT) / (_RIGHT - _LEFT)
            self._places = (self._theme.space.s + places * (self.width() - 2 * self._theme.space.s)) * ratio

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dirty = True
        self.place_handles()

    def place_handles(self) -> None:
        """Put the handles where their values are; for those that have some."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._dirty:
            self._paint_levels(None)
        painter = QPainter(self)
        height, width = self._pixels.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(QPointF(0.0, 0.0), image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._scales is None:
            self._scales = self._drawn_scales()
        painter.drawPixmap(0, 0, self._scales)
        self.paint_over(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self._theme.colour.line), self._theme.size.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def paint_over(self, painter: QPainter) -> None:
        """What is set, over the spectrum; for those that have something."""

    def _drawn_scales(self) -> QPixmap:
        theme, ratio = self._theme, self.devicePixelRatioF()
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setFont(theme.font(theme.tokens.type.caption))
        painter.setPen(QColor(theme.colour.text_faint))
        line = painter.fontMetrics().height()
        for place, text in frequency_ticks():
            width = painter.fontMetrics().horizontalAdvance(text)
            x = min(max(self.x_of(10.0**place) - width / 2, theme.space.xs), self.width() - width - theme.space.xs)
            painter.drawText(QPointF(x, self.height() - theme.space.xs), text)
        for value in self._ticks:
            text = self.tick_text(value)
            above = QRectF(0, self.y_of(value) - line, self.width() - theme.space.s, line)
            painter.drawText(above, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, text)
        painter.end()
        return drawn

    def tick_text(self, value: float) -> str:
        return f"{decimal(value, 0, signed=bool(value))}{self._unit}"
