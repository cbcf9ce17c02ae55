"""Delivery targets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sonicforge_studio.domain import Target
from sonicforge_studio.domain.errors import BadSetting, UnknownTarget
from sonicforge_studio.host.resources import resource

OWN = "own"
LUFS_LIMITS = (-40.0, -5.0)
CEILING_LIMITS_DBTP = (-20.0, 0.0)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a target's figures come from, and the day (ISO 8601) on which that was read or, of a standard, issued."""

    source: str
    date: str


_TABLES: dict[str, dict[str, Any]] = tomllib.loads(resource("targets.toml").read_text(encoding="utf-8"))

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        name: Target(name, float(table["integrated_lufs"]), float(table["ceiling_dbtp"]))
        for name, table in _TABLES.items()
    }
)
ORIGINS: Mapping[str, Origin] = MappingProxyType(
    {name: Origin(str(table["source"]), table["date"].isoformat()) for name, table in _TABLES.items()}
)


def target_named(name: str) -> Target:
    """The target of this name, in any letter case. Raises ``UnknownTarget``, which lists the names."""
    found = TARGETS.get(name.strip().lower())
    if found is None:
        raise UnknownTarget(f'There is no target named "{name}".', hint=f"Use one of: {', '.join(TARGETS)}.")
    return found


def own_target(lufs: float, ceiling_dbtp: float) -> Target:
    """A target of one's own: −40 to −5 LUFS, −20 to 0 dBTP. Raises ``BadSetting``."""
    _require("loudness", "LUFS", lufs, LUFS_LIMITS)
    _require("ceiling", "dBTP", ceiling_dbtp, CEILING_LIMITS_DBTP)
    return Target(OWN, lufs, ceiling_dbtp)


def _require(what: str, unit: str, value: float, limits: tuple[float, float]) -> None:
    low, high = limits
    if not low <= value <= high:
        raise BadSetting(f"The {what} is from {low:g} to {high:g} {unit}, not {value:g}.")
