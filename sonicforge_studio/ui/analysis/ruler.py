"""The clock over all lanes."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from sonicforge_studio.studio.spectrogram_axes import clock_text, time_ticks
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme


class Ruler(Lane):
    def __init__(self, theme: Theme, axis: TimeAxis) -> None:
        super().__init__(theme, axis, tr("Time"), theme.size.icon, grows=False)

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        theme, metrics = self.theme, painter.fontMetrics()
        painter.fillRect(plot, QColor(theme.colour.canvas))
        seconds_a_pixel = stretch.seconds / plot.width()
        decimals = max(0, math.ceil(-math.log10(50 * seconds_a_pixel)))
        widest = metrics.horizontalAdvance(clock_text(stretch.end_seconds, decimals)) + theme.space.xl
        for seconds, text in time_ticks(stretch.start_seconds, stretch.end_seconds, int(plot.width() / widest)):
            x = (seconds - stretch.start_seconds) / seconds_a_pixel
            painter.fillRect(
                QRectF(x, plot.height() - theme.space.xs, theme.size.line, theme.space.xs),
                QColor(theme.colour.line_strong),
            )
            painter.setPen(QColor(theme.colour.text_faint))
            width = metrics.horizontalAdvance(text) + 1
            left = min(max(0.0, x - width / 2), plot.width() - width)
            painter.drawText(QRectF(left, 0, width, metrics.height()), Qt.AlignmentFlag.AlignLeft, text)
