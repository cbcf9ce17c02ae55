"""Files played to their end, one after the other without a gap."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sonicforge_studio.audio import FileSource, Player, PlayerState, find_output, open_source, system_devices
from sonicforge_studio.domain import Cancelled, Progress, Source, StudioError
from sonicforge_studio.domain.errors import BadSetting, NoSoundDevice
from sonicforge_studio.host import load_settings, open_folders, start_log

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Played:
    """What of a file reached the sound card. ``warning`` is what the reader had to say; ``error`` broke it off."""

    frames_played: int
    gaps: int
    seconds: float
    elapsed_seconds: float
    warning: str | None = None
    error: StudioError | None = None


class Playing:
    """Plays files in a row. ``tell(number, outcome)`` is called on the caller's thread for each of them, as it ends or
    fails; where the listening is broken off, for the one that was heard as well, and where the device goes away, also
    for all that were still to come."""

    def __init__(
        self, paths: Sequence[Path], tell: Callable[[int, Played | StudioError], None], progress: Progress
    ) -> None:
        self._paths = paths
        self._tell = tell
        self._progress = progress
        self._opened: list[tuple[int, FileSource]] = []
        """Which file each piece of the player is."""
        self._start_seconds = 0.0
        self._told: set[int] = set()
        self._ended: deque[PlayerState] = deque()
        self._failed: deque[tuple[int, StudioError]] = deque()
        self._began = time.perf_counter()

    def run(self, home: Path | None, device: str | None = None, start_seconds: float = 0.0) -> None:
        """Play them all; the first from ``start_seconds``. Raises ``NoSoundDevice``, ``UnknownDevice``, and
        ``Cancelled`` where ``progress`` does."""
        folders = open_folders(home)
        start_log(folders.logs)
        settings = load_settings(folders.settings)
        devices = system_devices()
        good = [number for number in range(len(self._paths)) if self._can_be_opened(number)]
        if not good:
            return
        self._start_seconds = start_seconds
        chosen = None if device is None else find_output(devices, device)
        player = Player(devices, latency_seconds=settings.latency_seconds, on_end=self._ended.append)
        try:
            player.choose_device(chosen)
            player.load(partial(self._open, good[0]), title=str(good[0]), start_seconds=start_seconds)
            for number in good[1:]:
                player.queue(partial(self._open, number), title=str(number))
            self._follow(player)
        finally:
            player.close()

    def _can_be_opened(self, number: int) -> bool:
        """Says what is wrong with a file before the sound card is asked for."""
        try:
            open_source(self._paths[number]).close()
        except StudioError as error:
            self._say(number, error)
            return False
        return True

    def _open(self, number: int) -> Source:
        try:
            source = open_source(self._paths[number])
        except StudioError as error:
            self._failed.append((number, error))
            raise
        self._opened.append((number, source))
        return source

    def _follow(self, player: Player) -> None:
        while (state := player.state).status in ("loading", "playing"):
            try:
                name = self._paths[self._opened[state.piece - 1][0]].name if state.piece else ""
                total = state.duration_seconds or state.position_seconds + 60.0
                self._progress.step(state.position_seconds, total, name)
            except Cancelled:
                self._tell_what_ended()
                if state.piece:
                    self._tell_played(replace(state, error=None))
                raise
            self._tell_what_ended()
            time.sleep(_LOOK_SECONDS)
        self._tell_what_ended()
        if state.status == "no-device" or state.status == "paused":
            error = state.error or NoSoundDevice()
            if state.piece:
                self._tell_played(replace(state, error=None), error)
            for number in range(len(self._paths)):
                if number not in self._told:
                    self._say(number, error)

    def _tell_what_ended(self) -> None:
        while self._failed:
            self._say(*self._failed.popleft())
        while self._ended:
            state = self._ended.popleft()
            if state.piece == 1 and not state.frames_played and self._start_seconds > 0.0 and state.error is None:
                state = replace(state, error=_behind_the_end(self._start_seconds))
            self._tell_played(state)

    def _tell_played(self, state: PlayerState, broken_off: StudioError | None = None) -> None:
        now = time.perf_counter()
        number, source = self._opened[state.piece - 1]
        played = Played(
            state.frames_played, state.gaps, state.position_seconds, now - self._began, source.warning, broken_off
        )
        self._began = now
        self._say(number, state.error or played)

    def _say(self, number: int, outcome: Played | StudioError) -> None:
        self._told.add(number)
        self._tell(number, outcome)


def _behind_the_end(start_seconds: float) -> StudioError:
    return BadSetting(f"There is no sound from {start_seconds:g} s on.", hint="Choose an earlier start.")
