"""A question before something that cannot be taken back lightly; the window goes on behind it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label


class Question(QDialog):
    """``facts`` are (name, value) pairs; ``accepted`` is the yes, Esc and Cancel are the no."""

    def __init__(
        self,
        theme: Theme,
        parent: QWidget,
        title: str,
        text: str,
        yes: str,
        facts: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.size.settings_column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, theme.space.l)
        layout.setSpacing(theme.space.m)
        layout.addWidget(label(title, "strong", wrap=True))
        if facts:
            layout.addLayout(_table(theme, facts))
        self.text = label(text, "muted", wrap=True)
        layout.addWidget(self.text)
        row = QHBoxLayout()
        row.setSpacing(theme.space.s)
        row.addStretch(1)
        self.no_button = Button(tr("Cancel"), "", self.reject)
        self.yes_button = Button(yes, "primary", self.accept)
        row.addWidget(self.no_button)
        row.addWidget(self.yes_button)
        layout.addSpacing(theme.space.s)
        layout.addLayout(row)
        self.setAccessibleDescription(" ".join([*(f"{name}: {value}." for name, value in facts), text]))
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)


def _table(theme: Theme, facts: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.space.l)
    grid.setVerticalSpacing(theme.space.xs)
    grid.setColumnStretch(1, 1)
    for number, (name, value) in enumerate(facts):
        grid.addWidget(label(name, "small"), number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, wrap=True), number, 1)
    return grid
