"""One view over the whole screen, and back into its place."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QWidget

from sonicforge_studio.ui.live.spectrogram_view import SpectrogramView
from sonicforge_studio.ui.live.view import LiveView

View = LiveView | SpectrogramView
_NO_LIMIT = QSize(16_777_215, 16_777_215)
"""Qt's own QWIDGETSIZE_MAX."""


class FullScreen(QObject):
    """A stand-in keeps the view's place in its layout meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._stand_in: QWidget | None = None
        self._limits = (QSize(), QSize())
        self._before: QWidget | None = None
        """What the Tab key leaves for the view."""

    @property
    def view(self) -> View | None:
        """What fills the screen now."""
        return self._view

    def toggle(self, view: View) -> None:
        """Let a view fill the screen, or put it back if it does."""
        filling = self._view
        self.put_back()
        if filling is not view:
            self._fill(view)

    def put_back(self) -> None:
        """Whatever fills the screen goes back to its place."""
        view, stand_in = self._view, self._stand_in
        self._view = self._stand_in = None
        if view is None or stand_in is None:
            return
        view.full_button.show_as("expand", view.full_button.accessibleName(), shortcut="F")
        place = _parent(stand_in)
        view.setWindowState(Qt.WindowState.WindowNoState)
        _take_cursor_away(view)
        view.setMinimumSize(self._limits[0])
        view.setMaximumSize(self._limits[1])
        view.setParent(place)
        layout = place.layout()
        assert layout is not None
        layout.replaceWidget(stand_in, view, Qt.FindChildOption.FindChildrenRecursively)
        stand_in.deleteLater()
        if self._before is not None:
            QWidget.setTabOrder(self._before, view)
        view.show()
        view.setFocus()

    def _fill(self, view: View) -> None:
        place = _parent(view)
        layout = place.layout()
        assert layout is not None
        _take_cursor_away(view)
        self._before = view.previousInFocusChain()
        stand_in = QWidget(place)
        # A view of a fixed size keeps its room, and fills the screen all the same.
        self._limits = view.minimumSize(), view.maximumSize()
        stand_in.setMinimumSize(self._limits[0])
        stand_in.setMaximumSize(self._limits[1])
        view.setMinimumSize(QSize(0, 0))
        view.setMaximumSize(_NO_LIMIT)
        layout.replaceWidget(view, stand_in, Qt.FindChildOption.FindChildrenRecursively)
        self._view, self._stand_in = view, stand_in
        view.setParent(place.window(), Qt.WindowType.Window)
        view.setWindowTitle(f"{view.title} – SonicForge Studio")
        view.showFullScreen()
        view.setFocus()


def _take_cursor_away(view: View) -> None:
    """No mouse leaves a view that is moved away from under it."""
    if isinstance(view, LiveView):
        view.hover(None)


def _parent(widget: QWidget) -> QWidget:
    parent = widget.parentWidget()
    assert parent is not None
    return parent
