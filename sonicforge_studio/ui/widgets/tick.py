"""A box to tick, in the theme's dress."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyleOptionButton

from sonicforge_studio.ui.theme import Theme


class Tick(QCheckBox):
    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(text)
        self._theme = theme
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = theme.size.icon_s
        box = QRectF(0.5, (self.height() - side) / 2 + 0.5, side - 1, side - 1)
        edge = colour.accent if self.hasFocus() or self.isChecked() else colour.line_strong
        painter.setPen(QPen(QColor(edge), theme.size.line))
        painter.setBrush(QColor(colour.accent if self.isChecked() else colour.canvas))
        painter.drawRoundedRect(box, theme.tokens.radius.s, theme.tokens.radius.s)
        if self.isChecked():
            theme.icon("check", colour.on_accent).paint(painter, box.toAlignedRect())
        text = QRect(side + theme.space.s, 0, self.width() - side - theme.space.s, self.height())
        painter.setPen(QColor(colour.text if self.isEnabled() else colour.text_faint))
        self.style().drawItemText(
            painter, text, Qt.AlignmentFlag.AlignVCenter, option.palette, self.isEnabled(), self.text()
        )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colour.text), theme.size.line))
            painter.drawRoundedRect(box, theme.tokens.radius.s, theme.tokens.radius.s)
        painter.end()
