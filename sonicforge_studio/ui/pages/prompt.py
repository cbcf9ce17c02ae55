"""The prompt's field, with the composer's reading under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label, restyle
from sonicforge_studio.ui.widgets.flow import FlowLayout


class PromptField(QPlainTextEdit):
    """Tab leaves the field, Return begins no new line, Ctrl+Return submits."""

    submitted = Signal()

    def __init__(self, theme: Theme, example: str) -> None:
        super().__init__()
        self.setPlaceholderText(example)
        self.setAccessibleName(tr("Describe the music"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(theme.size.prompt)
        self.document().setDocumentMargin(0)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAcceptDrops(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._mark(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark(False)

    def _mark(self, active: bool) -> None:
        """The card around the field shows where the keyboard is."""
        card = self.parentWidget()
        while card is not None and card.objectName() != "card":
            card = card.parentWidget()
        if card is not None:
            restyle(card, "active", "true" if active else "false")


class Prompt(QWidget):
    changed = Signal()
    submitted = Signal()

    def __init__(self, theme: Theme, example: str) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.s)
        self.field = PromptField(theme, example)
        self.field.textChanged.connect(self.changed)
        self.field.submitted.connect(self.submitted)
        layout.addWidget(self.field)
        self._reading = QWidget()
        self._reading.setAccessibleName(tr("What the composer understands"))
        self._reading.setMinimumHeight(theme.size.icon_l)
        self._chips = FlowLayout(theme.space.xs, self._reading)
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(self._reading, 1)
        self._note = label("", "small")
        row.addWidget(self._note, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        self.show_reading((), ())

    def text(self) -> str:
        return " ".join(self.field.toPlainText().split())

    def write(self, text: str) -> None:
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.take_focus()

    def take_focus(self) -> None:
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_note(self, text: str) -> None:
        """What is being done with the prompt, at the right."""
        self._note.setText(text)

    def show_reading(self, understood: Sequence[str], ignored: Sequence[str]) -> None:
        """What was understood as chips, what was not dimmed and struck out; a hint while there is nothing."""
        self._chips.clear()
        if not understood and not ignored:
            self._chips.addWidget(label(tr("Genre, tempo, key and mood are read as you type."), "caption"))
        for text in understood:
            self._chips.addWidget(self._chip(text, "read", tr("Understood: {text}", text=text)))
        for text in ignored:
            self._chips.addWidget(self._chip(text, "ignored", tr("Not understood, so left out: {text}", text=text)))
        self._reading.setAccessibleDescription(", ".join(understood))

    def _chip(self, text: str, role: str, name: str) -> QLabel:
        chip = label(text, role)
        chip.setToolTip(name)
        chip.setAccessibleName(name)
        if role == "ignored":
            font = self._theme.font(self._theme.tokens.type.small)
            font.setStrikeOut(True)
            chip.setFont(font)
        return chip
