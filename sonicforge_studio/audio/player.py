"""The player: any source to the sound card, with its place, its volume and an honest count of gaps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType

from sonicforge_studio.audio._feeder import Feeder
from sonicforge_studio.audio._outlet import Outlet
from sonicforge_studio.audio._playback import Playback
from sonicforge_studio.audio._telling import Telling
from sonicforge_studio.audio.devices import Devices, OutputDevice
from sonicforge_studio.audio.files import open_source
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.audio.tap import PlaybackTap, Tap
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain import Source


class Player:
    """Plays one piece after the other. A context manager; ``close`` gives back the device and leaves no thread.

    Every method may be called from any thread and returns at once: what it asks for is done on the feeder's thread,
    and ``state`` says what became of it. Nothing here raises for a bad file or a missing device; that is a state too.
    ``on_change`` is called on the feeder's thread with each new state (not for the position, which is to be asked for),
    ``on_end`` with the last state of each piece that was heard to its end, also where the next one follows at once.
    Both must return quickly.
    """

    def __init__(
        self,
        devices: Devices,
        *,
        latency_seconds: float = 0.043,
        on_change: Callable[[PlayerState], None] | None = None,
        on_end: Callable[[PlayerState], None] | None = None,
    ) -> None:
        self._devices = devices
        self._latency_seconds = latency_seconds
        self._on_change = on_change
        self._tap = PlaybackTap()
        self._telling = Telling(self._tap, self._changed, on_end or (lambda _: None))
        self._lock = threading.Lock()
        self._feeder: Feeder | None = None
        self._closed = False
        self._plays_asked_for = 0
        self._finished = threading.Event()
        self._finished.set()
        self._seek_wanted: Latest[float] = Latest()
        self._refresh_wanted: Latest[bool] = Latest()
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
        state = self._telling.state
        loading = self._plays_asked_for > 0 and not self._closed and state.status != "playing"
        status: PlayerStatus = "loading" if loading else state.status
        return replace(
            state, status=status, position_seconds=self.position_seconds, volume=self._volume, muted=self._muted
        )

    @property
    def position_seconds(self) -> float:
        """What is heard now, in seconds of the music."""
        heard, state = self._telling.heard, self._telling.state
        if heard is None:
            return state.position_seconds
        seconds = heard.seconds_at(time.monotonic())
        if state.loop is not None and heard.seconds < state.loop[1] <= seconds:
            # Round its end since it was last looked at.
            start, end = state.loop
            return start + (seconds - end) % (end - start)
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

        What plays now goes over into it without a gap. What was queued is forgotten.
        """
        versions = (Version(open_source, title),)
        self._submit_play(lambda playback: playback.load(versions, title, start_seconds, play))

    def queue(self, open_source: Callable[[], Source], *, title: str) -> None:
        """Have this follow when all before it has ended, its first frame behind the last one; at once where nothing is
        loaded or it has ended. It is opened ahead; what cannot be opened is told in the state and skipped."""
        self._submit_play(lambda playback: playback.queue((Version(open_source, title),), title, False))

    def play_next(self, path: str | PathLike[str], title: str | None = None) -> None:
        """Have a file follow what is heard now, before all that is queued."""
        name = title or Path(path).name
        version = Version.of_file(path, name)
        self._submit_play(lambda playback: playback.queue((version,), name, True))

    def clear_queue(self) -> None:
        """Nothing follows what is heard now."""
        self._submit(Playback.clear_queue)

    def compare(
        self, versions: Sequence[Version], *, title: str = "", start_seconds: float = 0.0, version: int = 0
    ) -> None:
        """Play one of several versions of the same music; ``choose_version`` goes over to another at the same place.
        One that cannot be opened is told of in the state, and the nearest other one is heard in its stead."""
        if not versions:
            return
        name = title or versions[min(max(0, version), len(versions) - 1)].title

        def act(playback: Playback) -> None:
            playback.load(versions, name, start_seconds, True, version)

        self._submit_play(act)

    def choose_version(self, version: int) -> None:
        """Go over to another version at the same frame of the music, without a click; also while it is silent."""
        self._submit(lambda playback: playback.choose_version(version))

    def set_version_gains(self, gains_db: Sequence[float]) -> None:
        """Match the versions' loudness otherwise, at the same place: a gain in dB for each of them."""
        gains = tuple(gains_db)
        self._submit(lambda playback: playback.set_gains(gains))

    def refresh(self) -> None:
        """Read anew from what is heard now: a source that changes is soon heard as it is, without a click or a gap. Of
        several in a row only the last is done."""
        self._refresh_wanted.put(True)
        self._submit(self._take_refresh)

    def set_loop(self, start_seconds: float, end_seconds: float | None = None) -> None:
        """Play this region (to the end of the piece where that is None) again and again, each pass exactly as long as
        the region. From a place outside it jumps to its start; a later seek may leave it, and plays on behind it.
        A region that lies behind the end is none."""
        self._submit(lambda playback: playback.set_loop(start_seconds, end_seconds))

    def clear_loop(self) -> None:
        """Play on past the region's end."""
        self._submit(lambda playback: playback.set_loop(None, None))

    def resume(self) -> None:
        """Go on; after the end from the beginning. Where there was no device, look for one again."""
        self._submit_play(Playback.resume)

    def pause(self) -> None:
        self._submit(Playback.pause)

    def toggle(self) -> None:
        self._submit_play(
            lambda playback: playback.pause() if playback.state.status == "playing" else playback.resume()
        )

    def stop(self) -> None:
        """Stop and go back to the beginning."""
        self._submit(Playback.stop)

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
        self._submit_play(lambda playback: playback.choose_device(device))

    def outputs(self) -> tuple[OutputDevice, ...]:
        """The devices to choose from, as they were found last; the very first call looks for them."""
        return self._devices.outputs()

    def look_for_devices(self, found: Callable[[tuple[OutputDevice, ...]], None]) -> None:
        """Look again, on the feeder's thread, where ``found`` is called with what there is. While something sounds
        nothing new is seen, for that would interrupt it."""
        self._submit(lambda playback: playback.look_for_devices(found))

    def wait_until_ended(self, timeout_seconds: float | None = None) -> PlayerState:
        """Wait until what plays has ended, was stopped or could not go on; the state then, or at the time-out."""
        self._finished.wait(timeout_seconds)
        return self.state

    def close(self) -> None:
        """Fall silent and give everything back. May be called twice; nothing plays afterwards. Returns within about a
        second; a source or device that takes longer to open is closed when it comes."""
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

    def _take_seek(self, playback: Playback) -> None:
        seconds = self._seek_wanted.take()
        if seconds is not None:
            playback.seek(seconds)

    def _take_refresh(self, playback: Playback) -> None:
        if self._refresh_wanted.take():
            playback.refresh()

    def _take_volume(self, playback: Playback) -> None:
        wanted = self._volume_wanted.take()
        if wanted is not None:
            playback.set_volume(*wanted)

    def _submit(self, command: Callable[[Playback], None]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._feeder is None:
                # The thread starts with the first command: whoever only analyses needs none.
                self._feeder = Feeder(Outlet(self._devices, self._latency_seconds), self._telling)
                self._feeder.submit(self._take_volume)
            self._feeder.submit(command)

    def _submit_play(self, command: Callable[[Playback], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._plays_asked_for += 1
            self._finished.clear()

        def act(playback: Playback) -> None:
            try:
                command(playback)
            finally:
                with self._lock:
                    self._plays_asked_for -= 1
            # Where the command failed, the feeder first makes a state of it and tells that.
            self._settle(playback.state)

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
