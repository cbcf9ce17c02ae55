"""The report of a master: everything that was wanted, done, measured and proved, as JSON and as one page of PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonicforge_studio import __version__
from sonicforge_studio.audio import DELIVERY_FORMATS
from sonicforge_studio.domain import ChainSettings, Master, from_plain, to_plain
from sonicforge_studio.domain.chain import STAGES, DynamicsBand, EqBand
from sonicforge_studio.domain.errors import BadSetting, OutputExists
from sonicforge_studio.host.parts import Part
from sonicforge_studio.host.writing import output_error, write_bytes

if TYPE_CHECKING:
    from sonicforge_studio.studio.mastering import Mastered

_SUFFIXES = (".pdf", ".json")
_UNITS = ("hz", "db", "lu", "ms")


def report_files(path: Path) -> tuple[Path, ...]:
    """The files of a report at ``path``: a PDF has its JSON beside it. Raises ``BadSetting`` for another suffix."""
    if path.suffix.lower() not in _SUFFIXES:
        raise BadSetting(f'A report is a PDF or JSON, not "{path.name}".', hint="Name it report.pdf or report.json.")
    return (path,) if path.suffix.lower() == ".json" else (path, path.with_suffix(".json"))


def require_place(path: Path, *, overwrite: bool) -> None:
    """Before a long work. Raises ``OutputExists`` where a file of the report would replace one, ``OutputNotWritable``
    where none can be written, and ``BadSetting``."""
    for file in report_files(path):
        if file.exists() and not overwrite:
            raise OutputExists(f'There is already a file "{file}".')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Part(path).remove()
    except OSError as error:
        raise output_error(error, path) from error


def report_of(made: Mastered, original: Path) -> dict[str, Any]:
    """All of it as plain JSON: units stand in the names, what has no reading is null."""
    master: Master = made.master
    analysis = made.track.analysis
    report: dict[str, Any] = to_plain(
        {
            "studio_version": __version__,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "title": made.track.title,
            "artist": made.track.artist,
            "original": str(original),
            "duration_seconds": analysis.duration_seconds,
            "sample_rate_hz": analysis.sample_rate_hz,
            "channels": analysis.channels,
            **to_plain(master),
            "passed": all(proof.passed for proof in master.proof),
            "settings": made.settings,
            "curves": made.curves,
            "notes": made.notes,
        }
    )
    for proof in report["proof"]:
        proof["title"] = DELIVERY_FORMATS[proof["format"]].title
    return report


def write_report(path: Path, report: Mapping[str, Any], *, overwrite: bool) -> tuple[Path, ...]:
    """Write the report's files, each beside and renamed; where they stand. Raises ``OutputExists``, ``DiskFull`` or
    ``OutputNotWritable``."""
    require_place(path, overwrite=overwrite)
    files = report_files(path)
    for file in files:
        if file.suffix.lower() == ".json":
            content = json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8") + b"\n"
        else:
            # Only who asks for a page waits for the library that draws it.
            from sonicforge_studio.studio.report_page import page_of

            content = page_of(report)
        write_bytes(file, content)
    return files


def chain_in_short(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The stages that were on and not neutral, with what they are set to, in a few words each."""
    chain, neutral = from_plain(ChainSettings, settings), ChainSettings()
    lines = []
    for name in STAGES:
        stage, usual = getattr(chain, name), getattr(neutral, name)
        if not stage.on:
            continue
        words = []
        for entry in fields(stage):
            value = getattr(stage, entry.name)
            switched_off = value == 0.0 or (entry.name == "hum_db" and not stage.hum_hz)
            if "parameter" in entry.metadata and not switched_off:
                words.append(_words(entry.name, value, entry.metadata["parameter"].unit))
            elif "options" in entry.metadata and value != getattr(usual, entry.name):
                words.append(f"{value} {_plain_name(entry.name)}")
        words += _bands(stage)
        if words:
            lines.append((_plain_name(name), ", ".join(words)))
    return lines


def _bands(stage: Any) -> list[str]:
    words = []
    for number, band in enumerate(getattr(stage, "bands", ()), start=1):
        if not band.on:
            continue
        if isinstance(band, EqBand) and (band.gain_db or band.kind in ("low-cut", "high-cut", "notch")):
            words.append(f"{band.kind} {band.frequency_hz:g} Hz {band.gain_db:+.1f} dB")
        elif isinstance(band, DynamicsBand) and (band.ratio != 1.0 or band.gain_db):
            words.append(f"band {number} {band.ratio:g} : 1 over {band.threshold_lu:g} LU")
    return words


def _words(name: str, value: Any, unit: str) -> str:
    figures = "/".join(f"{figure:g}" for figure in (value if isinstance(value, tuple) else (value,)))
    return f"{_plain_name(name)} {figures} {unit}".strip().replace("-", "\N{MINUS SIGN}")


def _plain_name(name: str) -> str:
    words = name.split("_")
    return " ".join(words[:-1] if words[-1] in _UNITS and len(words) > 1 else words)
