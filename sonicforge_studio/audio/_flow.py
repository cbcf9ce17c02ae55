"""How the music gets into the ring as time passes, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sonicforge_studio.audio._line import Line
from sonicforge_studio.audio._lineup import Lineup
from sonicforge_studio.audio._outlet import Outlet
from sonicforge_studio.audio._piece import Piece
from sonicforge_studio.audio._stretch import Stretch, joined
from sonicforge_studio.audio._telling import Telling
from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.domain.errors import DeviceLost, NoSoundDevice, StudioError

_AHEAD_SECONDS = 0.4
IDLE_SECONDS = 5.0
"""After so long without sound the device is given back: it may sleep, and others may want it."""
_WAIT_SECONDS = 0.5
"""So much must have grown before it goes on, for else it would soon wait again."""


class Flow:
    """Owns the pieces; for the feeder's thread alone. ``Playback`` adds the commands."""

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
            # What follows a piece without a frame is opened after the card was started: no music broke off.
            self._count_gaps(line, int(line.has_sounded))
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
            line = self._outlet.open()
        except NoSoundDevice as error:
            self._change("no-device", error=error)
            return None
        # Else the player was closed meanwhile.
        return None if self._telling.over else line

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
