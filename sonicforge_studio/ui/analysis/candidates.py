"""What a tempo or a key may be besides, and the mark of the user's own word."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, IconButton, label


class Candidates(QWidget):
    """Side by side, the one that holds switched on; hidden where there are none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.space.xs)
        self._buttons: list[Button] = []
        self.hide()

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(self._buttons)

    def clear(self) -> None:
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons.clear()
        self.hide()

    def add(self, text: str, name: str, confidence: float, *, current: bool) -> Button:
        """Another candidate; its button stays as it is until the choice has come true."""
        button = Button(f"{text}\n{confidence:.0%}", "target")
        button.setAccessibleName(tr("Candidate: {name}", name=f"{name}, {confidence:.0%}"))
        button.setToolTip(name)
        button.setCheckable(True)
        button.setChecked(current)
        button.clicked.connect(lambda: button.setChecked(current))
        self._row.addWidget(button, 1)
        self._buttons.append(button)
        self.show()
        return button


class CorrectionMark(QWidget):
    """Tells what the user said, with the way back, and what follows from what they said elsewhere."""

    undo_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.s)
        self.mark = label("", "badge")
        self.mark.setFixedHeight(theme.size.badge)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self.undo_button = IconButton(
            theme, "undo", tr("Back to what was measured"), self.undo_wanted.emit, shortcut="Ctrl+Z", small=True
        )
        row.addWidget(self.undo_button)
        for part in (self.mark, self.undo_button):
            kept = part.sizePolicy()
            kept.setRetainSizeWhenHidden(True)
            part.setSizePolicy(kept)
            part.hide()

    def show_part(self, part: str, corrected: tuple[str, ...]) -> None:
        """ "tempo" or "key", and what of an analysis is not as it was measured."""
        own, learned = part in corrected, f"{part}-learned" in corrected
        self.mark.setText(tr("yours") if own else tr("learned from you") if learned else "")
        self.mark.setVisible(own or learned)
        self.undo_button.setVisible(own)
