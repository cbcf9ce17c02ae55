"""The colours of a spectrogram: maps whose lightness grows with the level, as 256 pixels for the bytes of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.kernels.spectrogram import FLOOR_DB, STEP_DB

Stops = Sequence[tuple[float, str]]
"""(place 0..1, ``#rrggbb``), from the darkest to the lightest."""

COLOUR_MAPS: Mapping[str, Stops] = {
    "ember": (
        (0.0, "#0D0F13"),
        (0.22, "#1C1F45"),
        (0.42, "#5B2A6B"),
        (0.60, "#B8434F"),
        (0.76, "#F58B4C"),
        (0.90, "#FFCF8A"),
        (1.0, "#FFF8E7"),
    ),
    "ice": (
        (0.0, "#0B0E14"),
        (0.3, "#12305A"),
        (0.6, "#1F7FA8"),
        (0.82, "#7FD0D6"),
        (1.0, "#F4FDFB"),
    ),
    "viridis": (
        (0.0, "#440154"),
        (0.25, "#3B528B"),
        (0.5, "#21918C"),
        (0.75, "#5EC962"),
        (1.0, "#FDE725"),
    ),
    "grey": ((0.0, "#000000"), (1.0, "#FFFFFF")),
    "paper": ((0.0, "#FFFFFF"), (1.0, "#101010")),
}


def colour_stops(name: str) -> Stops:
    """Raises ``BadSetting`` where there is no map of this name."""
    if name not in COLOUR_MAPS:
        raise BadSetting(f'There are no colours named "{name}".', hint=f"Choose one of {', '.join(COLOUR_MAPS)}.")
    return COLOUR_MAPS[name]


def byte_colours(stops: Stops, top_db: float, range_db: float) -> NDArray[np.uint32]:
    """A pixel (0xffrrggbb) for each byte of columns: the first stop at ``top_db - range_db`` and below, the last at
    ``top_db`` and above."""
    levels_db = FLOOR_DB + STEP_DB * np.arange(256)
    return blend(stops, (levels_db - top_db) / range_db + 1.0)


def blend(stops: Stops, places: NDArray[np.floating]) -> NDArray[np.uint32]:
    """The colours at these places, on straight lines between the stops in OKLab (Ottosson 2020)."""
    at = np.array([place for place, _ in stops])
    lab = np.array([_oklab(colour) for _, colour in stops])
    places = np.clip(places, 0.0, 1.0)
    mixed = np.stack([np.interp(places, at, lab[:, axis]) for axis in range(3)], axis=-1)
    lms = (mixed @ _FROM_LAB.T) ** 3
    linear = np.clip(lms @ _FROM_LMS.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(255.0 * encoded).astype(np.uint32).T
    pixels: NDArray[np.uint32] = (np.uint32(0xFF000000) | red << 16 | green << 8 | blue).astype(np.uint32)
    return pixels


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)


def _oklab(colour: str) -> NDArray[np.float64]:
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = _TO_LAB @ np.cbrt(_TO_LMS @ linear)
    return lab
