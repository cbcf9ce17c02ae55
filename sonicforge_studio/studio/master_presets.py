"""Presets of the mastering chain: those that come with the studio, and the user's own, one file each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sonicforge_studio.domain import ChainSettings, MasterSettings, from_plain, to_plain
from sonicforge_studio.domain.chain import chain_faults
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.mastering import Match
from sonicforge_studio.host.writing import output_error, write_text
from sonicforge_studio.mastering import PRESETS, preset_named

SUFFIX = ".sfmaster"
_KIND = "sonicforge mastering preset"
_VERSION = 1
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class PresetEntry:
    name: str
    own: bool
    """Whether it is the user's, and can be deleted."""


class PresetShelf:
    """Reads and writes small files: not for the main thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> tuple[PresetEntry, ...]:
        """The studio's in their order, then the user's by name."""
        own = sorted((place.stem for place in self._folder.glob(f"*{SUFFIX}")), key=str.casefold)
        return (*(PresetEntry(name, False) for name in PRESETS), *(PresetEntry(name, True) for name in own))

    def load(self, name: str) -> MasterSettings:
        """Raises ``BadSetting`` where there is none of this name, or its file is none."""
        place = self._place(name)
        return read_preset(place) if place.exists() else preset_named(name)

    def save(self, name: str, settings: MasterSettings) -> str:
        """Keep settings under a name, in the place of an own preset of the same name; the name as it was kept. Raises
        ``BadSetting`` for a name that cannot be, ``DiskFull`` or ``OutputNotWritable``."""
        kept = " ".join(name.split())
        if not kept or len(kept) > _LONGEST_NAME or any(sign in kept for sign in '/\\:*?"<>|') or kept[0] == ".":
            raise BadSetting("This is no name for a preset.", hint="Use up to 60 letters, without / and \\.")
        if kept.lower() in PRESETS:
            raise BadSetting("A preset of the studio has this name.", hint="Choose another name.")
        write_preset(self._place(kept), settings)
        return kept

    def delete(self, name: str) -> None:
        """Raises ``OutputNotWritable``."""
        place = self._place(name)
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(error, place) from error

    def bring_in(self, path: Path) -> str:
        """Keep a preset's file as one's own, under its file's name; a taken name gets a number. Raises ``BadSetting``
        where it is none."""
        settings = read_preset(path)
        taken = {entry.name.casefold() for entry in self.entries()}
        name, number = path.stem, 2
        while name.casefold() in taken:
            name, number = f"{path.stem} {number}", number + 1
        return self.save(name, settings)

    def _place(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"


def write_preset(path: Path, settings: MasterSettings) -> None:
    stored = {
        "kind": _KIND,
        "version": _VERSION,
        "chain": to_plain(settings.chain),
        "amount": settings.amount,
        "match": to_plain(settings.match),
        "least_peak_to_loudness_lu": settings.least_peak_to_loudness_lu,
    }
    write_text(path, json.dumps(stored, ensure_ascii=False, indent=1) + "\n")


def read_preset(path: Path) -> MasterSettings:
    """A preset from its file. Raises ``BadSetting`` with what is wrong with it."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(stored, Mapping) or stored.get("kind") != _KIND:
            raise ValueError
        if stored["version"] > _VERSION:
            raise BadSetting("This preset is of a newer SonicForge Studio.", hint="Update the studio, then import it.")
        return _revived(stored)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadSetting("This file is not a mastering preset.", hint="Choose another file.") from error


def _revived(stored: Mapping[str, Any]) -> MasterSettings:
    chain = from_plain(ChainSettings, stored["chain"])
    faults = list(chain_faults(chain))
    amount = float(stored["amount"])
    if faults or not 0.0 <= amount <= 1.0:
        place = faults[0] if faults else "amount"
        raise BadSetting(f"This preset has a value out of its limits: {place}.", hint="Choose another file.")
    match = None if stored.get("match") is None else from_plain(Match, stored["match"])
    return replace(
        preset_named("transparent"),
        chain=chain,
        amount=amount,
        match=match,
        least_peak_to_loudness_lu=float(stored.get("least_peak_to_loudness_lu") or 0.0),
    )
