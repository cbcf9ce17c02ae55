"""A sentence on what went wrong, where it is to be mended."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label, picture


class Notice(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.space.m, theme.space.s, theme.space.m, theme.space.s)
        row.setSpacing(theme.space.s)
        row.addWidget(picture(theme, "error", theme.size.icon_s, theme.colour.danger))
        self._text = label("", "body", wrap=True, select=True)
        row.addWidget(self._text, 1)
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def say(self, text: str) -> None:
        self.setVisible(bool(text))
        self._text.setText(text)
        self.setAccessibleName(text)
