"""What every live view has: a head with its reading, freeze, full screen, export, and the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sonicforge_studio.studio import LiveSnapshot
from sonicforge_studio.ui.live.exports import Table, captioned
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import IconButton, label


class LiveView(QFrame):
    """A view over snapshots. ``look`` is called at the screen's pace; nothing is painted while hidden or held.

    F or a double click fills the screen, H holds the picture, the arrow keys move the cursor.
    """

    full_screen_wanted = Signal(object)
    """This view: shall it fill the screen, or go back to its place."""
    export_wanted = Signal(object, str)
    """This view, and "png" or "csv"."""

    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__()
        self.name = name
        self.title = title
        self._theme = theme
        self.snapshot: LiveSnapshot | None = None
        """What is shown."""
        self._settling = QTimer(self)
        """The layout settles first; then what is shown is painted at its new size, also where nothing sounds."""
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self.redraw)
        self.setObjectName("live")
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.s, theme.space.s)
        self._layout.setSpacing(theme.space.xs)
        head = QHBoxLayout()
        head.setSpacing(theme.space.xs)
        head.addWidget(label(title, "section"))
        head.addSpacing(theme.space.s)
        self.readout = label("", "small")
        self.readout.setAccessibleName(tr("Reading at the cursor"))
        head.addWidget(self.readout, 1)
        self._held_mark = label(tr("Held"), "read")
        self._held_mark.hide()
        head.addWidget(self._held_mark)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(theme.space.xs)
        head.addLayout(self.tools)
        self.freeze_button = IconButton(
            theme, "freeze", tr("Hold the picture"), self._tell_freeze, shortcut="H", small=True, checkable=True
        )
        self.export_button = IconButton(theme, "export", tr("Export"), self._show_exports, small=True)
        self.full_button = IconButton(
            theme, "expand", tr("Fill the screen"), self._want_full_screen, shortcut="F", small=True
        )
        for button in (self.freeze_button, self.export_button, self.full_button):
            head.addWidget(button)
        self._layout.addLayout(head)

    def put(self, content: QWidget, stretch: int = 1) -> None:
        self._layout.addWidget(content, stretch)

    # At the screen's pace

    @property
    def frozen(self) -> bool:
        return self.freeze_button.isChecked()

    def freeze(self, frozen: bool) -> None:
        self.freeze_button.setChecked(frozen)
        self._tell_freeze()

    def hold(self, held: bool) -> None:
        """Keep, or let go, what the analyser goes on writing to though the picture stands; for views that show such."""

    def look(self, snapshot: LiveSnapshot) -> None:
        """Show a snapshot, where this view is seen and not held."""
        if self.frozen:
            return
        self.snapshot = snapshot
        if self.isVisible():
            self.draw(snapshot)

    def draw(self, snapshot: LiveSnapshot) -> None:
        """Paint a snapshot. For the view itself to say."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint what is shown once more: the size or a setting has changed."""
        if self.snapshot is not None:
            self.draw(self.snapshot)

    # Exports

    def picture(self, caption: str = "") -> QImage:
        """The view as it stands, without its buttons and cursor, under its title and ``caption``."""
        self.hover(None)
        head = self._layout.itemAt(0)
        below = 0 if head is None else head.geometry().bottom() + 1
        content = self.grab(QRect(0, below, self.width(), self.height() - below))
        return captioned(content, self._theme, " · ".join(part for part in (self.title, caption) if part))

    def table(self) -> Table:
        """What is shown as figures: the names of the columns with their units, and the rows."""
        raise NotImplementedError

    # Hands

    def hover(self, place: QPointF | None) -> None:
        """Read out the picture at a place; None takes the cursor away. For views that have one."""

    def move_cursor(self, step: int) -> None:
        """Move the cursor by so many small steps; for views that have one."""

    def _tell_freeze(self) -> None:
        self.freeze_button.setToolTip(f"{tr('Go on') if self.frozen else tr('Hold the picture')}  (H)")
        self._held_mark.setVisible(self.frozen)
        self.hold(self.frozen)

    def _want_full_screen(self) -> None:
        self.full_screen_wanted.emit(self)

    def _show_exports(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind, text in (("png", tr("Picture (PNG)…")), ("csv", tr("Figures (CSV)…"))):
            menu.addAction(text).triggered.connect(lambda _=False, kind=kind: self.export_wanted.emit(self, kind))
        menu.popup(self.export_button.mapToGlobal(self.export_button.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys: dict[int, Callable[[], object]] = {
            Qt.Key.Key_F: self._want_full_screen,
            Qt.Key.Key_H: lambda: self.freeze(not self.frozen),
            Qt.Key.Key_Left: lambda: self.move_cursor(-1),
            Qt.Key.Key_Right: lambda: self.move_cursor(1),
        }
        if event.key() == Qt.Key.Key_Escape and self.isWindow():
            self._want_full_screen()
        elif event.modifiers() or event.key() not in keys:
            super().keyPressEvent(event)
            window = self.parentWidget()
            if self.isWindow() and window is not None:
                # What a view over the whole screen has no use for is the window's, such as Space.
                QApplication.sendEvent(window, event)
        else:
            keys[event.key()]()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._want_full_screen()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settling.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settling.start()
