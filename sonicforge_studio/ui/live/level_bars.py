"""Two bars for left and right: RMS, the highest sample and, as a line, the highest true peak since the reset."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

LOWEST_DB, HIGHEST_DB = -60.0, 3.0
_TICKS_DB = (0, -6, -12, -24, -36, -48)


class LevelBars(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rms_db: Sequence[float] = (LOWEST_DB, LOWEST_DB)
        self._peak_db: Sequence[float] = (LOWEST_DB, LOWEST_DB)
        self._held_db: Sequence[float] = (LOWEST_DB, LOWEST_DB)
        self.setFixedWidth(theme.size.control + theme.size.icon_l)
        self.setAccessibleName(tr("Level of left and right"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_levels(self, rms_db: Sequence[float], peak_db: Sequence[float], held_db: Sequence[float]) -> None:
        """In dBFS, left and right; ``held_db`` in dBTP."""
        shown = (tuple(rms_db), tuple(peak_db), tuple(held_db))
        if shown != (self._rms_db, self._peak_db, self._held_db):
            self._rms_db, self._peak_db, self._held_db = shown
            self.update()

    def _y(self, db: float) -> float:
        share = (min(max(db, LOWEST_DB), HIGHEST_DB) - HIGHEST_DB) / (LOWEST_DB - HIGHEST_DB)
        room = self.fontMetrics().height() / 2
        return room + share * (self.height() - 2 * room)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colour.canvas))
        painter.setFont(theme.font(theme.tokens.type.caption))
        scale = theme.size.icon_l
        for db in _TICKS_DB:
            y = self._y(db)
            painter.setPen(QColor(colour.text_faint))
            place = QRectF(0, y - theme.space.s, scale - theme.space.xs, 2 * theme.space.s)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(db).replace("-", "−")
            )
        width = (self.width() - scale - theme.space.xxs) / 2
        bottom = self._y(LOWEST_DB)
        for channel in range(2):
            left = scale + channel * (width + theme.space.xxs)
            painter.fillRect(
                QRectF(left, self._y(HIGHEST_DB), width, bottom - self._y(HIGHEST_DB)), QColor(colour.surface)
            )
            peak, rms, held = self._y(self._peak_db[channel]), self._y(self._rms_db[channel]), self._held_db[channel]
            painter.fillRect(QRectF(left, peak, width, bottom - peak), QColor(colour.wave))
            painter.fillRect(QRectF(left, rms, width, bottom - rms), QColor(colour.accent))
            if held > LOWEST_DB:
                mark = QColor(colour.danger if held > 0.0 else colour.text)
                painter.fillRect(QRectF(left, self._y(held) - theme.space.xxs / 2, width, theme.space.xxs), mark)
        painter.end()
