"""Where the master will be heard, how it is treated, and how much: the column beside the chain."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from sonicforge_studio.domain import Target
from sonicforge_studio.studio.master_drafts import MasterDraft
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice, indent
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.names import target_name

_PERCENT = 100
_OWN = "own"


class MasterControls(QWidget):
    """A view: it tells what is wanted and shows what it is told."""

    changed = Signal(object, str)
    """Fields of the draft with their values, and the word that joins them with the step before."""
    let_go = Signal()

    def __init__(
        self, theme: Theme, targets: Sequence[Target], presets: QWidget, assistant: Button, references: QWidget
    ) -> None:
        super().__init__()
        self._theme = theme
        self._targets = {target.name: target for target in targets}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, theme.space.m, 0)
        layout.setSpacing(theme.space.s)
        layout.addWidget(label(tr("Where it will be heard"), "section"))
        layout.addWidget(self._target_choice())
        layout.addWidget(self._own_numbers())
        layout.addSpacing(theme.space.s)
        layout.addWidget(label(tr("Preset"), "section"))
        layout.addWidget(presets)
        layout.addWidget(assistant)
        layout.addSpacing(theme.space.s)
        layout.addLayout(self._amount())
        layout.addSpacing(theme.space.s)
        layout.addWidget(references)
        layout.addStretch(1)

    def _target_choice(self) -> QWidget:
        self.target = Choice(self._theme, tr("Where it will be heard"))
        for target in self._targets.values():
            figures = f"{decimal(target.integrated_lufs, 0)} LUFS / {decimal(target.ceiling_dbtp)} dBTP"
            self.target.addItem(f"{target_name(target.name)}   {figures}", target.name)
        self.target.addItem(tr("Own numbers"), _OWN)
        self.target.activated.connect(lambda _: self._target_chosen())
        return self.target

    def _own_numbers(self) -> QWidget:
        self._own = QWidget()
        row = QHBoxLayout(self._own)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.space.s)
        self.lufs = self._level(tr("Loudness"), -40.0, -5.0, -14.0, " LUFS")
        self.ceiling = self._level(tr("Ceiling"), -9.0, 0.0, -1.0, " dBTP")
        for box in (self.lufs, self.ceiling):
            box.valueChanged.connect(lambda _: self._own_told())
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
        box.setToolTip(name)
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
        self.amount.setValue(_PERCENT)
        self.amount.setAccessibleName(tr("Amount"))
        self.amount.setToolTip(tr("How much of the whole chain is done; loudness and ceiling always hold."))
        self.amount.valueChanged.connect(lambda value: self.changed.emit({"amount": value / _PERCENT}, "amount"))
        self.amount.sliderReleased.connect(self.let_go)
        column.addWidget(self.amount)
        return column

    # What is told

    def _target_chosen(self) -> None:
        name = self.target.currentData()
        if name == _OWN:
            self._own_told()
        else:
            self.changed.emit({"target": self._targets[name]}, "")

    def _own_told(self) -> None:
        self.changed.emit({"target": Target(_OWN, self.lufs.value(), self.ceiling.value())}, "target")

    def choose(self, name: str) -> None:
        """Switch to a target by its name, as a hand does; the first one where there is none of that name."""
        self.target.setCurrentIndex(max(0, self.target.findData(name)))
        self._target_chosen()

    def choose_own(self, lufs: float, ceiling_dbtp: float) -> None:
        """Switch to a target of the user's own."""
        self.changed.emit({"target": Target(_OWN, lufs, ceiling_dbtp)}, "")

    # What is shown

    def show_draft(self, draft: MasterDraft) -> None:
        own = self._targets.get(draft.target.name) != draft.target
        self.target.setCurrentIndex(self.target.findData(_OWN if own else draft.target.name))
        self._own.setVisible(own)
        shown = (
            (self.lufs, draft.target.integrated_lufs),
            (self.ceiling, draft.target.ceiling_dbtp),
            (self.amount, round(draft.amount * _PERCENT)),
        )
        for field, value in shown:
            field.blockSignals(True)
            field.setValue(value)  # type: ignore[arg-type]
            field.blockSignals(False)
        self._share.setText(f"{self.amount.value()} %")


def target_text(target: Target) -> str:
    """The target's name, or its loudness where it is an own one."""
    return f"{decimal(target.integrated_lufs)} LUFS" if target.name == _OWN else target_name(target.name)
