"""Loudness over time: short-term as an area, momentary as a thin line, the integrated figure and the target across."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from sonicforge_studio.domain import Curves
from sonicforge_studio.kernels.raster import paint_spectrum
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane, seamed_line
from sonicforge_studio.ui.live.heat import fill_colours
from sonicforge_studio.ui.live.plot import opaque
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_LEAST_RANGE_LU = 18.0
_MOST_RANGE_LU = 48.0
_MARGIN_LU = 3.0
_USUAL_LOW, _USUAL_HIGH = -36.0, 0.0
_STEPS_LU = (3, 6, 12, 24)
_QUIET_SHARE = 5.0
_SILENCE_LUFS = -200.0


@dataclass(frozen=True, slots=True)
class LoudnessRange:
    low_lufs: float = _USUAL_LOW
    high_lufs: float = _USUAL_HIGH

    @classmethod
    def of(cls, curves: Curves, target_lufs: float) -> LoudnessRange:
        """What the curve needs, with the target in it. Not for the main thread."""
        heard = curves.short_term_lufs[np.isfinite(curves.short_term_lufs)]
        if not heard.size:
            return cls()
        loudest = curves.momentary_lufs[np.isfinite(curves.momentary_lufs)]
        high = max(float(heard.max()), float(loudest.max()) if loudest.size else -math.inf, target_lufs) + _MARGIN_LU
        low = min(float(np.percentile(heard, _QUIET_SHARE)), target_lufs) - _MARGIN_LU
        return cls(max(min(low, high - _LEAST_RANGE_LU), high - _MOST_RANGE_LU), high)


def seen_lufs(lufs: NDArray[np.float32], rate_hz: float, stretch: Stretch, columns: int) -> NDArray[np.float32]:
    """The loudest of each column where there are more figures than columns, else lines between the figures; −200 LUFS
    where there is silence or nothing."""
    places = (stretch.start_seconds + np.arange(columns + 1) * stretch.seconds / columns) * rate_hz
    if not lufs.size:
        return np.full(columns, _SILENCE_LUFS, np.float32)
    if places[1] - places[0] > 1.0:
        first = np.minimum(places[:-1].astype(np.int64), lufs.size - 1)
        end = min(lufs.size, math.ceil(float(places[-1])))
        seen = np.maximum.reduceat(lufs[first[0] : max(end, int(first[-1]) + 1)], first - first[0])
    else:
        middles = (places[:-1] + places[1:]) / 2
        begin, end = max(0, math.floor(middles[0]) - 1), min(lufs.size, math.ceil(middles[-1]) + 2)
        if end <= begin:
            return np.full(columns, _SILENCE_LUFS, np.float32)
        heard = np.maximum(lufs[begin:end], np.float32(_SILENCE_LUFS))
        seen = np.interp(middles, np.arange(begin, end), heard)
    return np.maximum(seen, _SILENCE_LUFS).astype(np.float32)


class LoudnessLane(Lane):
    def __init__(self, theme: Theme, axis: TimeAxis) -> None:
        super().__init__(theme, axis, tr("Loudness"), theme.size.lane_raster)
        self._curves: Curves | None = None
        self._range = LoudnessRange()
        self._integrated_lufs = -math.inf
        self._target_lufs = -math.inf

    def show_curves(self, curves: Curves | None, shown: LoudnessRange) -> None:
        self._curves, self._range = curves, shown
        self.renew()

    def show_figures(self, integrated_lufs: float, target_lufs: float) -> None:
        self._integrated_lufs, self._target_lufs = integrated_lufs, target_lufs
        self.renew()

    def _y(self, lufs: Any, height: float) -> Any:
        """The place of a loudness, or of many, in a height."""
        return (self._range.high_lufs - lufs) / (self._range.high_lufs - self._range.low_lufs) * height

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        theme, curves = self.theme, self._curves
        if curves is not None:
            self._draw_curves(painter, plot, stretch, curves)
        text = tr("Target {lufs}", lufs=decimal(self._target_lufs))
        self._across(painter, plot, self._target_lufs, theme.colour.good, text, 0)
        if math.isfinite(self._integrated_lufs):
            text = tr("Integrated {lufs}", lufs=decimal(self._integrated_lufs))
            self._across(painter, plot, self._integrated_lufs, theme.colour.accent, text, 1)

    def _draw_curves(self, painter: QPainter, plot: QRectF, stretch: Stretch, curves: Curves) -> None:
        """Painted by the kernel of the live spectrum: Qt takes half a second over a polyline of 3000 points."""
        ratio = painter.device().devicePixelRatioF()
        wide, high = round(plot.width() * ratio), round(plot.height() * ratio)
        colour = self.theme.colour
        pixels = np.empty((high, wide), np.uint32)
        rows = [
            ((high - 1) / high * ratio * self._y(lufs, plot.height())).astype(np.float32)
            for lufs in (
                seen_lufs(part, curves.loudness_rate_hz, stretch, wide)
                for part in (curves.short_term_lufs, curves.momentary_lufs)
            )
        ]
        grid = np.array([round(self._y(lufs, plot.height()) * ratio) for lufs in self._ticks(painter, plot.height())])
        paint_spectrum(
            pixels, rows[0], rows[0], rows[1], False, True, np.zeros(0, np.int64), grid.astype(np.int64),
            fill_colours(colour.surface, colour.wave, high), opaque(colour.surface), opaque(colour.line),
            opaque(colour.text), opaque(colour.text), opaque(colour.wave), ratio,
        )  # fmt: skip
        picture = QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(0, 0), picture)

    def _across(self, painter: QPainter, plot: QRectF, lufs: float, colour: str, text: str, place: int) -> None:
        """A dashed line and its text at the right; two texts never lie over each other."""
        if not math.isfinite(lufs):
            return
        y = self._y(lufs, plot.height())
        seamed_line(painter, self.theme, colour, [QPointF(0, y), QPointF(plot.width(), y)], dashed=True)
        metrics, space = painter.fontMetrics(), self.theme.space
        width = metrics.horizontalAdvance(text) + 2 * space.xs
        above = y - metrics.height() - space.xxs >= 0
        top = y - metrics.height() - space.xxs if above else y + space.xxs
        left = plot.width() - width - space.s if place == 0 else space.s
        room = QRectF(left, top, width, metrics.height())
        ground = QColor(self.theme.colour.surface)
        ground.setAlphaF(0.8)
        painter.fillRect(room, ground)
        painter.setPen(QColor(colour))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def _ticks(self, painter: QPainter, height: float) -> list[float]:
        most = max(2.0, height / (2 * painter.fontMetrics().height()))
        span = self._range.high_lufs - self._range.low_lufs
        step = next((step for step in _STEPS_LU if span / step <= most), _STEPS_LU[-1])
        numbers = range(math.ceil(self._range.low_lufs / step), math.floor(self._range.high_lufs / step) + 1)
        return [float(number * step) for number in numbers]

    def draw_gutter(self, painter: QPainter, plot: QRectF) -> None:
        line = painter.fontMetrics().height()
        painter.setPen(QColor(self.theme.colour.text_faint))
        for lufs in self._ticks(painter, plot.height()):
            y = self._y(lufs, plot.height())
            if line * 1.5 <= y <= plot.height() - line / 2:
                room = QRectF(0, y - line / 2, plot.left() - self.theme.space.s, line)
                painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, decimal(lufs, 0))

    def read(self, seconds: float, share: float) -> str:
        curves = self._curves
        if curves is None or not curves.short_term_lufs.size:
            return ""
        index = min(curves.short_term_lufs.size - 1, round(seconds * curves.loudness_rate_hz))
        short_term, momentary = float(curves.short_term_lufs[index]), float(curves.momentary_lufs[index])
        return tr("short-term {s}, momentary {m} LUFS", s=decimal(short_term), m=decimal(momentary))
