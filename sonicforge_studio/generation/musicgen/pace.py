"""What a piece will take, in memory and in time: the one counted, the other learned from this machine's own runs."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonicforge_studio.domain import StudioError
from sonicforge_studio.generation.models import memory_needed_bytes
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder
from sonicforge_studio.generation.musicgen.windows import KEPT_SECONDS, WINDOW_SECONDS
from sonicforge_studio.host.writing import write_text

_BYTES_PER_PARAMETER = {"float32": 4, "bfloat16": 2, "int8": 1}
_READ_BYTES_PER_SECOND = 8e9
"""Of weights, where nothing was learned yet: what one thread of a desktop computer reads."""
_STARTED_SECONDS, _LOADED_BYTES_PER_SECOND = 8.0, 3e8
_KNOWN_SHARE = 1 / 2
"""Of a step: what a place costs that a window knows already."""
_NEWEST_COUNTS = 0.5
_LONGEST_SECONDS = 1e6
"""Of a step, and of loading: what is longer was not measured."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a piece, or several at once, will take."""

    seconds: float
    memory_bytes: int
    learned: bool
    """Whether this machine has made some with that model before; else it is a guess from the model's size."""
    loading_seconds: float


def steps_of(folder: ModelFolder, seconds: float) -> float:
    """How many steps a piece has; what later windows know from the start counted in steps, too."""
    window, kept = WINDOW_SECONDS * folder.frame_rate_hz, KEPT_SECONDS * folder.frame_rate_hz
    late = folder.codebooks // folder.channels - 1
    frames = seconds * folder.frame_rate_hz
    later = max(0, math.ceil((frames - window) / (window - kept)))
    return frames + late * (1 + later) + later * kept * _KNOWN_SHARE


class Paces:
    """How quick this machine was with each model, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def estimate(self, folder: ModelFolder, precision: str, device: str, seconds: float, at_once: int) -> Estimate:
        """For ``at_once`` pieces of ``seconds`` each."""
        known = self._read().get(_key(folder, precision, device), {})
        loading = known.get("loading_seconds") or _STARTED_SECONDS + folder.weight_bytes / _LOADED_BYTES_PER_SECOND
        paces = {int(count): float(pace) for count, pace in known.get("step_seconds", {}).items()}
        nearest = min(paces, key=lambda count: abs(math.log(count / at_once)), default=None)
        if nearest is None:
            products = 16 * folder.layers * folder.hidden_size**2
            pace = products * _BYTES_PER_PARAMETER[precision] / _READ_BYTES_PER_SECOND * _together(at_once)
        else:
            pace = paces[nearest] * _together(at_once) / _together(nearest)
        return Estimate(
            seconds=loading + pace * steps_of(folder, seconds),
            memory_bytes=memory_needed_bytes(
                folder.parameters,
                folder.layers,
                folder.hidden_size,
                precision=precision,
                seconds=seconds,
                at_once=at_once,
            ),
            learned=nearest is not None,
            loading_seconds=loading,
        )

    def learn(
        self, folder: ModelFolder, precision: str, device: str, seconds: float, at_once: int,
        loading_seconds: float, working_seconds: float,
    ) -> None:  # fmt: skip
        """What a run took. A disk that takes no more is no reason to lose the music: it is let be."""
        paces = self._read()
        known = paces.setdefault(_key(folder, precision, device), {"step_seconds": {}})
        pace = working_seconds / steps_of(folder, seconds)
        before = known["step_seconds"].get(str(at_once), pace)
        known["step_seconds"][str(at_once)] = before + (pace - before) * _NEWEST_COUNTS
        loading = known.get("loading_seconds", loading_seconds)
        known["loading_seconds"] = loading + (loading_seconds - loading) * _NEWEST_COUNTS
        with suppress(StudioError):
            write_text(self._path, json.dumps(paces))

    def _read(self) -> dict[str, Any]:
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
            # Looked through once: an edited file must not stop the music.
            return {
                str(key): {
                    "loading_seconds": _sensible(known["loading_seconds"]),
                    "step_seconds": {
                        str(round(_sensible(int(count)))): _sensible(pace)
                        for count, pace in known["step_seconds"].items()
                    },
                }
                for key, known in read.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return {}


def _sensible(figure: Any) -> float:
    """Raises ``ValueError`` for one that no run has."""
    told = float(figure)
    if not 0.0 < told < _LONGEST_SECONDS:
        raise ValueError("a figure that cannot be")
    return told


def _together(at_once: int) -> float:
    """How much longer a step of so many takes than one of one, where only one was tried."""
    return 0.6 + 0.4 * at_once


def _key(folder: ModelFolder, precision: str, device: str) -> str:
    return f"{folder.path.name} {folder.weights_hash[:12]} {precision} {device}"
