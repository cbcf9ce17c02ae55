"""`analyze`, `fingerprint` and `duplicates`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Paths, Workers
from sonicforge_studio.cli.output import Output, one_bar, printable
from sonicforge_studio.cli.session import each_input, studio_session
from sonicforge_studio.cli.tables import clock, grid, number
from sonicforge_studio.domain import Progress

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio
    from sonicforge_studio.studio.measuring import Measurement


def register(app: typer.Typer) -> None:
    app.command()(analyze)
    app.command()(fingerprint)
    app.command()(duplicates)


def analyze(paths: Paths, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Measure tempo, beats, key, loudness, peaks and features of files."""
    from sonicforge_studio.studio.report import analysis_fields

    output = Output(json)
    rows: list[dict[str, Any]] = []

    def use(given: str, path: Path, result: tuple[Measurement, float]) -> None:
        measurement, seconds = result
        analysis = studio.importer.as_wanted(path, measurement)
        fields = {"path": given, **analysis_fields(analysis), "elapsed_seconds": seconds}
        if json:
            output.item(fields, Table)
        else:
            rows.append(fields)

    with studio_session(home) as studio:
        each_input(
            paths, output, _timed(studio, force), use, workers=workers, verb="Analysing",
            seconds_of=lambda result: result[0].analysis.duration_seconds,
            measurer=studio.measurer, force=force,
        )  # fmt: skip
    if rows:
        output.table(_analysis_table(sorted(rows, key=lambda row: row["path"])))
    return output.exit_code


def fingerprint(
    paths: Paths, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False
) -> int:
    """Print the AcoustID fingerprint of files."""
    output = Output(json)

    def use(given: str, path: Path, result: tuple[Measurement, float]) -> None:
        measurement, seconds = result
        duration = measurement.analysis.duration_seconds
        fields = {
            "path": given,
            "duration_seconds": duration,
            "fingerprint": measurement.fingerprint,
            "elapsed_seconds": seconds,
        }
        text = f"FILE={printable(given)}\nDURATION={duration:.0f}\nFINGERPRINT={measurement.fingerprint}"
        output.item(fields, lambda: text)

    with studio_session(home) as studio:
        each_input(
            paths, output, _timed(studio, force), use, workers=workers, verb="Fingerprinting",
            measurer=studio.measurer, force=force,
        )  # fmt: skip
    return output.exit_code


def duplicates(
    paths: Paths, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False
) -> int:
    """Find files that are the same music."""
    from sonicforge_studio.studio.finding import related
    from sonicforge_studio.studio.report import pair_fields

    output = Output(json)
    began = time.perf_counter()
    measured: list[tuple[str, Measurement]] = []
    with studio_session(home) as studio:
        each_input(
            paths,
            output,
            lambda path, progress: studio.measurer.measure(path, progress, force=force),
            lambda given, path, measurement: measured.append((given, measurement)),
            workers=workers,
            verb="Listening",
            measurer=studio.measurer,
            force=force,
        )
        measured.sort(key=lambda pair: pair[0])
        with one_bar(output, "Comparing") as progress:
            pairs = related(measured, progress)
    rows = [pair_fields(pair) for pair in pairs]
    fields = {
        "path": paths[0] if len(paths) == 1 else None,
        "paths": list(paths),
        "pairs": rows,
        "elapsed_seconds": time.perf_counter() - began,
    }
    output.item(fields, lambda: _pairs_table(rows) if rows else "No duplicates.")
    return output.exit_code


def _timed(studio: Studio, force: bool) -> Callable[[Path, Progress], tuple[Measurement, float]]:
    def measure(path: Path, progress: Progress) -> tuple[Measurement, float]:
        began = time.perf_counter()
        measurement = studio.measurer.measure(path, progress, force=force)
        return measurement, time.perf_counter() - began

    return measure


def _analysis_table(rows: list[dict[str, Any]]) -> Table:
    return grid(
        ["File"],
        ["Length", "BPM", "Key", "Camelot", "LUFS", "LRA", "dBTP", "Centroid Hz"],
        [
            [
                printable(row["path"]),
                clock(row["duration_seconds"]),
                number(row["tempo_bpm"], 1),
                row["key"] or "–",
                row["camelot"] or "–",
                number(row["integrated_lufs"], 1),
                number(row["loudness_range_lu"], 1),
                number(row["true_peak_dbtp"], 1),
                number(row["features"].get("spectral_centroid_hz"), 0),
            ]
            for row in rows
        ],
    )


def _pairs_table(pairs: list[dict[str, Any]]) -> Table:
    return grid(
        ["A", "B", "Kind"],
        ["Score", "Offset s"],
        [
            [
                printable(pair["a"]),
                printable(pair["b"]),
                pair["kind"].replace("_", " "),
                number(pair["score"], 2),
                number(pair["offset_seconds"], 1),
            ]
            for pair in pairs
        ],
    )
