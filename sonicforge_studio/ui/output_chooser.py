"""Where the sound goes: a menu of the outputs, remembered from one start to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, QSettings, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from sonicforge_studio.studio import OutputDevice, Player
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.text import tr

_KEY = "output"
_SEPARATOR = "\n"


class OutputChooser(QObject):
    def __init__(self, player: Player, kit: Kit, window: QWidget, memory: QSettings) -> None:
        super().__init__(window)
        self._player = player
        self._kit = kit
        self._window = window
        self._memory = memory

    def restore(self) -> None:
        """Take the output that was chosen the last time, where it is there."""
        stored = str(self._memory.value(_KEY) or "")
        if stored:
            self._kit.tasks.start(self._restore(stored))

    async def _restore(self, stored: str) -> None:
        for output in await asyncio.to_thread(self._player.outputs):
            if _stored(output) == stored:
                self._player.choose_device(output)

    def open(self, place: QPoint) -> None:
        """Show the menu here, once the outputs are listed."""
        self._kit.tasks.start(self._open(place))

    async def _open(self, place: QPoint) -> None:
        outputs = await asyncio.to_thread(self._player.outputs)
        self.menu(outputs).popup(place)

    def menu(self, outputs: Sequence[OutputDevice]) -> QMenu:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        chosen = str(self._memory.value(_KEY) or "")
        for text, output in [(tr("Default output"), None), *((output.name, output) for output in outputs)]:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setActionGroup(group)
            action.setChecked(_stored(output) == chosen)
            action.triggered.connect(lambda _=False, output=output: self.choose(output))
        menu.addSeparator()
        again = menu.addAction(self._kit.theme.icon("retry"), tr("Look for devices again"))
        again.triggered.connect(lambda: self._player.look_for_devices(lambda _: None))
        return menu

    def choose(self, output: OutputDevice | None) -> None:
        """Play there from now on, at the same place."""
        self._memory.setValue(_KEY, _stored(output))
        self._player.choose_device(output)


def _stored(output: OutputDevice | None) -> str:
    return "" if output is None else f"{output.host_api}{_SEPARATOR}{output.name}"
