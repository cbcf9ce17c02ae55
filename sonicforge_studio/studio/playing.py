"""A file played to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.audio import Player, open_source, system_devices
from sonicforge_studio.domain import Progress
from sonicforge_studio.domain.errors import NoSoundDevice
from sonicforge_studio.host import load_settings, open_folders, start_log

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Played:
    """What reached the sound card."""

    frames_played: int
    gaps: int
    seconds: float


def play_through(path: Path, home: Path | None, progress: Progress) -> Played:
    """Play a file and wait for its end. Raises the input errors, and ``NoSoundDevice`` where there is none."""
    folders = open_folders(home)
    start_log(folders.logs)
    settings = load_settings(folders.settings)
    open_source(path).close()  # says what is wrong with the file before the sound card is asked for
    player = Player(system_devices(), latency_seconds=settings.latency_seconds)
    try:
        player.play(path)
        while (state := player.state).status in ("loading", "playing"):
            progress.step(state.position_seconds, state.duration_seconds or state.position_seconds + 60.0)
            time.sleep(_LOOK_SECONDS)
        if state.error is not None:
            raise state.error
        if state.status == "no-device":
            raise NoSoundDevice()
        return Played(state.frames_played, state.gaps, state.position_seconds)
    finally:
        player.close()
