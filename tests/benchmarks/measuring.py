"""Measuring 180 s of stereo, beside the libraries one would use instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import essentia
import essentia.standard
import numpy as np

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.audio import read_clip
from sonicforge_studio.domain import Clip
from sonicforge_studio.fingerprints import decompress, fingerprint_clip
from tests.benchmarks.tables import Row, in_turns, show
from tests.sounds import groove, write

SECONDS = 180
BLOCK_FRAMES = 65536


def run() -> None:
    essentia.log.infoActive = False
    clip = Clip(groove(SECONDS, 124.0), 44100)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "track.flac", clip.samples)
        rows = [_analysis(clip)]
        if shutil.which("ffmpeg"):
            rows.append(_decode(path))
        if shutil.which("fpcalc"):
            rows.append(_fingerprint(clip, path))
    show(f"Measuring {SECONDS} s of stereo at 44.1 kHz", rows)


def _analysis(clip: Clip) -> Row:
    mono = clip.mono()

    def ours() -> tuple[float | None, str]:
        analyser = TrackAnalyser(clip.sample_rate_hz, clip.channels)
        for start in range(0, clip.frames, BLOCK_FRAMES):
            analyser.add(clip.samples[:, start : start + BLOCK_FRAMES])
        measured = analyser.finish()
        return measured.tempo.bpm, str(measured.key.key)

    def reference() -> tuple[float, str]:
        bpm = essentia.standard.RhythmExtractor2013(method="multifeature")(mono)[0]
        key, scale, _ = essentia.standard.KeyExtractor()(mono)
        return float(bpm), f"{key} {scale}"

    (bpm, key), (other_bpm, other_key) = ours(), reference()
    times = in_turns(ours, reference, 3)
    difference = f"{bpm} and {other_bpm:.1f} BPM, {key} and {other_key}"
    return Row("tempo, beats, key, loudness, features", times[0], "Essentia: tempo, beats, key", times[1], difference)


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
