"""What the player does with a command and as time passes: which frames go into the ring, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sonicforge_studio.audio._line import Line
from sonicforge_studio.audio._lineup import Lineup, Queued
from sonicforge_studio.audio._outlet import Outlet
from sonicforge_studio.audio._piece import Piece, as_studio_error
from sonicforge_studio.audio._stretch import Stretch, joined
from sonicforge_studio.audio._telling import Telling
from sonicforge_studio.audio.devices import OutputDevice
from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain.errors import DeviceLost, NoSoundDevice, StudioError

_AHEAD_SECONDS = 0.4
IDLE_SECONDS = 5.0
"""After so long without sound the device is given back: it may sleep, and others may want it."""
_WAIT_SECONDS = 0.5
"""So much must have grown before it goes on, for else it would soon wait again."""
_FADER_EXPONENT = 3.0
"""A fader whose middle is −18 dB sounds even over its whole way."""


class Playback:
    """Owns the pieces; for the feeder's thread alone. What is called with an underscore is not a command."""

    def __init__(self, outlet: Outlet, telling: Telling, pending: Callable[[], bool]) -> None:
        """``pending`` tells whether another command waits, which long work then lets go first."""
        self._outlet = outlet
        self._telling = telling
        self._pending = pending
        self._lineup = Lineup(self._tell_error)
        self._sounding = False
        """Whether the line is fed: "playing" and not waiting for more to be made."""
        self._gain = 1.0
        self._dry = False
        self._held: Stretch | None = None
        """What was decoded and not yet heard when playing paused."""
        self._silent_since = time.monotonic()

    @property
    def state(self) -> PlayerState:
        return self._telling.state

    # Commands

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
                "empty", title=title, error=as_studio_error(error),
                position_seconds=0.0, duration_seconds=None, loop=None, version=0, versions=(),
            )  # fmt: skip
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

    def toggle(self) -> None:
        if self.state.status == "playing":
            self.pause()
        else:
            self.resume()

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
        if version != self.state.version:
            self._change_in_place(lambda piece: piece.choose(version))

    def set_gains(self, gains_db: Sequence[float]) -> None:
        self._change_in_place(lambda piece: piece.set_gains(gains_db))

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

    # As time passes

    def advance(self) -> None:
        """Called some sixty times a second while something plays, and now and then else."""
        line = self._outlet.line
        if self.state.status == "playing" and not self._sounding:
            self._go_on_when_grown()
        elif line is None:
            return
        elif not self._sounding:
            if time.monotonic() - self._silent_since >= IDLE_SECONDS:
                self._close_line()
        elif not line.ready:
            heard = int(line.heard_frame)
            line.output.halt()
            self._hold(line, heard)
            self._close_line()
            self._change("paused", error=DeviceLost())
        else:
            self._fill(line, line.start_frames + int(_AHEAD_SECONDS * line.ring.sample_rate_hz))
            self._lineup.open_ahead()
            if line.output.draining or self._run_on(line):
                self._publish(line)
            if self._sounding and self._lineup.starved and line.ring.ahead < line.start_frames:
                self._fall_silent()
                self._change("playing", waiting=True)

    def _run_on(self, line: Line) -> bool:
        """The sound card found too few frames: at the music's end, or else that was a gap. False once it has ended."""
        if self._lineup.at_end and not line.ring.ahead:
            if line.heard_frame < line.ring.fed:
                return True
            self._end(line)
            return False
        if self._lineup.starved:
            return True
        if not self._dry:
            self._dry = True
            self._count_gaps(line, 1)
        if self._lineup.at_end or line.ring.ahead >= line.start_frames:
            self._start(line)
        return True

    def _fill(self, line: Line, wanted: int) -> None:
        while line.ring.ahead < wanted:
            stretch = self._lineup.read()
            if stretch is None:
                break
            line.append(stretch)
            if self._pending() and line.ring.ahead * 2 > wanted:
                break

    def _go_on(self) -> None:
        """Sound from where it fell silent, on a device that there is."""
        line, piece = self._open_line(), self._lineup.heard
        if line is None or piece is None:
            return
        position = self.state.position_seconds
        if self._held is None or not piece.fits(line.ring.sample_rate_hz, line.ring.channels):
            self._held = None
            self._lineup.back_to_heard()
            piece.fit(line.ring.sample_rate_hz, line.ring.channels)
            position = piece.seek(position)
        self._change("playing", waiting=False, position_seconds=position, error=None)
        self._begin(line, piece, position)

    def _go_on_when_grown(self) -> None:
        if self._lineup.ready_seconds() >= _WAIT_SECONDS:
            self._change("playing", waiting=False)
            self._go_on()

    def _begin(self, line: Line, piece: Piece, position: float) -> None:
        """Let the sound card drain the ring, from what was held back and then from the lineup."""
        # A fade would blunt a track's first attack; in the middle of the music its absence would click.
        line.ring.start_from(0.0 if position > 0.0 else self._gain, self._gain)
        line.note(position, piece)
        held, self._held = self._held, None
        if held is not None:
            line.append(held)
        if line.ring.ahead / line.ring.sample_rate_hz + self._lineup.ready_seconds() < _WAIT_SECONDS:
            self._hold(line, line.ring.taken)
            self._change("playing", waiting=True)
        else:
            self._fill(line, line.start_frames)
            self._sounding = True
            self._start(line)
            self._publish(line)

    def _start(self, line: Line) -> None:
        line.start()
        self._dry = False

    def _go_over(self, position: float, at: int | None = None) -> None:
        """While it sounds: from what is in the ring to what is read next, without a click or a gap; with ``at``, what
        is read next belongs at that frame of the ring."""
        line, piece = self._outlet.line, self._lineup.heard
        assert line is not None
        assert piece is not None
        ring = line.ring
        if not piece.fits(ring.sample_rate_hz, ring.channels):
            piece.fit(ring.sample_rate_hz, ring.channels)
        read: list[Stretch] = []
        began, frames = ring.taken, 0
        # While this reads, the sound card goes on.
        while frames < line.start_frames + (0 if at is None else ring.taken - began):
            stretch = self._lineup.read()
            if stretch is None:
                break
            read.append(stretch)
            frames += stretch.frames
        new = joined(read, ring.channels)
        if (frames >= line.start_frames or (frames and self._lineup.at_end)) and line.output.draining:
            line.splice(new, at)
            self._publish(line)
        else:
            end = self._fall_silent()
            late = 0 if at is None else end - at
            self._held = new.without(min(new.frames, late), ring.sample_rate_hz)
            self._begin(line, piece, position + late / ring.sample_rate_hz)

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

    def _fall_silent(self) -> int:
        """Where something sounds: fade out, take the ring back from the sound card, and keep what was not heard. Gives
        the first frame that was not."""
        line = self._outlet.line
        if line is None or not self._sounding:
            return 0
        end = line.fade_out()
        self._hold(line, end)
        return end

    def _hold(self, line: Line, frame: int) -> None:
        """Keep what is in the ring from this frame on for later."""
        position = line.seconds_at(frame)
        self._arrive_at(line.place_at(frame).piece)
        self._held = line.take_back(frame)
        self._sounding = False
        self._silent_since = time.monotonic()
        self._telling.show(None)
        self._telling.note(position_seconds=position, **self._counted())

    def _rewind(self, seconds: float) -> float:
        piece = self._lineup.heard
        assert piece is not None
        self._held = None
        self._lineup.back_to_heard()
        piece.tally.straight = False
        return piece.seek(seconds)

    def _end(self, line: Line) -> None:
        self._hold(line, line.ring.fed)
        self._held = None
        piece = self._lineup.read_last
        assert piece is not None
        # One without a frame was never heard, and still is the last.
        self._arrive_at(piece)
        self._change("ended", frames_played=piece.frames_in_the_end)
        self._tell_end(piece)

    def _arrive_at(self, piece: Piece) -> None:
        """What is heard may be another piece than it was."""
        over = self._lineup.arrive_at(piece)
        for before in over:
            self._tell_end(before)
            before.close()
        if over:
            self._change(self.state.status, **piece.told())

    def _drop_pieces(self) -> None:
        self._held = None
        self._lineup.clear()

    # Device

    def _open_line(self) -> Line | None:
        """A line to a device; None where there is none, which the state then says."""
        try:
            return self._outlet.open()
        except NoSoundDevice as error:
            self._change("no-device", error=error)
            return None

    def _close_line(self) -> None:
        self._sounding = False
        self._telling.show(None)
        self._outlet.close()

    # What is told

    def _publish(self, line: Line) -> None:
        heard = line.heard_now()
        line.credit(line.ring.taken)
        self._count_gaps(line, line.new_underruns())
        self._arrive_at(line.place_at(heard.frame).piece)
        line.forget(heard.frame)
        self._telling.show(heard)
        self._telling.note(position_seconds=heard.seconds, **self._counted())

    def _counted(self) -> dict[str, Any]:
        piece = self._lineup.heard
        return {} if piece is None else piece.counted()

    def _count_gaps(self, line: Line, gaps: int) -> None:
        if gaps:
            line.place_at(line.heard_frame).piece.tally.gaps += gaps

    def _change(self, status: PlayerStatus, **changes: Any) -> None:
        self._telling.change(status, device=self._outlet.device, queued=self._lineup.following, **changes)

    def _tell_error(self, error: StudioError) -> None:
        self._change(self.state.status, error=error)

    def _tell_end(self, piece: Piece) -> None:
        last = piece.told() | {"frames_played": piece.frames_in_the_end, "error": piece.error}
        if piece.error is None and piece.deck.duration_seconds is not None:
            last["position_seconds"] = piece.deck.duration_seconds
        self._telling.end(**last)
