"""What is known of the real audio, and which third of it is kept aside for reporting.

Weights and thresholds are fitted on the other two thirds only, so that what the tables say of the held-out third is
what may be expected of music that nobody has measured yet.
"""

from __future__ import annotations

import csv
import re
import zlib
from pathlib import Path, PurePosixPath

MUSICAL_FOLDERS = ("loops", "samples", "songs", "music")
TRUSTED_GRADES = ("A", "B")
"""By construction, by the maker's word or by a length of whole beats; what is graded C is open to another reading."""

_VARIANT = re.compile(r"( - \d+ BPM|\.hq|_full|\d+)$")
_SONG_TEMPO = re.compile(r"_0*(\d+)(?:_|bpm|-)")


def group(file: str | Path) -> str:
    """The name of all files that may hold the same playing: they are held out together or not at all.

    That is the file's name without what tells encodings, tempi, excerpts and takes of one pattern apart. The songs
    were put together from one collection of loops, of the same tempo each: there the tempo is the group.
    """
    path = PurePosixPath(str(file).replace("\\", "/"))
    name = path.stem
    if path.parent.name == "songs" and (tempo := _SONG_TEMPO.search(path.name)):
        return f"songs at {tempo[1]} BPM"
    while (shorter := _VARIANT.sub("", name)) != name and shorter:
        name = shorter
    return name


def held_out(file: str | Path) -> bool:
    """Whether a file of ``truth.csv`` is kept aside for reporting and never fitted on: by its name, a third are."""
    return zlib.crc32(group(file).encode()) % 3 == 0


def rows(folder: Path) -> list[dict[str, str]]:
    """The lines of ``truth.csv`` about music, each with its ``file`` below ``folder``."""
    with (folder / "truth.csv").open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["file"].split("/")[0] in MUSICAL_FOLDERS]


def trusted(folder: Path, column: str, grade: str) -> list[dict[str, str]]:
    """Those whose ``column`` is known well enough to be measured against."""
    return [row for row in rows(folder) if row[column] and row[grade] in TRUSTED_GRADES]
