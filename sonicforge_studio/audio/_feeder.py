"""The thread that keeps the sound card fed: decodes ahead, fills the ring, counts gaps."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sonicforge_studio.audio._deck import Deck
from sonicforge_studio.audio._line import Line
from sonicforge_studio.audio._ring import PlaybackRing
from sonicforge_studio.audio._tally import Tally
from sonicforge_studio.audio.devices import Devices, Output, OutputDevice
from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.audio.tap import HeardNow, PlaybackTap
from sonicforge_studio.domain import Samples, Source
from sonicforge_studio.domain.errors import DeviceLost, NoSoundDevice, StudioError

_AHEAD_SECONDS = 0.4
_POLL_SECONDS = 0.015
_IDLE_SECONDS = 5.0
"""After so long without sound the device is given back: it may sleep, and others may want it."""
_FADER_EXPONENT = 3.0
"""A fader whose middle is −18 dB sounds even over its whole way."""

_logger = logging.getLogger(__name__)


class Feeder:
    """Owns the source and the line to the sound card. Commands run on its thread, one after the other.

    Whatever begins with an underscore belongs to that thread; ``state`` and ``heard`` anyone may look at.
    """

    def __init__(
        self, devices: Devices, latency_seconds: float, tap: PlaybackTap, on_change: Callable[[PlayerState], None]
    ) -> None:
        self.state = PlayerState()
        self.heard: HeardNow | None = None
        self._devices = devices
        self._latency_seconds = latency_seconds
        self._tap = tap
        self._on_change = on_change
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._chosen: OutputDevice | None = None
        self._deck: Deck | None = None
        self._line: Line | None = None
        self._tally = Tally()
        self._gain = 1.0
        self._at_end = False
        self._dry = False
        self._held: Samples | None = None
        """What was decoded and not yet heard when playing paused."""
        self._silent_since = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="player feeder", daemon=True)
        self._thread.start()

    def submit(self, command: Callable[[], None]) -> None:
        """Run ``command``, one of the methods below, on the feeder's thread. Returns at once."""
        self._commands.put(command)

    def close(self) -> None:
        """Give everything back and end the thread."""
        self._commands.put(None)
        self._thread.join()

    # Commands

    def load(self, open_source: Callable[[], Source], title: str, start_seconds: float, play: bool) -> None:
        go_over = play and self.state.status == "playing"
        if not go_over:
            self._fall_silent()
        try:
            deck = Deck(open_source())
        except (StudioError, OSError) as error:
            self._fall_silent()
            self._drop_deck()
            self._change(
                "empty", title=title, error=_as_studio_error(error), position_seconds=0.0, duration_seconds=None
            )
            return
        self._drop_deck()
        self._deck, self._at_end = deck, False
        position = deck.seek(start_seconds) if start_seconds > 0.0 else 0.0
        self._tally.restart(deck.sample_rate_hz, self._line)
        self._change(
            "playing" if go_over else "stopped",
            title=title, position_seconds=position, duration_seconds=deck.duration_seconds,
            frames_played=0, gaps=0, error=None,
        )  # fmt: skip
        if go_over:
            self._go_over_to(position)
        elif play:
            self.resume()

    def resume(self) -> None:
        if self._deck is None or self.state.status == "playing":
            return
        if self.state.status == "ended":
            self.seek(0.0)
        line = self._open_line()
        if line is None:
            return
        position = self.state.position_seconds
        if self._held is None or not self._fits(line.ring):
            self._deck.fit(line.ring.sample_rate_hz, line.ring.channels)
            position = self._deck.seek(position)
            self._at_end, self._held = False, None
        self._change("playing", position_seconds=position, error=None)
        self._begin(line, position)

    def pause(self) -> None:
        if self.state.status == "playing":
            self._fall_silent()
            self._change("paused")

    def stop(self) -> None:
        if self._deck is None:
            return
        self._fall_silent()
        self._rewind(0.0)
        self._change("stopped", position_seconds=0.0, error=None)

    def seek(self, seconds: float) -> None:
        if self._deck is None:
            return
        position = self._rewind(seconds)
        if self.state.status == "playing":
            self._go_over_to(position)
        else:
            status: PlayerStatus = "paused" if self.state.status == "ended" else self.state.status
            self._change(status, position_seconds=position)

    def set_volume(self, volume: float, muted: bool) -> None:
        self._gain = 0.0 if muted else volume**_FADER_EXPONENT
        if self._line is not None:
            self._line.ring.set_gain(self._gain)
        self._change(self.state.status, volume=volume, muted=muted)

    def choose_device(self, device: OutputDevice | None) -> None:
        self._chosen = device
        was_playing = self.state.status == "playing"
        self.pause()
        self._close_line()
        if was_playing:
            self.resume()

    # The thread

    def _run(self) -> None:
        try:
            while True:
                try:
                    command = self._commands.get(timeout=self._patience_seconds())
                except queue.Empty:
                    command = self._advance
                if command is None:
                    break
                self._guarded(command)
                if self.state.status == "playing":
                    self._guarded(self._advance)
        finally:
            self._guarded(self.pause)
            self._close_line()
            self._drop_deck()

    def _patience_seconds(self) -> float | None:
        if self.state.status == "playing":
            return _POLL_SECONDS
        return None if self._line is None else _IDLE_SECONDS

    def _guarded(self, act: Callable[[], None]) -> None:
        """No failure ends the thread: it becomes the state's error."""
        try:
            act()
        except StudioError as error:
            self._break_off(error)
        except Exception as error:
            _logger.exception("playing broke off")
            self._break_off(_as_studio_error(error))

    def _break_off(self, error: StudioError) -> None:
        self._close_line()
        self._drop_deck()
        self._change("empty", error=error)

    def _advance(self) -> None:
        line = self._line
        if line is None:
            return
        if self.state.status != "playing":
            if time.monotonic() - self._silent_since >= _IDLE_SECONDS:
                self._close_line()
            return
        if not line.ready:
            heard = int(line.heard_frame)
            line.output.halt()
            self._hold(line, heard)
            self._close_line()
            self._change("paused", error=DeviceLost())
            return
        self._fill(line.ring, line.start_frames + int(_AHEAD_SECONDS * line.ring.sample_rate_hz))
        if line.output.draining or self._run_on(line):
            self._publish(line)

    def _run_on(self, line: Line) -> bool:
        """The sound card found too few frames: at the music's end, or else that was a gap. False once it has ended."""
        if self._at_end and not line.ring.ahead:
            if line.heard_frame < line.ring.fed:
                return True
            self._end(line)
            return False
        if not self._dry:
            self._dry = True
            self._tally.gaps += 1
        if self._at_end or line.ring.ahead >= line.start_frames:
            self._start(line)
        return True

    def _fill(self, ring: PlaybackRing, wanted: int) -> None:
        while ring.ahead < wanted and not self._at_end:
            ring.append(self._read())
            if not self._commands.empty() and ring.ahead * 2 > wanted:
                break

    def _read(self) -> Samples:
        """The deck's next block; damage that the source reports ends the music there, and is told."""
        assert self._deck is not None
        try:
            block = self._deck.read()
        except (StudioError, OSError) as error:
            self._change(self.state.status, error=_as_studio_error(error))
            block = np.zeros((self._deck.channels, 0), np.float32)
        self._at_end = block.shape[1] == 0
        return block

    def _begin(self, line: Line, position: float) -> None:
        """Let the sound card drain the ring, from what was held back and then from the deck."""
        # A fade would blunt a track's first attack; in the middle of the music its absence would click.
        line.ring.start_from(0.0 if position > 0.0 else self._gain, self._gain)
        line.mark(line.ring.fed, position)
        self._tally.reached(line.ring.fed)
        if self._held is not None:
            line.ring.append(self._held)
            self._held = None
        self._fill(line.ring, line.start_frames)
        self._start(line)
        self._publish(line)

    def _start(self, line: Line) -> None:
        line.start()
        self._dry = False

    def _go_over_to(self, position: float) -> None:
        """While playing: from what is in the ring to what the deck reads next, without a click or a gap."""
        line, deck = self._line, self._deck
        assert line is not None
        assert deck is not None
        if not self._fits(line.ring):
            deck.fit(line.ring.sample_rate_hz, line.ring.channels)
        block = np.zeros((line.ring.channels, 0), np.float32)
        while block.shape[1] < line.start_frames and not self._at_end:
            block = np.concatenate((block, self._read()), axis=1)
        if block.shape[1] >= line.start_frames and line.output.draining:
            start = line.ring.splice(block)
            line.mark(start, position)
            self._tally.reached(start)
            self._publish(line)
        else:
            self._fall_silent()
            self._held = block
            self._begin(line, position)

    def _fall_silent(self) -> None:
        """Where something plays: fade out, take the ring back from the sound card, and keep what was not heard."""
        if self._line is not None and self.state.status == "playing":
            self._hold(self._line, self._line.fade_out())

    def _hold(self, line: Line, frame: int) -> None:
        """Keep what is in the ring from this frame on for later."""
        self._tally.discount(line.ring.taken - frame)
        self._held = line.take_back(frame)
        self._silent_since = time.monotonic()
        self._show_heard(None)
        self.state = replace(
            self.state, position_seconds=line.seconds_at(frame), frames_played=self._tally.frames_played
        )

    def _rewind(self, seconds: float) -> float:
        assert self._deck is not None
        self._held, self._at_end = None, False
        self._tally.sought = True
        return self._deck.seek(seconds)

    def _end(self, line: Line) -> None:
        assert self._deck is not None
        self._hold(line, line.ring.fed)
        self._held = None
        self._change("ended", frames_played=self._tally.at_end(self._deck.frames_read))

    def _drop_deck(self) -> None:
        deck, self._deck, self._held = self._deck, None, None
        if deck is not None:
            try:
                deck.close()
            except (StudioError, OSError):
                _logger.warning("a source could not be closed", exc_info=True)

    # Device

    def _open_line(self) -> Line | None:
        """The open line, or a new one; None where there is no device, which the state then says."""
        if self._line is not None and self._line.ready:
            return self._line
        self._close_line()
        try:
            self._line = Line(self._open_output())
        except NoSoundDevice as error:
            self._change("no-device", error=error)
            return None
        self._tally.follow(self._line)
        return self._line

    def _open_output(self) -> Output:
        """The chosen device; where it is not there, look again and take the default one."""
        try:
            return self._devices.open_output(self._chosen, self._latency_seconds)
        except NoSoundDevice:
            self._devices.probe()
            return self._devices.open_output(None, self._latency_seconds)

    def _close_line(self) -> None:
        self._tally.leave()
        self._show_heard(None)
        line, self._line = self._line, None
        if line is not None:
            line.output.close()

    def _fits(self, ring: PlaybackRing) -> bool:
        deck = self._deck
        return deck is not None and (deck.rate_hz, deck.channels) == (ring.sample_rate_hz, ring.channels)

    # What is told

    def _publish(self, line: Line) -> None:
        heard = line.heard_now()
        self._show_heard(heard)
        self.state = replace(
            self.state,
            position_seconds=heard.seconds,
            frames_played=self._tally.frames_played,
            gaps=self._tally.all_gaps,
        )

    def _show_heard(self, heard: HeardNow | None) -> None:
        self.heard = heard
        self._tap.publish(heard)

    def _change(self, status: PlayerStatus, **changes: Any) -> None:
        """Publish a new state, and tell of it."""
        device = None if self._line is None else self._line.output.device.name
        self.state = replace(self.state, status=status, device=device, **changes)
        try:
            self._on_change(self.state)
        except Exception:
            _logger.exception("a listener failed")


def _as_studio_error(error: Exception) -> StudioError:
    return error if isinstance(error, StudioError) else StudioError(f"Playing broke off: {error}")
