"""What the player does with a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sonicforge_studio.audio._flow import Flow
from sonicforge_studio.audio._lineup import Queued
from sonicforge_studio.audio._piece import Piece, as_studio_error
from sonicforge_studio.audio.devices import OutputDevice
from sonicforge_studio.audio.player_state import PlayerStatus
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain.errors import StudioError

_FADER_EXPONENT = 3.0
"""A fader whose middle is −18 dB sounds even over its whole way."""


class Playback(Flow):
    """For the feeder's thread alone. What is called with an underscore is not a command."""

    def load(self, versions: Sequence[Version], title: str, start_seconds: float, play: bool, version: int = 0) -> None:
        go_over = play and self._sounding
        if not go_over:
            self._fall_silent()
        try:
            piece = self._lineup.open(versions, title)
        except (StudioError, OSError) as error:
            self._fall_silent()
            self._drop_pieces()
            self._change(
                "empty", title=title, error=as_studio_error(error), position_seconds=0.0, duration_seconds=None,
                loop=None, version=0, versions=(), frames_played=0, gaps=0,
            )  # fmt: skip
            return
        if self._telling.over:
            piece.close()
            return
        self._drop_pieces()
        self._lineup.put(piece)
        piece.choose(version)
        position = piece.seek(start_seconds) if start_seconds > 0.0 else 0.0
        status: PlayerStatus = "playing" if go_over else "stopped"
        self._change(status, **piece.told(), position_seconds=position, error=None)
        if go_over:
            self._go_over(position)
        elif play:
            self.resume()
        if piece.unreadable and self.state.error is None:
            self._change(self.state.status, error=next(iter(piece.unreadable.values())))

    def queue(self, versions: Sequence[Version], title: str, next: bool) -> None:
        if self.state.status in ("empty", "ended"):
            self.load(versions, title, 0.0, True)
            return
        if next:
            self._read_only_heard()
        self._lineup.queue(Queued(versions, title), next=next)
        self._change(self.state.status)

    def clear_queue(self) -> None:
        self._read_only_heard()
        self._lineup.clear_queue()
        self._change(self.state.status)

    def resume(self) -> None:
        if self._lineup.heard is not None and self.state.status != "playing":
            if self.state.status == "ended":
                self.seek(0.0)
            self._go_on()

    def pause(self) -> None:
        if self.state.status == "playing":
            self._fall_silent()
            self._change("paused")

    def stop(self) -> None:
        if self._lineup.heard is None:
            return
        self._fall_silent()
        self._rewind(0.0)
        self._change("stopped", position_seconds=0.0, error=None)

    def seek(self, seconds: float) -> None:
        if self._lineup.heard is None:
            return
        position = self._rewind(seconds)
        if self._sounding:
            self._go_over(position)
        else:
            status: PlayerStatus = "paused" if self.state.status == "ended" else self.state.status
            self._change(status, position_seconds=position)

    def set_loop(self, start_seconds: float | None, end_seconds: float | None) -> None:
        self._change_in_place(lambda piece: piece.set_loop(start_seconds, end_seconds))

    def choose_version(self, version: int) -> None:
        piece = self._lineup.heard
        if piece is not None and version in piece.unreadable:
            self._change(self.state.status, error=piece.unreadable[version])
        elif version != self.state.version:
            self._change_in_place(lambda piece: piece.choose(version))

    def set_gains(self, gains_db: Sequence[float]) -> None:
        self._change_in_place(lambda piece: piece.set_gains(gains_db))

    def refresh(self) -> None:
        """Read anew from what is heard soonest; what is silent reads anew when it goes on."""
        self._change_in_place(lambda _: None)

    def set_volume(self, volume: float, muted: bool) -> None:
        self._gain = 0.0 if muted else volume**_FADER_EXPONENT
        if self._outlet.line is not None and self._sounding:
            self._outlet.line.ring.set_gain(self._gain)
        self._change(self.state.status, volume=volume, muted=muted)

    def choose_device(self, device: OutputDevice | None) -> None:
        self._outlet.chosen = device
        was_playing = self.state.status == "playing"
        self.pause()
        self._close_line()
        if was_playing:
            self.resume()
        else:
            self._change(self.state.status)

    def look_for_devices(self, found: Callable[[tuple[OutputDevice, ...]], None]) -> None:
        if not self._sounding:
            # An open stream would keep the drivers from looking again.
            self._close_line()
        found(self._outlet.look())

    # The end

    def break_off(self, error: StudioError) -> None:
        """Give up what was loaded, for this reason."""
        self._close_line()
        self._drop_pieces()
        self._change("empty", error=error)

    def give_back(self) -> None:
        """The device and every source."""
        self._close_line()
        self._drop_pieces()

    # Changes of what is heard

    def _change_in_place(self, change: Callable[[Piece], None]) -> None:
        """Change how the piece is read, and go on at the same place of the music."""
        piece, line = self._lineup.heard, self._outlet.line
        if piece is None:
            return
        if line is None or not self._sounding:
            change(piece)
            position = self._rewind(piece.deck.inside_loop(self.state.position_seconds))
            status: PlayerStatus = "paused" if self.state.status == "ended" else self.state.status
            self._change(status, **piece.told(), position_seconds=position)
            return
        at = line.ring.soonest()
        place = line.place_at(at)
        change(piece)
        if place.piece is piece:
            here = place.seconds_at(at, line.ring.sample_rate_hz)
            there = piece.deck.inside_loop(here)
            self._go_over(self._rewind(there), at if there == here else None)
        # Else the sound card has its last frames already.
        if self._lineup.heard is piece:
            self._change("playing", **piece.told())

    def _read_only_heard(self) -> None:
        """Take back what was read already of the pieces that follow."""
        if self._lineup.reads_ahead:
            self._change_in_place(lambda _: None)
