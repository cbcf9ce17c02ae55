"""How levels become colours in the live views: from the ground through the accent to nearly white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.studio.spectrogram_colours import COLOUR_MAPS, Stops, blend
from sonicforge_studio.ui.theme import Theme

_FILL_TOP, _FILL_BOTTOM = 0.55, 0.06


def heat_stops(theme: Theme) -> Stops:
    """The map of the command line's pictures, from this theme's ground through its accent."""
    accent = max(place for place, _ in COLOUR_MAPS["ember"] if place < 0.8)
    own = {0.0: theme.colour.canvas, accent: theme.colour.accent}
    return tuple((place, own.get(place, colour)) for place, colour in COLOUR_MAPS["ember"])


def heat_colours(theme: Theme) -> NDArray[np.uint32]:
    """256 pixels, from no level to the highest."""
    return blend(heat_stops(theme), np.linspace(0.0, 1.0, 256))


def fill_colours(ground: str, colour: str, height: int) -> NDArray[np.uint32]:
    """The fill under a curve for each row: the colour over the ground, strong at the top and faint at the bottom."""
    return blend(((0.0, ground), (1.0, colour)), np.linspace(_FILL_TOP, _FILL_BOTTOM, height))
