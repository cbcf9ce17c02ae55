"""A drop-down list with its arrow in the theme's colour, and number fields that stand like it."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox

from sonicforge_studio.ui.theme import Theme

_LETTERS = 10


def indent(box: QAbstractSpinBox, theme: Theme) -> None:
    """Give a number field the inner margin of the other fields: Qt's style sheets lose it there."""
    box.lineEdit().setTextMargins(theme.space.s - theme.space.xxs, 0, theme.space.s, 0)


class Choice(QComboBox):
    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.view().setAccessibleName(name)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_LETTERS)
        self.view().setTextElideMode(Qt.TextElideMode.ElideNone)

    def showPopup(self) -> None:
        """The list is as wide as its longest line, however narrow the field is."""
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 2 * self._theme.space.xl)
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling a page must not change what is chosen on it."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = self._theme.size.icon_s
        place = QRect(self.width() - side - self._theme.space.xs, (self.height() - side) // 2, side, side)
        painter = QPainter(self)
        self._theme.icon("chevron-down").paint(painter, place)
        painter.end()
