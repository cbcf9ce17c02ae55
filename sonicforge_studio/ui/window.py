"""The window's frame: rail, pages, scope, transport, and what floats above them. It stands before the studio does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QRect, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain.errors import StudioError
from sonicforge_studio.ui.rail import Rail
from sonicforge_studio.ui.shortcuts import KEYS, Overview
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.transport import Transport
from sonicforge_studio.ui.widgets.drop_overlay import DropOverlay, leave_drops, local_paths
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.peaks import PeaksPainter
from sonicforge_studio.ui.widgets.toasts import Toasts


class Window(QMainWindow):
    """Panels are put in once they exist. ``dropped`` carries the paths of files and folders."""

    dropped = Signal(list)
    closing = Signal()
    resized = Signal()

    def __init__(self, theme: Theme, painter: PeaksPainter, memory: QSettings) -> None:
        super().__init__()
        self._theme = theme
        self._memory = memory
        self.setObjectName("window")
        self.setWindowTitle("SonicForge Studio")
        self.setWindowIcon(theme.icon("mark", theme.colour.accent))
        self.setMinimumSize(theme.size.window_least_width, theme.size.window_least_height)
        self.setAcceptDrops(True)
        self.rail = Rail(theme)
        self.transport = Transport(theme, painter)
        self.stack = QStackedWidget()
        self._scope_place = QVBoxLayout()
        self._pages: dict[str, QWidget] = {}
        self._drop_words: dict[str, tuple[str, str] | None] = {}
        self._page = ""
        self.ground = QWidget()
        self.setCentralWidget(self.ground)
        columns = self._columns = QHBoxLayout(self.ground)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(self.rail)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addLayout(self._scope_place)
        column.addWidget(self.transport)
        columns.addLayout(column, 1)
        self.toasts = Toasts(theme, self.ground)
        self._overlay = DropOverlay(theme, self.ground)
        self.rail.help_wanted.connect(self.show_shortcuts)
        self.bind("help", self.show_shortcuts)
        self.bind("quit", self.close)
        self._say("wave", tr("Opening the studio…"), tr("The library is being opened."))
        self.rail.show_page("forge")
        self._restore_place()

    # What stands in the frame

    def bind(self, name: str, call: Callable[[], object]) -> None:
        """Put a shortcut of ``KEYS`` to use."""
        for keys in (KEYS[name], "Ctrl+Enter") if name == "forge" else (KEYS[name],):
            shortcut = QShortcut(keys, self)
            # Also while a live view fills the screen, in a window of its own.
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.activated.connect(call)

    def put_page(self, name: str, page: QWidget, drop_words: tuple[str, str] | None = None) -> None:
        """``drop_words`` are title and text of what a drop does on this page, where it is not the import."""
        self._pages[name] = page
        self._drop_words[name] = drop_words
        self.stack.addWidget(page)
        leave_drops(page)

    def put_scope(self, scope: QWidget) -> None:
        self._scope_place.addWidget(scope)
        leave_drops(scope)

    def show_page(self, name: str) -> None:
        """Bring a page to the front, where it is there already."""
        if name in self._pages:
            self._page = name
            self.stack.setCurrentWidget(self._pages[name])
        self.rail.show_page(self._page or "forge")

    def page(self) -> str:
        return self._page

    def show_failure(self, error: StudioError, again: Callable[[], object]) -> None:
        """The studio could not be built: say so where the pages would be."""
        self._say("error", tr(error.message), tr(error.hint), (tr("Try again"), again), (tr("Quit"), self.close))

    def show_opening(self) -> None:
        self._say("wave", tr("Opening the studio…"), tr("The library is being opened."))

    def _say(self, icon: str, title: str, text: str, *actions: tuple[str, Callable[[], object]]) -> None:
        state = EmptyState(self._theme, icon, title, text, *actions, tone="danger" if actions else "")
        state.setObjectName("page")
        while (old := self.stack.currentWidget()) is not None:
            self.stack.removeWidget(old)
            old.deleteLater()
        self.stack.addWidget(state)

    def show_shortcuts(self) -> None:
        Overview(self._theme, self).open()

    def area(self) -> QRect:
        """The part right of the rail and above scope and transport, in the ground's own coordinates."""
        return self.stack.geometry()

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and local_paths(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._overlay.cover(self.stack, self._drop_words.get(self._page))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        paths = local_paths(event.mimeData())
        if paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(paths)

    # The frame itself

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space that no field wanted plays and pauses."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.transport.toggle_wanted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_floating()

    def fit_floating(self) -> None:
        """Put what floats above the pages back into its corner."""
        self._columns.activate()
        self._overlay.setGeometry(self.ground.rect())
        self.toasts.fit(self.area())
        self.resized.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._memory.setValue("geometry", self.saveGeometry())
        self._memory.setValue("page", self._page)
        event.accept()
        self.closing.emit()

    def _restore_place(self) -> None:
        stored = self._memory.value("geometry")
        if not (isinstance(stored, QByteArray) and self.restoreGeometry(stored)):
            wanted = QSize(self._theme.size.window_width, self._theme.size.window_height)
            screen = QGuiApplication.primaryScreen().availableSize()
            self.resize(wanted.boundedTo(screen))
            if wanted.height() >= screen.height() or wanted.width() >= screen.width():
                # A title bar would push the transport off the screen.
                self.setWindowState(Qt.WindowState.WindowMaximized)
