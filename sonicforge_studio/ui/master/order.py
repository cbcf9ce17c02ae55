"""The master being made: the button, its progress, and what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from sonicforge_studio.studio import Job
from sonicforge_studio.ui.jobs_drawer import state_text
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.tick import Tick

_BAR_STEPS = 1000


class OrderPanel(QWidget):
    master_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, theme.space.m, 0)
        layout.setSpacing(theme.space.s)
        self.prove = Tick(theme, tr("Prove every format"))
        self.prove.setToolTip(
            tr("Makes every format of delivery, decodes it again and measures it; takes a little longer.")
        )
        layout.addWidget(self.prove)
        self._error = label("", "error", wrap=True, select=True)
        self._error.hide()
        layout.addWidget(self._error)
        self._bar = QProgressBar()
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the master"))
        self._note = label("", "small")
        layout.addWidget(self._bar)
        layout.addWidget(self._note)
        self.master_button = Button(tr("Master|do"), "primary", self.master_wanted.emit)
        self.cancel_button = Button(tr("Cancel"), "", self.cancel_wanted.emit)
        for button in (self.master_button, self.cancel_button):
            button.setProperty("large", True)
            layout.addWidget(button)

    def show_job(self, job: Job) -> None:
        self._bar.setValue(round(job.fraction * _BAR_STEPS))
        self._note.setText(state_text(job))

    def error_text(self) -> str:
        return self._error.text()

    def say(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))

    def show_state(self, *, ready: bool, working: bool) -> None:
        leaving, taking = self.master_button, self.cancel_button
        if not working:
            leaving, taking = taking, leaving
        focused = leaving.hasFocus()
        self.master_button.setVisible(not working)
        self.master_button.setEnabled(ready)
        self.cancel_button.setVisible(working)
        if focused:
            taking.setFocus(Qt.FocusReason.OtherFocusReason)
        self._bar.setVisible(working)
        self._note.setVisible(working)
