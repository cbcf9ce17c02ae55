"""From the call to the sound, on a real sound server, beside sounddevice's own playing; and what feeding costs."""

from __future__ import annotations

import shutil
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sounddevice
from numpy.typing import NDArray
from rich.console import Console

from sonicforge_studio.audio import ClipSource, Player, system_devices
from sonicforge_studio.domain import Clip
from tests.audio.hearing import tone
from tests.benchmarks.tables import Row, show
from tests.sound_server import SINK_RATE_HZ, Recording, running_server

ROUNDS = 10
LATENCY_SECONDS = 0.043
FRAME_BYTES = 8
_LOUD = 0.02
_HIGH_HZ = 4410.0


def run() -> None:
    if not shutil.which("pulseaudio"):
        print("PulseAudio is not installed: nothing can be heard.")
        return
    with running_server() as server:
        output = system_devices().open_output(None, LATENCY_SECONDS)
        own = output.latency_seconds
        output.close()
        with server.recording() as recording:
            rows = [_start(recording, cold=True), _start(recording, cold=False), _seek(recording)]
        show("From the call to the sound in the sink's monitor (median of 10)", rows)
        for row in rows:
            less = 1e3 * (row.ours_seconds - own)
            Console(width=150).print(
                f"{row.name}: {less:.0f} ms without the {1e3 * own:.0f} ms that the device buffers"
            )
        cost = _feeding()
        show("Feeding", [Row("CPU for 1 s of 48 kHz on a 44.1 kHz device", cost, "real time", 1.0, "–")])


def _start(recording: Recording, *, cold: bool) -> Row:
    clip = tone(2.0)

    def ours() -> float:
        with Player(system_devices(), latency_seconds=LATENCY_SECONDS) as player:
            if not cold:
                # The device is open still when something has just been played.
                player.load(lambda: ClipSource(tone(0.05, amplitude=0.0)), title="silence")
                player.wait_until_ended(5.0)
            taken = _until_heard(recording, lambda: player.load(lambda: ClipSource(clip), title="tone"), _is_loud)
            player.stop()
            player.wait_until_ended(2.0)
            return taken

    def reference() -> float:
        frames = clip.samples.T
        taken = _until_heard(
            recording, lambda: sounddevice.play(frames, SINK_RATE_HZ, latency=LATENCY_SECONDS), _is_loud
        )
        sounddevice.stop()
        return taken

    name = "start, the device opened for it" if cold else "start, on a device that is open"
    return _row(name, ours, "sounddevice.play", reference)


def _seek(recording: Recording) -> Row:
    low, high = tone(4.0, 441.0, 0.3), tone(4.0, _HIGH_HZ, 0.3)
    clip = Clip(np.concatenate((low.samples, high.samples), axis=1), SINK_RATE_HZ)

    def ours() -> float:
        with Player(system_devices(), latency_seconds=LATENCY_SECONDS) as player:
            player.load(lambda: ClipSource(clip), title="low, then high")
            while player.position_seconds < 0.4:
                time.sleep(0.005)
            taken = _until_heard(recording, lambda: player.seek(5.0), _is_high)
            player.stop()
            player.wait_until_ended(2.0)
            return taken

    def reference() -> float:
        sounddevice.play(low.samples.T, SINK_RATE_HZ, latency=LATENCY_SECONDS)
        time.sleep(0.4)
        taken = _until_heard(
            recording,
            lambda: sounddevice.play(high.samples.T, SINK_RATE_HZ, latency=LATENCY_SECONDS),
            _is_high,
        )
        sounddevice.stop()
        return taken

    return _row("seek", ours, "sounddevice.play again", reference)


def _row(name: str, ours: Callable[[], float], reference_name: str, reference: Callable[[], float]) -> Row:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for seconds, measure in zip(taken, (ours, reference), strict=True):
            seconds.append(measure())
            time.sleep(0.15)
    return Row(name, statistics.median(taken[0]), reference_name, statistics.median(taken[1]), "–")


def _is_loud(wave: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.abs(wave) > _LOUD


def _is_high(wave: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the samples hop as only the high tone's do."""
    return np.abs(np.diff(wave, prepend=wave[:1])) > 0.08


def _until_heard(
    recording: Recording, act: Callable[[], object], wanted: Callable[[NDArray[np.float32]], NDArray[np.bool_]]
) -> float:
    """Seconds from the call to the moment when the recorder got the first frame that is as wanted."""
    passed = recording.pieces
    before, offset = len(passed), -sum(len(piece) for _, piece in passed) % FRAME_BYTES
    began = time.monotonic()
    act()
    while time.monotonic() < began + 3.0:
        time.sleep(0.002)
        came = recording.pieces[before:]
        data = b"".join(piece for _, piece in came)[offset:]
        left = np.frombuffer(data[: len(data) // FRAME_BYTES * FRAME_BYTES], np.float32)[::2]
        found = np.flatnonzero(wanted(left))
        if found.size:
            end = offset + (int(found[0]) + 1) * FRAME_BYTES
            for moment, piece in came:
                end -= len(piece)
                if end <= 0:
                    return moment - began
    raise TimeoutError("nothing was heard")


def _feeding() -> float:
    """CPU seconds of the feeder's thread for each second of music."""
    with Player(system_devices(), latency_seconds=LATENCY_SECONDS) as player:
        player.load(lambda: ClipSource(tone(20.0, rate_hz=48_000)), title="tone")
        while player.position_seconds < 1.0:
            time.sleep(0.01)
        thread = next(thread for thread in threading.enumerate() if thread.name == "player feeder")
        first, began = _cpu_seconds(thread), player.position_seconds
        time.sleep(4.0)
        return (_cpu_seconds(thread) - first) / (player.position_seconds - began)


def _cpu_seconds(thread: threading.Thread) -> float:
    return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0]) * 1e-9


if __name__ == "__main__":
    run()
