"""Delivery on many pieces: loudness as ffmpeg measures it, the ceiling behind every codec, no clipped sample.

Music from ``SONICFORGE_TEST_DATA`` where that is there, pieces of the built-in engine, and sounds that nobody would
master. ``SONICFORGE_BENCH_PIECES`` says how many, 20 unless it is set.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import SilentProgress, StudioError
from sonicforge_studio.generation import SynthEngine, compose, genre_book
from sonicforge_studio.studio import build_studio
from sonicforge_studio.studio.mastering import ALL_FORMATS, MasterRequest
from tests.judges import ebur128
from tests.sounds import groove, write

RATE_HZ = 44_100
SECONDS = 12
PROVED_SECONDS = 180
TARGETS = ("spotify", "apple-music", "spotify-loud", "club")
_SUFFIXES = (".ogg", ".flac", ".wav", ".mp3")
Block = NDArray[np.float32]


def run() -> None:
    wanted = int(os.environ.get("SONICFORGE_BENCH_PIECES", "20"))
    with tempfile.TemporaryDirectory(prefix="sonicforge-bench-") as folder:
        pieces = [path for _, path in zip(range(wanted), _pieces(Path(folder), wanted), strict=False)]
        with build_studio(Path(folder) / "home") as studio:
            found = []
            for number, path in enumerate(pieces):
                request = MasterRequest(
                    path=str(path),
                    out=str(Path(folder) / f"master {number}.wav"),
                    target=TARGETS[number % len(TARGETS)],
                    proof=ALL_FORMATS,
                )
                try:
                    made = studio.mastering.master(request, SilentProgress())
                except StudioError as error:
                    found.append((path.stem, request.target, math.nan, math.nan, 0, error.message))
                    continue
                off_lu = ebur128(made.master.files[0]).integrated_lufs - made.master.target.integrated_lufs
                over_db = max(
                    proof.loudness.true_peak_dbtp - made.master.target.ceiling_dbtp for proof in made.master.proof
                )
                clipped = sum(proof.clipped_samples for proof in made.master.proof)
                said = " ".join([*(f"{proof.format}: {proof.reason}" for proof in made.master.proof if proof.reason)])
                found.append((path.stem, request.target, off_lu, over_db, clipped, said or " ".join(made.notes)))
    _show(found)


def run_proofs() -> None:
    """What each proof of a piece of usual length takes beyond its encoder, several of them side by side."""
    with tempfile.TemporaryDirectory(prefix="sonicforge-bench-") as folder:
        path = write(Path(folder) / "track.wav", np.tile(groove(PROVED_SECONDS / 9), (1, 9)), RATE_HZ)
        with build_studio(Path(folder) / "home") as studio:
            for formats in ((), ALL_FORMATS):
                request = MasterRequest(str(path), str(Path(folder) / f"{len(formats)}.wav"), proof=formats)
                began = time.perf_counter()
                made = studio.mastering.master(request, SilentProgress())
                print(f"{len(formats)} formats beside the file: {time.perf_counter() - began:.1f} s in all")
    table = Table(title=f"Proofs of {PROVED_SECONDS} s", box=None, header_style="dim", title_justify="left")
    for name in ("Format", "encoder s", "decoded and measured s"):
        table.add_column(name, justify="left" if name == "Format" else "right")
    for proof in made.master.proof:
        table.add_row(proof.format, f"{proof.encoder_seconds:.2f}", f"{proof.check_seconds:.2f}")
    Console(width=120).print(table)


def _show(found: list[tuple[str, str, float, float, int, str]]) -> None:
    readable = [row for row in found if math.isfinite(row[2])]
    near = sum(abs(row[2]) <= 0.1 for row in readable)
    under = sum(row[3] <= 0.0 for row in found)
    print(
        f"{len(found)} pieces, {len(ALL_FORMATS)} formats each: {near} of {len(readable)} that have a loudness within "
        f"0.1 LU, {under} under the ceiling behind every codec, {sum(row[4] for row in found)} clipped samples"
    )
    table = Table(title="Those off, or with something to say", box=None, header_style="dim", title_justify="left")
    for name in ("Piece", "Target", "LU off", "dB to the ceiling", "Clipped", "What is said"):
        table.add_column(name, justify="right" if name[0] in "Ld" and name != "Piece" else "left")
    for stem, target, off_lu, over_db, clipped, said in found:
        if said or not abs(off_lu) <= 0.1 or over_db > 0.0:
            table.add_row(stem[:34], target, f"{off_lu:+.2f}", f"{over_db:+.2f}", str(clipped), said[:120])
    Console(width=220).print(table)


def _pieces(folder: Path, wanted: int) -> Iterator[Path]:
    """A third music, a third of the engine, and the rest torture."""
    music, torture = list(_music(folder, wanted // 2)), list(_torture(folder))
    yield from torture[: max(1, wanted // 3)]
    yield from music
    yield from _forged(folder)
    yield from torture[max(1, wanted // 3) :]


def _music(folder: Path, most: int) -> Iterator[Path]:
    data = os.environ.get("SONICFORGE_TEST_DATA")
    if not data:
        return
    files = sorted(
        path
        for kind in ("music", "songs", "samples")
        for path in Path(data, kind).glob("*")
        if path.suffix in _SUFFIXES
    )
    for path in files[:: max(1, len(files) // max(1, most))][:most]:
        try:
            with open_source(path) as source:
                source.seek(max(0, (source.frames or 0) // 2 - SECONDS * source.sample_rate_hz // 2))
                yield write(
                    folder / f"{path.stem}.wav", source.read(SECONDS * source.sample_rate_hz), source.sample_rate_hz
                )
        except StudioError:
            continue


def _forged(folder: Path) -> Iterator[Path]:
    for number, genre in enumerate(sorted(genre_book())):
        concept = compose(f"{genre.replace('-', ' ')}, {SECONDS} s")
        clip = SynthEngine().render(concept, number, SilentProgress()).mix.clip()
        yield write(folder / f"forged {genre}.wav", clip.samples, clip.sample_rate_hz)


def _torture(folder: Path) -> Iterator[Path]:
    times = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    random = np.random.default_rng(8)
    noise = random.standard_normal((2, times.size))
    clicks = np.zeros((2, times.size))
    clicks[:, ::RATE_HZ] = 1.0
    square = np.sign(np.sin(2 * np.pi * 220 * times))
    sounds = {
        "square wave": 0.9 * np.stack([square, square]),
        "clipped noise": np.clip(2.0 * noise, -1.0, 1.0),
        "clicks once a second": clicks,
        "whisper": 10 ** (-46 / 20) * groove(SECONDS),
        "50 ms": groove(1)[:, : RATE_HZ // 20],
        "mono": groove(SECONDS)[:1],
        "six channels": np.concatenate([groove(SECONDS)] * 3),
        "offset": 0.3 * groove(SECONDS) + 0.5,
        "out of phase": groove(SECONDS) * np.array([[1.0], [-1.0]]),
        "high tones": 0.4 * np.stack([np.sin(2 * np.pi * 11_000 * times), np.sin(2 * np.pi * 15_000 * times)]),
        "bass alone": 0.9 * np.stack([np.sin(2 * np.pi * 45 * times)] * 2),
        "silence": np.zeros((2, times.size)),
    }
    for name, samples in sounds.items():
        soundfile.write(folder / f"{name}.wav", samples.T, RATE_HZ, subtype="FLOAT")
        yield folder / f"{name}.wav"
