"""Completes the word that is being typed with what the composer knows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView, QPlainTextEdit

from sonicforge_studio.ui.text import tr

_LEAST_LETTERS = 2
_SHOWN = 8
_ENDS = ",;.\n"


class Completion:
    """Offers words under the cursor; ↑ ↓ choose one, Return or Tab takes it, Esc closes."""

    def __init__(self, field: QPlainTextEdit, words: tuple[str, ...]) -> None:
        self._field = field
        self._completer = QCompleter(list(words), field)
        self._completer.setWidget(field)
        self._completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setMaxVisibleItems(_SHOWN)
        self._list = QListView()
        self._list.setAccessibleName(tr("Words that the composer knows"))
        self._completer.setPopup(self._list)
        self._completer.activated.connect(self._take)

    @property
    def shown(self) -> bool:
        return self._list.isVisible()

    def handles(self, event: QKeyEvent) -> bool:
        """Whether a key is the list's own while it is shown."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Backtab)
        return self.shown and event.key() in keys

    def follow(self, event: QKeyEvent) -> None:
        """After a key was typed: offer what goes on from the letters before the cursor, or nothing."""
        start = self._phrase()
        if not event.text().strip() or len(start) < _LEAST_LETTERS:
            self.close()
            return
        self._completer.setCompletionPrefix(start)
        known = self._completer.currentCompletion().casefold() == start.casefold()
        if self._completer.completionCount() == 0 or known:
            self.close()
            return
        place = self._field.cursorRect()
        place.setWidth(self._list.sizeHintForColumn(0) + 2 * place.height())
        self._completer.complete(place)
        self._list.setCurrentIndex(self._completer.completionModel().index(0, 0))

    def close(self) -> None:
        self._list.hide()

    def _phrase(self) -> str:
        """The letters before the cursor since the last comma that some word begins with; the last word else."""
        cursor = self._field.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        for end in _ENDS:
            before = before.rpartition(end)[2]
        words = before.lstrip().split(" ")
        for first in range(len(words)):
            phrase = " ".join(words[first:])
            self._completer.setCompletionPrefix(phrase)
            if phrase and self._completer.completionCount():
                return phrase
        return words[-1] if words else ""

    def _take(self, word: str) -> None:
        cursor = self._field.textCursor()
        cursor.movePosition(
            QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(self._completer.completionPrefix())
        )
        cursor.insertText(word)
        self._field.setTextCursor(cursor)
