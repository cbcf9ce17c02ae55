"""What can be fixed instead of left to the composer: length, tempo, key, seed, takes, loudness."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from sonicforge_studio.domain import Concept, Key, Target
from sonicforge_studio.studio import DURATION_SECONDS, GREATEST_CANDIDATES, TEMPO_BPM
from sonicforge_studio.ui.numbers import decimal, key_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice, indent
from sonicforge_studio.ui.widgets.controls import IconButton
from sonicforge_studio.ui.widgets.fields import captioned
from sonicforge_studio.ui.widgets.names import target_name

LARGEST_SEED = 2**31 - 1
"""Of those that are thrown here; others can be typed."""
_SEED = r"\d{1,15}"
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the controls say; None is the composer's to choose."""

    seconds: float | None
    bpm: float | None
    key: str | None
    seed: int | None
    candidates: int
    target: str


class _Figure(QDoubleSpinBox):
    """A figure with as many decimals as it has, or, below the lowest, the composer's choice."""

    def __init__(self, limits: tuple[float, float], unit: str) -> None:
        super().__init__()
        lowest, highest = limits
        self._lowest = lowest
        self._exact = 0.0
        """What was last set from a piece: the box may show less of it."""
        self.setDecimals(_DECIMALS)
        self.setRange(lowest - 1, highest)
        self.setValue(lowest - 1)
        self.setSpecialValueText(tr("Auto"))
        self.setSuffix(unit)
        self.editingFinished.connect(self._settle)

    def chosen(self) -> float | None:
        shown = self.value()
        if shown < self._lowest:
            return None
        return self._exact if shown == round(self._exact, _DECIMALS) else shown

    def set_exact(self, value: float) -> None:
        """A figure that is kept as it is until another one is put in."""
        self._exact = value
        self.setValue(value)

    def textFromValue(self, value: float) -> str:
        point = self.locale().decimalPoint()
        text = super().textFromValue(value)
        return text.rstrip("0").rstrip(point) if point in text else text

    def _settle(self) -> None:
        if self.chosen() is None:
            self.setValue(self.minimum())


class ForgeControls(QWidget):
    changed = Signal()

    def __init__(self, theme: Theme, targets: Sequence[Target], target: str) -> None:
        super().__init__()
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.space.m)
        self.length = _Figure(DURATION_SECONDS, tr(" s"))
        self._add_number(tr("Length"), self.length)
        self.tempo = _Figure(TEMPO_BPM, tr(" BPM"))
        self._add_number(tr("Tempo"), self.tempo)
        self.key = Choice(theme, tr("Key"))
        self.key.addItem(tr("Auto"), None)
        for mode in ("minor", "major"):
            for tonic in range(12):
                key = Key(tonic, "minor" if mode == "minor" else "major")
                self.key.addItem(key_name(key), str(key))
        self._add(tr("Key"), self.key)
        self._add_seed()
        self.takes = QSpinBox()
        self.takes.setRange(1, GREATEST_CANDIDATES)
        self._add_number(tr("Takes"), self.takes)
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
        self._row.addLayout(captioned(self._theme, name, control, *beside), 1)

    def _add_number(self, name: str, box: QAbstractSpinBox) -> None:
        box.setAccelerated(True)
        indent(box, self._theme)
        self._add(name, box)

    def _add_seed(self) -> None:
        self.seed = QLineEdit()
        self.seed.setPlaceholderText(tr("Random"))
        self.seed.setValidator(QRegularExpressionValidator(_SEED, self.seed))
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
        self.length.set_exact(concept.duration_seconds)
        self.tempo.set_exact(concept.tempo_bpm)
        self.key.setCurrentIndex(self.key.findData(str(concept.key)))
        self.seed.setText(str(seed))
        self.lock.setChecked(True)

    def request(self) -> Wanted:
        seed = self.seed.text()
        return Wanted(
            seconds=self.length.chosen(),
            bpm=self.tempo.chosen(),
            key=self.key.currentData(),
            seed=int(seed) if seed else None,
            candidates=self.takes.value(),
            target=str(self.target.currentData()),
        )
