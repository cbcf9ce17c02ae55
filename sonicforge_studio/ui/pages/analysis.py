"""The Analysis page: a track over time, what was measured of it, the user's word against it, and a second track beside
it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Key, Track
from sonicforge_studio.studio import PlayerState, Studio, TrackRow
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.analysis.comparison import Comparison, play_from
from sonicforge_studio.ui.analysis.over_time import OverTime
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.pages.analysis_facts import FactsColumn
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.controls import ElidedLabel, IconButton, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.segments import Segments

_SETTLE_MILLISECONDS = 250
_OFFERED = 14


class AnalysisPage(QWidget):
    """``open`` shows a track, ``compare`` two. [ and ] halve and double the tempo, T taps it, Ctrl+Z takes a correction
    back, C holds another track beside it."""

    library_wanted = Signal()
    """The Library page, to choose a track in."""

    def __init__(self, studio: Studio, actions: Actions, listening: Listening, bridge: Bridge, kit: Kit) -> None:
        super().__init__()
        self._studio = studio
        self._actions = actions
        self._listening = listening
        self._kit = kit
        self._track: Track | None = None
        self._second: Track | None = None
        self._latest_id: int | None = None
        """The track that was played or chosen last."""
        self._in_order = asyncio.Lock()
        """One change or look at the library after the other, so that what is shown is what was said last."""
        targets = {target.name: target.integrated_lufs for target in studio.targets}
        self._target_lufs = targets.get(studio.settings.target, studio.targets[0].integrated_lufs)
        self.setObjectName("page")
        theme = kit.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.l, theme.space.xl, theme.space.m)
        layout.setSpacing(theme.space.m)
        self.over_time = OverTime(kit, studio.measurer, self._target_lufs)
        self.lanes = self.over_time.lanes
        self.facts = FactsColumn(theme)
        self.comparison = Comparison(kit, actions, listening)
        layout.addLayout(self._head())
        self._stack = QStackedWidget()
        self._empty = EmptyState(
            theme,
            "analysis",
            tr("See what a track is made of"),
            tr("Choose a track in the library, or drop a file here: beats, sections, keys and loudness over time."),
            (tr("Choose in the library"), self.library_wanted.emit),
        )
        for page in (self._empty, self._body(), self.comparison):
            self._stack.addWidget(page)
        layout.addWidget(self._stack, 1)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.timeout.connect(lambda: kit.tasks.start(self._reload()))
        self._wire(bridge)
        self._show_state()

    # Building

    def _head(self) -> QHBoxLayout:
        theme = self._kit.theme
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(label(tr("Analysis"), "title"))
        self.play_button = IconButton(theme, "play", tr("Play"), self._toggle, colour=theme.colour.text)
        row.addWidget(self.play_button)
        self.title = ElidedLabel("", "item")
        row.addWidget(self.title, 1)
        self.shown = Segments(theme, tr("Show"), [("track", tr("Track")), ("compare", tr("Comparison"))])
        self.shown.setToolTip("C")
        row.addWidget(self.shown)
        return row

    def _body(self) -> QWidget:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._kit.theme.space.m)
        row.addWidget(self.over_time, 1)
        row.addWidget(self.facts)
        return body

    def _wire(self, bridge: Bridge) -> None:
        lanes, listening = self.lanes, self._listening
        lanes.sought.connect(self.play_from)
        lanes.loop_wanted.connect(self._loop)
        lanes.loop_dropped.connect(listening.clear_loop)
        tempo, key = self.facts.tempo, self.facts.key
        tempo.tempo_wanted.connect(self.set_tempo)
        tempo.halve_wanted.connect(self.halve)
        tempo.double_wanted.connect(self.double)
        key.key_wanted.connect(self.set_key)
        for card in (tempo, key):
            card.undo_wanted.connect(self.undo)
        self.shown.chosen.connect(lambda _: self._show_state())
        self.comparison.choose_wanted.connect(lambda: self._kit.tasks.start(self._offer()))
        self.comparison.library_wanted.connect(self.library_wanted)
        self.comparison.swapped.connect(self._swap)
        listening.loaded.connect(self._note_piece)
        listening.changed.connect(self._show_playback)
        bridge.library_changed.connect(lambda: self._settling.isActive() or self._settling.start())

    # What is shown

    @property
    def track(self) -> Track | None:
        return self._track

    def state(self) -> str:
        """ "empty", "measuring", "track", "failed" or "compare"."""
        if self._stack.currentIndex() != 1:
            return ("empty", "", "compare")[self._stack.currentIndex()]
        return self.over_time.state()

    def open(self, track: Track) -> None:
        """Show a track, alone."""
        self._latest_id = track.id
        self.shown.choose("track")
        self._show(track)

    def open_id(self, track_id: int) -> None:
        self._kit.tasks.start(self._open_id(track_id))

    async def _open_id(self, track_id: int) -> None:
        async with self._in_order:
            self.open(await self._actions.track(track_id))
        self.take_focus()

    def compare_ids(self, one_id: int, other_id: int) -> None:
        self._kit.tasks.start(self._compare_ids(one_id, other_id))

    async def _compare_ids(self, one_id: int, other_id: int) -> None:
        async with self._in_order:
            self.compare(await self._actions.track(one_id), await self._actions.track(other_id))
        self.take_focus()

    def compare_with(self, track_id: int) -> None:
        """Hold a track beside the one that is shown; alone, where none is."""
        if self._track is None or self._track.id == track_id:
            self.open_id(track_id)
        else:
            self.compare_ids(self._track.id, track_id)

    def compare(self, one: Track, other: Track) -> None:
        """Show two tracks side by side."""
        self._second = other
        self._latest_id = one.id
        self.shown.choose("compare")
        self._show(one)

    def awaits_second(self) -> bool:
        """Whether a track is there to be compared, and nothing yet to compare it with."""
        return self.state() == "compare" and not self.comparison.pair_is_shown()

    def note_choice(self, track_id: int) -> None:
        """A track was chosen elsewhere: the page shows it when it is opened next."""
        self._latest_id = track_id

    def come_up(self) -> None:
        """The page was opened by itself: it shows what was played or chosen last."""
        if self._latest_id is not None and (self._track is None or self._track.id != self._latest_id):
            self._kit.tasks.start(self._open_latest(self._latest_id))
        self.take_focus()

    async def _open_latest(self, track_id: int) -> None:
        async with self._in_order:
            found = await asyncio.to_thread(self._studio.library.track, track_id)
            if found is not None:
                self.open(found)
        self.take_focus()

    def take_focus(self) -> None:
        state = self.state()
        if state == "compare":
            self.shown.focus_choice()
        elif state != "empty":
            self.lanes.setFocus()

    def _show(self, track: Track) -> None:
        before = self._track
        if before is None or _same_sound(before) != _same_sound(track):
            self._begin(track)
        else:
            self._take(track)
        self._show_state()

    def _begin(self, track: Track) -> None:
        """Another track: what is known of it at once, the rest as it comes."""
        self.over_time.begin(track)
        self._take(track)
        state = self._listening.state
        if state is not None:
            self._show_playback(state)

    def _take(self, track: Track) -> None:
        """The track as it is known now."""
        self._track = track
        self.title.show_text(" · ".join(part for part in (track.title, track.artist) if part))
        self.lanes.show_analysis(track.analysis, self._target_lufs)
        self.facts.show_analysis(track.analysis)
        if self._second is not None:
            self.comparison.show_pair(track, self._second)

    def _show_state(self) -> None:
        there = self._track is not None
        self.play_button.setVisible(there)
        self.title.setVisible(there)
        self.shown.setVisible(there)
        comparing = self.shown.value() == "compare"
        self._stack.setCurrentIndex(0 if not there else 2 if comparing else 1)
        if there and comparing:
            self.comparison.show_pair(self._track, self._second)

    def _show_playback(self, state: PlayerState) -> None:
        if not self.isVisible():
            return
        piece = self._listening.piece
        current = self._track is not None and piece is not None and piece.track_id == self._track.id
        self.lanes.axis.set_position(state.position_seconds if current else None)
        if not self.lanes.axis.held:
            self.lanes.axis.set_loop(state.loop if current else None)
        sounding = current and is_sounding(state)
        self.play_button.show_as(
            "pause" if sounding else "play", tr("Pause") if sounding else tr("Play"), colour=self._kit.theme.colour.text
        )

    def _note_piece(self, piece: Piece) -> None:
        if piece.track_id is not None:
            self._latest_id = piece.track_id

    # What was said last

    async def _reload(self) -> None:
        """The library has changed: what is shown of it, too."""
        async with self._in_order:
            await self._look_again()

    async def _look_again(self) -> None:
        track, second = self._track, self._second
        if track is None:
            return
        ids = [one.id for one in (track, second) if one is not None]
        found, *beside = await asyncio.to_thread(lambda: [self._studio.library.track(id) for id in ids])
        if self._track is not track:
            return
        if beside and self._second is second:
            self._second = beside[0]
        if found is not None:
            self._show(found)
            return
        self.over_time.stop()
        self._track = None
        self._show_state()

    # Hearing

    def play_from(self, seconds: float) -> None:
        play_from(self._track, seconds, self._listening)

    def _toggle(self) -> None:
        if self._track is not None:
            self._actions.play(self._track.id)

    def _loop(self, start_seconds: float, end_seconds: float) -> None:
        piece = self._listening.piece
        if self._track is not None and (piece is None or piece.track_id != self._track.id):
            self.play_from(start_seconds)
        self._listening.set_loop(start_seconds, end_seconds)

    # Correcting

    def halve(self) -> None:
        if self._has_tempo():
            self._correct(self._studio.corrections.halve_tempo)

    def double(self) -> None:
        if self._has_tempo():
            self._correct(self._studio.corrections.double_tempo)

    def set_tempo(self, bpm: float) -> None:
        self._correct(lambda track_id: self._studio.corrections.set_tempo(track_id, bpm))

    def set_key(self, key: Key) -> None:
        self._correct(lambda track_id: self._studio.corrections.set_key(track_id, key))

    def undo(self) -> None:
        if self._track is not None and self._track.analysis.corrected:
            self._correct(self._studio.corrections.undo)

    def _has_tempo(self) -> bool:
        return self._track is not None and self._track.analysis.tempo.bpm is not None

    def _correct(self, call: Callable[[int], object]) -> None:
        if self._track is not None:
            self._kit.tasks.start(self._corrected(self._track.id, call))

    async def _corrected(self, track_id: int, call: Callable[[int], object]) -> None:
        async with self._in_order:
            await asyncio.to_thread(call, track_id)
            await self._look_again()

    # The second track

    def _swap(self) -> None:
        if self._track is not None and self._second is not None:
            one, other = self._second, self._track
            self.compare(one, other)

    async def _offer(self) -> None:
        rows = await asyncio.to_thread(self._newest)
        menu = self.offers(rows)
        menu.popup(self.mapToGlobal(QPoint(self.width() // 2, self.height() // 2)))

    def _newest(self) -> Sequence[TrackRow]:
        return self._studio.library.rows(order="added_at", descending=True, limit=_OFFERED)

    def offers(self, rows: Sequence[TrackRow]) -> QMenu:
        """The menu of tracks to hold beside the one that is shown."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for row in rows:
            if self._track is not None and row.id != self._track.id:
                action = menu.addAction(row.title)
                action.triggered.connect(lambda _=False, id=row.id: self.compare_with(id))
        menu.addSeparator()
        menu.addAction(tr("Choose in the library")).triggered.connect(self.library_wanted.emit)
        return menu

    # The keyboard, and coming back

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self._track is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Z and modifiers == Qt.KeyboardModifier.ControlModifier:
            self.undo()
        elif modifiers & ~Qt.KeyboardModifier.ShiftModifier or not self._pressed(key):
            super().keyPressEvent(event)

    def _pressed(self, key: int) -> bool:
        tempo, alone = self.facts.tempo, self._stack.currentIndex() == 1
        if key == Qt.Key.Key_C:
            self.shown.choose("track" if self.shown.value() == "compare" else "compare")
            self._show_state()
            self.take_focus()
        elif not alone:
            return False
        elif key == Qt.Key.Key_BracketLeft:
            self.halve()
        elif key == Qt.Key.Key_BracketRight:
            self.double()
        elif key == Qt.Key.Key_T:
            tempo.tap()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._return()
        elif key == Qt.Key.Key_Escape and tempo.taps:
            tempo.forget_taps()
        else:
            return False
        return True

    def _return(self) -> None:
        """Take what was tapped; else play from where the mouse is, or the middle."""
        place = self.lanes.place_seconds()
        if self.facts.tempo.taps:
            self.facts.tempo.take_taps()
        elif place is not None:
            self.play_from(place)

    def showEvent(self, event: QShowEvent) -> None:
        # What changed while another page was seen was not followed.
        if self._listening.state is not None:
            self._show_playback(self._listening.state)

    def close_down(self) -> None:
        """Stop what is still being measured."""
        self._settling.stop()
        self.over_time.stop()


def _same_sound(track: Track) -> tuple[int, str, str]:
    """What the pictures over time are of."""
    return track.id, track.path, track.analysis.audio_hash
