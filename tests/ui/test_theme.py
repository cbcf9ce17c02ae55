"""The theme: one file of tokens, legible, and nothing of it written out elsewhere."""

from __future__ import annotations

import ast
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton

from sonicforge_studio.host import resource
from sonicforge_studio.ui import theme as theme_module
from sonicforge_studio.ui.theme import Theme, load_tokens, style_sheet

UI = Path(theme_module.__file__).parent
SOURCES = sorted(UI.rglob("*.py"))
COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b|\brgba?\(")
SIZED = {
    "setFixedSize", "setFixedHeight", "setFixedWidth", "setMinimumWidth", "setMinimumHeight", "setMinimumSize",
    "setMaximumWidth", "setMaximumHeight", "setContentsMargins", "setSpacing", "addSpacing", "setIconSize",
    "setPixelSize", "setPointSize", "resize", "setHorizontalSpacing", "setVerticalSpacing",
}  # fmt: skip


def _luminance(name: str) -> float:
    """Relative luminance after WCAG 2.2."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in QColor(name).getRgbF()[:3]
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["canvas", "surface", "raised"])
@pytest.mark.parametrize("text", ["text", "text_muted", "text_faint", "accent", "good", "warning", "danger"])
def test_every_text_is_legible_on_every_ground(text: str, ground: str) -> None:
    colour = asdict(load_tokens().colour)
    assert _contrast(colour[text], colour[ground]) >= 4.5


def test_the_accent_button_is_legible() -> None:
    colour = load_tokens().colour
    for ground in (colour.accent, colour.accent_hover, colour.accent_pressed):
        assert _contrast(colour.on_accent, ground) >= 4.5


def test_spaces_stand_on_the_grid() -> None:
    assert all(step % 4 == 0 or step == 2 for step in asdict(load_tokens().space).values())


def test_the_style_sheet_is_understood_by_qt(qapp: QApplication, theme: Theme) -> None:
    # Qt's complaint about a sheet that it cannot read is a warning, which fails a test here.
    button = QPushButton("Forge")
    button.setProperty("role", "primary")
    button.ensurePolished()
    assert button.palette().button().color() == QColor(theme.colour.accent)


def test_every_token_is_used() -> None:
    sheet = resource("themes", "studio.qss").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "theme.py")
    code += (UI / "theme.py").read_text(encoding="utf-8").partition("def load_tokens")[2]
    tokens = load_tokens()
    unused = [
        f"{table}.{name}"
        for table, values in asdict(tokens).items()
        for name in values
        if f"{table}_{name}" not in sheet and not re.search(rf"\b{table}\.{name}\b|\.{name}\b", code)
    ]
    assert not unused


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(UI)))
def test_no_colour_or_size_is_written_out_in_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not COLOUR.findall(text)
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SIZED:
            written = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
            assert not any(written), f"{path.name}:{call.lineno} {call.func.attr}({written})"


def test_the_style_sheet_holds_no_colour_of_its_own() -> None:
    sheet = resource("themes", "studio.qss").read_text(encoding="utf-8")
    assert not COLOUR.findall(sheet)
    assert not re.findall(r"(?<![\w}])[1-9]\d*px", sheet)
    assert "$" not in style_sheet(load_tokens())


def test_every_icon_named_in_the_code_can_be_drawn(theme: Theme) -> None:
    for drawing in resource("icons").iterdir():
        assert "currentColor" in drawing.read_text(encoding="utf-8")
        icon = theme.icon(drawing.name.removesuffix(".svg"))
        picture = icon.pixmap(24, 24).toImage()
        drawn = {picture.pixelColor(x, y).alpha() for x in range(picture.width()) for y in range(picture.height())}
        assert max(drawn) > 0, f"{drawing.name} is empty"
