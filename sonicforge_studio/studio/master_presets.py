"""The presets of the mastering chain as a window shows them: the studio's and the user's own, in one list."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.domain import MasterSettings
from sonicforge_studio.domain.errors import OutputExists
from sonicforge_studio.mastering import BUNDLED, SUFFIX, Preset, PresetFolder, read_preset, write_preset

__all__ = ["SUFFIX", "PresetEntry", "PresetShelf"]


@dataclass(frozen=True, slots=True)
class PresetEntry:
    name: str
    own: bool
    """Whether it is the user's, and can be deleted."""
    about: str = ""


class PresetShelf:
    """Reads and writes small files: not for the main thread."""

    def __init__(self, folder: Path) -> None:
        self._presets = PresetFolder(folder)

    def entries(self) -> tuple[PresetEntry, ...]:
        """The studio's in their order, then the user's by name."""
        bundled = (PresetEntry(preset.name, False, preset.about) for preset in BUNDLED.values())
        return (*bundled, *(PresetEntry(preset.name, True, preset.about) for preset in self._presets.presets()))

    def load(self, name: str) -> MasterSettings:
        """Raises ``BadSetting`` where there is none of this name."""
        return self._presets.load(name).settings()

    def save(self, name: str, settings: MasterSettings) -> str:
        """Keep settings under a name, in the place of an own preset of the same name; the name as it was kept. Raises
        ``OutputExists`` for a name of the studio's own, and what saving raises."""
        kept = name.strip()
        self._presets.save(Preset.of(kept, settings), overwrite=True)
        return kept

    def delete(self, name: str) -> None:
        """Raises ``BadSetting`` or ``OutputNotWritable``."""
        self._presets.delete(name)

    def bring_in(self, path: Path) -> str:
        """Keep a preset's file as one's own, its name with a number where that is taken. Raises what reading raises."""
        preset = read_preset(path)
        name, number = preset.name, 2
        while True:
            with suppress(OutputExists):
                self._presets.save(replace(preset, name=name))
                return name
            name, number = f"{preset.name} {number}", number + 1

    def give_out(self, path: Path, name: str, settings: MasterSettings) -> None:
        """Write settings as a preset's file, to be shared."""
        write_preset(Preset.of(name, settings), path)
