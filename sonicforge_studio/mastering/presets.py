"""Presets of the mastering chain: those that come with the studio, and the user's own as files that can be shared."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sonicforge_studio.domain import ChainSettings, MasterSettings, Match, StudioError, Target, from_plain, to_plain
from sonicforge_studio.domain.chain import chain_faults, changed
from sonicforge_studio.domain.errors import BadSetting, DecodeFailed, MissingPath, NoPermission, OutputExists
from sonicforge_studio.domain.mastering import MATCH_BANDS
from sonicforge_studio.host.resources import resource
from sonicforge_studio.host.writing import output_error, write_text
from sonicforge_studio.mastering.targets import CEILING_LIMITS_DBTP, LUFS_LIMITS, TARGETS

PRESET_VERSION = 1
SUFFIX = ".sfpreset"
_KIND = "sonicforge-mastering-preset"
_USUAL_TARGET = "spotify"
_LARGEST_BYTES = 1_000_000
_LONGEST_NAME = 80
_GREATEST_MATCH_DB = 40.0


@dataclass(frozen=True, slots=True)
class Preset:
    """A chain under a name; where ``target`` is None it is aimed at whatever is chosen."""

    name: str
    about: str = ""
    chain: ChainSettings = field(default_factory=ChainSettings)
    amount: float = 1.0
    match: Match | None = None
    least_peak_to_loudness_lu: float = 0.0
    target: Target | None = None

    def settings(self, target: Target | None = None) -> MasterSettings:
        """For ``target``, else for its own, else for Spotify's."""
        return MasterSettings(
            target or self.target or TARGETS[_USUAL_TARGET],
            self.chain,
            amount=self.amount,
            match=self.match,
            least_peak_to_loudness_lu=self.least_peak_to_loudness_lu,
        )

    @classmethod
    def of(cls, name: str, settings: MasterSettings, *, about: str = "", with_target: bool = False) -> Preset:
        """What settings hold, under a name."""
        return cls(
            name,
            about,
            settings.chain,
            settings.amount,
            settings.match,
            settings.least_peak_to_loudness_lu,
            settings.target if with_target else None,
        )


def _leaves(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", tuple(value) if isinstance(value, list) else value


def _bundled() -> Iterator[Preset]:
    tables = tomllib.loads(resource("mastering-presets.toml").read_text(encoding="utf-8"))
    for name, table in tables.items():
        about = table.pop("about")
        chain = ChainSettings()
        for place, value in _leaves(table):
            chain = changed(chain, place, value)
        yield Preset(name, about, chain)


BUNDLED: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _bundled()})
PRESETS: Mapping[str, MasterSettings] = MappingProxyType({name: preset.settings() for name, preset in BUNDLED.items()})


def preset_named(name: str) -> MasterSettings:
    """The studio's preset of this name, aimed at Spotify's target; ``replace`` aims it elsewhere. Raises
    ``BadSetting``."""
    found = PRESETS.get(name.strip().lower())
    if found is None:
        raise BadSetting(f'There is no preset named "{name}".', hint=f"Use one of: {', '.join(PRESETS)}.")
    return found


class PresetFolder:
    """The user's own presets, a file each. The studio's own names are not to be had."""

    def __init__(self, folder: Path) -> None:
        """The folder is made with the first preset."""
        self._folder = folder

    def presets(self) -> tuple[Preset, ...]:
        """All that can be read, by name. A file that cannot is left out, and is still there."""
        found = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else ():
            try:
                found.append(read_preset(path))
            except StudioError:
                continue
        return tuple(sorted(found, key=lambda preset: preset.name.casefold()))

    def load(self, name: str) -> Preset:
        """The user's preset of this name, or the studio's. Raises ``BadSetting``, which lists the names."""
        bundled = BUNDLED.get(name.strip().lower())
        if bundled is not None:
            return bundled
        path = self._path(name)
        if not path.is_file():
            names = [*BUNDLED, *(preset.name for preset in self.presets())]
            raise BadSetting(f'There is no preset named "{name}".', hint=f"Use one of: {', '.join(names)}.")
        return read_preset(path)

    def save(self, preset: Preset, *, overwrite: bool = False) -> Path:
        """Raises ``OutputExists`` where the name is taken, and what writing raises."""
        path = self._path(preset.name)
        if preset.name.strip().lower() in BUNDLED or (path.exists() and not overwrite):
            raise OutputExists(f'There is already a preset named "{preset.name}".', hint="Choose another name.")
        write_preset(preset, path)
        return path

    def delete(self, name: str) -> None:
        """Raises ``BadSetting`` where there is none of this name, or it is one of the studio's."""
        path = self._path(name)
        if not path.is_file():
            raise BadSetting(f'There is no preset of your own named "{name}".')
        try:
            path.unlink()
        except OSError as error:
            raise output_error(error, path) from error

    def take_in(self, path: Path, *, overwrite: bool = False) -> Preset:
        """Import a preset from any file. Raises what reading and saving raise."""
        preset = read_preset(path)
        self.save(preset, overwrite=overwrite)
        return preset

    def _path(self, name: str) -> Path:
        _require_name(name)
        stem = re.sub(r"[^\w -]", "_", name.strip().casefold())
        return self._folder / f"{stem}{SUFFIX}"


