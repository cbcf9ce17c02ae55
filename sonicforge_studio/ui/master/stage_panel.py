"""All figures of a stage, built from what the chain says about itself: names, units, limits, help."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.domain.chain import parameters_of, value_at
from sonicforge_studio.ui.master.knob import Figure
from sonicforge_studio.ui.master.words import figure_name, option_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.flow import FlowLayout
from sonicforge_studio.ui.widgets.segments import Segments

_MOST_SEGMENTS = 3


class StagePanel(QWidget):
    """The figures of one stage, or of one of its bands. ``changed`` tells of a place below it, such as "q"."""

    changed = Signal(str, object, bool)
    """Place, value, and whether a hand is still moving it."""
    let_go = Signal()

    def __init__(
        self, theme: Theme, settings: Any, *, context: str = "", without: tuple[str, ...] = (), switch: bool = False
    ) -> None:
        """``settings`` are an example, whose values count as neutral; ``without`` are fields shown elsewhere. With
        ``switch`` its own "on" is among the figures."""
        super().__init__()
        self._theme = theme
        self.figures: dict[str, Figure] = {}
        self.choices: dict[str, Segments | Choice] = {}
        self.switches: dict[str, Button] = {}
        self._context = context
        flow = FlowLayout(theme.space.m, self)
        parameters = parameters_of(settings)
        for entry in fields(settings):
            if entry.name in without or (entry.name == "on" and not switch):
                continue
            value = getattr(settings, entry.name)
            if entry.name in parameters and isinstance(value, tuple):
                for number, neutral in enumerate(value):
                    name = f"{figure_name(entry.name)} {number + 1}"
                    flow.addWidget(self._figure(f"{entry.name}.{number}", name, parameters[entry.name], neutral))
            elif entry.name in parameters:
                flow.addWidget(self._figure(entry.name, figure_name(entry.name), parameters[entry.name], value))
            elif "options" in entry.metadata:
                flow.addWidget(self._choice(entry.name, entry.metadata))
            elif isinstance(value, bool):
                flow.addWidget(self._switch(entry.name, entry.metadata.get("help", "")))

    def _figure(self, place: str, name: str, parameter: Any, neutral: float) -> Figure:
        figure = Figure(self._theme, name, parameter, neutral, self._context)
        figure.moved.connect(lambda value, moving: self.changed.emit(place, value, moving))
        figure.let_go.connect(self.let_go)
        self.figures[place] = figure
        return figure

    def _choice(self, place: str, metadata: Any) -> QWidget:
        name, help = figure_name(place), tr(metadata["help"])
        options = [(option, option_name(option)) for option in metadata["options"]]
        choice: Segments | Choice
        if len(options) <= _MOST_SEGMENTS:
            choice = Segments(self._theme, name, options)
            choice.chosen.connect(lambda value: self.changed.emit(place, value, False))
        else:
            choice = Choice(self._theme, name)
            for value, text in options:
                choice.addItem(text, value)
            choice.activated.connect(lambda _: self.changed.emit(place, choice.currentData(), False))
        choice.setToolTip(help)
        choice.setAccessibleDescription(help)
        self.choices[place] = choice
        return self._captioned(name, choice)

    def _switch(self, place: str, help: str) -> QWidget:
        button = Button(figure_name(place), "toggle")
        button.setCheckable(True)
        button.setToolTip(tr(help) if help else "")
        button.clicked.connect(lambda on: self.changed.emit(place, on, False))
        self.switches[place] = button
        return self._captioned("", button)

    def _captioned(self, name: str, control: QWidget) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.space.xs)
        column.addWidget(label(name, "caption"))
        row = QHBoxLayout()
        row.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row)
        return box

    def show_settings(self, settings: Any) -> None:
        for place, figure in self.figures.items():
            figure.show_value(float(value_at(settings, place)))
        for place, choice in self.choices.items():
            if isinstance(choice, Segments):
                choice.choose(getattr(settings, place))
            else:
                choice.setCurrentIndex(choice.findData(getattr(settings, place)))
        for place, switch in self.switches.items():
            switch.setChecked(getattr(settings, place))
