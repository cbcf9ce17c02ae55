"""Where the master will be heard, how it is treated, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from sonicforge_studio.domain import Target
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import indent
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.names import preset_name, target_name
from sonicforge_studio.ui.widgets.segments import Segments

_COLUMNS = 3
_PERCENT = 100
_DEFAULT_PRESET = "glue"


class MasterControls(QWidget):
    def __init__(self, theme: Theme, targets: Sequence[Target], presets: Sequence[str], target: str) -> None:
        super().__init__()
        self._theme = theme
        self._targets = tuple(targets)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, theme.space.m, 0)
        layout.setSpacing(theme.space.s)
        layout.addWidget(label(tr("Where it will be heard"), "section"))
        layout.addLayout(self._target_grid())
        layout.addWidget(self._own_numbers())
        layout.addSpacing(theme.space.s)
        layout.addWidget(label(tr("Character"), "section"))
        self.preset = Segments(theme, tr("Character"), [(name, preset_name(name)) for name in presets])
        if _DEFAULT_PRESET in presets:
            self.preset.choose(_DEFAULT_PRESET)
        layout.addWidget(self.preset)
        layout.addSpacing(theme.space.s)
        layout.addLayout(self._amount())
        layout.addStretch(1)
        self.choose(target)

    def _target_grid(self) -> QGridLayout:
        theme = self._theme
        grid = QGridLayout()
        grid.setSpacing(theme.space.s)
        self._group = QButtonGroup(self)
        entries = [
            (target_name(target.name), f"{decimal(target.integrated_lufs, 0)} / {decimal(target.ceiling_dbtp)}")
            for target in self._targets
        ]
        entries.append((tr("Own numbers"), tr("LUFS / dBTP")))
        for number, (name, figures) in enumerate(entries):
            button = Button("", "target")
            button.setCheckable(True)
            button.setAccessibleName(f"{name}, {figures}")
            inner = QVBoxLayout(button)
            inner.setContentsMargins(theme.space.s, theme.space.xs, theme.space.s, theme.space.xs)
            inner.setSpacing(0)
            for text, role in ((name, "item"), (figures, "caption")):
                line = label(text, role)
                line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                inner.addWidget(line)
            self._group.addButton(button, number)
            grid.addWidget(button, number // _COLUMNS, number % _COLUMNS)
        self._group.idToggled.connect(self._show_own)
        return grid

    def _own_numbers(self) -> QWidget:
        self._own = QWidget()
        row = QHBoxLayout(self._own)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.space.s)
        self.lufs = self._level(tr("Loudness"), -40.0, -5.0, -14.0, " LUFS")
        self.ceiling = self._level(tr("Ceiling"), -9.0, 0.0, -1.0, " dBTP")
        for box in (self.lufs, self.ceiling):
            caption = label(box.accessibleName(), "caption")
            caption.setBuddy(box)
            row.addWidget(caption)
            row.addWidget(box, 1)
        return self._own

    def _level(self, name: str, low: float, high: float, value: float, suffix: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(1)
        box.setSingleStep(0.5)
        box.setValue(value)
        box.setSuffix(suffix)
        indent(box, self._theme)
        box.setAccessibleName(name)
        return box

    def _amount(self) -> QVBoxLayout:
        theme = self._theme
        column = QVBoxLayout()
        column.setSpacing(theme.space.xs)
        head = QHBoxLayout()
        head.addWidget(label(tr("Amount"), "section"))
        head.addStretch(1)
        self._share: QLabel = label("", "small")
        head.addWidget(self._share)
        column.addLayout(head)
        self.amount = QSlider(Qt.Orientation.Horizontal)
        self.amount.setProperty("role", "accent")
        self.amount.setRange(0, _PERCENT)
        self.amount.setAccessibleName(tr("Amount"))
        self.amount.setToolTip(tr("How much of the glue compressor is mixed in; loudness and ceiling always hold."))
        self.amount.valueChanged.connect(lambda value: self._share.setText(f"{value} %"))
        self.amount.setValue(_PERCENT)
        column.addWidget(self.amount)
        return column

    def choose(self, name: str) -> None:
        """Switch to a target by its name; the first one where there is none of that name."""
        names = [target.name for target in self._targets]
        self._group.button(names.index(name) if name in names else 0).setChecked(True)
        self._show_own()

    def _show_own(self) -> None:
        self._own.setVisible(self._group.checkedId() == len(self._targets))

    def choose_own(self, lufs: float, ceiling_dbtp: float) -> None:
        """Switch to a target of the user's own."""
        self._group.button(len(self._targets)).setChecked(True)
        self.lufs.setValue(lufs)
        self.ceiling.setValue(ceiling_dbtp)

    def target_text(self) -> str:
        """The target's name, or its figures where it is an own one."""
        number = self._group.checkedId()
        if number < len(self._targets):
            return self._targets[number].name
        return f"{decimal(self.lufs.value())} LUFS"

    def arguments(self) -> dict[str, Any]:
        """What the master job is given."""
        number = self._group.checkedId()
        wanted: dict[str, Any] = {"preset": self.preset.value(), "amount": self.amount.value() / _PERCENT}
        if number < len(self._targets):
            return wanted | {"target": self._targets[number].name}
        return wanted | {"lufs": self.lufs.value(), "ceiling": self.ceiling.value()}
