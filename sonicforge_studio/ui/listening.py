"""What plays: orders for the player, and its state looked at while it changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from sonicforge_studio.domain import Source
from sonicforge_studio.studio import OutputDevice, Player, PlayerState, Version
from sonicforge_studio.ui.theme import Motion


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to listen to, with what the transport shows of it."""

    path: str
    title: str
    detail: str
    peaks: bytes
    duration_seconds: float
    track_id: int | None = None


class Listening(QObject):
    """The player does everything on a thread of its own, so no call here waits."""

    loaded = Signal(object)
    """A ``Piece`` that was asked for, or that follows by itself and is heard now."""
    devices_found = Signal(object)
    """The output devices, as ``look_for_devices`` found them."""
    changed = Signal(object)
    """A ``PlayerState``, at the screen's pace while something plays and now and then else."""

    def __init__(self, player: Player, motion: Motion) -> None:
        super().__init__()
        self._player = player
        self._motion = motion
        self._piece: Piece | None = None
        self._compared: tuple[Piece, ...] = ()
        self._following: deque[Piece] = deque()
        self._number = 0
        """What the player numbers the piece that is heard."""
        self._asked_for = False
        """Whether the next number is that of ``piece``, not of one that follows."""
        self._last: PlayerState | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(motion.idle_milliseconds)

    @property
    def piece(self) -> Piece | None:
        return self._piece

    @property
    def state(self) -> PlayerState | None:
        """The player's, as it was last looked at."""
        return self._last

    @property
    def playing(self) -> bool:
        return self._last is not None and is_sounding(self._last)

    def position_seconds(self) -> float:
        seconds: float = self._player.position_seconds
        return seconds

    @property
    def compared(self) -> tuple[Piece, ...]:
        """The pieces of which one is heard, where they are compared."""
        return self._compared

    def play(self, piece: Piece, *, from_seconds: float = 0.0) -> None:
        """Play a piece, from its start or from a place in it."""
        self._load(piece)
        self._player.compare([Version.of_file(piece.path, piece.title)], start_seconds=from_seconds)
        self._hurry()

    def listen(self, piece: Piece, open_source: Callable[[], Source], *, from_seconds: float = 0.0) -> None:
        """Play what is still being made, from a place that is there already."""
        self._load(piece)
        self._player.load(open_source, title=piece.title, start_seconds=from_seconds)
        self._hurry()

    def queue(self, piece: Piece) -> None:
        """Have a piece follow when all before it has ended, without a gap."""
        if self._piece is None:
            self.play(piece)
            return
        self._following.append(piece)
        self._player.queue(Version.of_file(piece.path, piece.title).open_source, title=piece.title)
        self._hurry()

    def play_next(self, piece: Piece) -> None:
        """Have a piece follow before all others."""
        if self._piece is None:
            self.play(piece)
            return
        self._following.appendleft(piece)
        self._player.play_next(piece.path, piece.title)
        self._hurry()

    def clear_queue(self) -> None:
        self._following.clear()
        self._player.clear_queue()

    def compare(
        self, pieces: Sequence[Piece], gains_db: Sequence[float], chosen: int, *, from_seconds: float = 0.0
    ) -> None:
        """Play one of several versions of the same music, each with a gain that matches its loudness to the others'."""
        versions = [
            Version.of_file(piece.path, piece.title, gain_db) for piece, gain_db in zip(pieces, gains_db, strict=True)
        ]
        self.compare_versions(pieces, versions, chosen, from_seconds=from_seconds)

    def compare_versions(
        self, pieces: Sequence[Piece], versions: Sequence[Version], chosen: int, *, from_seconds: float = 0.0
    ) -> None:
        """The same where the sound of the pieces is not simply in their files, but made as it is heard."""
        self._load(pieces[chosen])
        self._compared = tuple(pieces)
        self._player.compare(versions, start_seconds=from_seconds, version=chosen)
        self._hurry()

    def refresh(self) -> None:
        """What is heard is made otherwise from now on: have it read anew."""
        self._player.refresh()

    def choose_version(self, chosen: int) -> None:
        """Go over to another one of those that are compared, at the same place."""
        if 0 <= chosen < len(self._compared) and self._piece != self._compared[chosen]:
            self._piece = self._compared[chosen]
            self.loaded.emit(self._piece)
            self._player.choose_version(chosen)
            self._hurry()

    def match_versions(self, gains_db: Sequence[float]) -> None:
        self._player.set_version_gains(gains_db)

    def toggle(self) -> None:
        """Play or pause; what has ended or was stopped starts anew."""
        if self._piece is not None:
            self._player.toggle()
            self._hurry()

    def stop(self) -> None:
        self._player.stop()
        self._hurry()

    def seek(self, seconds: float) -> None:
        self._player.seek(seconds)
        self._hurry()

    def set_loop(self, start_seconds: float, end_seconds: float) -> None:
        """Play this region again and again."""
        self._player.set_loop(start_seconds, end_seconds)
        self._hurry()

    def clear_loop(self) -> None:
        self._player.clear_loop()
        self._hurry()

    def set_volume(self, volume: float) -> None:
        self._player.set_volume(volume)

    def set_muted(self, muted: bool) -> None:
        self._player.set_muted(muted)
        self._hurry()

    def choose_device(self, device: OutputDevice | None) -> None:
        """Play on this one from now on, at the same place; None is the machine's default."""
        self._player.choose_device(device)
        self._hurry()

    def look_for_devices(self) -> None:
        """Have the output devices looked for and told by ``devices_found``."""
        self._player.look_for_devices(self.devices_found.emit)

    def look_for_device(self) -> None:
        """Look for a sound device again, and play what was to be played."""
        self._player.resume()
        self._hurry()

    def close(self) -> None:
        self._timer.stop()

    def _load(self, piece: Piece) -> None:
        """This piece now, and nothing else."""
        self._piece = piece
        self._compared = ()
        self._following.clear()
        self._asked_for = True
        self.loaded.emit(piece)

    def _follow(self, state: PlayerState) -> None:
        """The player may be at another piece: the one that was asked for, or one that followed by itself."""
        if state.status == "empty":
            self._asked_for = False
        if state.piece == self._number:
            return
        self._number = state.piece
        if self._asked_for:
            self._asked_for = False
            return
        # What could not be opened was skipped.
        while self._following:
            piece = self._following.popleft()
            if piece.title == state.title:
                self._piece, self._compared = piece, ()
                self.loaded.emit(piece)
                return

    def _hurry(self) -> None:
        """Something was just asked for: look soon whether it came."""
        self._timer.setInterval(self._motion.screen_milliseconds)

    def _look(self) -> None:
        state = self._player.state
        busy = state.status in ("playing", "loading")
        wanted = self._motion.screen_milliseconds if busy else self._motion.idle_milliseconds
        if self._timer.interval() != wanted:
            self._timer.setInterval(wanted)
        if state != self._last:
            self._last = state
            self._follow(state)
            self.changed.emit(state)


def is_sounding(state: PlayerState) -> bool:
    """Whether something plays, or is about to."""
    return state.status in ("playing", "loading")
