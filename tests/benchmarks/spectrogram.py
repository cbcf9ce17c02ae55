"""A whole track's spectrogram beside librosa and SciPy, and what a zoom waits for."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.audio import open_source, read_clip
from sonicforge_studio.audio.spectrogram import OverviewMaker, level_db, longest_step_frames, window_frames
from sonicforge_studio.domain import Clip
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.kernels.spectrogram import row_frequencies
from sonicforge_studio.studio.spectrogram_drawing import Window, draw
from sonicforge_studio.studio.spectrograms import Spectrograms, TrackSpectrogram
from tests.benchmarks.tables import Row, in_turns, show
from tests.sounds import groove, write

SECONDS = 180
RATE_HZ = 44_100
PIXELS = 1200
ZOOMS_SECONDS = (10.0, 1.0, 0.1)


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "track.flac", groove(SECONDS, 124.0))
        show(f"Spectrogram of {SECONDS} s of stereo FLAC, decoding included", _whole(path))
        show(f"A zoom's tiles, {PIXELS} columns of pixels", _zooms(path, Path(folder)))


def _whole(path: Path) -> list[Row]:
    step = longest_step_frames(RATE_HZ)
    window = window_frames(step, RATE_HZ)

    def ours() -> NDArray[np.uint8]:
        with open_source(path) as source:
            return OverviewMaker(source).make().columns

    def by_librosa() -> NDArray[np.float32]:
        samples = read_clip(path).samples
        spectrum = np.abs(librosa.stft(samples, n_fft=window, hop_length=step, center=False))
        return librosa.amplitude_to_db(spectrum * (4 / window), amin=1e-6, top_db=None).max(axis=0)

    def by_scipy() -> NDArray[np.float64]:
        samples = read_clip(path).samples
        power = scipy.signal.spectrogram(
            samples, RATE_HZ, "hann", window, window - step, detrend=False, scaling="spectrum", mode="psd"
        )[2]
        return 10 * np.log10(2 * np.maximum(power, 1e-12)).max(axis=0)

    difference = _difference(read_clip(path), ours(), window, step)
    rows = []
    for name, reference in (
        ("librosa.stft, amplitude_to_db", by_librosa),
        ("scipy.signal.spectrogram, log10", by_scipy),
    ):
        times = in_turns(ours, reference, 5)
        rows.append(Row("overview: dB on 512 log rows", times[0], name, times[1], difference))
    return rows


def _difference(clip: Clip, columns: NDArray[np.uint8], window: int, step: int) -> str:
    """Ours against librosa's levels of the same frames, put on the same rows, where a row holds whole bins."""
    lead = window // 2 - step // 2
    samples = np.pad(clip.samples, ((0, 0), (lead, 2 * window)))
    spectrum = np.abs(librosa.stft(samples, n_fft=window, hop_length=step, center=False))
    levels = librosa.amplitude_to_db(spectrum * (4 / window), ref=1.0, amin=1e-6, top_db=None).max(axis=0)
    hz = np.arange(window // 2 + 1) * RATE_HZ / window
    edges = 20.0 * (RATE_HZ / 40.0) ** (np.arange(513) / 512)
    worst, total, cells = 0.0, 0.0, 0
    for row, centre in enumerate(row_frequencies(512, 20.0, RATE_HZ / 2)):
        inside = (hz >= edges[row]) & (hz < edges[row + 1])
        if (edges[row + 1] - edges[row]) < 2 * RATE_HZ / window or not inside.any() or centre > 22_000:
            continue
        reference = np.maximum(levels[inside, : len(columns)].max(axis=0), -120.0)
        off = np.abs(level_db(columns[:, row]) - reference)
        worst, total, cells = max(worst, float(off.max())), total + float(off.sum()), cells + off.size
    return f"mean {total / cells:.2f}, at most {worst:.2f} dB (a byte's step is 0.5)"


def _zooms(path: Path, folder: Path) -> list[Row]:
    rows = []
    for seconds in ZOOMS_SECONDS:
        cold: list[float] = []
        cached: list[float] = []
        pictures: list[NDArray[np.int64]] = []
        for turn in range(5):
            tiles = folder / f"tiles-{seconds}-{turn}"
            for times in (cold, cached):
                taken, image = _seconds_until_finest(path, tiles, 90.0 + 7 * turn, seconds)
                times.append(taken)
                pictures.append(image.astype(np.int64))
        name = f"{1000 * seconds:g} ms of the track, from the disk's cache"
        off = f"{0.5 * max(np.abs(a - b).max() for a, b in zip(pictures[::2], pictures[1::2], strict=True)):g} dB"
        rows.append(
            Row(name, statistics.median(cached), "the same, seen for the first time", statistics.median(cold), off)
        )
    return rows


def _seconds_until_finest(
    path: Path, tiles: Path, start_seconds: float, seconds: float
) -> tuple[float, NDArray[np.uint32]]:
    spectrograms = Spectrograms(TileCache(tiles))
    track = spectrograms.open(path, lambda: None)
    _wait(lambda: track.state.fraction == 1.0)
    image = np.zeros((512, PIXELS), np.uint32)
    window = Window(start_seconds, seconds / PIXELS)
    draw(track, Window(0.0, SECONDS / PIXELS), _GREYS, image)
    began = time.perf_counter()
    _wait(lambda: _finest(track, window, image))
    taken = time.perf_counter() - began
    spectrograms.close()
    return taken, image


def _finest(track: TrackSpectrogram, window: Window, image: NDArray[np.uint32]) -> bool:
    return draw(track, window, _GREYS, image).finest


def _wait(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.001)


_GREYS = np.arange(256, dtype=np.uint32)
