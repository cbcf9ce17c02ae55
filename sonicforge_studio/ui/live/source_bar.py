"""What the live views look at: what plays, or an input, which can be recorded."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from sonicforge_studio.studio import CaptureState, InputDevice
from sonicforge_studio.ui.numbers import clock
from sonicforge_studio.ui.text import tr, tr_count, tr_error
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel
from sonicforge_studio.ui.widgets.segments import Segments

_LETTERS = 18


class SourceBar(QFrame):
    """A view: it tells what was wanted and shows what it is told."""

    source_wanted = Signal(str)
    """ "playback" or "input"."""
    input_wanted = Signal(object)
    """An ``InputDevice``, or None for the machine's default one."""
    record_wanted = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._inputs: tuple[InputDevice, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.m)
        self.source = Segments(theme, tr("Look at"), [("playback", tr("Playback")), ("input", tr("Input|sound"))])
        self.source.chosen.connect(self._chosen)
        self.source.setFixedWidth(self.source.sizeHint().width() + 2 * theme.space.xl)
        row.addWidget(self.source)
        self.input = Choice(theme, tr("Input device"))
        self.input.setMinimumContentsLength(_LETTERS)
        self.input.activated.connect(lambda index: self.input_wanted.emit(self.input.itemData(index)))
        row.addWidget(self.input)
        self.record_button = Button(tr("Record"), "", self._toggle_recording)
        self.record_button.setIcon(theme.icon("record", theme.colour.danger))
        self.record_button.setToolTip("Ctrl+R")
        row.addWidget(self.record_button)
        self._note = ElidedLabel("", "small")
        row.addWidget(self._note, 1)
        row.addStretch(1)
        self._recording = False
        self._chosen_quietly("playback")

    def value(self) -> str:
        return self.source.value()

    def choose(self, source: str) -> None:
        """As if it were chosen by hand."""
        self.source.choose(source)
        self._chosen(source)

    def _chosen(self, source: str) -> None:
        self._chosen_quietly(source)
        self.source_wanted.emit(source)

    def _chosen_quietly(self, source: str) -> None:
        for part in (self.input, self.record_button, self._note):
            part.setVisible(source == "input")

    def _toggle_recording(self) -> None:
        self.record_wanted.emit(not self._recording)

    # What is shown

    def show_inputs(self, inputs: Sequence[InputDevice], current: InputDevice | None) -> None:
        """The devices that can be listened to; what the machine itself plays is among them where it can be heard."""
        if tuple(inputs) != self._inputs or not self.input.count():
            self._inputs = tuple(inputs)
            self.input.clear()
            self.input.addItem(tr("Default input"), None)
            for device in inputs:
                name = tr("What plays: {name}", name=device.name) if device.monitor else device.name
                self.input.addItem(name, device)
        index = next((at for at in range(1, self.input.count()) if self.input.itemData(at) == current), 0)
        self.input.setCurrentIndex(index)

    def show_capture(self, state: CaptureState) -> None:
        self._recording = state.status == "recording"
        self.record_button.setText(tr("Stop recording") if self._recording else tr("Record"))
        self.record_button.setIcon(self._theme.icon("stop" if self._recording else "record", self._theme.colour.danger))
        self.record_button.setEnabled(state.status in ("listening", "recording"))
        self.input.setEnabled(not self._recording)
        self._note.show_text(_note(state))

    def note(self) -> str:
        """What is said about the input."""
        return self._note.accessibleName()


def _note(state: CaptureState) -> str:
    if state.error is not None:
        return tr_error(state.error)
    said = {
        "closed": "",
        "opening": tr("Opening the input…"),
        "listening": tr("Listening"),
        "recording": tr("Recording {time}", time=clock(state.seconds)),
        "no-device": tr("No input was found. Connect one, then choose it here."),
        "device-lost": tr("The input is gone. What was recorded is kept."),
    }[state.status]
    if state.overflows and state.status in ("listening", "recording"):
        said += " · " + tr_count("{count} gap", "{count} gaps", state.overflows)
    return said
