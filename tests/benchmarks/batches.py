"""A folder of three-minute tracks, measured as a dropped folder is; beside what decoding alone costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from sonicforge_studio.audio import content_hash, open_sink, open_source
from sonicforge_studio.domain import Progress, SilentProgress, StudioError
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.jobs import run_many
from sonicforge_studio.studio.blocks import each_block
from sonicforge_studio.studio.measuring import Measurer
from tests.benchmarks.tables import Row, show
from tests.sounds import groove

SECONDS = 180
TRACKS = 12
WANTED_TRACKS = 100


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tracks = _tracks(Path(folder))
        with Cache(Path(folder) / "cache") as cache, TileCache(Path(folder) / "drawn") as drawn:
            measurer = Measurer(cache, drawn)
            measurer.measure(tracks[0], SilentProgress(), force=True)
            rows = [*_threads(measurer, tracks), _cached(measurer, tracks)]
    show(f"A folder of {TRACKS} tracks of {SECONDS} s, half FLAC and half MP3", rows)


def _tracks(folder: Path) -> list[Path]:
    paths = []
    for number in range(TRACKS):
        path = folder / f"{number:02d}.{'mp3' if number % 2 else 'flac'}"
        samples = np.ascontiguousarray(groove(SECONDS, 90.0 + 4.0 * number))
        with open_sink(path, format=path.suffix[1:], sample_rate_hz=44100, channels=samples.shape[0]) as sink:
            sink.write(samples)
        paths.append(path)
    return paths


def _threads(measurer: Measurer, tracks: list[Path]) -> list[Row]:
    def measure(path: Path, progress: Progress) -> object:
        return measurer.measure(path, progress, force=True)

    def decode(path: Path, progress: Progress) -> object:
        content_hash(path, progress)
        with open_source(path) as source:
            return each_block(source, progress, lambda _: None)

    share = len(tracks) / WANTED_TRACKS
    hundred = [tracks[number % len(tracks)] for number in range(WANTED_TRACKS)]
    one, two = _seconds(tracks, measure, 1), _seconds(tracks, measure, 2)
    with measurer.many(WANTED_TRACKS, 2):
        helped = share * _seconds(hundred, measure, 2)
    apart, bound = _seconds_apart(tracks), _seconds(tracks, decode, 2)
    return [
        Row("two threads", two, "one thread", one, f"100 tracks: {two / share:.1f} s"),
        Row("two threads and a helper", helped, "one thread", one, f"100 tracks, measured: {helped / share:.1f} s"),
        Row("two threads and a helper", helped, "bound: two processes", apart, f"100 tracks: {apart / share:.1f} s"),
        Row("two threads and a helper", helped, "decoding alone", bound, f"100 tracks: {bound / share:.1f} s"),
    ]


def _cached(measurer: Measurer, tracks: list[Path]) -> Row:
    began = time.perf_counter()
    for path in tracks:
        measurer.measure(path, SilentProgress())
    answered = (time.perf_counter() - began) / len(tracks)
    began = time.perf_counter()
    for path in tracks:
        content_hash(path)
    hashed = (time.perf_counter() - began) / len(tracks)
    return Row("one file from the cache", answered, "its hash alone", hashed, "—")


def _seconds_apart(tracks: list[Path]) -> float:
    """The same work in two processes that share nothing but the machine: no threads of one process pass this."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = [tracks[0::2], tracks[1::2]]
        list(pool.map(_measure_all, [tracks[:1], tracks[:1]]))  # what a process pays once
        began = time.perf_counter()
        list(pool.map(_measure_all, halves))
        return time.perf_counter() - began


def _measure_all(tracks: list[Path]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Cache(Path(folder) / "cache") as cache,
        TileCache(Path(folder) / "drawn") as drawn,
    ):
        measurer = Measurer(cache, drawn)
        for path in tracks:
            measurer.measure(path, SilentProgress(), force=True)


def _seconds(tracks: list[Path], work: Callable[[Path, Progress], object], workers: int) -> float:
    began = time.perf_counter()
    for _, result in run_many(tracks, work, workers=workers):
        if isinstance(result, StudioError):
            raise result
    return time.perf_counter() - began


if __name__ == "__main__":
    run()
