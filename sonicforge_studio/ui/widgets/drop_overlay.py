"""What covers the window while files are dragged over it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label, picture


class DropOverlay(QWidget):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.space.m)
        layout.addStretch(1)
        layout.addWidget(
            picture(theme, "import", theme.size.icon_hero, theme.colour.accent), 0, Qt.AlignmentFlag.AlignHCenter
        )
        for text, role in (
            (tr("Drop to import"), "display"),
            (tr("Files and folders, any audio or video with sound"), "muted"),
        ):
            line = label(text, role)
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(line)
        layout.addStretch(1)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
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
