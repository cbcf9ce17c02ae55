"""The Live page over a long evening: memory stays flat, whatever is looked at."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sound_server import SoundServer
from tests.sounds import groove, write
from tests.ui.conftest import Run, until

if TYPE_CHECKING:
    from sonicforge_studio.ui.workspace import Workspace

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
_SETTLED_SHARE = 0.1
"""Memory is compared with what it was after this part of the time: one minute of ten."""


def rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.soak
@pytest.mark.sound
def test_memory_stays_flat_while_everything_is_shown(
    sound_server: SoundServer, workspace: Workspace, run: Run, tmp_path: Path
) -> None:
    music = write(tmp_path / "music.wav", groove(30.0, 124.0))

    async def watch() -> tuple[int, int]:
        workspace.window.resize(1280, 800)
        workspace.window.rail.page_chosen.emit("live")
        workspace._live.player.play(music)
        workspace._live.player.set_loop(0.0, 29.0)
        await until(lambda: workspace.clock.running)
        await asyncio.sleep(SECONDS * _SETTLED_SHARE)
        early = rss_bytes()
        await asyncio.sleep(SECONDS * (1.0 - _SETTLED_SHARE))
        return early, rss_bytes()

    early, late = run(watch())
    state, snapshot = workspace._live.player.state, workspace._live.analyser.newest
    assert snapshot is not None
    print(
        f"\n{SECONDS:.0f} s of the Live page: {early / 2**20:.1f} MiB after {SECONDS * _SETTLED_SHARE:.0f} s, "
        f"{late / 2**20:.1f} MiB at the end; gaps {state.gaps}, frames dropped {workspace.clock.dropped_frames}, "
        f"frames unmeasured {snapshot.missed_frames}"
    )
    assert state.status == "playing"
    assert late < 1.05 * early
