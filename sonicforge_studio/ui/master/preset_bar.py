"""Presets: chosen from a list, saved under a name, deleted, and shared as files."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QMenu, QWidget

from sonicforge_studio.studio.master_presets import PresetEntry
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import IconButton
from sonicforge_studio.ui.widgets.names import preset_name


class PresetBar(QWidget):
    chosen = Signal(str)
    save_wanted = Signal(str)
    """Keep what is set under this name."""
    delete_wanted = Signal(str)
    import_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._own: frozenset[str] = frozenset()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.xs)
        self.preset = Choice(theme, tr("Preset"))
        self.preset.activated.connect(lambda _: self.chosen.emit(self.preset.currentData()))
        row.addWidget(self.preset, 1)
        self.more = IconButton(theme, "more", tr("Save, delete or share a preset"), self._open_menu)
        row.addWidget(self.more)

    def show_entries(self, entries: Sequence[PresetEntry], current: str) -> None:
        self._own = frozenset(entry.name for entry in entries if entry.own)
        self.preset.clear()
        for entry in entries:
            self.preset.addItem(entry.name if entry.own else preset_name(entry.name), entry.name)
            about = tr(entry.about) if entry.about else ""
            self.preset.setItemData(self.preset.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.show_preset(current, touched=False)

    def show_preset(self, name: str, *, touched: bool) -> None:
        """``touched`` says that what is set is not quite what the preset holds any more."""
        index = self.preset.findData(name)
        self.preset.setCurrentIndex(index)
        if index < 0:
            self.preset.setPlaceholderText(name)
        about = self.preset.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""
        self.preset.setToolTip(tr("Changed since it was chosen") if touched else about)

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(tr("Save as preset…")).triggered.connect(self._ask_name)
        delete = menu.addAction(tr("Delete this preset"))
        delete.setEnabled(self.preset.currentData() in self._own)
        delete.triggered.connect(lambda: self.delete_wanted.emit(self.preset.currentData()))
        menu.addSeparator()
        menu.addAction(tr("Import preset…")).triggered.connect(self.import_wanted)
        menu.addAction(tr("Export preset…")).triggered.connect(self.export_wanted)
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _ask_name(self) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle(tr("Save as preset"))
        dialog.setLabelText(tr("Its name:"))
        current = self.preset.currentData()
        dialog.setTextValue(current if current in self._own else "")
        dialog.textValueSelected.connect(lambda name: self.save_wanted.emit(name))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
