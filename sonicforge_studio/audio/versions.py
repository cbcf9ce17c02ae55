"""Versions of the same music, to be heard in turns at the same place and equally loud."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path

from sonicforge_studio.audio.files import open_source
from sonicforge_studio.domain import Source


@dataclass(frozen=True, slots=True)
class Version:
    """One of several that are compared. ``gain_db`` matches its loudness to the others'."""

    open_source: Callable[[], Source]
    title: str
    gain_db: float = 0.0

    @classmethod
    def of_file(cls, path: str | PathLike[str], title: str, gain_db: float = 0.0) -> Version:
        return cls(partial(open_source, Path(path)), title, gain_db)


def matching_gains(integrated_lufs: Sequence[float | None]) -> tuple[float, ...]:
    """Gains in dB, none above 0, that bring every version down to the quietest, so that the louder one is not taken
    for the better. Silence (−∞), NaN and None, which have no loudness, get 0 and count for nothing."""
    known = [lufs for lufs in integrated_lufs if lufs is not None and math.isfinite(lufs)]
    quietest = min(known, default=0.0)
    return tuple(quietest - lufs if lufs is not None and math.isfinite(lufs) else 0.0 for lufs in integrated_lufs)
