"""What was forged lately, the newest first."""

from __future__ import annotations

import asyncio
from itertools import zip_longest
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sonicforge_studio.domain import Recipe, Track
from sonicforge_studio.studio import PlayerState, Studio
from sonicforge_studio.ui.actions import Actions, piece_of
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.numbers import NONE, clock, decimal, tempo
from sonicforge_studio.ui.pages.variations import VariationButton, can_open, can_start_from, changes_text
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import Card, ElidedLabel, IconButton, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.names import licence_text
from sonicforge_studio.ui.widgets.score import ScoreRing, reasons_text
from sonicforge_studio.ui.widgets.waveform import WaveformView

_SHOWN = 12
_LOOKED_THROUGH = 2000
_SETTLE_MILLISECONDS = 150


class ResultCard(Card):
    """One piece: its wave, its figures, its score with the reasons to unfold."""

    def __init__(self, kit: Kit, actions: Actions, listening: Listening, track: Track) -> None:
        super().__init__("hover")
        theme, self.track = kit.theme, track
        self.older_id: int | None = None
        """The piece that was forged before it."""
        self._listening = listening
        self._actions = actions
        self.setMinimumHeight(theme.size.card_row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.space.s, theme.space.s, theme.space.s, theme.space.s)
        outer.setSpacing(theme.space.s)
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        outer.addLayout(row)
        self.play = IconButton(
            theme, "play", tr("Play {title}", title=track.title), self._play, colour=theme.colour.text
        )
        row.addWidget(self.play)
        self._wave = WaveformView(theme, kit.peaks, tr("Waveform of {title}", title=track.title))
        self._wave.setFixedSize(theme.size.wave_card, theme.size.control_large)
        self._wave.show_track(track.peaks, track.analysis.duration_seconds)
        self._wave.sought.connect(self._seek)
        row.addWidget(self._wave)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(ElidedLabel(track.title, "item"))
        recipe = track.recipe
        titles.addWidget(ElidedLabel(_told_of(recipe) if recipe else "", "small"))
        row.addLayout(titles, 1)
        for name, value in _figures(track):
            row.addLayout(_figure(kit, name, value))
        row.addWidget(ScoreRing(theme, track.verdict))
        self._unfold = IconButton(theme, "chevron-down", tr("Show the critic's reasons"), self._toggle, small=True)
        row.addWidget(self._unfold)
        self.open_button = IconButton(theme, "score", tr("Open {title} on the desk", title=track.title), self._open)
        self.open_button.setVisible(can_open(track))
        row.addWidget(self.open_button)
        self.vary = VariationButton(theme, actions, track)
        row.addWidget(self.vary)
        row.addWidget(IconButton(theme, "master", tr("Master {title}", title=track.title), self._master))
        self.more = IconButton(theme, "more", tr("More for {title}", title=track.title), self._open_menu)
        row.addWidget(self.more)
        self._reasons = label(reasons_text(track.verdict) if track.verdict else tr("No score yet"), "small", wrap=True)
        self._reasons.hide()
        outer.addWidget(self._reasons)

    def _play(self) -> None:
        self._actions.play(self.track.id)

    def _seek(self, seconds: float) -> None:
        piece = self._listening.piece
        if piece is not None and piece.track_id == self.track.id:
            self._listening.seek(seconds)
        else:
            self._listening.play(piece_of(self.track), from_seconds=seconds)

    def _toggle(self) -> None:
        shown = self._reasons.isHidden()
        self._reasons.setVisible(shown)
        if shown:
            self._unfold.show_as("chevron-up", tr("Hide the critic's reasons"))
        else:
            self._unfold.show_as("chevron-down", tr("Show the critic's reasons"))

    def _open(self) -> None:
        self._actions.sheet_wanted.emit(self.track)

    def _master(self) -> None:
        self._actions.master(self.track.id)

    def _open_menu(self) -> None:
        self.menu_of_more().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def menu_of_more(self) -> QMenu:
        """Start from it, compare it with what was forged before it, show its file."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        fork = menu.addAction(tr("Start from it"))
        fork.setEnabled(can_start_from(self.track))
        fork.triggered.connect(lambda: self._actions.fork_wanted.emit(self.track))
        compare = menu.addAction(tr("Compare with the one before"))
        compare.setEnabled(self.older_id is not None)
        compare.triggered.connect(lambda: self._actions.comparison_wanted.emit(self.track.id, self.older_id or 0))
        menu.addSeparator()
        menu.addAction(tr("Show in its folder")).triggered.connect(self._reveal)
        return menu

    def _reveal(self) -> None:
        self._actions.reveal(self.track.path)

    def show_playback(self, *, playing: bool, position_seconds: float, accent: str) -> None:
        title = self.track.title
        if playing:
            self.play.show_as("pause", tr("Pause {title}", title=title), colour=accent)
        else:
            self.play.show_as("play", tr("Play {title}", title=title))
        self._wave.show_position(position_seconds)


def _told_of(recipe: Recipe) -> str:
    """What was changed of it, else its sentence; of a model's piece, which model played it and under which licence."""
    if recipe.neural is None:
        return changes_text(recipe.concept) or recipe.prompt
    return " · ".join((Path(recipe.neural.model).name, licence_text(recipe.licence), recipe.prompt))


