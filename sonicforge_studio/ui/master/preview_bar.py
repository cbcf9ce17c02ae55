"""What is heard: the track, play, its waveform, and the switch between original and master, equally loud."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import Track
from sonicforge_studio.studio import PlayerState
from sonicforge_studio.studio.master_preview import MASTERED, ORIGINAL
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, is_sounding
from sonicforge_studio.ui.master.rehearsal import MasterRehearsal
from sonicforge_studio.ui.numbers import clock, decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton
from sonicforge_studio.ui.widgets.segments import Segments
from sonicforge_studio.ui.widgets.waveform import WaveformView

_SIDES = {"original": ORIGINAL, "master": MASTERED}


class PreviewBar(Card):
    def __init__(self, kit: Kit, listening: Listening, rehearsal: MasterRehearsal) -> None:
        super().__init__()
        theme = self._theme = kit.theme
        self._rehearsal = rehearsal
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.m, theme.space.s)
        layout.setSpacing(theme.space.m)
        self.play = IconButton(theme, "play", tr("Play"), rehearsal.toggle, colour=theme.colour.text)
        layout.addWidget(self.play)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        self._title = ElidedLabel("", "item")
        self._detail = ElidedLabel("", "small")
        titles.addWidget(self._title)
        titles.addWidget(self._detail)
        layout.addLayout(titles, 2)
        self._wave = WaveformView(theme, kit.peaks, tr("Waveform of the original"))
        self._wave.setFixedHeight(theme.size.control_large)
        self._wave.sought.connect(rehearsal.seek)
        layout.addWidget(self._wave, 3)
        self.match = Button(tr("Match loudness"), "toggle", lambda: rehearsal.match(self.match.isChecked()))
        self.match.setCheckable(True)
        self.match.setChecked(True)
        self.match.setToolTip(tr("Original and master equally loud, so that the ear compares more than loudness"))
        layout.addWidget(self.match)
        self.switch = Segments(theme, tr("Listen to"), [("original", "A"), ("master", "B")])
        self.switch.setToolTip(tr("A: the original. B: the master as it is set now. X switches between them."))
        self.switch.choose("master")
        self.switch.setFixedWidth(theme.size.volume)
        self.switch.chosen.connect(lambda side: rehearsal.choose(_SIDES[side]))
        layout.addWidget(self.switch)
        listening.changed.connect(self._show_playback)

    def show_track(self, track: Track) -> None:
        analysis = track.analysis
        self._title.show_text(track.title)
        self._detail.show_text(
            f"{clock(analysis.duration_seconds)} · {decimal(analysis.loudness.integrated_lufs)} LUFS · "
            f"{decimal(analysis.loudness.true_peak_dbtp)} dBTP"
        )
        self._wave.show_track(track.peaks, analysis.duration_seconds)

    def choose(self, version: int) -> None:
        """As the switch does."""
        self._rehearsal.choose(version)
        self.show_side()

    def show_side(self) -> None:
        self.switch.choose(next(side for side, version in _SIDES.items() if version == self._rehearsal.chosen))

    def _show_playback(self, state: PlayerState) -> None:
        heard, colour = self._rehearsal.heard, self._theme.colour
        if heard and is_sounding(state):
            self.play.show_as("pause", tr("Pause"), colour=colour.accent)
        else:
            self.play.show_as("play", tr("Play"), colour=colour.text)
        self._wave.show_position(state.position_seconds if heard else 0.0)
