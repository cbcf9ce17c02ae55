"""Pixels inside a plot: what is dense is painted by kernels into an image, axes and cursors stay pyqtgraph's."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

Pixels = NDArray[np.uint32]
"""``0xffRRGGBB``, shape ``(height, width)``."""

_BEHIND = -1000.0


class RasterItem(pg.GraphicsObject):  # type: ignore[misc] # pyqtgraph has no types
    """Covers a view box at the screen's own density, behind everything that lies in the plot."""

    def __init__(self, box: pg.ViewBox, ground: int) -> None:
        super().__init__()
        self._box = box
        self._ground = ground
        self._ratio = 1.0
        self.pixels: Pixels = np.full((1, 1), ground, np.uint32)
        self._image = self._over(self.pixels)
        self.first_row = 0
        """The image's row that is shown at the top, for one that is written as a ring."""
        self.setParentItem(box)
        self.setZValue(_BEHIND)
        box.sigResized.connect(self._box_resized)

    def fit(self, device_pixel_ratio: float) -> bool:
        """Take the box's present size. Whether it was another: the pixels are then empty."""
        size = (
            max(1, round(self._box.height() * device_pixel_ratio)),
            max(1, round(self._box.width() * device_pixel_ratio)),
        )
        if size == self.pixels.shape and device_pixel_ratio == self._ratio:
            return False
        self._ratio = device_pixel_ratio
        self.pixels = np.full(size, self._ground, np.uint32)
        self._image = self._over(self.pixels)
        self.first_row = 0
        return True

    def _over(self, pixels: Pixels) -> QImage:
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self._ratio)
        return image

    def _box_resized(self, _: object) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        return QRectF(0.0, 0.0, self._box.width(), self._box.height())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        height, width = self.pixels.shape
        first, ratio = self.first_row, self._ratio
        if not first:
            painter.drawImage(QPointF(0.0, 0.0), self._image)
            return
        painter.drawImage(QPointF(0.0, 0.0), self._image, QRectF(0, first, width, height - first))
        painter.drawImage(QPointF(0.0, (height - first) / ratio), self._image, QRectF(0, 0, width, first))
