"""A line, or the progress of the work in its place, so that nothing moves when the work begins."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import separator

_STEPS = 1000


class WorkLine(QStackedWidget):
    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(name)
        self.setFixedHeight(theme.size.bar)
        rest = QWidget()
        column = QVBoxLayout(rest)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(separator(theme))
        self.addWidget(rest)
        self.addWidget(self._bar)

    def show_working(self, working: bool) -> None:
        """Begin at nothing, or be a line again."""
        self.setCurrentIndex(1 if working else 0)
        self._bar.setValue(0)

    def show_fraction(self, fraction: float) -> None:
        """How much is done, 0..1."""
        self._bar.setValue(round(fraction * _STEPS))
