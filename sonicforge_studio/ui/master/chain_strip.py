"""The chain's stages in their order: each can be chosen, bypassed and heard alone, and shows what it does now."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sonicforge_studio.domain.chain import STAGES, ChainSettings
from sonicforge_studio.studio import StageMeter
from sonicforge_studio.ui.master.words import LIMITER, stage_help, stage_name
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, IconButton, restyle

_LOWEST_DB, _HIGHEST_DB = -48.0, 0.0
_MOST_REDUCTION_DB = 12.0
_READING_SECONDS = 0.2
"""A figure that changes faster cannot be read."""


class StageBars(QWidget):
    """Three thin bars: the level that goes in, the one that comes out, and what is taken away."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shares = (0.0, 0.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(3 * theme.size.slider_groove + 2 * theme.space.xxs)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_levels(self, in_dbfs: float, out_dbfs: float, reduction_db: float) -> None:
        shares = (_share(in_dbfs), _share(out_dbfs), min(max(-reduction_db / _MOST_REDUCTION_DB, 0.0), 1.0))
        if any(abs(new - old) * self.width() >= 0.5 for new, old in zip(shares, self._shares, strict=True)):
            self._shares = shares
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        bar = theme.size.slider_groove
        for number, (share, tint) in enumerate(
            zip(self._shares, (colour.wave, colour.text_muted, colour.accent), strict=True)
        ):
            y = number * (bar + theme.space.xxs)
            painter.fillRect(QRectF(0, y, self.width(), bar), QColor(colour.pressed))
            width = share * self.width()
            # What is taken away grows from the right, as on any meter of gain reduction.
            left = self.width() - width if number == 2 else 0.0
            painter.fillRect(QRectF(left, y, width, bar), QColor(tint))
        painter.end()


class StageTile(Button):
    """The tile itself chooses the stage; on it are its switch and its ear."""

    switched = Signal(bool)
    alone_wanted = Signal(bool)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("", "stage")
        self._theme = theme
        self._name = name
        self._read_at, self._deepest_db = 0.0, 0.0
        title, help = stage_name(name), stage_help(name)
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setAccessibleDescription(help)
        self.setToolTip(help)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.space.s] * 4)
        column.setSpacing(theme.space.xs)
        self._title = ElidedLabel(title, "item")
        self._title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column.addWidget(self._title)
        self.bars = StageBars(theme)
        column.addWidget(self.bars)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.power = IconButton(theme, "power", tr("{stage}: on", stage=title), small=True, checkable=True)
        self.ear = IconButton(
            theme, "listen", tr("{stage}: hear what it does", stage=title), small=True, checkable=True
        )
        self.reading = ElidedLabel("", "caption")
        self.reading.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.reading.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row.addWidget(self.power)
        row.addWidget(self.ear)
        row.addWidget(self.reading, 1)
        column.addLayout(row)
        self.power.clicked.connect(lambda: self.switched.emit(self.power.isChecked()))
        self.ear.clicked.connect(lambda: self.alone_wanted.emit(self.ear.isChecked()))
        if name == LIMITER:
            self.power.hide()

    def show_on(self, on: bool) -> None:
        self.power.setChecked(on)
        restyle(self._title, "role", "item" if on else "faint")
        state = tr("on") if on else tr("off")
        self.setAccessibleName(f"{stage_name(self._name)}, {state}")

    def show_meter(self, in_dbfs: float, out_dbfs: float, reduction_db: float) -> None:
        self.bars.show_levels(in_dbfs, out_dbfs, reduction_db)
        self._deepest_db = min(self._deepest_db, reduction_db)
        now = time.monotonic()
        if now - self._read_at >= _READING_SECONDS:
            text = decimal(self._deepest_db) if self._deepest_db < -0.05 else ""
            if text != self.reading.accessibleName():
                self.reading.show_text(text)
            self._read_at, self._deepest_db = now, 0.0


class ChainStrip(QWidget):
    chosen = Signal(str)
    switched = Signal(str, bool)
    alone_wanted = Signal(object)
    """The stage to be heard alone, or None."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(tr("The chain"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.xs)
        self._group = QButtonGroup(self)
        self.tiles: dict[str, StageTile] = {}
        for name in (*STAGES, LIMITER):
            tile = StageTile(theme, name)
            tile.clicked.connect(partial(self._choose, name))
            tile.switched.connect(partial(self.switched.emit, name))
            tile.alone_wanted.connect(partial(self._hear_alone, name))
            self._group.addButton(tile)
            row.addWidget(tile, 1)
            self.tiles[name] = tile

    def choose(self, name: str) -> None:
        self.tiles[name].setChecked(True)

    def _choose(self, name: str, _: bool = True) -> None:
        self.chosen.emit(name)

    def _hear_alone(self, name: str, on: bool) -> None:
        self.alone_wanted.emit(name if on else None)

    def show_chain(self, chain: ChainSettings) -> None:
        for name in STAGES:
            self.tiles[name].show_on(getattr(chain, name).on)

    def show_alone(self, name: str | None) -> None:
        for other, tile in self.tiles.items():
            tile.ear.setChecked(other == name)

    def show_meters(self, stages: Mapping[str, StageMeter], limiter_db: float) -> None:
        for name, tile in self.tiles.items():
            if name == LIMITER:
                tile.show_meter(-math.inf, -math.inf, limiter_db)
            elif (meter := stages.get(name)) is not None:
                tile.show_meter(meter.in_dbfs, meter.out_dbfs, min(meter.reductions_db, default=0.0))

    def rest(self) -> None:
        """Nothing sounds."""
        for tile in self.tiles.values():
            tile.show_meter(-math.inf, -math.inf, 0.0)


def _share(dbfs: float) -> float:
    if not math.isfinite(dbfs):
        return 0.0
    return min(max((dbfs - _LOWEST_DB) / (_HIGHEST_DB - _LOWEST_DB), 0.0), 1.0)
