"""A track's waveform as a picture: the stored peaks folded to the columns of the screen and drawn once."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from sonicforge_studio.ui.theme import Theme

_KEPT = 512
_FULL_SCALE = 127.0


def columns_of(peaks: bytes, columns: int) -> NDArray[np.float32]:
    """(low, high) in −1..1 for each of ``columns``, shape ``(columns, 2)``; the stored pairs are folded or repeated."""
    pairs = np.frombuffer(peaks, np.int8).reshape(-1, 2)
    edges = np.linspace(0, len(pairs), columns + 1)
    starts = np.minimum(edges[:-1].astype(np.intp), len(pairs) - 1)
    folded = np.empty((columns, 2), np.float32)
    folded[:, 0] = np.minimum.reduceat(pairs[:, 0], starts)
    folded[:, 1] = np.maximum.reduceat(pairs[:, 1], starts)
    return folded / np.float32(_FULL_SCALE)


class PeaksPainter:
    """Draws waveforms and keeps the newest few hundred, so that scrolling a table draws none anew."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._kept: OrderedDict[tuple[int, int, int, str], QPixmap] = OrderedDict()

    def pixmap(self, peaks: bytes, size: QSize, colour: str, ratio: float) -> QPixmap:
        """The waveform in one colour on nothing; an even line where there are no peaks."""
        wide, high = max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio))
        key = (hash(peaks), wide, high, colour)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        drawn = self._draw(peaks, wide, high, colour, ratio)
        drawn.setDevicePixelRatio(ratio)
        self._kept[key] = drawn
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return drawn

    def _draw(self, peaks: bytes, wide: int, high: int, colour: str, ratio: float) -> QPixmap:
        pixmap = QPixmap(wide, high)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        bar = max(1, round(self._theme.size.bar / 2 * ratio))
        step = bar + max(1, round(self._theme.size.line * ratio))
        count = max(1, wide // step)
        pen = QPen(QColor(colour), bar)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        middle = high / 2
        if len(peaks) < 2:
            painter.drawLine(QLineF(0, middle, wide, middle))
        else:
            loud = np.abs(columns_of(peaks, count)).max(axis=1)
            half = np.maximum(loud * (middle - 1), ratio / 2)
            x = np.arange(count) * step + bar / 2
            painter.drawLines([QLineF(x[i], middle - half[i], x[i], middle + half[i]) for i in range(count)])
        painter.end()
        return pixmap


def share_at(x: float, width: float) -> float:
    """Where a place on a waveform lies, 0..1."""
    return min(1.0, max(0.0, x / width)) if width > 0 and math.isfinite(x) else 0.0
