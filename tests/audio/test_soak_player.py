"""Playing while the same process measures hundreds of files: what is heard has no break, and memory stays flat."""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
import sys
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
NEAR_SECONDS = 0.25
"""The recording's clock and the machine's are brought together only so well, and a card plays on what it has."""
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


def rss_bytes() -> tuple[int, int]:
    """All that is resident, and the part of it that is files' pages, which the system takes back when it wants."""
    _, resident, shared = map(int, Path("/proc/self/statm").read_text().split()[:3])
    return resident * resource.getpagesize(), shared * resource.getpagesize()


STALLS = """
import os, sys, time
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
except PermissionError:
    pass
while True:
    before = time.monotonic()
    time.sleep(0.002)
    late = time.monotonic() - before - 0.002
    if late > 0.02:
        sys.stdout.write(f"{before} {late}\\n")
        sys.stdout.flush()
"""
"""A process that only sleeps, before all others where that is allowed: how late it is woken is what the machine itself
stands still, with which no program can keep time."""


@contextmanager
def stalls_of_the_machine(path: Path) -> Iterator[None]:
    """When the machine stood still for more than 20 ms, and how long, into a file."""
    with path.open("w") as file:
        process = subprocess.Popen([sys.executable, "-c", STALLS], stdout=file)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def disobedient(wave: NDArray[np.float32]) -> NDArray[np.int64]:
    """The samples that are not where the two before them lead: x[n] = 2 cos(ω) x[n−1] − x[n−2]."""
    turn = 2 * np.cos(2 * np.pi * TONE_HZ / SINK_RATE_HZ)
    x = wave.astype(np.float64)
    return np.flatnonzero(np.abs(x[2:] - turn * x[1:-1] + x[:-2]) > TOLERANCE) + 2


@pytest.mark.soak
@pytest.mark.sound
@pytest.mark.timeout(0)
def test_a_batch_in_the_same_process_is_not_heard(sound_server: SoundServer, tmp_path: Path) -> None:
    record, stood = tmp_path / "heard.raw", tmp_path / "stalls"
    first_look = min(60.0, SECONDS / 3)
    with (
        measuring(tmp_path / "files", tmp_path / "cache") as measured,
        Player(system_devices(), latency_seconds=LATENCY_SECONDS) as player,
    ):
        until(lambda: measured[0] > 20, 120.0)
        with recording_to(record), stalls_of_the_machine(stood):
            player.load(EndlessTone, title="a sine")
            until(lambda: player.position_seconds > 0.5)
            began = time.monotonic() - player.position_seconds
            until(lambda: player.position_seconds > first_look, first_look + 30.0)
            before, before_files = rss_bytes()
            until(lambda: player.position_seconds > SECONDS, SECONDS + 60.0)
            (after, after_files), state = rss_bytes(), player.state
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
        f" in {len(events)} events, {state.gaps} gaps counted; resident {before / 2**20:.0f} → {after / 2**20:.0f} MiB,"
        f" of which files {before_files / 2**20:.0f} → {after_files / 2**20:.0f}"
    )
    stalls = [(float(at) - began, float(late)) for at, late in map(str.split, stood.read_text().splitlines())]
    longest = max((late for _, late in stalls), default=0.0)
    print(f"the machine itself stood still for more than 20 ms {len(stalls)} times, for {1e3 * longest:.0f} ms at most")
    unexplained = []
    for at in events:
        second = at / SINK_RATE_HZ + 1
        near = max((late for when, late in stalls if abs(when - second) < NEAR_SECONDS), default=0.0)
        print(f"  break at {second:.3f} s; the machine stood still for {1e3 * near:.0f} ms then")
        if not near:
            unexplained.append(second)
    assert wave.size > (SECONDS - 3) * SINK_RATE_HZ
    assert not unexplained
    assert state.gaps <= len(events)
    assert after < 1.05 * before
