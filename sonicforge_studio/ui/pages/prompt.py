"""The prompt's field, with the composer's reading under it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from sonicforge_studio.ui.pages.completion import Completion
from sonicforge_studio.ui.pages.concept_chips import ConceptChips
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label, restyle


class PromptField(QPlainTextEdit):
    """Tab leaves the field, Return begins no new line, Ctrl+Return submits."""

    submitted = Signal()

    def __init__(self, theme: Theme, example: str) -> None:
        super().__init__()
        self._completion: Completion | None = None
        self.setPlaceholderText(example)
        self.setAccessibleName(tr("Describe the music"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(theme.size.prompt)
        self.document().setDocumentMargin(0)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAcceptDrops(False)

    def complete_with(self, words: tuple[str, ...]) -> None:
        """Offer these while one types."""
        self._completion = Completion(self, words)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab is the list's while it is shown."""
        return not (self._completion is not None and self._completion.shown) and super().focusNextPrevChild(next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._completion is not None and self._completion.handles(event):
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
            return
        super().keyPressEvent(event)
        if self._completion is not None:
            self._completion.follow(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._mark(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._completion is not None:
            self._completion.close()
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.s)
        self.field = PromptField(theme, example)
        self.field.textChanged.connect(self.changed)
        self.field.submitted.connect(self.submitted)
        layout.addWidget(self.field)
        self.chips = ConceptChips(theme)
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(self.chips, 1)
        self._note = label("", "small")
        row.addWidget(self._note, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)

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
