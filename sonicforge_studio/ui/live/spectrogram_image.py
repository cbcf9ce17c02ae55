"""The picture under a spectrogram's axes: pixels that are drawn by kernels, kept until the view or a tile changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from sonicforge_studio.studio.spectrogram_colours import blend, byte_colours
from sonicforge_studio.studio.spectrogram_drawing import Drawn, Window, draw, top_db_of
from sonicforge_studio.studio.spectrograms import TrackSpectrogram
from sonicforge_studio.ui.live.heat import heat_stops
from sonicforge_studio.ui.theme import Theme

RANGE_DB = 90.0


class SpectrogramImage:
    """Draws a track in the theme's colours, from the loudest level down to ``RANGE_DB`` below it."""

    def __init__(self, theme: Theme) -> None:
        self._stops = heat_stops(theme)
        self._pixels: NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self.image = _over(self._pixels, 1.0)
        self.top_db = 0.0
        self._colours = byte_colours(self._stops, self.top_db, RANGE_DB)

    def draw(self, track: TrackSpectrogram, window: Window, size: QSize, ratio: float) -> Drawn:
        """``size`` in device-independent pixels; ``window`` in those of the device, ``ratio`` to one."""
        shape = (max(1, round(size.height() * ratio)), max(1, round(size.width() * ratio)))
        if shape != self._pixels.shape:
            self._pixels = np.zeros(shape, np.uint32)
        top_db = top_db_of(track)
        if top_db != self.top_db:
            self.top_db = top_db
            self._colours = byte_colours(self._stops, top_db, RANGE_DB)
        drawn = draw(track, window, self._colours, self._pixels)
        self.image = _over(self._pixels, ratio)
        return drawn

    def colour_bar(self, height: int) -> QImage:
        """One pixel wide, the loudest at the top."""
        shades = np.ascontiguousarray(blend(self._stops, np.linspace(1.0, 0.0, max(1, height)))[:, None])
        return _over(shades, 1.0).copy()


def _over(pixels: NDArray[np.uint32], ratio: float) -> QImage:
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    return image
