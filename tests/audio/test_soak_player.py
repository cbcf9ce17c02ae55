"""Playing while the same process measures hundreds of files: what is heard has no break, and memory stays flat."""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import system_devices
from sonicforge_studio.audio.player import Player
from sonicforge_studio.domain import Progress, Samples
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.jobs import run_many
from sonicforge_studio.studio.measuring import Measurement, Measurer
from tests.audio.hearing import until
from tests.sound_server import SINK_RATE_HZ, SoundServer
from tests.sounds import groove, write

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
FILES = 200
TONE_HZ = 997.0
TOLERANCE = 1e-4
LATENCY_SECONDS = 0.043
_FRAME_BYTES = 8


class EndlessTone:
    """A sine without an end, which needs no memory."""

    sample_rate_hz = SINK_RATE_HZ
    channels = 2
    frames = None

    def __init__(self) -> None:
        self._position = 0

    def read(self, frames: int) -> Samples:
        turns = (np.arange(self._position, self._position + frames) * TONE_HZ / SINK_RATE_HZ) % 1.0
        self._position += frames
        wave = (0.5 * np.sin(2 * np.pi * turns)).astype(np.float32)
        return np.stack((wave, wave))

    def seek(self, frame: int) -> None:
        self._position = frame

    def close(self) -> None:
        """Nothing is held open."""


@contextmanager
def recording_to(path: Path) -> Iterator[None]:
    """What the sink plays, into a file: this process's memory is what is watched."""
    with path.open("wb") as file:
        process = subprocess.Popen(
            [
                "parec", "--device=studio.monitor", "--format=float32le", f"--rate={SINK_RATE_HZ}", "--channels=2",
                "--latency-msec=200", "--raw",
            ],
            stdout=file, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def measuring(folder: Path, cache: Path) -> Iterator[list[int]]:
    """A batch of 200 files, again and again; the list holds how many were measured."""
    files = []
    for number in range(FILES):
        bpm, frames = 90.0 + number % 10 * 7, SINK_RATE_HZ * (6 + number % 5)
        files.append(write(folder / f"{number}.flac", groove(11.0, bpm, seed=number % 10)[:, :frames]))
    stop, measured = threading.Event(), [0]
    measurer = Measurer(Cache(cache))

    def work(path: Path, progress: Progress) -> Measurement:
        return measurer.measure(path, progress, force=True)

    def batches() -> None:
        while not stop.is_set():
            with closing(run_many(files, work, workers=2)) as results:
                for _, outcome in results:
                    assert isinstance(outcome, Measurement), outcome
                    measured[0] += 1
                    if stop.is_set():
                        break

    thread = threading.Thread(target=batches, name="batches")
    thread.start()
    try:
        yield measured
    finally:
        stop.set()
        thread.join()
        measurer._cache.close()


def rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def disobedient(wave: NDArray[np.float32]) -> NDArray[np.int64]:
    """The samples that are not where the two before them lead: x[n] = 2 cos(ω) x[n−1] − x[n−2]."""
    turn = 2 * np.cos(2 * np.pi * TONE_HZ / SINK_RATE_HZ)
    x = wave.astype(np.float64)
    return np.flatnonzero(np.abs(x[2:] - turn * x[1:-1] + x[:-2]) > TOLERANCE) + 2


@pytest.mark.soak
@pytest.mark.sound
@pytest.mark.timeout(0)
def test_a_batch_in_the_same_process_is_not_heard(sound_server: SoundServer, tmp_path: Path) -> None:
    record = tmp_path / "heard.raw"
    first_look = min(60.0, SECONDS / 3)
    with (
        measuring(tmp_path / "files", tmp_path / "cache") as measured,
        Player(system_devices(), latency_seconds=LATENCY_SECONDS) as player,
    ):
        until(lambda: measured[0] > 20, 120.0)
        with recording_to(record):
            player.load(EndlessTone, title="a sine")
            until(lambda: player.position_seconds > first_look, first_look + 30.0)
            before = rss_bytes()
            until(lambda: player.position_seconds > SECONDS, SECONDS + 60.0)
            after, state = rss_bytes(), player.state
            player.pause()
            until(lambda: player.state.status == "paused")
            time.sleep(0.5)
        done = measured[0]
    wave = np.fromfile(record, np.float32)[::2]
    loud = np.flatnonzero(np.abs(wave) > 1e-3)
    wave = wave[loud[0] + SINK_RATE_HZ : loud[-1] - SINK_RATE_HZ // 2]
    breaks = disobedient(wave)
    events = [next(iter(group)) for _, group in itertools.groupby(breaks, key=lambda at: at // 441)]
    print(
        f"\n{wave.size / SINK_RATE_HZ:.0f} s heard while {done} files were measured: {breaks.size} samples out of place"
        f" in {len(events)} events, {state.gaps} gaps counted; {before / 2**20:.0f} → {after / 2**20:.0f} MiB"
    )
    for at in events[:20]:
        print(f"  at {at / SINK_RATE_HZ + 1:.3f} s")
    assert wave.size > (SECONDS - 3) * SINK_RATE_HZ
    assert breaks.size == 0
    assert state.gaps == 0
    assert after < 1.05 * before
