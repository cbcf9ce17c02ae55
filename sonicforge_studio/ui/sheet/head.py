"""The line over the desk: what is open, how far it is played ahead, and what becomes of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, IconButton

_BAR_STEPS = 1000


class SheetHead(QWidget):
    left = Signal()
    toggled = Signal()
    undone = Signal()
    thrown = Signal()
    """All dice."""
    made = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        head = QHBoxLayout(self)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.space.m)
        self.back_button = Button(tr("Back"), "quiet", self.left.emit)
        self.play_button = IconButton(theme, "play", tr("Play"), self.toggled.emit, colour=theme.colour.text)
        head.addWidget(self.back_button)
        head.addWidget(self.play_button)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        self.title = ElidedLabel("", "title")
        self.detail = ElidedLabel("", "small")
        titles.addWidget(self.title)
        titles.addWidget(self.detail)
        head.addLayout(titles, 1)
        self._bar = QProgressBar()
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(theme.size.volume)
        self._bar.setAccessibleName(tr("Played ahead"))
        self._bar.setToolTip(tr("Played ahead"))
        head.addWidget(self._bar)
        self.undo_button = IconButton(
            theme, "undo", tr("Take the last change back"), self.undone.emit, shortcut="Ctrl+Z"
        )
        head.addWidget(self.undo_button)
        self.dice_button = Button(tr("Throw all dice"), "", self.thrown.emit)
        self.dice_button.setIcon(theme.icon("dice"))
        self.dice_button.setToolTip(tr("Another seed for all parts that are not locked"))
        head.addWidget(self.dice_button)
        self.make_button = Button(tr("Make this piece"), "primary", self.made.emit)
        self.make_button.setToolTip(tr("Forge it as it is now; the one it came from stays."))
        head.addWidget(self.make_button)

    def show_ready(self, share: float) -> None:
        """The share of the piece that is played ahead."""
        self._bar.setValue(round(share * _BAR_STEPS))

    def show_sounding(self, sounding: bool) -> None:
        self.play_button.show_as(
            "pause" if sounding else "play", tr("Pause") if sounding else tr("Play"), colour=self._theme.colour.text
        )
