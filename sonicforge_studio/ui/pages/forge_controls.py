"""What can be fixed instead of left to the composer: length, tempo, key, seed, takes, loudness."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from sonicforge_studio.domain import Concept, Key, Target
from sonicforge_studio.studio import GREATEST_CANDIDATES
from sonicforge_studio.ui.numbers import decimal, key_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice, indent
from sonicforge_studio.ui.widgets.controls import IconButton, label
from sonicforge_studio.ui.widgets.names import target_name

LOWEST_BPM, HIGHEST_BPM = 20, 400
SHORTEST_SECONDS, LONGEST_SECONDS = 4, 3600
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the controls say; None is the composer's to choose."""

    seconds: float | None
    bpm: float | None
    key: str | None
    seed: int | None
    candidates: int
    target: str


class ForgeControls(QWidget):
    changed = Signal()

    def __init__(self, theme: Theme, targets: Sequence[Target], target: str) -> None:
        super().__init__()
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.space.m)
        self.length = self._number(tr("Length"), SHORTEST_SECONDS - 1, LONGEST_SECONDS, SHORTEST_SECONDS - 1, 1)
        self.length.setSpecialValueText(tr("Auto"))
        self.length.setSuffix(tr(" s"))
        self.tempo = self._number(tr("Tempo"), LOWEST_BPM - 1, HIGHEST_BPM, LOWEST_BPM - 1, 1)
        self.tempo.setSpecialValueText(tr("Auto"))
        self.tempo.setSuffix(tr(" BPM"))
        self.key = Choice(theme, tr("Key"))
        self.key.addItem(tr("Auto"), None)
        for mode in ("minor", "major"):
            for tonic in range(12):
                key = Key(tonic, "minor" if mode == "minor" else "major")
                self.key.addItem(key_name(key), str(key))
        self._add(tr("Key"), self.key)
        self._add_seed()
        self.takes = self._number(tr("Takes"), 1, GREATEST_CANDIDATES, 1, 1)
        self.takes.setToolTip(tr("So many are made, to be heard side by side and kept or thrown away."))
        self.target = Choice(theme, tr("Loudness"))
        for offered in targets:
            text = f"{target_name(offered.name)}  {decimal(offered.integrated_lufs, 0)}"
            self.target.addItem(text, offered.name)
        self.target.setCurrentIndex(max(0, self.target.findData(target)))
        self._add(tr("Loudness"), self.target)
        for box in (self.length, self.tempo):
            box.valueChanged.connect(self.changed)
        self.key.currentIndexChanged.connect(self.changed)

    def _add(self, name: str, control: QWidget, *beside: QWidget) -> None:
        column = QVBoxLayout()
        column.setSpacing(self._theme.space.xs)
        head = label(name, "caption")
        head.setBuddy(control)
        column.addWidget(head)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(control, 1)
        for widget in beside:
            row.addWidget(widget)
        column.addLayout(row)
        control.setAccessibleName(name)
        control.setFixedHeight(self._theme.size.control)
        self._row.addLayout(column, 1)

    def _number(self, name: str, low: int, high: int, value: int, step: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setSingleStep(step)
        box.setValue(value)
        box.setAccelerated(True)
        indent(box, self._theme)
        self._add(name, box)
        return box

    def _add_seed(self) -> None:
        self.seed = QLineEdit()
        self.seed.setPlaceholderText(tr("Random"))
        self.seed.setValidator(QIntValidator(0, LARGEST_SEED, self.seed))
        self.seed.setToolTip(tr("The same words and the same seed make the same piece, sample for sample."))
        dice = IconButton(self._theme, "dice", tr("Roll a seed"), self._roll, small=True)
        self.lock = IconButton(self._theme, "unlock", tr("Keep this seed"), small=True, checkable=True)
        self.lock.toggled.connect(self._lock)
        self._add(tr("Seed"), self.seed, dice, self.lock)

    def _roll(self) -> None:
        self.seed.setText(str(random.randrange(100_000)))

    def _lock(self, locked: bool) -> None:
        self.lock.show_as("lock" if locked else "unlock", tr("Keep this seed"))
        if locked and not self.seed.text():
            self._roll()

    def forged(self) -> None:
        """A piece was made: the next one gets a seed of its own, unless this one is kept."""
        if not self.lock.isChecked():
            self.seed.clear()

    def take_focus(self, name: str) -> None:
        """Go to the field of this figure: "length", "tempo" or "key"."""
        if name == "key":
            self.key.setFocus(Qt.FocusReason.OtherFocusReason)
            self.key.showPopup()
            return
        field = self.length if name == "length" else self.tempo
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.selectAll()

    def start_from(self, concept: Concept, seed: int) -> None:
        """The figures of a piece, and its seed, kept."""
        self.length.setValue(round(concept.duration_seconds))
        self.tempo.setValue(round(concept.tempo_bpm))
        self.key.setCurrentIndex(self.key.findData(str(concept.key)))
        self.seed.setText(str(min(seed, LARGEST_SEED)))
        self.lock.setChecked(True)

    def request(self) -> Wanted:
        seed = self.seed.text()
        return Wanted(
            seconds=float(self.length.value()) if self.length.value() >= SHORTEST_SECONDS else None,
            bpm=float(self.tempo.value()) if self.tempo.value() >= LOWEST_BPM else None,
            key=self.key.currentData(),
            seed=int(seed) if seed else None,
            candidates=self.takes.value(),
            target=str(self.target.currentData()),
        )
