"""Short messages at the lower right that go away by themselves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, IconButton, label, picture

_MOST = 3


class Toast(QFrame):
    """Stays while the mouse is on it."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        colour: str,
        title: str,
        text: str,
        action: tuple[str, Callable[[], object]] | None,
        gone: Callable[[Toast], None],
    ) -> None:
        super().__init__()
        self.setObjectName("toast")
        self.setAccessibleName(f"{title}. {text}" if text else title)
        self.setFixedWidth(theme.size.toast)
        self._gone = gone
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.space.m, theme.space.s, theme.space.s, theme.space.s)
        row.setSpacing(theme.space.s)
        row.addWidget(picture(theme, icon, theme.size.icon, colour), 0, Qt.AlignmentFlag.AlignTop)
        lines = QVBoxLayout()
        lines.setSpacing(theme.space.xxs)
        lines.addWidget(label(title, "item", wrap=True))
        if text:
            lines.addWidget(label(text, "small", wrap=True))
        row.addLayout(lines, 1)
        if action is not None:
            button = Button(action[0], "quiet", action[1])
            button.clicked.connect(self.go)
            row.addWidget(button)
        row.addWidget(IconButton(theme, "close", tr("Dismiss"), self.go, small=True), 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(theme.motion.toast_milliseconds)
        self._timer.timeout.connect(self.go)
        self._timer.start()

    def go(self) -> None:
        self._timer.stop()
        self._gone(self)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()


class Toasts(QWidget):
    """The newest at the bottom, no more than three."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._within = QRect()
        self._toasts: list[Toast] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.space.s)
        self.hide()

    def say(
        self, title: str, text: str = "", *, tone: str = "good", action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Show a message; ``tone`` is "good" or "danger"."""
        danger = tone == "danger"
        colour = self._theme.colour.danger if danger else self._theme.colour.good
        toast = Toast(self._theme, "error" if danger else "check", colour, title, text, action, self._drop)
        toast.setProperty("tone", tone)
        self._toasts.append(toast)
        self._layout.addWidget(toast)
        while len(self._toasts) > _MOST:
            self._toasts[0].go()
        self._settle()

    def texts(self) -> list[str]:
        return [toast.accessibleName() for toast in self._toasts]

    def fit(self, within: QRect) -> None:
        """The area at whose lower right the messages stand."""
        self._within = within
        self._settle()

    def _drop(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._layout.removeWidget(toast)
            toast.hide()
            toast.deleteLater()
            self._settle()

    def _settle(self) -> None:
        self.setVisible(bool(self._toasts))
        if not self._toasts:
            return
        margin = self._theme.space.l
        self._layout.activate()
        width = self._theme.size.toast
        height = sum(
            toast.heightForWidth(width) if toast.hasHeightForWidth() else toast.sizeHint().height()
            for toast in self._toasts
        ) + self._theme.space.s * (len(self._toasts) - 1)
        self.setGeometry(
            self._within.right() + 1 - width - margin, self._within.bottom() + 1 - height - margin, width, height
        )
        self.raise_()
