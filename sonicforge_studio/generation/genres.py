"""The genre book: one TOML file a genre under ``resources/genres``, a kind of another genre only where it differs.

A genre names a family of ``resources/sound-ranges.toml``: how real music of its kind sounds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.plain import from_plain
from sonicforge_studio.host.resources import resource


@cache
def genre_book() -> Mapping[str, Genre]:
    """Every genre by its id. Read once."""
    raw: dict[str, dict[str, Any]] = {}
    for entry in sorted(resource("genres").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text(encoding="utf-8"))
            raw[data["id"]] = data
    families = tomllib.loads(resource("sound-ranges.toml").read_text(encoding="utf-8"))
    return {name: _read(name, raw, families) for name in raw}


def _read(name: str, raw: Mapping[str, dict[str, Any]], families: Mapping[str, dict[str, Any]]) -> Genre:
    data = _with_parent(name, raw)
    data["sound"] = _sound(families["every"], families[data["sound"]])
    data["patterns"] = [
        {
            "name": pattern,
            "sections": entry["sections"],
            "lanes": {drum: _steps(lane) for drum, lane in entry.items() if drum != "sections"},
        }
        for pattern, entry in data.get("patterns", {}).items()
    ]
    for part in data["parts"].values():
        part["rhythms"] = [_steps(rhythm) for rhythm in part["rhythms"]]
    return from_plain(Genre, data)


def _sound(every: Mapping[str, Any], family: Mapping[str, Any]) -> dict[str, Any]:
    """The ranges of a family, each with a source: its own, else the family's."""
    ranges = {name: entry for name, entry in (*every.items(), *family.items()) if name != "source"}
    return {name: {"source": family["source"], **entry} for name, entry in ranges.items()}


def _with_parent(name: str, raw: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    own = raw[name]
    parent = own.get("parent", "")
    return _merged(_with_parent(parent, raw), own) if parent else _merged({}, own)


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in own.items():
        if isinstance(value, Mapping):
            under = merged.get(name, {})
            merged[name] = _merged(under if isinstance(under, Mapping) else {}, value)
        else:
            merged[name] = value
    # An empty table takes the parent's entry away.
    return {name: value for name, value in merged.items() if value != {}}


def _steps(text: str) -> str:
    """A lane or rhythm without the spaces and bar lines that make it readable in the book."""
    steps = "".join(letter for letter in text if letter not in " |\n")
    if not steps or len(steps) % 16:
        raise ValueError(f'"{text}" is not a whole number of bars of 16 steps')
    return steps
