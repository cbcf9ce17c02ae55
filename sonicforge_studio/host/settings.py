"""The user's settings: each declared once, with its default, its limits and its help."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.host.writing import write_text

_log = logging.getLogger(__name__)


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A field with all that the preferences, the command line, the docs and the validation need to know of it."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """Immutable; ``dataclasses.replace`` changes one. Raises ``BadSetting`` where a value is outside its limits."""

    language: str = option("auto", "Language of the window", choices=("auto", "en", "pl"))
    latency_seconds: float = option(0.043, "How much sound is kept ready for the sound card", low=0.005, high=0.5)
    capture_latency_seconds: float = option(0.02, "How much sound a recording device gathers", low=0.005, high=0.5)
    volume: float = option(1.0, "Playback volume", low=0.0, high=1.0)
    target: str = option("spotify", "Loudness target of masters")
    export_format: str = option("wav", "Format of exported files", choices=("wav", "flac", "mp3", "m4a", "opus"))

    def __post_init__(self) -> None:
        for declared in fields(self):
            _check(declared.name, declared.metadata, declared.default, getattr(self, declared.name))


def _check(name: str, limits: Mapping[str, Any], default: Any, value: Any) -> None:
    wanted = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, wanted) or isinstance(value, bool) != isinstance(default, bool):
        raise BadSetting(f'"{name}" cannot be {value!r}.')
    if isinstance(value, float) and not math.isfinite(value):
        raise BadSetting(f'"{name}" cannot be {value!r}.')
    low, high, choices = limits["low"], limits["high"], limits["choices"]
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadSetting(f'"{name}" has to be from {low:g} to {high:g}, not {value:g}.')
    if choices is not None and value not in choices:
        raise BadSetting(f'"{name}" has to be one of {", ".join(choices)}, not "{value}".')


def load_settings(path: Path) -> Settings:
    """The settings stored there; what is missing or out of its limits falls back to its default, one by one."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        _log.warning("settings could not be read, the defaults hold: %s", error)
        return Settings()
    kept: dict[str, Any] = {}
    for declared in fields(Settings):
        if isinstance(stored, dict) and declared.name in stored:
            try:
                _check(declared.name, declared.metadata, declared.default, stored[declared.name])
            except BadSetting as error:
                _log.warning("a stored setting was left out: %s", error.message)
            else:
                kept[declared.name] = stored[declared.name]
    return Settings(**kept)


def save_settings(path: Path, settings: Settings) -> None:
    """Write them beside and rename."""
    write_text(
        path, json.dumps({declared.name: getattr(settings, declared.name) for declared in fields(settings)}, indent=2)
    )
