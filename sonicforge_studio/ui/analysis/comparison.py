"""Two tracks side by side: will these mix?"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Track
from sonicforge_studio.studio import PlayerState
from sonicforge_studio.studio.mixing import Grade, compare
from sonicforge_studio.ui.actions import Actions, piece_of
from sonicforge_studio.ui.analysis import mix_words
from sonicforge_studio.ui.analysis.mix_pictures import BeatRows, LoudnessBars, Wheel
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, is_sounding
from sonicforge_studio.ui.numbers import clock, decimal, key_name
from sonicforge_studio.ui.numbers import tempo as tempo_text
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Card, ElidedLabel, IconButton, label, restyle
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.waveform import WaveformView

_TONES: dict[Grade | None, str] = {"good": "good", "fair": "over", "poor": "danger", None: ""}


class Comparison(QWidget):
    choose_wanted = Signal()
    """Another track is to be chosen for the second place."""
    library_wanted = Signal()
    swapped = Signal()

    def __init__(self, kit: Kit, actions: Actions, listening: Listening) -> None:
        super().__init__()
        theme = kit.theme
        self._listening = listening
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._empty = EmptyState(
            theme,
            "analysis",
            tr("Will these mix?"),
            tr("Choose a second track, or drop a file here: tempo, key and loudness of both are held side by side."),
            (tr("Choose a track…"), self.choose_wanted.emit),
            (tr("To the library"), self.library_wanted.emit),
        )
        self._stack.addWidget(self._empty)
        page = QWidget()
        self._stack.addWidget(page)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.l)
        column.addWidget(self._make_verdict(theme))
        sides = QHBoxLayout()
        sides.setSpacing(theme.space.l)
        self.one = Side(kit, actions, listening, tr("First track"))
        self.other = Side(kit, actions, listening, tr("Second track"))
        change = IconButton(theme, "retry", tr("Choose another second track"), self.choose_wanted.emit, small=True)
        self.other.tools.addWidget(change)
        sides.addWidget(self.one, 1)
        swap = IconButton(theme, "swap", tr("The other way round"), self.swapped.emit)
        sides.addWidget(swap, 0, Qt.AlignmentFlag.AlignVCenter)
        sides.addWidget(self.other, 1)
        column.addLayout(sides)
        parts = QHBoxLayout()
        parts.setSpacing(theme.space.l)
        self._beats, self._wheel, self._bars = BeatRows(theme), Wheel(theme), LoudnessBars(theme)
        self.tempo = Part(theme, tr("Tempo"), self._beats)
        self.key = Part(theme, tr("Key"), self._wheel)
        self.loudness = Part(theme, tr("Loudness"), self._bars)
        for part in (self.tempo, self.key, self.loudness):
            parts.addWidget(part, 1)
        column.addLayout(parts, 1)
        listening.changed.connect(self._show_playback)

    def _make_verdict(self, theme: Theme) -> QFrame:
        card = Card()
        row = QHBoxLayout(card)
        row.setContentsMargins(*[theme.space.l] * 4)
        self.verdict = label("", "title", wrap=True)
        self.verdict.setAccessibleName(tr("Will these mix?"))
        row.addWidget(self.verdict, 1)
        self.likeness = label("", "muted")
        self.likeness.setToolTip(tr("By timbre, rhythm and harmony; any two tracks are about 0 % alike"))
        row.addWidget(self.likeness)
        return card

    def show_pair(self, one: Track | None, other: Track | None) -> None:
        """The two, in the order in which they are played."""
        if one is None or other is None:
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        self.one.show_track(one)
        self.other.show_track(other)
        advice = compare(one.analysis, other.analysis)
        self.verdict.setText(mix_words.verdict(advice))
        restyle(self.verdict, "tone", _TONES[advice.grade])
        self.likeness.setText(mix_words.likeness_text(advice.likeness))
        tempo, key, loudness = advice.tempo, advice.key, advice.loudness
        self.tempo.show_match(
            mix_words.tempo_figure(tempo), mix_words.tempo_text_of(tempo), _TONES[tempo.grade if tempo else None]
        )
        self.key.show_match(mix_words.key_figure(key), mix_words.key_text_of(key), _TONES[key.grade if key else None])
        self.loudness.show_match(mix_words.loudness_figure(loudness), mix_words.loudness_text_of(loudness), "")

        self._beats.show_match(tempo)
        self._wheel.show_keys(one.analysis.key.key, other.analysis.key.key)
        self._bars.show_loudness(one.analysis.loudness.integrated_lufs, other.analysis.loudness.integrated_lufs)

    def pair_is_shown(self) -> bool:
        return self._stack.currentIndex() == 1

    def showEvent(self, event: QShowEvent) -> None:
        # What changed while this was not seen was not followed.
        if self._listening.state is not None:
            self._show_playback(self._listening.state)

    def _show_playback(self, state: PlayerState) -> None:
        if self.isVisible():
            self.one.show_playback(state)
            self.other.show_playback(state)


class Part(Card):
    """One of the things that decide: its name, a figure, and what follows from it."""

    def __init__(self, theme: Theme, name: str, picture: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.space.l] * 4)
        column.setSpacing(theme.space.s)
        column.addWidget(label(name, "section"))
        self.figure = label("", "display", select=True)
        self.figure.setAccessibleName(name)
        column.addWidget(self.figure)
        self.text = label("", "muted", wrap=True)
        column.addWidget(self.text)
        column.addSpacing(theme.space.s)
        column.addWidget(picture, 1)

    def show_match(self, figure: str, text: str, tone: str) -> None:
        self.figure.setText(figure)
        self.text.setText(text)
        restyle(self.figure, "tone", tone)


class Side(Card):
    """A track: its name, waveform and the three figures."""

    def __init__(self, kit: Kit, actions: Actions, listening: Listening, place: str) -> None:
        super().__init__()
        theme = self._theme = kit.theme
        self._actions = actions
        self._listening = listening
        self._track: Track | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.space.l] * 4)
        column.setSpacing(theme.space.m)
        head = QHBoxLayout()
        head.setSpacing(theme.space.s)
        self._play = IconButton(theme, "play", tr("Play"), self._toggle, colour=theme.colour.text)
        head.addWidget(self._play)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(label(place, "caption"))
        self.title = ElidedLabel("", "item")
        titles.addWidget(self.title)
        head.addLayout(titles, 1)
        self.tools = QHBoxLayout()
        head.addLayout(self.tools)
        column.addLayout(head)
        self._wave = WaveformView(theme, kit.peaks, place)
        self._wave.setFixedHeight(theme.size.wave_large)
        self._wave.sought.connect(self._seek)
        column.addWidget(self._wave)
        figures = QHBoxLayout()
        figures.setSpacing(theme.space.m)
        self._figures: dict[str, QLabel] = {}
        for name in (tr("BPM"), tr("Key"), tr("LUFS"), tr("Length")):
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(label(name, "caption"))
            figure = self._figures[name] = label("", "strong", select=True)
            figure.setAccessibleName(f"{place}: {name}")
            cell.addWidget(figure)
            figures.addLayout(cell, 1)
        column.addLayout(figures)

    def show_track(self, track: Track) -> None:
        analysis = track.analysis
        if self._track is None or track.peaks != self._track.peaks:
            self._wave.show_track(track.peaks, analysis.duration_seconds)
        self._track = track
        self.title.show_text(" · ".join(part for part in (track.title, track.artist) if part))
        key = analysis.key.key
        figures = (
            tr("No steady beat") if analysis.tempo.bpm is None else tempo_text(analysis.tempo.bpm),
            tr("No key") if key is None else key_name(key),
            decimal(analysis.loudness.integrated_lufs),
            clock(analysis.duration_seconds),
        )
        for figure, text in zip(self._figures.values(), figures, strict=True):
            figure.setText(text)
        state = self._listening.state
        if state is not None:
            self.show_playback(state)

    def show_playback(self, state: PlayerState) -> None:
        piece = self._listening.piece
        current = self._track is not None and piece is not None and piece.track_id == self._track.id
        sounding = current and is_sounding(state)
        self._play.show_as(
            "pause" if sounding else "play", tr("Pause") if sounding else tr("Play"), colour=self._theme.colour.text
        )
        self._wave.show_position(state.position_seconds if current else 0.0)

    def _toggle(self) -> None:
        if self._track is not None:
            self._actions.play(self._track.id)

    def _seek(self, seconds: float) -> None:
        play_from(self._track, seconds, self._listening)


def play_from(track: Track | None, seconds: float, listening: Listening) -> None:
    """Play a track from a place in it, whether it is heard already or not."""
    if track is None:
        return
    piece = listening.piece
    if piece is None or piece.track_id != track.id:
        listening.play(piece_of(track), from_seconds=seconds)
        return
    listening.seek(seconds)
    if not listening.playing:
        listening.toggle()
