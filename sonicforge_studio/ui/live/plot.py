"""A plot as the live views use it: in the theme's dress, a raster behind, axes that are drawn once, and a cursor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

from sonicforge_studio.ui.live.raster_item import RasterItem
from sonicforge_studio.ui.theme import Theme

LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)

Ticks = Sequence[tuple[float, str]]


def frequency_ticks() -> Ticks:
    """Places on an axis of log10(Hz), and what stands there."""
    return [(math.log10(hz), f"{hz // 1000}k" if hz >= 1000 else str(hz)) for hz in TICKS_HZ]


def decibel_ticks(values: Sequence[int]) -> Ticks:
    return [(float(db), str(db).replace("-", "−")) for db in values]


def opaque(colour: str) -> int:
    """A colour of the theme as a pixel, ``0xffRRGGBB``."""
    named = QColor(colour)
    return 0xFF000000 | named.red() << 16 | named.green() << 8 | named.blue()


class LivePlot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """``x`` and ``y`` are the ranges that are shown; they stay. ``hovered`` is told where the mouse is, in them."""

    def __init__(
        self,
        theme: Theme,
        x: tuple[float, float],
        y: tuple[float, float],
        hovered: Callable[[QPointF | None], None],
    ) -> None:
        super().__init__(enableMenu=False)
        self._theme = theme
        self._hovered = hovered
        self.x_range, self.y_range = x, y
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setBackground(theme.colour.canvas)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setMinimumSize(theme.size.rail, theme.size.control)
        plot: Any = self.plotItem
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.layout.setContentsMargins(0, theme.space.xs, theme.space.m, 0)
        plot.vb.setDefaultPadding(0)
        plot.vb.setBorder(None)
        plot.vb.setMenuEnabled(False)
        plot.setXRange(*x, padding=0)
        plot.setYRange(*y, padding=0)
        plot.vb.disableAutoRange()
        self.raster = RasterItem(plot.vb, opaque(theme.colour.canvas))
        self._lines = [
            pg.InfiniteLine(0, angle, pen=pg.mkPen(theme.colour.text_muted, width=theme.size.line)) for angle in (90, 0)
        ]
        for line in self._lines:
            line.hide()
            plot.addItem(line)
        self.show_ticks("left", [])
        self.show_ticks("bottom", [])

    def show_ticks(self, side: str, ticks: Ticks, width: int | None = None) -> None:
        """Label an axis; without ticks it is hidden."""
        axis = self.plotItem.getAxis(side)
        theme = self._theme
        axis.setTicks([list(ticks)])
        axis.setStyle(
            tickFont=theme.font(theme.tokens.type.caption),
            tickLength=0,
            tickAlpha=0,
            tickTextOffset=theme.space.xs,
            autoExpandTextSpace=False,
            hideOverlappingLabels=True,
        )
        axis.setTextPen(theme.colour.text_faint)
        axis.setPen(None)
        if side == "left":
            axis.setWidth((width or theme.size.control) if ticks else 0)
        else:
            axis.setHeight(theme.space.l + theme.space.xs if ticks else 0)
        # Drawn anew only when it changes: text is the dearest thing on a plot.
        axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def show_cursor(self, place: QPointF | None, *, level: bool = False) -> None:
        """A line through a place, and one across where ``level``."""
        upright, across = self._lines
        upright.setVisible(place is not None)
        across.setVisible(place is not None and level)
        if place is not None:
            upright.setValue(place.x())
            across.setValue(place.y())

    def fit_raster(self) -> bool:
        """Give the raster the plot's present size. Whether that is new."""
        return self.raster.fit(self.devicePixelRatioF())

    def show_raster(self) -> None:
        """Have what the raster now holds painted.

        Straight to the viewport: a scene gathers its changes first, and each view would then be painted and sent to the
        screen by itself, four times a frame.
        """
        self.viewport().update(self.mapFromScene(self.plotItem.vb.sceneBoundingRect()).boundingRect())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.plotItem.vb.mapSceneToView(self.mapToScene(event.position().toPoint()))
        inside = self.x_range[0] <= place.x() <= self.x_range[1] and self.y_range[0] <= place.y() <= self.y_range[1]
        self._hovered(place if inside else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered(None)
