"""A file's spectrogram as a PNG: picture, axes, colour bar and title."""

from __future__ import annotations

import io
import os
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sonicforge_studio.audio import FileSource, free_name, open_source
from sonicforge_studio.audio.spectrogram import DrawnSection, Section, draw_section, top_level_db
from sonicforge_studio.domain import Progress, Span
from sonicforge_studio.domain.errors import BadSetting, OutputExists, UnknownFormat
from sonicforge_studio.host import open_folders, start_log, write_bytes
from sonicforge_studio.kernels.spectrogram import paint
from sonicforge_studio.studio.spectrogram_axes import clock_text, frequency_ticks, level_ticks, time_ticks
from sonicforge_studio.studio.spectrogram_colours import Stops, blend, byte_colours, colour_stops

LEAST_SIDE, MOST_SIDE = 240, 16_384
MOST_PIXELS = 1 << 26
"""Of a picture, and of all that are drawn at once: some 600 MB."""
LEAST_FFT, MOST_FFT = 64, 65_536
_MOST_SECONDS = 1e7
_STRIP_PIXELS = 1 << 22
_LONGEST_NAME = 240

_GROUND = (13, 15, 19)
_TEXT = (233, 236, 241)
_FAINT = (169, 178, 192)
_LINE = (58, 67, 80)
_UNIT = (130, 141, 157)
_LEFT, _TOP, _RIGHT, _BOTTOM = 64, 78, 92, 50
_BAR_GAP, _BAR_WIDTH = 18, 14
_FONT_FILES = (
    "Inter-Regular.otf", "Inter-Regular.ttf", "NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf",
    "segoeui.ttf", "Arial Unicode.ttf", "Helvetica.ttc", "arial.ttf",
)  # fmt: skip
_OWN_FONT = "Aileron"
"""Pillow's, which knows ASCII alone."""
_UNPRINTABLE = ("Cc", "Zl", "Zp")
"""Control characters and line ends, which a line of text cannot hold."""
_WIDE_FONT_FILES = ("NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "msgothic.ttc", "PingFang.ttc")


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """What to draw. ``end_seconds`` None draws to the end, ``fft_size`` 0 chooses the window by the zoom; the colours
    span ``range_db`` down from the loudest cell."""

    width: int = 1600
    height: int = 800
    start_seconds: float = 0.0
    end_seconds: float | None = None
    fft_size: int = 0
    low_hz: float | None = None
    high_hz: float | None = None
    range_db: float = 90.0
    colours: str = "ember"

    def checked(self) -> PictureRequest:
        """The request itself. Raises ``BadSetting`` where a figure is out of its range."""
        for name, value in (("width", self.width), ("height", self.height)):
            if not LEAST_SIDE <= value <= MOST_SIDE:
                raise BadSetting(
                    f"A picture's {name} of {value} pixels cannot be drawn.",
                    hint=f"Choose from {LEAST_SIDE} to {MOST_SIDE} pixels.",
                )
        if self.width * self.height > MOST_PIXELS:
            raise BadSetting(
                f"A picture of {self.width} by {self.height} pixels is too large.",
                hint=f"Draw {MOST_PIXELS // 1_000_000} million pixels at most, such as 8192 by 8192.",
            )
        size = self.fft_size
        if size and not (LEAST_FFT <= size <= MOST_FFT and size & (size - 1) == 0):
            raise BadSetting(
                f"An FFT of {size} points is not possible.", hint=f"Choose a power of two, {LEAST_FFT} to {MOST_FFT}."
            )
        if not 10.0 <= self.range_db <= 120.0:
            raise BadSetting(f"A range of {self.range_db:g} dB cannot be drawn.", hint="Choose from 10 to 120 dB.")
        end_seconds = self.start_seconds if self.end_seconds is None else self.end_seconds
        if not (0.0 <= self.start_seconds <= end_seconds <= _MOST_SECONDS):
            raise BadSetting("There is no such section.", hint="Let it start at 0 s or later, and end after that.")
        colour_stops(self.colours)
        return self


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written."""

    path: Path
    width: int
    height: int
    start_seconds: float
    duration_seconds: float
    """How long the drawn section is."""
    warning: str | None


def open_home(home: Path | None) -> None:
    """Begin the log in the data folder. Raises ``OutputNotWritable``."""
    start_log(open_folders(home).logs)


def picture_file(path: Path, out: Path, *, folder: bool, overwrite: bool) -> Path:
    """The PNG's name: ``out``, or in the folder ``out`` the next free name after the sound's.

    Raises ``UnknownFormat`` for another suffix than .png, and ``OutputExists`` where a named file is there and may not
    be replaced.
    """
    if folder:
        name = path.name
        while len(os.fsencode(name)) > _LONGEST_NAME:
            name = name[:-1]
        named = out / f"{name}.png"
        return named if overwrite else free_name(named)
    if out.suffix.lower() != ".png":
        raise UnknownFormat("A spectrogram is a PNG file.", hint="Name it with .png.")
    if out.exists() and not overwrite:
        raise OutputExists(f'There is already a file named "{out.name}".')
    return out


def at_once(request: PictureRequest) -> int:
    """How many such pictures may be drawn at once."""
    return max(1, min(os.cpu_count() or 1, MOST_PIXELS // (request.width * request.height)))


def draw_picture(
    path: Path, out: Path, request: PictureRequest, progress: Progress, *, folder: bool = False, overwrite: bool = False
) -> Picture:
    """Draw a file's spectrogram into a PNG, in one pass with flat memory.

    Raises the input errors of ``open_source``, ``BadSetting``, ``OutputExists`` and what writing raises.
    """
    request = request.checked()
    picture_file(path, out, folder=folder, overwrite=overwrite)
    plot_width, plot_height = request.width - _LEFT - _RIGHT, request.height - _TOP - _BOTTOM
    with open_source(path) as source:
        section = Section(
            plot_width,
            plot_height,
            request.start_seconds,
            request.end_seconds,
            request.fft_size,
            request.low_hz,
            request.high_hz,
        )
        drawn = draw_section(source, section, Span(progress, 0.0, 0.9))
        image = _compose(path, source, drawn, request, Span(progress, 0.9, 0.95))
        warning = source.warning
    content = _Content(progress)
    image.save(content, "PNG")
    progress.step(1.0, 1.0, "Writing")
    destination = picture_file(path, out, folder=folder, overwrite=overwrite)
    write_bytes(destination, content.getvalue())
    return Picture(
        destination,
        request.width,
        request.height,
        drawn.start_seconds,
        drawn.end_seconds - drawn.start_seconds,
        warning,
    )


class _Content(io.BytesIO):
    """What Pillow writes into, piece by piece; a large picture takes it seconds, and can be stopped."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def write(self, piece: Any) -> int:
        self._progress.step(0.95, 1.0, "Writing")
        return super().write(piece)


def _compose(
    path: Path, source: FileSource, drawn: DrawnSection, request: PictureRequest, progress: Progress
) -> Image.Image:
    stops = colour_stops(request.colours)
    top_db = top_level_db(drawn.columns)
    left, top = _LEFT, _TOP
    right, bottom = request.width - _RIGHT, request.height - _BOTTOM
    colours = byte_colours(stops, top_db, request.range_db)
    image = Image.new("RGB", (request.width, request.height), _GROUND)
    strip = max(1, _STRIP_PIXELS // (bottom - top))
    for at in range(0, right - left, strip):
        progress.step(at, right - left, "Drawing")
        pixels = np.empty((bottom - top, min(strip, right - left - at)), np.uint32)
        paint(drawn.columns, at * drawn.columns_per_pixel, drawn.columns_per_pixel, colours, pixels)
        image.paste(_as_image(pixels), (left + at, top))
    draw = ImageDraw.Draw(image)
    _head(draw, path, source, drawn, right)
    _time_axis(draw, drawn, left, right, bottom)
    _frequency_axis(draw, drawn, left, top, bottom)
    _colour_bar(image, draw, stops, top_db, request.range_db, right + _BAR_GAP, top, bottom)
    draw.rectangle((left - 1, top - 1, right, bottom), outline=_LINE)
    return image


def _head(draw: ImageDraw.ImageDraw, path: Path, source: FileSource, drawn: DrawnSection, right: int) -> None:
    name = "".join(
        " " if unicodedata.category(letter) in _UNPRINTABLE else letter
        for letter in path.name.encode("utf-8", "replace").decode()
    )
    channels = {1: "mono", 2: "stereo, the louder channel"}.get(
        source.channels, f"{source.channels} channels, the loudest one"
    )
    window_ms = 1000 * drawn.window_frames / source.sample_rate_hz
    about = f"{source.sample_rate_hz / 1000:g} kHz, {channels} · {drawn.window_frames}-point Hann, {window_ms:.0f} ms"
    _line(draw, (_LEFT, 14), name, 18, _TEXT, right - _LEFT)
    _line(draw, (_LEFT, 40), about, 13, _FAINT, right - _LEFT)


def _time_axis(draw: ImageDraw.ImageDraw, drawn: DrawnSection, left: int, right: int, bottom: int) -> None:
    start, end = drawn.start_seconds, drawn.end_seconds
    font = _font(13, "0123456789:.")
    widest = font.getlength(clock_text(end, 3)) + 24
    for seconds, text in time_ticks(start, end, max(2, int((right - left) / widest))):
        x = left + (seconds - start) / (end - start) * (right - left)
        draw.line((x, bottom, x, bottom + 5), fill=_LINE)
        _line(draw, (x, bottom + 9), text, 13, _FAINT, anchor="ma")
    _line(draw, (right, bottom + 29), "h:mm:ss" if end >= 3600 else "m:ss", 12, _UNIT, anchor="ra")


def _frequency_axis(draw: ImageDraw.ImageDraw, drawn: DrawnSection, left: int, top: int, bottom: int) -> None:
    octaves = np.log(drawn.high_hz / drawn.low_hz)
    for hz, text in frequency_ticks(drawn.low_hz, drawn.high_hz, max(3, (bottom - top) // 26)):
        y = bottom - np.log(hz / drawn.low_hz) / octaves * (bottom - top)
        draw.line((left - 6, y, left - 1, y), fill=_LINE)
        _line(draw, (left - 10, y), text, 13, _FAINT, anchor="rm")
    _line(draw, (left - 10, top - 12), "Hz", 12, _UNIT, anchor="rm")


def _colour_bar(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    stops: Stops,
    top_db: float,
    range_db: float,
    left: int,
    top: int,
    bottom: int,
) -> None:
    shades = blend(stops, np.linspace(1.0, 0.0, bottom - top))
    image.paste(_as_image(np.repeat(shades[:, None], _BAR_WIDTH, axis=1)), (left, top))
    draw.rectangle((left - 1, top - 1, left + _BAR_WIDTH, bottom), outline=_LINE)
    for level, text in level_ticks(top_db, range_db, max(2, (bottom - top) // 40)):
        y = top + (top_db - level) / range_db * (bottom - top)
        draw.line((left + _BAR_WIDTH + 1, y, left + _BAR_WIDTH + 5, y), fill=_LINE)
        _line(draw, (left + _BAR_WIDTH + 9, y), text, 13, _FAINT, anchor="lm")
    _line(draw, (left, top - 12), "dBFS", 12, _UNIT, anchor="lm")


def _as_image(pixels: NDArray[np.uint32]) -> Image.Image:
    height, width = pixels.shape
    return Image.frombytes("RGB", (width, height), pixels.astype("<u4").tobytes(), "raw", "BGRX")


def _line(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    most_width: float | None = None,
    anchor: str = "la",
) -> None:
    """One line of text; what is longer than ``most_width`` ends in an ellipsis."""
    font = _font(size, text)
    text = _spelled(font, text)
    if most_width is not None and font.getlength(text) > most_width:
        while text and font.getlength(text + "...") > most_width:
            text = text[:-1]
        text += "..."
    draw.text(place, text, fill=colour, font=font, anchor=anchor)


def _font(size: int, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of the system that has the text's letters; Pillow's own, which knows ASCII, where there is none."""
    wide = any(ord(letter) >= 0x2E80 for letter in text)
    return _loaded(size, wide)


@cache
def _loaded(size: int, wide: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in (*(_WIDE_FONT_FILES if wide else ()), *_FONT_FILES):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _spelled(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> str:
    """The text in the letters that the font has."""
    if isinstance(font, ImageFont.FreeTypeFont) and font.getname()[0] != _OWN_FONT:
        return text
    plain = text.replace("−", "-").replace("–", "-").replace("·", "|").replace("ł", "l").replace("Ł", "L")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
