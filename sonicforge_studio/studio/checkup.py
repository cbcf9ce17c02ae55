"""What the machine offers, and what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import numba

from sonicforge_studio import __version__
from sonicforge_studio.audio import system_devices
from sonicforge_studio.domain import StudioError
from sonicforge_studio.studio.compose import Studio, build_studio

_LITTLE_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, whether that is good, and where not, what to do."""

    check: str
    ok: bool
    value: str
    hint: str = ""


def look_over(home: str | Path | None = None) -> list[Finding]:
    """Every check, quick ones only; none of them changes anything. What is wrong with the data folder ``home`` is a
    finding too."""
    return [*_machine(), *_data(home), _neural()]


def _machine() -> list[Finding]:
    return [
        Finding("SonicForge Studio", True, __version__),
        Finding("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding("Processor cores", True, str(os.cpu_count() or 1)),
        Finding(
            "Decoders", True, f"PyAV {av.__version__}, FFmpeg libavcodec {_version(av.library_versions['libavcodec'])}"
        ),
        Finding("Kernels", True, f"Numba {numba.__version__}, cache in {os.environ['NUMBA_CACHE_DIR']}"),
        Finding("Database", True, f"SQLite {sqlite3.sqlite_version}"),
        _sound(),
        _inputs(),
    ]


def _data(home: str | Path | None) -> list[Finding]:
    try:
        with build_studio(home) as studio:
            return [
                _disk(studio),
                Finding("Library", True, f"{studio.library.count()} tracks in {studio.folders.database}"),
                _cache(studio),
            ]
    except StudioError as error:
        return [Finding("Library", False, error.message, error.hint)]


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _sound() -> Finding:
    found = system_devices().outputs()
    if found:
        return Finding("Sound device", True, ", ".join(device.name for device in found[:3]))
    return Finding("Sound device", False, "none", "Connect one to hear something; everything else works without.")


def _inputs() -> Finding:
    found = system_devices().inputs()
    hint = "" if found else "Connect a microphone or an interface to record."
    return Finding("Recording from", bool(found), ", ".join(device.name for device in found[:3]) or "none", hint)


def _disk(studio: Studio) -> Finding:
    free = shutil.disk_usage(studio.folders.home).free
    enough = free > _LITTLE_DISK_BYTES
    value = f"{studio.folders.home}, {free / 1e9:.1f} GB free"
    return Finding("Data folder", enough, value, "" if enough else "Free some space: masters are large.")


def _cache(studio: Studio) -> Finding:
    rates = studio.cache.all_hit_rates()
    value = f"{rates.hit_rate:.0%} hits of {rates.lookups} look-ups, {rates.memory_hits} of them in memory"
    return Finding("Cache of measurements", True, value if rates.lookups else "not asked yet")


def _neural() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding(
            "PyTorch", True, "not installed", "Only neural engines need it: pip install sonicforge-studio[neural]"
        )
    loaded = sys.modules.get("torch")
    return Finding("PyTorch", True, getattr(loaded, "__version__", "installed"))
