"""A part's strip on the desk: heard or not, alone, its dice, its lock, its sound, its level."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from sonicforge_studio.domain import PartChange
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, IconButton

_STEPS_A_DB = 2
_PAGE_DB = 3


class PartStrip(QWidget):
    muted = Signal(bool)
    solo = Signal(bool)
    rolled = Signal()
    locked = Signal(bool)
    sound_chosen = Signal(str)
    sample_wanted = Signal()
    """A file of the user's own in place of the sound."""
    level_moved = Signal(float)
    """In dB, while the fader moves."""
    open_wanted = Signal(bool)

    def __init__(self, theme: Theme, name: str, sounds: Sequence[str], lowest_db: float, highest_db: float) -> None:
        super().__init__()
        self._name = name
        self.setFixedWidth(theme.size.strip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.space.xs, theme.space.s, theme.space.xs)
        layout.setSpacing(theme.space.xs)
        head = QHBoxLayout()
        head.setSpacing(theme.space.xxs)
        self.title = ElidedLabel(name, "item")
        head.addWidget(self.title, 1)
        self.mute_button = self._letter(theme, tr("M|mute"), tr("Mute {part}", part=name))
        self.mute_button.toggled.connect(self.muted)
        self.solo_button = self._letter(theme, tr("S|solo"), tr("Hear {part} alone", part=name))
        self.solo_button.toggled.connect(self.solo)
        self.roll_button = IconButton(theme, "dice", tr("Roll {part} again", part=name), self.rolled.emit, small=True)
        self.lock_button = IconButton(
            theme, "unlock", tr("Keep {part} when all dice are thrown", part=name), small=True, checkable=True
        )
        self.lock_button.toggled.connect(self._lock)
        self.open_button = IconButton(
            theme, "chevron-down", tr("Write in {part}", part=name), small=True, checkable=True
        )
        self.open_button.toggled.connect(self.open_wanted)
        for button in (self.mute_button, self.solo_button, self.roll_button, self.lock_button, self.open_button):
            head.addWidget(button)
        layout.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(theme.space.s)
        self.sound = Choice(theme, tr("Sound of {part}", part=name))
        self.sound.setProperty("small", True)
        self.sound.addItem(tr("The genre's own"), "")
        for sound in sounds:
            self.sound.addItem(sound, sound)
        self.sound.addItem(tr("Own sample…"), None)
        self.sound.activated.connect(self._choose_sound)
        row.addWidget(self.sound, 1)
        self.fader = QSlider(Qt.Orientation.Horizontal)
        self.fader.setRange(round(lowest_db * _STEPS_A_DB), round(highest_db * _STEPS_A_DB))
        self.fader.setPageStep(_PAGE_DB * _STEPS_A_DB)
        self.fader.setFixedWidth(theme.size.volume)
        self.fader.setAccessibleName(tr("Level of {part}", part=name))
        self.fader.valueChanged.connect(self._move)
        row.addWidget(self.fader)
        layout.addLayout(row)
        layout.addStretch(1)
        self._tell_level()

    def _letter(self, theme: Theme, letter: str, name: str) -> Button:
        button = Button(letter, "toggle")
        button.setCheckable(True)
        button.setProperty("small", True)
        button.setFixedSize(theme.size.icon_l, theme.size.icon_l)
        button.setAccessibleName(name)
        button.setToolTip(name)
        return button

    def _choose_sound(self) -> None:
        sound = self.sound.currentData()
        if sound is None:
            self.sample_wanted.emit()
        else:
            self.sound_chosen.emit(str(sound))

    def show_change(self, change: PartChange, sound: str, *, sample: str, written: bool, solo: bool) -> None:
        """The part as it is now, ``sample`` the name of the file that plays it; tells nobody."""
        for widget in (self.mute_button, self.solo_button, self.lock_button, self.fader, self.sound):
            widget.blockSignals(True)
        self.mute_button.setChecked(change.muted)
        self.solo_button.setChecked(solo)
        self.lock_button.setChecked(change.seed is not None)
        self.fader.setValue(round(change.gain_db * _STEPS_A_DB))
        last = self.sound.count() - 1
        self.sound.setItemText(last, sample or tr("Own sample…"))
        self.sound.setCurrentIndex(last if sample else max(0, self.sound.findData(sound)))
        for widget in (self.mute_button, self.solo_button, self.lock_button, self.fader, self.sound):
            widget.blockSignals(False)
        self._show_lock()
        self._tell_level()
        self.title.show_text(tr("{part}, by hand", part=self._name) if written else self._name)

    def show_open(self, open: bool) -> None:
        self.open_button.blockSignals(True)
        self.open_button.setChecked(open)
        self.open_button.blockSignals(False)
        name = tr("Close {part}", part=self._name) if open else tr("Write in {part}", part=self._name)
        self.open_button.show_as("chevron-up" if open else "chevron-down", name)

    def _lock(self, locked: bool) -> None:
        self._show_lock()
        self.locked.emit(locked)

    def _show_lock(self) -> None:
        locked = self.lock_button.isChecked()
        name = tr("Keep {part} when all dice are thrown", part=self._name)
        self.lock_button.show_as("lock" if locked else "unlock", name)

    def _move(self, steps: int) -> None:
        self._tell_level()
        self.level_moved.emit(steps / _STEPS_A_DB)

    def _tell_level(self) -> None:
        self.fader.setToolTip(f"{decimal(self.fader.value() / _STEPS_A_DB, signed=True)} dB")
