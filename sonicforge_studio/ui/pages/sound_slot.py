"""A place for one sound file of the user's own: dropped on it, chosen, cleared again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import HeardSound
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton, label, picture, restyle
from sonicforge_studio.ui.widgets.drop_overlay import local_paths, takes_drops


class SoundSlot(Card):
    """``choose`` asks for a file and hands its place on."""

    changed = Signal()

    def __init__(
        self, theme: Theme, icon: str, name: str, hint: str, choose: Callable[[Callable[[str], object]], object]
    ) -> None:
        super().__init__("field")
        self._hint = hint
        self._path = ""
        takes_drops(self)
        self.setAccessibleName(name)
        self.setAccessibleDescription(hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.space.m, theme.space.s, theme.space.s, theme.space.s)
        row.setSpacing(theme.space.m)
        row.addWidget(picture(theme, icon, theme.size.icon))
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(label(name, "item"))
        self._text = ElidedLabel(hint, "small")
        titles.addWidget(self._text)
        row.addLayout(titles, 1)
        self.choose_button = Button(tr("Choose…"), "quiet", lambda: choose(self.take))
        self.choose_button.setAccessibleName(tr("Choose a file: {what}", what=name))
        row.addWidget(self.choose_button)
        self.clear_button = IconButton(theme, "close", tr("Clear: {what}", what=name), self.clear, small=True)
        row.addWidget(self.clear_button)
        self.clear_button.hide()

    def take(self, path: str) -> None:
        """This file from now on; "" for none."""
        focused = self.clear_button.hasFocus()
        self._path = path
        self._text.show_text(Path(path).name if path else self._hint)
        self.setToolTip(path)
        self.clear_button.setVisible(bool(path))
        if focused and not path:
            self.choose_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def clear(self) -> None:
        self.take("")

    @property
    def path(self) -> str:
        return self._path

    def heard(self) -> HeardSound | None:
        return HeardSound(self._path) if self._path else None

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file is for this place; several are brought in by the window."""
        if len(local_paths(event.mimeData())) == 1:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            restyle(self, "active", "true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        restyle(self, "active", "false")

    def dropEvent(self, event: QDropEvent) -> None:
        restyle(self, "active", "false")
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.take(local_paths(event.mimeData())[0])
