"""What plays: orders for the player, and its state looked at while it changes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from sonicforge_studio.studio import Player, PlayerState
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
    """A ``Piece`` that was asked for."""
    changed = Signal(object)
    """A ``PlayerState``, at the screen's pace while something plays and now and then else."""

    def __init__(self, player: Player, motion: Motion) -> None:
        super().__init__()
        self._player = player
        self._motion = motion
        self._piece: Piece | None = None
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

    def play(self, piece: Piece, *, from_seconds: float = 0.0) -> None:
        """Play a piece, from its start or from a place in it."""
        self._piece = piece
        self.loaded.emit(piece)
        self._player.play(piece.path, piece.title)
        if from_seconds > 0:
            self._player.seek(from_seconds)
        self._hurry()

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

    def set_volume(self, volume: float) -> None:
        self._player.set_volume(volume)

    def set_muted(self, muted: bool) -> None:
        self._player.set_muted(muted)
        self._hurry()

    def look_for_device(self) -> None:
        """Look for a sound device again, and play what was to be played."""
        self._player.resume()
        self._hurry()

    def close(self) -> None:
        self._timer.stop()

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
            self.changed.emit(state)


def is_sounding(state: PlayerState) -> bool:
    """Whether something plays, or is about to."""
    return state.status in ("playing", "loading")