def write_preset(preset: Preset, path: Path) -> None:
    """To any file, to be shared. Raises ``BadSetting`` for a preset that could not be read again, ``DiskFull`` or
    ``OutputNotWritable``; leaves nothing behind."""
    _require_name(preset.name)
    _refuse_faults(preset, f'The preset "{preset.name}"')
    plain = {"kind": _KIND, "version": PRESET_VERSION, **to_plain(preset)}
    write_text(path, json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_preset(path: Path) -> Preset:
    """A preset from a file. Raises ``MissingPath``, ``NoPermission``, or ``BadSetting`` with the place that is at
    fault."""
    what = f'"{path.name}"'
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadSetting(f"{what} is no mastering preset: it is too large to be one.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingPath(f"There is no file {what}.") from error
    except PermissionError as error:
        raise NoPermission() from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{what} is no mastering preset.") from error
    except OSError as error:
        raise DecodeFailed(f"{what} cannot be read: {error.strerror or error}.") from error
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSetting(f"{what} is no mastering preset.") from error
    return _revived(plain, what)


def _revived(plain: Any, what: str) -> Preset:
    if not isinstance(plain, dict) or plain.get("kind") != _KIND:
        raise BadSetting(f"{what} is no mastering preset.")
    version = plain.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadSetting(f"{what} cannot be used: its version is none.")
    if version > PRESET_VERSION:
        raise BadSetting(
            f"{what} is of version {version}; this studio knows presets up to version {PRESET_VERSION}.",
            hint="Update the studio.",
        )
    try:
        preset = from_plain(Preset, plain)
        _require_name(preset.name)
        if not isinstance(plain.get("about", ""), str):
            raise BadSetting(f"{what} cannot be used: about is no text.")
        _refuse_faults(preset, what)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise BadSetting(f"{what} cannot be used: something in it is of another kind than it should be.") from error
    return replace(preset, name=preset.name.strip())


def _require_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise BadSetting(f"A preset needs a name of 1 to {_LONGEST_NAME} letters.")


def _refuse_faults(preset: Preset, what: str) -> None:
    fault = next(preset_faults(preset), None)
    if fault is not None:
        raise BadSetting(f"{what} cannot be used: {fault} is out of its limits.")


def preset_faults(preset: Preset) -> Iterator[str]:
    """What in a preset is out of its limits, each a place such as ``chain.eq.bands.2.q``."""
    yield from chain_faults(preset.chain, "chain.")
    if not _within(preset.amount, 0.0, 1.0):
        yield "amount"
    if not _within(preset.least_peak_to_loudness_lu, 0.0, 60.0):
        yield "least_peak_to_loudness_lu"
    if preset.match is not None:
        for name in ("curve_db", "side_db"):
            curve = getattr(preset.match, name)
            if len(curve) not in (0, MATCH_BANDS) or not all(
                _within(gain_db, -_GREATEST_MATCH_DB, _GREATEST_MATCH_DB) for gain_db in curve
            ):
                yield f"match.{name}"
        if not _within(preset.match.dynamics_lu, -30.0, 30.0):
            yield "match.dynamics_lu"
    if preset.target is not None:
        if not _within(preset.target.integrated_lufs, *LUFS_LIMITS):
            yield "target.integrated_lufs"
        if not _within(preset.target.ceiling_dbtp, *CEILING_LIMITS_DBTP):
            yield "target.ceiling_dbtp"


def _within(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and low <= value <= high
