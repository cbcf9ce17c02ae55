"""The track on the Master page: what it is, and how it sounds now."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import Track
from sonicforge_studio.studio import PlayerState
from sonicforge_studio.ui.actions import Actions, piece_of
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, is_sounding
from sonicforge_studio.ui.numbers import clock, decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import Card, ElidedLabel, IconButton
from sonicforge_studio.ui.widgets.waveform import WaveformView


class SourceCard(Card):
    def __init__(self, kit: Kit, actions: Actions, listening: Listening) -> None:
        super().__init__()
        self._listening = listening
        self._actions = actions
        self._track: Track | None = None
        theme = self._theme = kit.theme
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*[theme.space.m] * 4)
        layout.setSpacing(theme.space.m)
        self._play = IconButton(
            theme,
            "play",
            tr("Play the original"),
            self._toggle,
            colour=theme.colour.text,
        )
        layout.addWidget(self._play)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        self._title = ElidedLabel("", "item")
        self._detail = ElidedLabel("", "small")
        titles.addWidget(self._title)
        titles.addWidget(self._detail)
        layout.addLayout(titles, 2)
        self._wave = WaveformView(theme, kit.peaks, tr("Waveform of the original"))
        self._wave.setFixedHeight(theme.size.control_large)
        self._wave.sought.connect(self._seek)
        layout.addWidget(self._wave, 3)
        listening.changed.connect(self._show_playback)

    def show_track(self, track: Track) -> None:
        self._track = track
        analysis = track.analysis
        self._title.show_text(track.title)
        self._detail.show_text(
            f"{clock(analysis.duration_seconds)} · {decimal(analysis.loudness.integrated_lufs)} LUFS · "
            f"{decimal(analysis.loudness.true_peak_dbtp)} dBTP"
        )
        self._wave.show_track(track.peaks, analysis.duration_seconds)

    def _toggle(self) -> None:
        if self._track is not None:
            self._actions.play(self._track.id)

    def _seek(self, seconds: float) -> None:
        if self._track is not None:
            self._listening.play(piece_of(self._track), from_seconds=seconds)

    def _show_playback(self, state: PlayerState) -> None:
        piece = self._listening.piece
        current = piece is not None and self._track is not None and piece.track_id == self._track.id
        theme = self._theme
        if current and is_sounding(state):
            self._play.show_as("pause", tr("Pause"), colour=theme.colour.accent)
        else:
            self._play.show_as("play", tr("Play the original"), colour=theme.colour.text)
        self._wave.show_position(state.position_seconds if current else 0.0)
