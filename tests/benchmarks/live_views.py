"""All four live views at 1600×1000 in software rendering, music playing, beside four bare pyqtgraph views; and how far
the picture is from what is heard, and from what is captured."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.live_window import SIZE
from tests.journeys.screen import Screen, running_screen
from tests.sound_server import SINK_RATE_HZ, Recording, SoundServer, running_server
from tests.sounds import groove, write

SECONDS = 20.0
CLICKS = 24
CLICK_EVERY_SECONDS = 0.5
_LOUD = 0.2
_NEAR_SECONDS = 0.2


def run() -> None:
    with running_server() as server, running_screen(*SIZE) as screen, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        music = write(home / "music.wav", groove(SECONDS + 30.0, 124.0))
        clicks = write(home / "clicks.wav", _clicks(CLICKS + 20))
        bare = _inside(screen, home, "bare", SECONDS, "-")
        playing = _inside(screen, home, "studio", SECONDS, str(music))
        with server.recording() as recording:
            picture = _inside(screen, home, "studio", CLICKS * CLICK_EVERY_SECONDS, str(clicks))
        heard = _click_times(recording)
        captured = _capture(server, screen, home)
    _show_frames(bare, playing)
    _show_delays(picture, heard, *captured)


def _clicks(count: int) -> np.ndarray:
    """Single full-scale samples with silence between them, stereo."""
    samples = np.zeros((2, int(count * CLICK_EVERY_SECONDS * SINK_RATE_HZ)), np.float32)
    samples[:, int(0.25 * SINK_RATE_HZ) :: int(CLICK_EVERY_SECONDS * SINK_RATE_HZ)] = 0.9
    return samples


def _inside(screen: Screen, home: Path, kind: str, seconds: float, music: str) -> dict[str, Any]:
    out = home / f"{kind}-{time.monotonic_ns()}.json"
    with screen.program("-m", "tests.benchmarks.live_window", kind, str(seconds), music, str(out)) as process:
        process.wait(timeout=seconds + 60)
    return dict(json.loads(out.read_text()))


def _capture(server: SoundServer, screen: Screen, home: Path) -> tuple[dict[str, Any], list[float]]:
    """Another program plays the clicks; the studio hears them through the null sink's monitor."""
    with server.recording() as recording, server.playing(_clicks(2 * CLICKS)):
        found = _inside(screen, home, "studio", CLICKS * CLICK_EVERY_SECONDS, "captured")
    return found, _click_times(recording)


def _click_times(recording: Recording) -> list[float]:
    """When each click came out of the sink's monitor."""
    times: list[float] = []
    before = 0
    for at, piece in recording.pieces:
        frames = np.abs(np.frombuffer(piece[: len(piece) // 8 * 8], np.float32).reshape(-1, 2)[:, 0])
        for index in np.flatnonzero(frames > _LOUD):
            # A piece is handed on when its last frame has come.
            when = at - (frames.size - int(index)) / SINK_RATE_HZ
            if not times or when - times[-1] > CLICK_EVERY_SECONDS / 2:
                times.append(when)
        before += frames.size
    return times


def _shown_times(found: dict[str, Any]) -> list[float]:
    """When each click stood in a frame: the time at which that frame had been painted."""
    painted = np.array(found["painted"])
    times: list[float] = []
    for at, peak in found["shown"]:
        if peak > _LOUD and (not times or at - times[-1] > CLICK_EVERY_SECONDS / 2):
            after = painted[painted > at]
            times.append(float(after[0]) if after.size else at)
    return times


def _delays(found: dict[str, Any], heard: list[float]) -> np.ndarray:
    """Shown minus heard, for the clicks that are in both."""
    against = np.array(heard)
    pairs = [shown - against[np.argmin(np.abs(against - shown))] for shown in _shown_times(found) if against.size]
    return 1e3 * np.array([delay for delay in pairs if abs(delay) < _NEAR_SECONDS])


def _show_frames(bare: dict[str, Any], studio: dict[str, Any]) -> None:
    table = Table(title=f"Four live views at {SIZE[0]}×{SIZE[1]}, software rendering, music playing", box=None)
    for name in ("", "frames/s", "median ms", "p99 ms", "longest ms", "CPU share", "dropped", "gaps"):
        table.add_column(name, justify="right" if name else "left")
    for name, found in (("the Live page (wanted: 60, p99 < 25)", studio), ("four bare pyqtgraph views", bare)):
        steps = 1e3 * np.diff(found["painted"])
        table.add_row(
            name,
            f"{1e3 / steps.mean():.1f}",
            f"{np.median(steps):.1f}",
            f"{np.percentile(steps, 99):.1f}",
            f"{steps.max():.1f}",
            f"{found['cpu_share']:.0%}",
            str(found.get("dropped", "–")),
            str(found.get("gaps", "–")),
        )
    Console(width=150).print(table)


def _show_delays(picture: dict[str, Any], heard: list[float], captured: dict[str, Any], sent: list[float]) -> None:
    table = Table(title="From the sound to the frame that shows it", box=None)
    for name in ("", "clicks", "median ms", "least ms", "most ms"):
        table.add_column(name, justify="right" if name else "left")
    for name, delays in (
        ("played: picture behind what is heard (wanted: ±30)", _delays(picture, heard)),
        ("captured through the monitor (wanted: < 60)", _delays(captured, sent)),
    ):
        figures = [f"{f(delays):+.1f}" for f in (np.median, np.min, np.max)] if delays.size else ["–"] * 3
        table.add_row(name, str(delays.size), *figures)
    Console(width=150).print(table)


if __name__ == "__main__":
    run()
