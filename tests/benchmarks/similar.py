"""The nearest of 67,000 embeddings, beside FAISS and NumPy.

Real embeddings first: windows of the music in ``SONICFORGE_TEST_DATA`` (else of the built-in engine). The rest of the
67,000 lie between two windows of one piece, and a little beside them, which keeps the clusters that music has.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import SilentProgress, StudioError
from sonicforge_studio.generation import SynthEngine, compose, genre_book
from sonicforge_studio.kernels.nearest import unit_length
from sonicforge_studio.library._vectors import VectorFile

ROWS, DIMENSIONS = 67_000, 128
QUERIES, LIMIT = 1000, 10
KEPT_SHARE = 0.05
WINDOW_SECONDS, HOP_SECONDS = 5.0, 1.5
MOST_WINDOWS = 2500
_SUFFIXES = (".ogg", ".flac", ".wav", ".mp3")

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Search = Callable[[Float32], Int64]


def run() -> None:
    pieces = list(_pieces())
    windows = sum(piece.shape[0] for piece in pieces)
    rows, queries = _filled(pieces)
    kept = np.sort(np.random.default_rng(2).choice(ROWS, round(KEPT_SHARE * ROWS), replace=False))
    exact, exact_kept = _exact(rows, queries, np.arange(ROWS)), _exact(rows, queries, kept)
    table = Table(
        title=f"{ROWS:,} × {DIMENSIONS}: {windows} windows of {len(pieces)} pieces, and between them; {LIMIT} nearest, "
        f"asked by one thread; filtered: {KEPT_SHARE:.0%} kept",
        box=None, header_style="dim", title_justify="left",
    )  # fmt: skip
    for name in ("", "built s", "MB", "p50 ms", "p95 ms", "recall", "filtered p50", "p95", "recall"):
        table.add_column(name, justify="left" if not name else "right")
    with tempfile.TemporaryDirectory(prefix="sonicforge-bench-") as folder:
        for name, (make, _) in _METHODS.items():
            path = Path(folder) / name
            began = time.perf_counter()
            make(rows, path)
            built = time.perf_counter() - began
            # Opened by a program of its own, as at the next start: what it takes then is what the user pays.
            with get_context("spawn").Pool(1) as pool:
                megabytes, free, narrowed = pool.apply(_asked, (name, path, queries, kept, exact, exact_kept))
            table.add_row(name, f"{built:.2f}", f"{megabytes:.0f}", *free, *narrowed)
    Console(width=140).print(table)


def _asked(
    name: str, path: Path, queries: Float32, kept: Int64, exact: list[set[int]], exact_kept: list[set[int]]
) -> tuple[float, tuple[str, str, str], tuple[str, str, str]]:
    """Memory in MB when all was asked, and what was found how quickly."""
    faiss.omp_set_num_threads(1)
    # The kernels are compiled code in memory as well, and FAISS's are there already.
    few = VectorFile.of(np.arange(queries.shape[0]), queries, 0)
    few.nearest(queries[0], LIMIT, few.hiding(kept[:0]))
    few.nearest_among(queries[0], LIMIT, kept[:9])
    before = _resident_mb()
    search, filtered = _METHODS[name][1](path, kept)
    free, narrowed = _timed(search, queries, exact), _timed(filtered, queries, exact_kept)
    return _resident_mb() - before, free, narrowed


def _make_ours(rows: Float32, path: Path) -> None:
    VectorFile.of(np.arange(rows.shape[0]), rows, 0).write(path)


def _open_ours(path: Path, kept: Int64) -> tuple[Search, Search]:
    index = VectorFile.read(path)
    assert index is not None
    none = index.hiding(np.zeros(0, np.int64))
    return (
        lambda query: np.array([one for one, _ in index.nearest(query, LIMIT, none)]),
        lambda query: np.array([one for one, _ in index.nearest_among(query, LIMIT, kept)]),
    )


def _make_cells(rows: Float32, path: Path) -> None:
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(DIMENSIONS), DIMENSIONS, 256, faiss.METRIC_INNER_PRODUCT)
    index.train(rows)
    index.add(rows)
    faiss.write_index(index, str(path))


def _open_cells(path: Path, kept: Int64) -> tuple[Search, Search]:
    index = faiss.read_index(str(path))
    chosen = faiss.SearchParametersIVF(sel=faiss.IDSelectorBatch(kept), nprobe=8)
    return _of_faiss(index, faiss.SearchParametersIVF(nprobe=8)), _of_faiss(index, chosen)


def _make_graph(rows: Float32, path: Path) -> None:
    index = faiss.IndexHNSWFlat(DIMENSIONS, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 200
    index.add(rows)
    faiss.write_index(index, str(path))


def _open_graph(path: Path, kept: Int64) -> tuple[Search, Search]:
    index = faiss.read_index(str(path))
    chosen = faiss.SearchParametersHNSW(sel=faiss.IDSelectorBatch(kept), efSearch=64)
    return _of_faiss(index, faiss.SearchParametersHNSW(efSearch=64)), _of_faiss(index, chosen)


def _make_flat(rows: Float32, path: Path) -> None:
    index = faiss.IndexFlatIP(DIMENSIONS)
    index.add(rows)
    faiss.write_index(index, str(path))


def _open_flat(path: Path, kept: Int64) -> tuple[Search, Search]:
    index = faiss.read_index(str(path))
    return _of_faiss(index, None), _of_faiss(index, faiss.SearchParameters(sel=faiss.IDSelectorBatch(kept)))


def _make_array(rows: Float32, path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, rows)


def _open_array(path: Path, kept: Int64) -> tuple[Search, Search]:
    with path.open("rb") as file:
        rows = np.load(file)
    return (
        lambda query: np.argpartition(rows @ query, -LIMIT)[-LIMIT:],
        lambda query: kept[np.argpartition(rows[kept] @ query, -LIMIT)[-LIMIT:]],
    )


_METHODS: dict[str, tuple[Callable[[Float32, Path], None], Callable[[Path, Int64], tuple[Search, Search]]]] = {
    "ours: 256 cells, 8 probed, 8 bits, then exact": (_make_ours, _open_ours),
    "FAISS IVF256, 8 probed": (_make_cells, _open_cells),
    "FAISS HNSW, M 32, 200, 64": (_make_graph, _open_graph),
    "FAISS flat": (_make_flat, _open_flat),
    "NumPy": (_make_array, _open_array),
}


def _of_faiss(index: faiss.Index, chosen: faiss.SearchParameters | None) -> Search:
    def search(query: Float32) -> Int64:
        _, found = index.search(query[np.newaxis], LIMIT, params=chosen)
        places: Int64 = found[0]
        return places

    return search


def _exact(rows: Float32, queries: Float32, among: Int64) -> list[set[int]]:
    held = rows[among]
    return [set(among[np.argpartition(held @ query, -LIMIT)[-LIMIT:]].tolist()) for query in queries]


def _timed(search: Search, queries: Float32, exact: list[set[int]]) -> tuple[str, str, str]:
    search(queries[0])
    seconds, found = [], 0
    for query, wanted in zip(queries, exact, strict=True):
        began = time.perf_counter()
        places = search(query)
        seconds.append(time.perf_counter() - began)
        found += len(wanted & set(places.tolist()))
    half, most = np.percentile(1000.0 * np.array(seconds), [50, 95])
    return f"{half:.3f}", f"{most:.3f}", f"{found / (LIMIT * len(exact)):.4f}"


def _filled(pieces: list[Float32]) -> tuple[Float32, Float32]:
    """Rows of length 1, and queries near some of them."""
    dice = np.random.default_rng(1)
    windows = np.concatenate(pieces)
    owners = dice.integers(len(pieces), size=ROWS - windows.shape[0])
    between = np.empty((owners.size, DIMENSIONS), np.float32)
    for number, owner in enumerate(owners):
        piece = pieces[owner]
        one, other = piece[dice.integers(piece.shape[0], size=2)]
        between[number] = one + dice.uniform() * (other - one)
    between += 0.3 * dice.standard_normal(between.shape).astype(np.float32)
    rows = unit_length(np.concatenate([windows, between]))
    queries = windows[dice.integers(windows.shape[0], size=QUERIES)]
    queries = queries + 0.3 * dice.standard_normal(queries.shape).astype(np.float32)
    return rows, unit_length(queries)


def _pieces() -> Iterator[Float32]:
    """The embeddings of overlapping windows, piece by piece, until there are enough."""
    count = 0
    for samples, rate_hz in _music():
        frames, hop = round(WINDOW_SECONDS * rate_hz), round(HOP_SECONDS * rate_hz)
        found = []
        for start in range(0, max(1, samples.shape[1] - frames + 1), hop):
            analyser = TrackAnalyser(rate_hz, samples.shape[0])
            analyser.add(samples[:, start : start + frames])
            embedding = analyser.finish().embedding
            if embedding:
                found.append(embedding)
        if found:
            count += len(found)
            yield np.array(found, np.float32)
        if count >= MOST_WINDOWS:
            return


def _music() -> Iterator[tuple[Float32, int]]:
    data = os.environ.get("SONICFORGE_TEST_DATA")
    kinds = ("music", "songs", "loops", "samples")
    files = [path for kind in kinds for path in sorted(Path(data, kind).glob("*"))] if data else []
    for path in files:
        if path.suffix in _SUFFIXES:
            try:
                with open_source(path) as source:
                    yield source.read(60 * source.sample_rate_hz), source.sample_rate_hz
            except StudioError:
                continue
    for seed, genre in enumerate(sorted(genre_book()) * 4):
        concept = compose(f"{genre.replace('-', ' ')}, 40 s")
        clip = SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
        yield clip.samples, clip.sample_rate_hz


def _resident_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    found = re.search(r"VmRSS:\s*(\d+)", status.read_text())
    return 0.0 if found is None else int(found[1]) / 1024
