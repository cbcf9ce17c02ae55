"""Who plays: the built-in synth or one of the models, and what only a model is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.domain import Neural
from sonicforge_studio.studio import ModelCard, Outlook
from sonicforge_studio.ui.pages.model_words import memory_text, outlook_text
from sonicforge_studio.ui.pages.sampling_controls import SamplingControls
from sonicforge_studio.ui.pages.sound_slot import SoundSlot
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, restyle
from sonicforge_studio.ui.widgets.fields import captioned
from sonicforge_studio.ui.widgets.names import licence_text

_MORE = "more"
"""The entry that leads to the Models page."""


class EnginePanel(QWidget):
    """``choose_sound`` asks for a sound file under a title and hands its place on."""

    changed = Signal()
    models_wanted = Signal()

    def __init__(self, theme: Theme, choose_sound: Callable[[str, Callable[[str], object]], object]) -> None:
        super().__init__()
        self._theme = theme
        self._choose_sound = choose_sound
        self._cards: tuple[ModelCard, ...] = ()
        self._outlook: Outlook | None = None
        self._wanted = ""
        """The name of the chosen model, also while it is not here yet; "" for the built-in synth."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.m)
        layout.addLayout(self._head())
        layout.addWidget(self._sounds())
        self.sampling = SamplingControls(theme)
        layout.addWidget(self.sampling)
        self.engine.activated.connect(self._choose)
        for part in (self.sampling, self.melody, self.continues):
            part.changed.connect(self.changed)
        self._show()

    def _head(self) -> QHBoxLayout:
        theme = self._theme
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        self.engine = Choice(theme, tr("Engine"))
        self.engine.setFixedWidth(theme.size.engine)
        row.addLayout(captioned(theme, tr("Engine"), self.engine))
        self._line = ElidedLabel("", "small")
        self._line.setFixedHeight(theme.size.control)
        row.addWidget(self._line, 1, Qt.AlignmentFlag.AlignBottom)
        self.fold_button = Button(tr("More settings"), "quiet", self._fold)
        self.fold_button.setCheckable(True)
        self.fold_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        row.addWidget(self.fold_button, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def _sounds(self) -> QWidget:
        self._slots = QWidget()
        row = QHBoxLayout(self._slots)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.space.m)
        self.continues = self._slot(
            "loop", tr("Go on from a sound"), tr("Drop a file: the piece begins with it and goes on.")
        )
        self.melody = self._slot("music", tr("Follow a melody"), tr("Drop a file: the piece follows its tune."))
        row.addWidget(self.continues, 1)
        row.addWidget(self.melody, 1)
        return self._slots

    def _slot(self, icon: str, name: str, hint: str) -> SoundSlot:
        return SoundSlot(self._theme, icon, name, hint, lambda take: self._choose_sound(name, take))

    # What is there to choose from

    def show_cards(self, cards: Sequence[ModelCard]) -> None:
        """The models that can play now; a chosen one that is gone gives way to the synth."""
        self._cards = tuple(card for card in cards if card.path is not None and not card.problem)
        if self._wanted and self.model is None:
            self._wanted = ""
            self.changed.emit()
        self._show()

    def choose_model(self, name: str) -> None:
        """The model of that name, or the built-in synth where it is "" or not here."""
        before = self._wanted
        self._wanted = name if any(card.name == name for card in self._cards) else ""
        if self._wanted != before:
            self._outlook = None
        self._show()
        if self._wanted != before:
            self.changed.emit()

    @property
    def model(self) -> ModelCard | None:
        """The chosen one; None for the built-in synth."""
        return next((card for card in self._cards if card.name == self._wanted), None)

    def neural(self) -> Neural | None:
        """What the chosen model is told; None for the built-in synth."""
        model = self.model
        if model is None:
            return None
        return Neural(
            model=model.name,
            precision=self.sampling.chosen_precision(),
            device=self.sampling.chosen_device(),
            sampling=self.sampling.sampling(),
            melody=self.melody.heard() if model.kind == "melody" else None,
            continues=self.continues.heard(),
        )

    def show_outlook(self, outlook: Outlook) -> None:
        """What the piece that is asked for will take with the chosen model."""
        self._outlook = outlook
        self._show_line()

    def line_text(self) -> str:
        """What is said of the chosen one in a line."""
        return self._line.accessibleName()

    def start_from(self, neural: Neural | None) -> bool:
        """Stand as a piece was made; False where its model is not here, and the synth stands in for it."""
        if neural is None:
            self.choose_model("")
            return True
        self.sampling.show_neural(neural)
        self.melody.take(neural.melody.path if neural.melody else "")
        self.continues.take(neural.continues.path if neural.continues else "")
        self.choose_model(neural.model)
        return self.model is not None

    def _choose(self, index: int) -> None:
        chosen = self.engine.itemData(index)
        if chosen == _MORE:
            self._show()
            self.models_wanted.emit()
        else:
            self.choose_model(str(chosen))

    def _fold(self) -> None:
        self._show()
        if self.fold_button.isChecked():
            self.sampling.guidance.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        self._list()
        model = self.model
        self.continues.setVisible(model is not None)
        self.melody.setVisible(model is not None and model.kind == "melody")
        self._slots.setVisible(model is not None)
        self.fold_button.setVisible(model is not None)
        opened = model is not None and self.fold_button.isChecked()
        self.fold_button.setIcon(self._theme.icon("chevron-up" if opened else "chevron-down"))
        self.sampling.setVisible(opened)
        self._show_line()

    def _list(self) -> None:
        self.engine.clear()
        self.engine.addItem(tr("Built-in synth"), "")
        for card in self._cards:
            self.engine.addItem(card.title, card.name)
        self.engine.addItem(tr("More models…"), _MORE)
        self.engine.setCurrentIndex(max(0, self.engine.findData(self._wanted)))

    def _show_line(self) -> None:
        model, outlook = self.model, self._outlook
        self._line.show_text(self._described(model))
        fits = model is None or (outlook.fits if outlook else model.fits)
        restyle(self._line, "tone", "" if fits else "over")

    def _described(self, model: ModelCard | None) -> str:
        if model is None:
            return tr("Every part to be changed by hand, with stems and notes. Quick on any machine.")
        needs = outlook_text(self._outlook) if self._outlook else memory_text(model)
        return " · ".join(part for part in (needs, licence_text(model.licence)) if part)
