"""Takes of one piece side by side: heard at the same place, equally loud, kept or thrown away by the keyboard."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from sonicforge_studio.domain import Recipe, Verdict, from_plain
from sonicforge_studio.studio import PlayerState, matching_gains, recipe_from_json
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import Button, Card, IconButton, label, restyle
from sonicforge_studio.ui.widgets.flow import FlowLayout
from sonicforge_studio.ui.widgets.score import ScoreRing
from sonicforge_studio.ui.widgets.waveform import WaveformView


@dataclass(frozen=True, slots=True)
class ShownTake:
    """A take as a job hands it over."""

    piece: Piece
    recipe: Recipe
    verdict: Verdict
    integrated_lufs: float | None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> ShownTake:
        recipe = recipe_from_json(plain["recipe"])
        title = tr("Take with seed {seed}", seed=recipe.seed)
        peaks = base64.b64decode(plain["peaks"])
        piece = Piece(plain["path"], title, recipe.prompt[:60], peaks, plain["duration_seconds"])
        return cls(piece, recipe, from_plain(Verdict, plain["verdict"]), plain["integrated_lufs"])


class TakeCard(Card):
    chosen = Signal()
    kept = Signal()
    thrown = Signal()

    def __init__(self, kit: Kit, take: ShownTake, *, favourite: bool) -> None:
        super().__init__("field")
        theme, self.take = kit.theme, take
        self.setFixedWidth(theme.size.strip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.s, theme.space.s, theme.space.s, theme.space.s)
        layout.setSpacing(theme.space.xs)
        head = QHBoxLayout()
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(label(tr("Seed {seed}", seed=take.recipe.seed), "item"))
        titles.addWidget(label(tr("The critic's choice") if favourite else "", "caption"))
        head.addLayout(titles, 1)
        head.addWidget(ScoreRing(theme, take.verdict))
        layout.addLayout(head)
        self.wave = WaveformView(theme, kit.peaks, tr("Waveform of {title}", title=take.piece.title))
        self.wave.setFixedHeight(theme.size.control_large)
        self.wave.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.wave.show_track(take.piece.peaks, take.piece.duration_seconds)
        layout.addWidget(self.wave)
        row = QHBoxLayout()
        self.keep_button = Button(tr("Keep"), "", self.kept.emit)
        self.keep_button.setAccessibleName(tr("Keep {title}", title=take.piece.title))
        self.throw_button = IconButton(
            theme, "trash", tr("Throw {title} away", title=take.piece.title), self.thrown.emit, small=True
        )
        for button in (self.keep_button, self.throw_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.keep_button, 1)
        row.addWidget(self.throw_button)
        layout.addLayout(row)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()


class TakesRow(QWidget):
    """← → go from one to the next, and what plays with them; Return plays; K keeps, X or Delete throws away, Esc throws
    all away; Ctrl+Z brings back what was thrown away last. ``kept`` carries the ``Recipe`` of a take, and its file."""

    kept = Signal(object, str)

    def __init__(self, kit: Kit, listening: Listening) -> None:
        super().__init__()
        self._kit = kit
        self._listening = listening
        self._cards: list[TakeCard] = []
        self._chosen = 0
        self._thrown: list[list[tuple[int, TakeCard]]] = []
        """What was thrown away in one go, each with where it stood; the last of it last."""
        theme = kit.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.s)
        head = QHBoxLayout()
        head.addWidget(label(tr("Takes"), "section"))
        self._keys = label(tr("← → hear, K keep, X throw away, Esc throw all away"), "caption")
        head.addWidget(self._keys, 1)
        self.back_button = Button(tr("Bring back"), "quiet", self.bring_back)
        self.back_button.setToolTip(tr("What was thrown away last") + "  Ctrl+Z")
        head.addWidget(self.back_button)
        layout.addLayout(head)
        self._place = QWidget()
        self._flow = FlowLayout(theme.space.s, self._place)
        layout.addWidget(self._place)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Takes to choose from"))
        listening.changed.connect(self._show_playback)
        self.hide()

    def cards(self) -> list[TakeCard]:
        return list(self._cards)

    @property
    def chosen(self) -> int:
        return self._chosen

    def show_takes(self, takes: Sequence[ShownTake]) -> None:
        """These instead of what was there; the critic's favourite is heard first."""
        self._flow.clear()
        for _, card in (thrown for group in self._thrown for thrown in group):
            card.deleteLater()
        self._thrown.clear()
        best = max(range(len(takes)), key=lambda number: takes[number].verdict.score, default=0)
        self._cards = [TakeCard(self._kit, take, favourite=number == best) for number, take in enumerate(takes)]
        for card in self._cards:
            card.chosen.connect(lambda card=card: self._choose(self._cards.index(card)))
            card.kept.connect(lambda card=card: self._keep(card))
            card.thrown.connect(lambda card=card: self._throw([card]))
            card.wave.sought.connect(lambda seconds, card=card: self._seek(card, seconds))
            self._flow.addWidget(card)
        self._chosen = best
        self.setVisible(bool(takes))
        self._mark()
        if takes:
            # Nobody is torn from what is written or heard meanwhile.
            if not isinstance(QApplication.focusWidget(), QPlainTextEdit | QLineEdit):
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            if not self._listening.playing:
                self._play(0.0)

    # Choosing and hearing

    def _choose(self, number: int) -> None:
        if not 0 <= number < len(self._cards):
            return
        self._chosen = number
        self._mark()
        if self._listening.compared == self._pieces():
            self._listening.choose_version(number)
        else:
            self._play(self._heard_seconds())

    def _heard_seconds(self) -> float:
        """Where a take is heard, or was paused, also one that is put away by now."""
        takes = (*self._cards, *(card for group in self._thrown for _, card in group))
        ours = any(card.take.piece is self._listening.piece for card in takes)
        return self._listening.position_seconds() if ours else 0.0

    def _pieces(self) -> tuple[Piece, ...]:
        return tuple(card.take.piece for card in self._cards)

    def _play(self, from_seconds: float) -> None:
        if self._cards:
            gains = matching_gains([card.take.integrated_lufs for card in self._cards])
            self._listening.compare(self._pieces(), gains, self._chosen, from_seconds=from_seconds)

    def _seek(self, card: TakeCard, seconds: float) -> None:
        self._choose(self._cards.index(card))
        self._listening.seek(seconds)

    def _mark(self) -> None:
        self.back_button.setVisible(bool(self._thrown))
        self._keys.setText(
            tr("← → hear, K keep, X throw away, Esc throw all away")
            if self._cards
            else tr("None is left. Esc ends this.")
        )
        for number, card in enumerate(self._cards):
            restyle(card, "active", "true" if number == self._chosen else "false")
        if self._cards:
            take = self._cards[self._chosen].take
            score = tr("Score {score} of 100", score=f"{take.verdict.score:.0f}")
            self.setAccessibleDescription(f"{take.piece.title}, {score}")

    def _show_playback(self, state: PlayerState) -> None:
        if not self.isVisible():
            return
        ours = self._listening.compared == self._pieces()
        for number, card in enumerate(self._cards):
            heard = ours and number == self._chosen and is_sounding(state)
            card.wave.show_position(state.position_seconds if heard else 0.0)

    # Keeping and throwing

    def _keep(self, card: TakeCard) -> None:
        self.kept.emit(card.take.recipe, card.take.piece.path)
        self._put_away([card])
        card.deleteLater()

    def _throw(self, cards: Sequence[TakeCard]) -> None:
        self._thrown.append([(self._cards.index(card), card) for card in cards])
        self._put_away(cards)

    def bring_back(self) -> None:
        """What was thrown away last is there again, where it stood; what is heard goes on."""
        if not self._thrown:
            return
        chosen = self._cards[self._chosen] if self._cards else None
        going = self._listening.playing and self._listening.compared == self._pieces()
        place = self._heard_seconds()
        for number, card in self._thrown.pop():
            self._cards.insert(min(number, len(self._cards)), card)
            self._flow.insertWidget(min(number, self._flow.count()), card)
            card.show()
            chosen = chosen or card
        self._chosen = self._cards.index(chosen) if chosen else 0
        self._mark()
        if going:
            self._play(place)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _put_away(self, cards: Sequence[TakeCard]) -> None:
        """Off the row; what is heard goes on with the next one."""
        ours = self._listening.compared == self._pieces()
        place, playing = self._listening.position_seconds() if ours else 0.0, self._listening.playing
        for card in cards:
            number = self._cards.index(card)
            del self._cards[number]
            card.hide()
            self._flow.removeWidget(card)
            self._chosen = min(self._chosen - (number < self._chosen), max(0, len(self._cards) - 1))
        self._mark()
        if ours and not self._cards:
            self._listening.stop()
        elif ours and playing:
            self._play(place)
        if not self._cards and not self._thrown:
            self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.isAutoRepeat() and key not in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            return  # a key that is held keeps or throws away one take, not all
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key == Qt.Key.Key_Z and modifiers == Qt.KeyboardModifier.ControlModifier:
            self.bring_back()
        elif key == Qt.Key.Key_Escape and not self._cards:
            self.hide()
        elif modifiers or not self._cards:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._choose(self._chosen + (1 if key == Qt.Key.Key_Right else -1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._listening.compared == self._pieces():
                self._listening.toggle()
            else:
                self._play(self._heard_seconds())
        elif key == Qt.Key.Key_K:
            self._keep(self._cards[self._chosen])
        elif key in (Qt.Key.Key_X, Qt.Key.Key_Delete):
            self._throw([self._cards[self._chosen]])
        elif key == Qt.Key.Key_Escape:
            self._throw(self.cards())
        else:
            super().keyPressEvent(event)
