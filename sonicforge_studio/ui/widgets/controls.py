"""Buttons, labels and fields with their place in the theme, their name for screen readers, and Return as a click."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from sonicforge_studio.ui.theme import Theme


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet asks for, and have it looked at again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def named(widget: QWidget, name: str, help: str = "") -> QWidget:
    """Give a widget its name for screen readers, and its tool tip."""
    widget.setAccessibleName(name)
    if help:
        widget.setToolTip(help)
    return widget


def label(text: str = "", role: str = "body", *, wrap: bool = False, select: bool = False) -> QLabel:
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    if select:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class ElidedLabel(QLabel):
    """One line that gives way: too long a text ends in an ellipsis and stands whole in the tool tip."""

    def __init__(
        self, text: str = "", role: str = "body", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self._whole = text
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        self._whole = text
        self._elide()

    def resizeEvent(self, event: object) -> None:
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, max(0, self.width()))
        self.setText(shown)
        self.setAccessibleName(self._whole)
        self.setToolTip(self._whole if shown != self._whole else "")


class Button(QPushButton):
    """A push button that mouse clicks do not focus, and that Return presses like Space does."""

    def __init__(self, text: str, role: str = "", clicked: Callable[[], object] | None = None) -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _return_clicks(self, event):
            super().keyPressEvent(event)


class IconButton(QToolButton):
    """An icon, its name for screen readers, and a tool tip with its shortcut."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        clicked: Callable[[], object] | None = None,
        *,
        shortcut: str = "",
        colour: str | None = None,
        small: bool = False,
        checkable: bool = False,
    ) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(checkable)
        side = theme.size.icon_s if small else theme.size.icon
        self.setIconSize(QSize(side, side))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_as(icon, name, shortcut=shortcut, colour=colour)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())

    def show_as(self, icon: str, name: str, *, shortcut: str = "", colour: str | None = None) -> None:
        self.setIcon(self._theme.icon(icon, colour, checked=self._theme.colour.accent if self.isCheckable() else None))
        self.setAccessibleName(name)
        self.setToolTip(f"{name}  ({shortcut})" if shortcut else name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _return_clicks(self, event):
            super().keyPressEvent(event)


def _return_clicks(button: QAbstractButton, event: QKeyEvent) -> bool:
    if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() and button.isEnabled():
        button.click()
        return True
    return False


class Card(QFrame):
    """A ground with a line around it."""

    def __init__(self, tone: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self.setProperty("tone", tone)


def picture(theme: Theme, icon: str, side: int, colour: str | None = None) -> QLabel:
    """An icon as a picture beside a text."""
    made = QLabel()
    made.setPixmap(theme.icon(icon, colour).pixmap(QSize(side, side), made.devicePixelRatioF()))
    made.setFixedSize(side, side)
    return made


def separator(theme: Theme) -> QFrame:
    made = QFrame()
    made.setObjectName("line")
    made.setFixedHeight(theme.size.line)
    return made
