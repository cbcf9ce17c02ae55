"""The player: any source to the sound card, with its place, its volume and an honest count of gaps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType

from sonicforge_studio.audio._feeder import Feeder
from sonicforge_studio.audio.devices import Devices, OutputDevice
from sonicforge_studio.audio.files import open_source
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.audio.tap import PlaybackTap, Tap
from sonicforge_studio.domain import Source


class Player:
    """Plays one source at a time. A context manager; ``close`` gives back the device and leaves no thread.

    Every method may be called from any thread and returns at once: what it asks for is done on the feeder's thread,
    and ``state`` says what became of it. Nothing here raises for a bad file or a missing device; that is a state too.
    ``on_change`` is called on the feeder's thread with each new state (not for the position, which is to be asked for),
    and must return quickly.
    """

    def __init__(
        self,
        devices: Devices,
        *,
        latency_seconds: float = 0.043,
        on_change: Callable[[PlayerState], None] | None = None,
    ) -> None:
        self._devices = devices
        self._latency_seconds = latency_seconds
        self._on_change = on_change
        self._tap = PlaybackTap()
        self._lock = threading.Lock()
        self._feeder: Feeder | None = None
        self._closed = False
        self._plays_asked_for = 0
        self._finished = threading.Event()
        self._finished.set()
        self._seek_wanted: Latest[float] = Latest()
        self._volume_wanted: Latest[tuple[float, bool]] = Latest()
        self._volume = 1.0
        self._muted = False

    @property
    def tap(self) -> Tap:
        """Where the live analyser listens: what is heard now."""
        return self._tap

    @property
    def state(self) -> PlayerState:
        """Now. What was asked to play and has not begun is "loading"."""
        feeder = self._feeder
        state = PlayerState() if feeder is None else feeder.state
        status: PlayerStatus = "loading" if self._plays_asked_for and state.status != "playing" else state.status
        return replace(
            state, status=status, position_seconds=self.position_seconds, volume=self._volume, muted=self._muted
        )

    @property
    def position_seconds(self) -> float:
        """What is heard now, in seconds of the music."""
        feeder = self._feeder
        if feeder is None:
            return 0.0
        heard, state = feeder.heard, feeder.state
        seconds = state.position_seconds if heard is None else heard.seconds_at(time.monotonic())
        return seconds if state.duration_seconds is None else min(seconds, state.duration_seconds)

    @property
    def duration_seconds(self) -> float | None:
        return self.state.duration_seconds

    def play(self, path: str | PathLike[str] | None = None, title: str | None = None) -> None:
        """Play a file from its beginning; without one, go on with what is loaded. Its name stands in for a title."""
        if path is None:
            self.resume()
        else:
            self.load(partial(open_source, Path(path)), title=title or Path(path).name)

    def load(
        self, open_source: Callable[[], Source], *, title: str, start_seconds: float = 0.0, play: bool = True
    ) -> None:
        """Take another source, which ``open_source`` opens on the feeder's thread; what it raises becomes the state.

        What plays now goes over into it without a gap.
        """
        self._submit_play(lambda feeder: feeder.load(open_source, title, start_seconds, play))

    def resume(self) -> None:
        """Go on; after the end from the beginning. Where there was no device, look for one again."""
        self._submit_play(Feeder.resume)

    def pause(self) -> None:
        self._submit(Feeder.pause)

    def toggle(self) -> None:
        self._submit_play(lambda feeder: feeder.pause() if feeder.state.status == "playing" else feeder.resume())

    def stop(self) -> None:
        """Stop and go back to the beginning."""
        self._submit(Feeder.stop)

    def seek(self, seconds: float) -> None:
        """Go to this place, inside the source; of several seeks in a row only the last is done."""
        self._seek_wanted.put(seconds if math.isfinite(seconds) else 0.0)
        self._submit(self._take_seek)

    def set_volume(self, volume: float) -> None:
        """The fader, from 0 (silence) to 1 (as it is), −18 dB in the middle. Changes glide, without a click."""
        self._volume = min(1.0, max(0.0, float(volume))) if math.isfinite(volume) else 0.0
        self._hand_on_volume()

    def set_muted(self, muted: bool) -> None:
        self._muted = muted
        self._hand_on_volume()

    def choose_device(self, device: OutputDevice | None) -> None:
        """Play on this device from now on, at the same place; None is the machine's default one."""
        self._submit_play(lambda feeder: feeder.choose_device(device))

    def wait_until_ended(self, timeout_seconds: float | None = None) -> PlayerState:
        """Wait until what plays has ended, was stopped or could not go on; the state then, or at the time-out."""
        self._finished.wait(timeout_seconds)
        return self.state

    def close(self) -> None:
        """Fall silent and give everything back. May be called twice; nothing plays afterwards."""
        with self._lock:
            already, self._closed = self._closed, True
        if self._feeder is not None and not already:
            self._feeder.close()
        self._finished.set()

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _hand_on_volume(self) -> None:
        self._volume_wanted.put((self._volume, self._muted))
        if self._feeder is not None:
            self._submit(self._take_volume)

    def _take_seek(self, feeder: Feeder) -> None:
        seconds = self._seek_wanted.take()
        if seconds is not None:
            feeder.seek(seconds)

    def _take_volume(self, feeder: Feeder) -> None:
        wanted = self._volume_wanted.take()
        if wanted is not None:
            feeder.set_volume(*wanted)

    def _submit(self, command: Callable[[Feeder], None]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._feeder is None:
                # The thread starts with the first command: whoever only analyses needs none.
                self._feeder = Feeder(self._devices, self._latency_seconds, self._tap, self._changed)
                self._feeder.submit(partial(self._take_volume, self._feeder))
            self._feeder.submit(partial(command, self._feeder))

    def _submit_play(self, command: Callable[[Feeder], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._plays_asked_for += 1
            self._finished.clear()

        def act(feeder: Feeder) -> None:
            try:
                command(feeder)
            finally:
                with self._lock:
                    self._plays_asked_for -= 1
            # Where the command failed, the feeder first makes a state of it and tells that.
            self._settle(feeder.state)

        self._submit(act)

    def _changed(self, state: PlayerState) -> None:
        self._settle(state)
        if self._on_change is not None:
            self._on_change(state)

    def _settle(self, state: PlayerState) -> None:
        """Wake those who wait for the end, unless another play is on its way."""
        over = state.status not in ("playing", "paused") or (state.status == "paused" and state.error is not None)
        with self._lock:
            if over and not self._plays_asked_for:
                self._finished.set()
