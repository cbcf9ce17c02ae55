"""The nine named kernels beside what one would use instead, at the sizes of a three-minute track or a full library.

Where the factor that the design hoped for is not reached, the row shows what memory allows: the time of a plain copy of
the same bytes, in the same run, and how near to it the kernel is.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import librosa
import numpy as np
import pandas
import scipy.signal
import scipy.stats
import sklearn.preprocessing
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from sonicforge_studio.kernels.centroid import spectral_centroid
from sonicforge_studio.kernels.crossings import zero_crossing_rate
from sonicforge_studio.kernels.flux import spectral_flux
from sonicforge_studio.kernels.normalise import standardise_columns
from sonicforge_studio.kernels.peaks import pick_peaks
from sonicforge_studio.kernels.profiles import best_keys, profile_correlations
from sonicforge_studio.kernels.rolling import rolling_mean
from sonicforge_studio.kernels.similarity import cosine_similarity
from tests.benchmarks.tables import Row, in_turns
from tests.sounds import groove

SECONDS = 180
RATE_HZ = 44_100
WINDOW, HOP = 2048, 1024
LIBRARY = 10_000
EMBEDDING = 128
SERIES = 10_000_000
KEY_PROFILES = np.array([
    [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
])  # fmt: skip
TURNED = np.array([np.roll(profile, tonic) for profile in KEY_PROFILES for tonic in range(12)])

_QUICK_SECONDS = 0.3

Array = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Claimed:
    """A row, the factor that the design hoped for, and the time of a copy of the bytes that go in and come out."""

    row: Row
    claim: float
    copy_seconds: float


def run() -> None:
    with threadpool_limits(1):
        _run()


def _run() -> None:
    wave = groove(SECONDS, 124.0).mean(axis=0)
    spectrum = np.abs(librosa.stft(wave, n_fft=WINDOW, hop_length=HOP, center=False)).astype(np.float32)
    mel_db = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=RATE_HZ, hop_length=512)).astype(np.float32)
    chroma = librosa.feature.chroma_stft(S=spectrum**2, sr=RATE_HZ, n_fft=WINDOW).T.astype(np.float64)
    table = np.random.default_rng(1).normal(3.0, 2.0, (LIBRARY, EMBEDDING)).astype(np.float32)
    series = np.random.default_rng(2).standard_normal(SERIES)
    envelope = librosa.onset.onset_strength(y=wave, sr=RATE_HZ, hop_length=256).astype(np.float64)
    _show(
        [
            _key_profiles(chroma),
            _best_key(chroma),
            _centroid(spectrum),
            _crossings(wave),
            *_normalise(table),
            *_similarity(table),
            *_rolling(envelope, series),
            _onsets(mel_db),
            _peaks(envelope),
        ]
    )


def _beside(
    name: str,
    claim: float,
    ours: Callable[[], Array],
    reference: str,
    theirs: Callable[[], Array],
    inputs: tuple[Array, ...],
    rounds: int = 9,
) -> Claimed:
    mine, other = ours(), theirs()
    off = float(np.max(np.abs(mine.astype(np.float64) - other), initial=0.0))
    most = float(np.max(np.abs(other), initial=0.0))
    seconds, reference_seconds = in_turns(ours, reference=theirs, rounds=rounds)
    row = Row(name, seconds, reference, reference_seconds, f"{off:.1e} of {most:.4g}")
    before = theirs if reference_seconds < _QUICK_SECONDS else ours
    return Claimed(row, claim, _copy_seconds((*inputs, mine), before))


def _copy_seconds(arrays: tuple[Array, ...], before: Callable[[], Array], rounds: int = 9) -> float:
    """Half of what goes in and comes out is read, half written: a copy of so many bytes from one array to another.

    The reference runs ``before`` each, so that the copy finds the caches as the kernel found them.
    """
    size = max(1, sum(array.nbytes for array in arrays) // 2)
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    taken = []
    for _ in range(rounds):
        before()
        began = time.perf_counter()
        np.copyto(target, source)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _key_profiles(chroma: NDArray[np.float64]) -> Claimed:
    def theirs() -> Array:
        return np.array([np.corrcoef(frame, TURNED)[0, 1:] for frame in chroma])

    name = f"chroma against key profiles: {len(chroma):,} × 24"
    return _beside(
        name, 50, lambda: profile_correlations(chroma, TURNED), "np.corrcoef, frame by frame", theirs, (chroma,), 3
    )


def _best_key(chroma: NDArray[np.float64]) -> Claimed:
    few = chroma[:1000]

    def theirs() -> Array:
        found = []
        for frame in few:
            best, highest = 0, -2.0
            for index, profile in enumerate(TURNED):
                fit = np.corrcoef(frame, profile)[0, 1]
                if fit > highest:
                    best, highest = index, fit
            found.append(best)
        return np.array(found, np.float64)

    name = f"best key match: {len(few):,} frames"
    return _beside(name, 100, lambda: best_keys(few, KEY_PROFILES).key, "Python loop, np.corrcoef", theirs, (few,), 1)


def _centroid(spectrum: NDArray[np.float32]) -> Claimed:
    frames = spectrum.T  # librosa keeps a frame's bins side by side in memory, as we do: neither of us copies

    def theirs() -> Array:
        return librosa.feature.spectral_centroid(S=spectrum, sr=RATE_HZ, n_fft=WINDOW)[0]

    name = f"spectral centroid: {frames.shape[0]:,} × {frames.shape[1]:,}"
    return _beside(
        name,
        30,
        lambda: spectral_centroid(frames, RATE_HZ / WINDOW),
        "librosa spectral_centroid(S=…)",
        theirs,
        (frames,),
    )


def _crossings(wave: NDArray[np.float32]) -> Claimed:
    def theirs() -> Array:
        return librosa.feature.zero_crossing_rate(wave, frame_length=WINDOW, hop_length=512, center=False)

    return _beside(
        f"zero-crossing rate: {SECONDS} s",
        20,
        lambda: zero_crossing_rate(wave[np.newaxis], WINDOW, 512),
        "librosa zero_crossing_rate",
        theirs,
        (wave,),
        3,
    )


def _normalise(table: NDArray[np.float32]) -> list[Claimed]:
    scaler = sklearn.preprocessing.StandardScaler()
    name = f"column normalise: {LIBRARY:,} × {EMBEDDING}"
    references: dict[str, Callable[[], Array]] = {
        "sklearn StandardScaler": lambda: scaler.fit_transform(table),
        "scipy.stats.zscore": lambda: scipy.stats.zscore(table, axis=0),
    }
    return [
        _beside(name, 15, lambda: standardise_columns(table), reference, theirs, (table,))
        for reference, theirs in references.items()
    ]


def _similarity(table: NDArray[np.float32]) -> list[Claimed]:
    centred = table - table.mean(axis=0)
    rows = []
    for count in (1, 100):
        queries = centred[:count]

        def ours(queries: NDArray[np.float32] = queries) -> Array:
            return cosine_similarity(queries, centred)

        def theirs(queries: NDArray[np.float32] = queries) -> Array:
            return 1.0 - cdist(queries, centred, "cosine")

        name = f"cosine similarity: {count} with {LIBRARY:,} × {EMBEDDING}"
        rows.append(_beside(name, 10, ours, "scipy cdist cosine", theirs, (queries, centred)))
    return rows


def _rolling(envelope: NDArray[np.float64], series: NDArray[np.float64]) -> list[Claimed]:
    rows = []
    for values, frames in ((envelope, 257), (series, 1025)):
        wrapped = pandas.Series(values)

        def ours(values: NDArray[np.float64] = values, frames: int = frames) -> Array:
            return rolling_mean(values, frames)

        def theirs(wrapped: pandas.Series = wrapped, frames: int = frames) -> Array:
            return np.asarray(wrapped.rolling(frames, center=True, min_periods=1).mean())

        name = f"rolling mean over {frames}: {values.size:,}"
        rows.append(_beside(name, 25, ours, "pandas rolling().mean()", theirs, (values,), 5))
    return rows


def _onsets(mel_db: NDArray[np.float32]) -> Claimed:
    frames = np.ascontiguousarray(mel_db.T)

    def theirs() -> Array:
        return librosa.onset.onset_strength(S=mel_db, center=False)

    name = f"onset strength: {frames.shape[0]:,} × {frames.shape[1]}"
    return _beside(name, 20, lambda: spectral_flux(frames), "librosa onset_strength(S=…)", theirs, (frames,))


def _peaks(envelope: NDArray[np.float64]) -> Claimed:
    height, distance, prominence = float(envelope.mean()), 8, 0.5 * float(envelope.std())

    def ours() -> Array:
        return pick_peaks(envelope, height=height, distance=distance, prominence=prominence).astype(np.float64)

    def theirs() -> Array:
        found = scipy.signal.find_peaks(envelope, height=height, distance=distance, prominence=prominence)
        return found[0].astype(np.float64)

    return _beside(f"peak picking: {envelope.size:,} frames", 15, ours, "scipy.signal.find_peaks", theirs, (envelope,))


def _show(rows: list[Claimed]) -> None:
    table = Table(title="Kernels, one thread", box=None, header_style="dim", title_justify="left")
    for name in ("Kernel", "Ours ms", "Reference", "Its ms", "Faster by", "Claim", "Greatest difference", "Bound"):
        table.add_column(name, justify="right" if name.endswith(("ms", "by", "Claim")) else "left", no_wrap=True)
    for claimed in rows:
        row = claimed.row
        reached = row.ratio >= claimed.claim
        near = claimed.copy_seconds / row.ours_seconds
        table.add_row(
            row.name,
            f"{1e3 * row.ours_seconds:.3f}",
            row.reference,
            f"{1e3 * row.reference_seconds:.2f}",
            f"{row.ratio:.1f}×",
            f"{claimed.claim:g}×",
            row.difference,
            "" if reached else f"a copy: {1e3 * claimed.copy_seconds:.3f} ms, {100 * near:.0f} % of ours",
        )
    Console(width=220).print(table)
    missed = [claimed for claimed in rows if claimed.row.ratio < claimed.claim]
    print(f"{len(rows) - len(missed)} of {len(rows)} rows reach the claim.")
