"""The key: the figure, what else it may be, and the user's own word against it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import Analysis, Key
from sonicforge_studio.ui.analysis.candidates import Candidates, CorrectionMark
from sonicforge_studio.ui.numbers import decimal, key_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Card, label

_KEYS = sorted(
    (Key(tonic, mode) for tonic in range(12) for mode in ("minor", "major")),
    key=lambda key: (int(key.camelot[:-1]), key.camelot[-1]),
)


class KeyCard(Card):
    key_wanted = Signal(object)
    """This ``Key`` is the right one."""
    undo_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.space.m] * 4)
        layout.setSpacing(theme.space.s)
        head = QHBoxLayout()
        head.setSpacing(theme.space.s)
        head.addWidget(label(tr("Key"), "section"))
        self.mark = CorrectionMark(theme)
        self.mark.undo_wanted.connect(self.undo_wanted)
        head.addWidget(self.mark, 1)
        layout.addLayout(head)
        self.figure = label("", "display", select=True)
        self.figure.setAccessibleName(tr("Key"))
        layout.addWidget(self.figure)
        self.detail = label("", "small", wrap=True)
        layout.addWidget(self.detail)
        self.candidates = Candidates(theme)
        layout.addWidget(self.candidates)
        self.other = Choice(theme, tr("Another key"))
        self.other.addItem(tr("Another key…"))
        for key in _KEYS:
            self.other.addItem(key_name(key), key)
        self.other.activated.connect(self._choose)
        layout.addWidget(self.other)

    def show_analysis(self, analysis: Analysis) -> None:
        estimate = analysis.key
        self.figure.setText(tr("No key") if estimate.key is None else key_name(estimate.key))
        self.detail.setText(_detail(analysis))
        self.candidates.clear()
        for candidate in estimate.candidates:
            key, current = candidate.key, candidate.key == estimate.key
            button = self.candidates.add(key.camelot, key_name(key), candidate.confidence, current=current)
            button.clicked.connect(lambda _=False, key=key: self.key_wanted.emit(key))
        self.mark.show_part("key", analysis.corrected)

    def _choose(self, index: int) -> None:
        key = self.other.itemData(index)
        self.other.setCurrentIndex(0)
        if key is not None:
            self.key_wanted.emit(key)


def _detail(analysis: Analysis) -> str:
    estimate = analysis.key
    if estimate.key is None:
        return tr("Drums and noise have none. If you hear one, choose it.")
    parts = [f"Open Key {estimate.key.open_key}"]
    if estimate.tuning_cents is not None:
        parts.append(tr("Tuning: {cents} ct", cents=decimal(estimate.tuning_cents, 0, signed=True)))
    others = {segment.key for segment in estimate.segments if segment.key not in (None, estimate.key)}
    if others:
        parts.append(tr("changes key"))
    return " · ".join(parts)
