"""Measuring 180 s of stereo, beside the libraries one would use instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import essentia
import essentia.standard
import numpy as np

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.audio import open_source, read_clip
from sonicforge_studio.domain import Clip, Progress, StudioError
from sonicforge_studio.fingerprints import decompress, fingerprint_clip
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.jobs import run_many
from sonicforge_studio.studio.blocks import each_block
from sonicforge_studio.studio.measuring import Measurer
from tests.benchmarks.tables import Row, in_turns, show
from tests.sounds import groove, write

SECONDS = 180
TRACKS = 12
BLOCK_FRAMES = 65536


def run() -> None:
    essentia.log.infoActive = False
    clip = Clip(groove(SECONDS, 124.0), 44100)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "track.flac", clip.samples)
        rows = [_beside_degara(clip), _beside_multifeature(clip)]
        if shutil.which("ffmpeg"):
            rows.append(_decode(path))
        if shutil.which("fpcalc"):
            rows.append(_fingerprint(clip, path))
    show(f"Measuring {SECONDS} s of stereo at 44.1 kHz", rows)
    with tempfile.TemporaryDirectory() as folder:
        tracks = [
            write(Path(folder) / f"{index}.flac", groove(SECONDS, 90.0 + 5 * index, seed=index), subtype="PCM_16")
            for index in range(TRACKS)
        ]
        show(f"{TRACKS} tracks of {SECONDS} s (FLAC)", _batches(tracks, Cache(Path(folder) / "cache")))


def _measured(clip: Clip) -> Measured:
    analyser = TrackAnalyser(clip.sample_rate_hz, clip.channels)
    for start in range(0, clip.frames, BLOCK_FRAMES):
        analyser.add(clip.samples[:, start : start + BLOCK_FRAMES])
    return analyser.finish()


def _beside_degara(clip: Clip) -> Row:
    """All of ours against the faster of Essentia's rhythm extractors alone, both on one thread, decoded."""
    mono = clip.mono()
    reference = essentia.standard.RhythmExtractor2013(method="degara")
    found, other = _measured(clip), reference(mono)
    times = in_turns(lambda: _measured(clip), lambda: reference(mono), 7)
    difference = f"{found.tempo.bpm} and {other[0]:.1f} BPM, {len(found.tempo.beats_seconds)} and {len(other[1])} beats"
    return Row("everything", times[0], "Essentia degara: beats alone", times[1], difference)


def _beside_multifeature(clip: Clip) -> Row:
    mono = clip.mono()

    def ours() -> tuple[float | None, str]:
        measured = _measured(clip)
        return measured.tempo.bpm, str(measured.key.key)

    def reference() -> tuple[float, str]:
        bpm = essentia.standard.RhythmExtractor2013(method="multifeature")(mono)[0]
        key, scale, _ = essentia.standard.KeyExtractor()(mono)
        return float(bpm), f"{key} {scale}"

    (bpm, key), (other_bpm, other_key) = ours(), reference()
    times = in_turns(ours, reference, 3)
    difference = f"{bpm} and {other_bpm:.1f} BPM, {key} and {other_key}"
    return Row("the same", times[0], "Essentia multifeature, key", times[1], difference)


def _batches(tracks: list[Path], cache: Cache) -> list[Row]:
    """Whole files as an import measures them: decoded, hashed, fingerprinted; and how far the machine lets us go.

    One beside two threads: two are no more than the cores that are free.
    """
    measurer = Measurer(cache)

    def measure(path: Path, progress: Progress) -> object:
        return measurer.measure(path, progress, force=True)

    def decode(path: Path, progress: Progress) -> int:
        with open_source(path) as source:
            return each_block(source, progress, lambda block: None, "")

    def over_all(work: Callable[[Path, Progress], object], workers: int) -> None:
        for _, result in run_many(tracks, work, workers=workers):
            if isinstance(result, StudioError):
                raise result

    two, one = in_turns(lambda: over_all(measure, 2), lambda: over_all(measure, 1), 3)
    bound, _ = in_turns(lambda: over_all(decode, 2), lambda: None, 3)
    per_hundred = f"100 such tracks: {100 * two / len(tracks):.1f} s; decoding alone {100 * bound / len(tracks):.1f} s"
    return [
        Row("measured on two threads", two, "on one thread", one, f"{os.cpu_count()} cores"),
        Row("measured on two threads", two, "bound: decoded on two threads", bound, per_hundred),
    ]


def _decode(path: Path) -> Row:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "f32le", os.devnull, "-y"]
    times = in_turns(lambda: read_clip(path), lambda: subprocess.run(command, check=True), 3)
    return Row("decode FLAC", times[0], "ffmpeg -f f32le", times[1], "same samples (a test)")


def _fingerprint(clip: Clip, path: Path) -> Row:
    command = ["fpcalc", "-length", "0", "-raw", "-plain", str(path)]

    def reference() -> str:
        # Its exit status tells of the end of the file as of an error; what it prints is whole.
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    theirs = np.array([int(word) for word in reference().split(",")], np.uint32)
    ours = decompress(fingerprint_clip(clip).text)
    words = min(len(theirs), len(ours))
    different = np.bitwise_count(theirs[:words] ^ np.asarray(ours)[:words]).sum() / (32 * words)
    times = in_turns(lambda: fingerprint_clip(read_clip(path)), reference, 3)
    return Row("fingerprint, with decoding", times[0], "fpcalc -length 0", times[1], f"{different:.4%} of bits")


if __name__ == "__main__":
    began = time.perf_counter()
    run()
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
