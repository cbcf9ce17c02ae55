"""The other side of a drag: a window that offers a file at its top, and prints the files that are dropped on it.

Usage: python tests/journeys/partner.py FILE
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget


class Partner(QWidget):
    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self.setWindowTitle("partner")
        self.setAcceptDrops(True)
        self.resize(240, 400)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # Qt's own name
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(self._file)])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # Qt's own name
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # Qt's own name
        for url in event.mimeData().urls():
            print(url.toLocalFile(), flush=True)
        event.acceptProposedAction()


if __name__ == "__main__":
    application = QApplication([])
    partner = Partner(sys.argv[1])
    partner.show()
    sys.exit(application.exec())
