"""References: tracks that the master is led towards, each with its weight, and how far."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from sonicforge_studio.studio.master_drafts import MasterDraft, Reference
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton, label, restyle
from sonicforge_studio.ui.widgets.drop_overlay import local_paths, takes_drops

_PERCENT = 100


class ReferencesPanel(Card):
    changed = Signal(object, str)
    """Fields of the draft with their values, and the word that joins them with the step before."""
    let_go = Signal()
    choose_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._references: tuple[Reference, ...] = ()
        self.rows: list[_Row] = []
        takes_drops(self)
        self.setAccessibleName(tr("References"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.space.m] * 4)
        layout.setSpacing(theme.space.s)
        head = QHBoxLayout()
        head.addWidget(label(tr("References"), "section"))
        head.addStretch(1)
        self.add_button = Button(tr("Add…"), "chip", self.choose_wanted.emit)
        self.add_button.setAccessibleName(tr("Add reference"))
        head.addWidget(self.add_button)
        layout.addLayout(head)
        self._invitation = label(tr("Drop tracks here that it is to sound like."), "small", wrap=True)
        layout.addWidget(self._invitation)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.space.xs)
        layout.addLayout(self._list)
        self._match = QWidget()
        match = QHBoxLayout(self._match)
        match.setContentsMargins(0, 0, 0, 0)
        match.setSpacing(theme.space.s)
        match.addWidget(label(tr("How near"), "small"))
        self.share = _slider(tr("How near it comes to the references"))
        self.share.valueChanged.connect(lambda value: self._show_share(value))
        self.share.valueChanged.connect(
            lambda value: self.changed.emit({"match_share": value / _PERCENT}, "match_share")
        )
        self.share.sliderReleased.connect(self.let_go)
        match.addWidget(self.share, 1)
        self._percent = label("", "small")
        match.addWidget(self._percent)
        layout.addWidget(self._match)

    def show_draft(self, draft: MasterDraft) -> None:
        self.share.blockSignals(True)
        self.share.setValue(round(draft.match_share * _PERCENT))
        self.share.blockSignals(False)
        self._show_share(self.share.value())
        if draft.references != self._references:
            self._show_references(draft.references)
        self._invitation.setVisible(not draft.references)
        self._match.setVisible(bool(draft.references))

    def _show_share(self, percent: int) -> None:
        self._percent.setText(f"{percent} %")

    def _show_references(self, references: tuple[Reference, ...]) -> None:
        same = [entry.path for entry in references] == [entry.path for entry in self._references]
        self._references = references
        if same:
            for row, reference in zip(self.rows, references, strict=True):
                row.show_weight(reference.weight)
            return
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = []
        for number, reference in enumerate(references):
            row = _Row(self._theme, reference)
            row.weighed.connect(lambda weight, number=number: self._weigh(number, weight))
            row.let_go.connect(self.let_go)
            row.removed.connect(lambda number=number: self._remove(number))
            self._list.addWidget(row)
            self.rows.append(row)

    def add(self, paths: list[str]) -> None:
        known = {reference.path for reference in self._references}
        new = tuple(Reference(path, Path(path).stem) for path in dict.fromkeys(paths) if path not in known)
        if new:
            self.changed.emit({"references": (*self._references, *new)}, "")

    def _weigh(self, number: int, weight: float) -> None:
        references = list(self._references)
        references[number] = replace(references[number], weight=weight)
        self.changed.emit({"references": tuple(references)}, f"reference.{number}")

    def _remove(self, number: int) -> None:
        self.changed.emit({"references": self._references[:number] + self._references[number + 1 :]}, "")
        self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            restyle(self, "active", "true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        restyle(self, "active", "false")

    def dropEvent(self, event: QDropEvent) -> None:
        restyle(self, "active", "false")
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.add(local_paths(event.mimeData()))


class _Row(QWidget):
    weighed = Signal(float)
    let_go = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, reference: Reference) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.s)
        row.addWidget(ElidedLabel(reference.title), 1)
        self.weight = _slider(tr("Weight of {title}", title=reference.title))
        self.weight.setToolTip(tr("How much it counts beside the others"))
        self.weight.setFixedWidth(theme.size.volume)
        self.weight.valueChanged.connect(lambda value: self.weighed.emit(value / _PERCENT))
        self.weight.sliderReleased.connect(self.let_go)
        row.addWidget(self.weight)
        name = tr("Remove {title}", title=reference.title)
        self.remove = IconButton(theme, "close", name, self.removed.emit, small=True)
        row.addWidget(self.remove)
        self.show_weight(reference.weight)

    def show_weight(self, weight: float) -> None:
        self.weight.blockSignals(True)
        self.weight.setValue(round(weight * _PERCENT))
        self.weight.blockSignals(False)


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, _PERCENT)
    slider.setAccessibleName(name)
    return slider
