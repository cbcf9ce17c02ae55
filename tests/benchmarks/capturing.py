"""From the sink to the tap, and what two busy threads lose, beside a sounddevice stream with a callback in Python."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import sounddevice
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sonicforge_studio.audio import Capture, ClipSource, InputDevice, Player, Tap, system_devices
from sonicforge_studio.audio.devices import _libpulse_records_from
from sonicforge_studio.domain import Clip
from tests.audio.hearing import breaks, tone
from tests.sound_server import SINK_RATE_HZ, SoundServer, running_server

LATENCY_SECONDS = 0.02
CLICKS = 24
CLICK_EVERY_SECONDS = 0.2
BUSY_SECONDS = 4.0


def run() -> None:
    with running_server() as server, Capture(system_devices(), latency_seconds=LATENCY_SECONDS) as capture:
        monitor = next(device for device in system_devices().inputs() if device.of_default_output)
        capture.listen(monitor)
        with _python_stream(monitor) as blocks:
            while capture.tap.place() is None or not capture.tap.place().end:  # type: ignore[union-attr]
                time.sleep(0.01)
            ours, theirs = _click_delays(capture.tap, blocks)
            lost = _lost_while_busy(server, capture, blocks)
    table = Table(title=f"Capture at {1e3 * LATENCY_SECONDS:.0f} ms", box=None, title_justify="left")
    for name in ("What", "Ours", "sounddevice, Python callback"):
        table.add_column(name, justify="left" if name == "What" else "right")
    for name, pick in (("median", statistics.median), ("longest", max)):
        table.add_row(
            f"click from ear to tap, {name} of {CLICKS}", *(f"{1e3 * pick(d):.1f} ms" for d in (ours, theirs))
        )
    table.add_row(f"samples lost or broken in {BUSY_SECONDS:.0f} s beside two busy threads", *map(str, lost))
    Console(width=150).print(table)


Blocks = list[tuple[float, NDArray[np.float32]]]


@contextmanager
def _python_stream(monitor: InputDevice) -> Iterator[Blocks]:
    blocks: Blocks = []

    def take(block: NDArray[np.float32], frames: int, at: object, status: object) -> None:
        blocks.append((time.monotonic(), block[:, 0].copy()))

    with (
        _libpulse_records_from(monitor.source),
        sounddevice.InputStream(
            SINK_RATE_HZ, device=monitor.index, channels=2, latency=LATENCY_SECONDS, dtype="float32", callback=take
        ),
    ):
        yield blocks


def _click_delays(tap: Tap, blocks: Blocks) -> tuple[list[float], list[float]]:
    """Seconds from when the player says a click is heard to when each has it."""
    samples = np.zeros((2, int((CLICKS + 2) * CLICK_EVERY_SECONDS * SINK_RATE_HZ)), np.float32)
    places = [int((number + 1) * CLICK_EVERY_SECONDS * SINK_RATE_HZ) for number in range(CLICKS)]
    samples[:, places] = 0.9
    heard_at: list[float] = []
    came_at: list[float] = []
    place = tap.place()
    assert place is not None
    seen = place.end
    blocks.clear()
    with Player(system_devices()) as player:
        player.load(lambda: ClipSource(Clip(samples, SINK_RATE_HZ)), title="clicks")
        while player.state.status in ("loading", "playing"):
            now, position = time.monotonic(), player.position_seconds
            while len(heard_at) < CLICKS and position >= places[len(heard_at)] / SINK_RATE_HZ:
                heard_at.append(now - (position - places[len(heard_at)] / SINK_RATE_HZ))
            place = tap.place()
            assert place is not None
            new = np.empty((2, place.end - seen), np.float32)
            place.read(seen, new)
            seen = place.end
            came_at += [time.monotonic()] * int(np.sum(new[0] > 0.5))
            time.sleep(0.001)
    in_python = [at for at, block in blocks for _ in range(int(np.sum(block > 0.5)))]
    return _delays(came_at, heard_at), _delays(in_python, heard_at)


def _delays(came_at: list[float], heard_at: list[float]) -> list[float]:
    assert len(came_at) == len(heard_at) == CLICKS, "a click was lost"
    return [came - heard for came, heard in zip(came_at, heard_at, strict=True)]


def _lost_while_busy(server: SoundServer, capture: Capture, blocks: Blocks) -> tuple[int, int]:
    """How many samples are missing from a tone, or do not go on from those before, in the middle of a busy while."""
    with server.playing(tone(BUSY_SECONDS + 4.0).samples):
        time.sleep(1.5)
        stop = threading.Event()
        hogs = [threading.Thread(target=_hog, args=(stop,)) for _ in range(2)]
        for hog in hogs:
            hog.start()
        time.sleep(0.2)
        place = capture.tap.place()
        assert place is not None
        first, began = place.end, time.monotonic()
        blocks.clear()
        time.sleep(BUSY_SECONDS)
        place, seconds = capture.tap.place(), time.monotonic() - began
        theirs = np.concatenate([block for _, block in blocks])
        stop.set()
        for hog in hogs:
            hog.join()
    assert place is not None
    ours = np.empty((2, place.end - first), np.float32)
    place.read(first, ours)
    # What is still on its way at either end is not lost.
    expected = int((seconds - 3 * LATENCY_SECONDS) * SINK_RATE_HZ)
    return _lost(ours[0], expected), _lost(theirs, expected)


def _lost(wave: NDArray[np.float32], expected: int) -> int:
    return max(0, expected - wave.size) + breaks(wave.astype(np.float64))


def _hog(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))


if __name__ == "__main__":
    run()
