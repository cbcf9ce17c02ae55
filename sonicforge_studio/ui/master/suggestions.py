"""What the assistant would change and why: each taken or left, all of it one step that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sonicforge_studio.domain import ChainSettings, Suggestion
from sonicforge_studio.domain.chain import parameters_of, value_at
from sonicforge_studio.ui.master.words import figure_name, figure_text, option_name, stage_name
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.tick import Tick


class SuggestionsDialog(QDialog):
    """``taken`` tells of the suggestions that were taken; Esc takes none."""

    taken = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget, suggestions: Sequence[Suggestion]) -> None:
        super().__init__(parent)
        self._suggestions = tuple(suggestions)
        self.setWindowTitle(tr("Suggestions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.size.settings_column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, theme.space.l)
        layout.setSpacing(theme.space.m)
        layout.addWidget(label(tr("What this track could use"), "strong"))
        self.ticks: list[Tick] = []
        if not suggestions:
            layout.addWidget(label(tr("It is balanced as it is: nothing to suggest."), "muted", wrap=True))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.space.m)
        for suggestion in suggestions:
            rows.addWidget(self._row(theme, suggestion))
        rows.addStretch(1)
        area.setWidget(content)
        area.setVisible(bool(suggestions))
        area.setMinimumHeight(min(content.sizeHint().height(), theme.size.drawer))
        layout.addWidget(area, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.space.s)
        buttons.addStretch(1)
        buttons.addWidget(Button(tr("Close") if not suggestions else tr("Cancel"), "", self.reject))
        self.chosen_button = Button(tr("Take chosen"), "", self.take_chosen)
        self.all_button = Button(tr("Take all"), "primary", self.take_all)
        for button in (self.chosen_button, self.all_button):
            button.setVisible(bool(suggestions))
            buttons.addWidget(button)
        layout.addLayout(buttons)

    def _row(self, theme: Theme, suggestion: Suggestion) -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.xxs)
        reason, change = reason_text(suggestion), change_text(suggestion)
        tick = Tick(theme, reason)
        tick.setChecked(True)
        tick.setAccessibleName(f"{reason} {change}")
        tick.toggled.connect(lambda _: self._show_chosen())
        self.ticks.append(tick)
        column.addWidget(tick)
        line = label(change, "small", wrap=True)
        line.setIndent(theme.space.xl)
        column.addWidget(line)
        return row

    def _show_chosen(self) -> None:
        self.chosen_button.setEnabled(any(tick.isChecked() for tick in self.ticks))

    def take_all(self) -> None:
        self._take(self._suggestions)

    def take_chosen(self) -> None:
        chosen = zip(self._suggestions, self.ticks, strict=True)
        self._take(tuple(suggestion for suggestion, tick in chosen if tick.isChecked()))

    def _take(self, suggestions: tuple[Suggestion, ...]) -> None:
        self.taken.emit(suggestions)
        self.accept()


def reason_text(suggestion: Suggestion) -> str:
    """The reason in the language in use, its figures filled in."""
    figures = {name: decimal(value, 0 if abs(value) >= 20 else 1) for name, value in suggestion.figures}
    return tr(suggestion.reason, **figures) if figures else tr(suggestion.reason)


def change_text(suggestion: Suggestion) -> str:
    """What it would set, such as "EQ 6: Gain −2.0 dB, Frequency 4 kHz"."""
    parts: dict[str, list[str]] = {}
    for place, value in suggestion.changes:
        names = place.split(".")
        band = next((f" {int(name) + 1}" for name in names if name.isdecimal()), "")
        parts.setdefault(stage_name(names[0]) + band, []).append(_value_text(names, value))
    return " · ".join(f"{where}: {', '.join(texts)}" for where, texts in parts.items())


def _value_text(names: list[str], value: float | bool | str) -> str:
    if names[-1].isdecimal():
        names = names[:-1]
    name = names[-1]
    if isinstance(value, bool):
        state = tr("on") if value else tr("off")
        return state if name == "on" else f"{figure_name(name)}: {state}"
    if isinstance(value, str):
        return option_name(value)
    parameter = parameters_of(value_at(ChainSettings(), ".".join(names[:-1])))[name]
    return f"{figure_name(name)} {figure_text(value, parameter)}"
