"""One model: what it is, what it needs, where it is, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from sonicforge_studio.domain import StudioError
from sonicforge_studio.studio import Job, ModelCard
from sonicforge_studio.ui.jobs_drawer import state_text
from sonicforge_studio.ui.pages.model_words import kind_text, memory_text, size_text, state_word
from sonicforge_studio.ui.text import error_of, tr, tr_error
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton, label, restyle
from sonicforge_studio.ui.widgets.names import licence_text

_BAR_STEPS = 1000


class ModelRow(Card):
    """Return uses or downloads it, Delete removes it, Esc ends its download."""

    use_wanted = Signal()
    download_wanted = Signal()
    cancel_wanted = Signal()
    remove_wanted = Signal()
    reveal_wanted = Signal()
    step_wanted = Signal(int)
    """To the row below (1) or above (-1)."""

    def __init__(self, theme: Theme, card: ModelCard) -> None:
        super().__init__("hover")
        self.card = card
        self._asking = False
        """Whether the hub is being asked what there is to download."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.space.m, theme.space.m, theme.space.m, theme.space.m)
        outer.setSpacing(theme.space.s)
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        outer.addLayout(row)
        titles = QVBoxLayout()
        titles.setSpacing(theme.space.xxs)
        self._title = ElidedLabel("", "item")
        self._kind = ElidedLabel("", "small")
        self._needs = ElidedLabel("", "small")
        self._place = ElidedLabel("", "caption", Qt.TextElideMode.ElideMiddle)
        for line in (self._title, self._kind, self._needs, self._place):
            titles.addWidget(line)
        row.addLayout(titles, 1)
        self._state = label("", "small")
        row.addWidget(self._state)
        for button in self._buttons(theme):
            row.addWidget(button)
        outer.addWidget(self._work(theme))
        self._trouble = label("", "error", wrap=True, select=True)
        self._trouble.hide()
        outer.addWidget(self._trouble)
        self.show_card(card)

    def _buttons(self, theme: Theme) -> tuple[QWidget, ...]:
        self.use_button = Button(tr("Use"), "", self.use_wanted.emit)
        self.download_button = Button(tr("Download…"), "", self.download_wanted.emit)
        self.reveal_button = IconButton(theme, "folder", tr("Show in its folder"), self.reveal_wanted.emit)
        self.remove_button = IconButton(theme, "trash", tr("Remove"), self.remove_wanted.emit)
        return self.use_button, self.download_button, self.reveal_button, self.remove_button

    def _work(self, theme: Theme) -> QWidget:
        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.m)
        self._bar = QProgressBar()
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        row.addWidget(self._bar, 1)
        self._note = label("", "small")
        row.addWidget(self._note)
        self.cancel_button = Button(tr("Cancel"), "quiet", self.cancel_wanted.emit)
        row.addWidget(self.cancel_button)
        self._progress.hide()
        return self._progress

    # What is shown

    def show_card(self, card: ModelCard) -> None:
        self.card = card
        self._title.show_text(card.title)
        self._kind.show_text(kind_text(card))
        needs = (size_text(card), memory_text(card), licence_text(card.licence))
        self._needs.show_text(" · ".join(part for part in needs if part))
        restyle(self._needs, "tone", "" if card.fits else "over")
        self._place.show_text(str(card.path) if card.path is not None else card.hub)
        self._state.setText(state_word(card))
        restyle(self._state, "tone", "danger" if card.problem else "good" if card.path is not None else "")
        for button, name in (
            (self.use_button, tr("Use {title} on the Forge page", title=card.title)),
            (self.download_button, tr("Download {title}", title=card.title)),
            (self.cancel_button, tr("Cancel the download of {title}", title=card.title)),
            (self.reveal_button, tr("Show {title} in its folder", title=card.title)),
            (self.remove_button, tr("Remove {title}", title=card.title)),
        ):
            button.setAccessibleName(name)
            if isinstance(button, IconButton):
                button.setToolTip(name)
        self._bar.setAccessibleName(tr("Progress of {title}", title=card.title))
        self.say(tr(card.problem))
        self._show_buttons()

    def show_asking(self, asking: bool) -> None:
        """The hub is asked, or has answered."""
        self._asking = asking
        if asking:
            self.say("")
            self._state.setText(tr("Asking the hub…"))
        else:
            self._state.setText(state_word(self.card))
        self._show_buttons()

    def show_download(self, job: Job | None) -> None:
        """How far it is; a failure stays until it is tried again."""
        working = job is not None and not job.state.finished
        focused = self.download_button.hasFocus() if working else self.cancel_button.hasFocus()
        self._progress.setVisible(working)
        if job is not None and working:
            self._bar.setValue(round(job.fraction * _BAR_STEPS))
            self._note.setText(state_text(job))
            self._state.setText(tr("Downloading"))
            self.say("")
        elif job is not None and str(job.state) == "failed" and job.error is not None:
            self._state.setText(state_word(self.card))
            self.say(tr_error(error_of(job.error)))
        else:
            self._state.setText(state_word(self.card))
        self._show_buttons()
        if focused:
            taking = self.cancel_button if working else self.download_button
            taking.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_trouble(self, error: StudioError) -> None:
        self.say(tr_error(error))

    def say(self, text: str) -> None:
        """A sentence on what is wrong, below everything else; "" for none."""
        self._trouble.setText(text)
        self._trouble.setVisible(bool(text))
        self.setAccessibleName(", ".join(part for part in (self.card.title, self._state.text(), text) if part))

    def trouble(self) -> str:
        return self._trouble.text()

    def state(self) -> str:
        return self._state.text()

    def _show_buttons(self) -> None:
        here, busy = self.card.path is not None, self._asking or not self._progress.isHidden()
        self.use_button.setVisible(here and not self.card.problem)
        self.download_button.setVisible(not here and bool(self.card.hub) and self._progress.isHidden())
        self.download_button.setEnabled(not self._asking)
        self.reveal_button.setVisible(here)
        self.remove_button.setVisible((here or bool(self.card.partial_bytes)) and not busy)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._press(self.use_button, self.download_button)
        elif key == Qt.Key.Key_Delete:
            self._press(self.remove_button)
        elif key == Qt.Key.Key_Escape:
            self._press(self.cancel_button)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.step_wanted.emit(1 if key == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _press(self, *buttons: Button | IconButton) -> None:
        """The first of them that stands there."""
        for button in buttons:
            if button.isVisible() and button.isEnabled():
                button.click()
                return
