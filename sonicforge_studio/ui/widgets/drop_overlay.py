"""What covers the window while files are dragged over it, and the places that take a file for themselves."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label, picture

_TAKES_DROPS = "takes-drops"


def takes_drops(widget: QWidget) -> None:
    """Have this widget take files that are dropped on it, in the window's place."""
    widget.setProperty(_TAKES_DROPS, True)
    widget.setAcceptDrops(True)


def leave_drops(panel: QWidget) -> None:
    """Leave what is dropped on a panel to the window, but for the places that take it themselves: a field under the
    mouse would take a file's path as text."""
    for widget in [panel, *panel.findChildren(QWidget)]:
        widget.setAcceptDrops(bool(widget.property(_TAKES_DROPS)))


class DropOverlay(QWidget):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ground = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.space.m)
        layout.addStretch(1)
        layout.addWidget(
            picture(theme, "import", theme.size.icon_hero, theme.colour.accent), 0, Qt.AlignmentFlag.AlignHCenter
        )
        self._title, self._text = label("", "display"), label("", "muted")
        for line in (self._title, self._text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(line)
        layout.addStretch(1)
        self._open: list[QRect] = []
        self.hide()

    def cover(self, page: QWidget, words: tuple[str, str] | None = None) -> None:
        """Over everything but the places of ``page`` that take a file for themselves; ``words`` are title and text of
        what a drop does elsewhere, where it is not the import."""
        title, text = words or (tr("Drop to import"), tr("Files and folders, any audio or video with sound"))
        self._title.setText(title)
        self._text.setText(text)
        self.setGeometry(self._ground.rect())
        self._open = [
            QRect(place.mapTo(self._ground, QPoint(0, 0)), place.size())
            for place in page.findChildren(QWidget)
            if place.property(_TAKES_DROPS) and place.isVisible()
        ]
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        covered = QRegion(self.rect())
        for place in self._open:
            covered -= place
        painter.setClipRegion(covered)
        painter.fillRect(self.rect(), QColor(theme.colour.veil))
        pen = QPen(QColor(theme.colour.accent), theme.size.focus, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        inset = theme.space.l
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(frame, theme.tokens.radius.l, theme.tokens.radius.l)
        painter.end()


def local_paths(data: QMimeData) -> list[str]:
    """The files and folders of this machine that a drag carries."""
    return [str(Path(url.toLocalFile())) for url in data.urls() if url.isLocalFile()]
