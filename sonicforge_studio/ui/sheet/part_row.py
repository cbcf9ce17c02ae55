"""A part on the desk: its strip beside its lane; a sound file that is dropped on it plays it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout

from sonicforge_studio.ui.sheet.part_lane import PartLane
from sonicforge_studio.ui.sheet.strip import PartStrip
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Card, restyle
from sonicforge_studio.ui.widgets.drop_overlay import local_paths, takes_drops


class PartRow(Card):
    dropped = Signal(str)
    """The path of a file."""
    reading = Signal(str)

    def __init__(self, theme: Theme, name: str, strip: PartStrip, lane: PartLane) -> None:
        super().__init__()
        self._name = name
        takes_drops(self)
        beside = QHBoxLayout(self)
        beside.setContentsMargins(theme.space.s, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(strip)
        beside.addWidget(lane, 1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file is for the part; several are brought in by the window."""
        if len(local_paths(event.mimeData())) == 1:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            restyle(self, "active", "true")
            self.reading.emit(tr("Drop it here, and it plays: {part}", part=self._name))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._let_go()

    def dropEvent(self, event: QDropEvent) -> None:
        self._let_go()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(local_paths(event.mimeData())[0])

    def _let_go(self) -> None:
        restyle(self, "active", "false")
        self.reading.emit("")
