"""What is done with presets: reading and writing in threads, dialogs, and what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from sonicforge_studio.domain import StudioError
from sonicforge_studio.studio.master_presets import SUFFIX, PresetEntry, PresetShelf
from sonicforge_studio.ui.master.editing import MasterEditing
from sonicforge_studio.ui.master.preset_bar import PresetBar
from sonicforge_studio.ui.tasks import Tasks
from sonicforge_studio.ui.text import tr


class Presets(QObject):
    def __init__(self, bar: PresetBar, editing: MasterEditing, shelf: PresetShelf, tasks: Tasks) -> None:
        super().__init__()
        self._bar, self._editing, self._shelf, self._tasks = bar, editing, shelf, tasks
        self._entries: tuple[PresetEntry, ...] = ()
        self._writing = asyncio.Lock()
        bar.chosen.connect(lambda name: tasks.start(self._choose(name)))
        bar.save_wanted.connect(lambda name: tasks.start(self._save(name)))
        bar.delete_wanted.connect(lambda name: tasks.start(self._delete(name)))
        bar.import_wanted.connect(self._ask_import)
        bar.export_wanted.connect(self._ask_export)
        tasks.start(self._refresh())

    @property
    def entries(self) -> Sequence[PresetEntry]:
        return self._entries

    async def _refresh(self) -> None:
        self._entries = await asyncio.to_thread(self._shelf.entries)
        self._bar.show_entries(self._entries, self._editing.draft.preset)

    async def _choose(self, name: str) -> None:
        try:
            settings = await asyncio.to_thread(self._shelf.load, name)
        except StudioError:
            self._bar.show_preset(self._editing.draft.preset, touched=False)
            raise
        self._editing.take_preset(name, settings)

    async def _save(self, name: str) -> None:
        async with self._writing:
            kept = await asyncio.to_thread(self._shelf.save, name, self._editing.draft.settings)
        self._editing.set(preset=kept)
        await self._refresh()

    async def _delete(self, name: str) -> None:
        async with self._writing:
            await asyncio.to_thread(self._shelf.delete, name)
        await self._refresh()

    def bring_in(self, path: str) -> None:
        """A preset's file, dropped or chosen: kept, and taken."""
        self._tasks.start(self._bring_in(path))

    async def _bring_in(self, path: str) -> None:
        async with self._writing:
            name = await asyncio.to_thread(self._shelf.bring_in, Path(path))
        await self._refresh()
        await self._choose(name)

    async def _give_out(self, path: str) -> None:
        draft = self._editing.draft
        await asyncio.to_thread(self._shelf.give_out, Path(path), draft.preset, draft.settings)

    def _ask_import(self) -> None:
        dialog = self._dialog(tr("Import preset"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.bring_in)
        dialog.open()

    def _ask_export(self) -> None:
        dialog = self._dialog(tr("Export preset"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.lstrip("."))
        dialog.selectFile(f"{self._editing.draft.preset}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self._tasks.start(self._give_out(path)))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._bar.window(), title)
        dialog.setNameFilter(f"{tr('Mastering presets')} (*{SUFFIX})")
        dialog.finished.connect(dialog.deleteLater)
        return dialog
