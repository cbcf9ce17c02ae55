"""Colour, space and type from one file of tokens, as Qt wants them: palette, style sheet, fonts, icons."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from string import Template
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from sonicforge_studio.host.resources import resource

_ICON_SCALES = (1.0, 2.0)
_Table = TypeVar("_Table")


@dataclass(frozen=True, slots=True)
class Colours:
    """Each as ``#rrggbb`` or ``#aarrggbb``."""

    canvas: str
    surface: str
    raised: str
    hover: str
    pressed: str
    line: str
    line_strong: str
    text: str
    text_muted: str
    text_faint: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    on_accent: str
    good: str
    warning: str
    danger: str
    danger_soft: str
    wave: str
    veil: str


@dataclass(frozen=True, slots=True)
class Spaces:
    """Device-independent pixels."""

    xxs: int
    xs: int
    s: int
    m: int
    l: int  # noqa: E741 # the steps are named as clothes are
    xl: int
    xxl: int


@dataclass(frozen=True, slots=True)
class Radii:
    s: int
    m: int
    l: int  # noqa: E741 # the steps are named as clothes are
    play: int


@dataclass(frozen=True, slots=True)
class Type:
    """Sizes in device-independent pixels, weights as in OpenType."""

    families: tuple[str, ...]
    caption: int
    small: int
    body: int
    strong: int
    figure: int
    title: int
    display: int
    regular: int
    medium: int
    bold: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Device-independent pixels."""

    window_width: int
    window_height: int
    window_least_width: int
    window_least_height: int
    rail: int
    rail_button: int
    transport: int
    scope: int
    drawer: int
    toast: int
    page: int
    control: int
    inner: int
    control_large: int
    play: int
    prompt: int
    row: int
    target: int
    card_row: int
    wave_thumbnail: int
    wave_card: int
    wave_large: int
    settings_column: int
    facts_column: int
    lane_gutter: int
    lane: int
    lane_wave: int
    lane_raster: int
    lane_part: int
    lane_open: int
    note_row: int
    row_names: int
    strip: int
    stage: int
    knob: int
    figure: int
    handle: int
    engine: int
    icon_s: int
    icon: int
    icon_l: int
    icon_hero: int
    badge: int
    score: int
    line: int
    focus: int
    slider_groove: int
    bar: int
    volume: int


@dataclass(frozen=True, slots=True)
class Motion:
    slide_milliseconds: int
    toast_milliseconds: int
    screen_milliseconds: int
    idle_milliseconds: int
    typing_milliseconds: int


@dataclass(frozen=True, slots=True)
class Tokens:
    colour: Colours
    space: Spaces
    radius: Radii
    type: Type
    size: Sizes
    motion: Motion


def load_tokens(name: str = "dark") -> Tokens:
    """The tokens of a theme. Raises ``KeyError`` or ``TypeError`` where the file holds less or more than is wanted."""
    stored = tomllib.loads(resource("themes", f"{name}.toml").read_text(encoding="utf-8"))
    return Tokens(
        colour=_table(Colours, stored["colour"]),
        space=_table(Spaces, stored["space"]),
        radius=_table(Radii, stored["radius"]),
        type=_table(Type, stored["type"] | {"families": tuple(stored["type"]["families"])}),
        size=_table(Sizes, stored["size"]),
        motion=_table(Motion, stored["motion"]),
    )


def _table(kind: type[_Table], stored: dict[str, Any]) -> _Table:
    return kind(**stored)


def style_sheet(tokens: Tokens) -> str:
    """``themes/studio.qss`` with the tokens put in, such as ``$colour_accent`` and ``$space_m``."""
    values: dict[str, Any] = {}
    for table in fields(tokens):
        entries = asdict(getattr(tokens, table.name))
        values |= {f"{table.name}_{name}": value for name, value in entries.items()}
    return Template(resource("themes", "studio.qss").read_text(encoding="utf-8")).substitute(values)


class Theme:
    """The tokens, and what is made of them once and handed to every panel."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.colour = tokens.colour
        self.space = tokens.space
        self.size = tokens.size
        self.motion = tokens.motion
        self._icons: dict[tuple[str, str, str], QIcon] = {}

    def style_sheet(self) -> str:
        return style_sheet(self.tokens)

    def palette(self) -> QPalette:
        colour, palette = self.colour, QPalette()
        for role, value in (
            (QPalette.ColorRole.Window, colour.canvas),
            (QPalette.ColorRole.WindowText, colour.text),
            (QPalette.ColorRole.Base, colour.surface),
            (QPalette.ColorRole.AlternateBase, colour.raised),
            (QPalette.ColorRole.Text, colour.text),
            (QPalette.ColorRole.PlaceholderText, colour.text_faint),
            (QPalette.ColorRole.Button, colour.raised),
            (QPalette.ColorRole.ButtonText, colour.text),
            (QPalette.ColorRole.BrightText, colour.danger),
            (QPalette.ColorRole.ToolTipBase, colour.hover),
            (QPalette.ColorRole.ToolTipText, colour.text),
            (QPalette.ColorRole.Highlight, colour.accent),
            (QPalette.ColorRole.HighlightedText, colour.on_accent),
            (QPalette.ColorRole.Link, colour.accent),
        ):
            palette.setColor(role, QColor(value))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colour.text_faint))
        return palette

    def font(self, size: int | None = None, weight: int | None = None) -> QFont:
        """The interface's font with figures of one width, so that running numbers stand still."""
        font = QFont()
        font.setFamilies(list(self.tokens.type.families))
        font.setPixelSize(size or self.tokens.type.body)
        font.setWeight(QFont.Weight(weight or self.tokens.type.regular))
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def icon(self, name: str, colour: str | None = None, checked: str | None = None) -> QIcon:
        """A line icon in a colour (the muted text's unless said), in ``checked`` while it is switched on."""
        normal = colour or self.colour.text_muted
        key = (name, normal, checked or normal)
        if key not in self._icons:
            icon = QIcon()
            drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
            looks = [
                (QIcon.Mode.Normal, QIcon.State.Off, normal),
                (QIcon.Mode.Disabled, QIcon.State.Off, self.colour.line_strong),
            ]
            if checked is not None:
                looks.append((QIcon.Mode.Normal, QIcon.State.On, checked))
            for mode, state, tint in looks:
                for scale in _ICON_SCALES:
                    icon.addPixmap(self._draw(drawing, tint, scale), mode, state)
            self._icons[key] = icon
        return self._icons[key]

    def _draw(self, drawing: str, tint: str, scale: float) -> QPixmap:
        side = round(self.size.icon_l * scale)
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", tint).encode()))
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        return pixmap
