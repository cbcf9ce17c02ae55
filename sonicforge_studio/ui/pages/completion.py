"""Completes the word that is being typed with what the composer knows."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView, QPlainTextEdit

from sonicforge_studio.ui.text import tr

_LEAST_LETTERS = 2
_SHOWN = 8
_ENDS = ",;.\n"


class Completion:
    """Offers words under the cursor; ↑ ↓ choose one, Return or Tab takes it, Esc closes.

    The list is a part of the window, not a popup, which is a window of its own: one that closes while one types can
    take the keyboard back to the field after it went on from there.
    """

    def __init__(self, field: QPlainTextEdit, words: tuple[str, ...]) -> None:
        self._field = field
        self._completer = QCompleter(list(words), field)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._list = QListView(field)
        self._list.setObjectName("completion")
        self._list.setAccessibleName(tr("Words that the composer knows"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setModel(self._completer.completionModel())
        self._list.clicked.connect(lambda index: self._take(str(index.data())))
        self._list.hide()

    @property
    def shown(self) -> bool:
        return self._list.isVisible()

    def handles(self, event: QKeyEvent) -> bool:
        """Does what a key asks of the list, while it is shown; whether that was all."""
        if not self.shown:
            return False
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Tab:
                self._take(str(self._list.currentIndex().data()))
            case Qt.Key.Key_Escape:
                self.close()
            case Qt.Key.Key_Up:
                self._step(-1)
            case Qt.Key.Key_Down:
                self._step(1)
            case _:
                return False
        return True

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
        self._show()

    def close(self) -> None:
        self._list.hide()

    def _show(self) -> None:
        """Under the cursor, inside the window."""
        window = self._field.window()
        if self._list.parentWidget() is not window:
            self._list.setParent(window)
        self._list.setCurrentIndex(self._completer.completionModel().index(0, 0))
        cursor, around = self._field.cursorRect(), self._list.contentsMargins()
        rows = min(_SHOWN, self._completer.completionCount())
        height = rows * self._list.sizeHintForRow(0) + around.top() + around.bottom()
        width = self._list.sizeHintForColumn(0) + 2 * cursor.height()
        self._list.resize(QSize(width, height))
        place = self._field.viewport().mapTo(window, cursor.bottomLeft())
        self._list.move(QPoint(max(0, min(place.x(), window.width() - width)), place.y()))
        self._list.show()
        self._list.raise_()

    def _step(self, rows: int) -> None:
        count = self._completer.completionCount()
        row = (self._list.currentIndex().row() + rows) % count
        self._list.setCurrentIndex(self._completer.completionModel().index(row, 0))

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
        self.close()
        cursor = self._field.textCursor()
        cursor.movePosition(
            QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(self._completer.completionPrefix())
        )
        cursor.insertText(word)
        self._field.setTextCursor(cursor)