def _figures(track: Track) -> tuple[tuple[str, str], ...]:
    analysis = track.analysis
    return (
        (tr("BPM"), tempo(analysis.tempo.bpm)),
        (tr("Key"), analysis.key.key.camelot if analysis.key.key else NONE),
        (tr("LUFS"), decimal(analysis.loudness.integrated_lufs)),
        (tr("Length"), clock(analysis.duration_seconds)),
    )


def _figure(kit: Kit, name: str, value: str) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(0)
    figure = label(value, "item")
    figure.setMinimumWidth(kit.theme.size.icon_hero)
    figure.setAccessibleName(f"{name} {value}")
    column.addWidget(figure)
    column.addWidget(label(name, "caption"))
    return column


class Results(QWidget):
    def __init__(self, studio: Studio, actions: Actions, listening: Listening, bridge: Bridge, kit: Kit) -> None:
        super().__init__()
        self._studio = studio
        self._actions = actions
        self._listening = listening
        self._kit = kit
        self._cards: list[ResultCard] = []
        self._expected: int | None = None
        self._growing: Piece | None = None
        theme = kit.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.s)
        self._head = label(tr("Recently forged"), "section")
        layout.addWidget(self._head)
        self._column = QVBoxLayout()
        self._column.setSpacing(theme.space.s)
        layout.addLayout(self._column)
        self._empty = EmptyState(
            theme,
            "wave",
            tr("Nothing forged yet"),
            tr("Write a sentence above, or take one of the examples, and press Forge."),
        )
        layout.addWidget(self._empty, 1)
        layout.addStretch(1)
        self._head.hide()
        self._empty.hide()
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.timeout.connect(self._reload)
        bridge.library_changed.connect(lambda: self._settling.isActive() or self._settling.start())
        listening.changed.connect(self._show_playback)
        self._reload()

    def cards(self) -> list[ResultCard]:
        return list(self._cards)

    def expect(self, track_id: int, growing: Piece | None = None) -> None:
        """Play this piece as soon as it is here: it was just asked for. Where ``growing``, its sound while it was made,
        is still heard, it goes on from there."""
        self._expected, self._growing = track_id, growing
        self._settling.start()

    def _reload(self) -> None:
        self._kit.tasks.start(self._load())

    async def _load(self) -> None:
        tracks = await asyncio.to_thread(self._newest)
        if not tracks or [card.track for card in self._cards] != tracks:
            self._show(tracks)
        if self._expected is not None:
            wanted, self._expected = self._expected, None
            track = next((track for track in tracks if track.id == wanted), None)
            if track is not None:
                goes_on = self._listening.playing and self._listening.piece is self._growing
                self._listening.play(
                    piece_of(track), from_seconds=self._listening.position_seconds() if goes_on else 0.0
                )

    def _newest(self) -> list[Track]:
        folder, library = self._studio.folders.forged, self._studio.library
        rows = library.rows(order="added_at", descending=True, limit=_LOOKED_THROUGH)
        ids = [row.id for row in rows if Path(row.path).is_relative_to(folder)][:_SHOWN]
        return [track for track in map(library.track, ids) if track is not None]

    def _show(self, tracks: list[Track]) -> None:
        kept = {card.track.id: card for card in self._cards}
        self._cards = []
        for number, track in enumerate(tracks):
            card = kept.pop(track.id, None)
            if card is None or card.track != track:
                if card is not None:
                    self._drop(card)
                card = ResultCard(self._kit, self._actions, self._listening, track)
            self._cards.append(card)
            self._column.insertWidget(number, card)
        for card in kept.values():
            self._drop(card)
        for card, older in zip_longest(self._cards, self._cards[1:]):
            card.older_id = older.track.id if older else None
        self._head.setVisible(bool(tracks))
        self._empty.setVisible(not tracks)

    def _drop(self, card: ResultCard) -> None:
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _show_playback(self, state: PlayerState) -> None:
        piece, accent = self._listening.piece, self._kit.theme.colour.accent
        for card in self._cards:
            current = piece is not None and piece.track_id == card.track.id
            card.show_playback(
                playing=current and is_sounding(state),
                position_seconds=state.position_seconds if current else 0.0,
                accent=accent,
            )
