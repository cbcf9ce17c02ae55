"""The report of a master as one page of A4."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.resources import as_file
from typing import Any

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from sonicforge_studio.host.resources import resource
from sonicforge_studio.studio.master_report import chain_in_short

_WIDTH, _HEIGHT = 210.0, 297.0
_MARGIN = 15.0
_INNER = _WIDTH - 2 * _MARGIN
_GAP = 8.0
_HALF = (_INNER - _GAP) / 2
_ROW = 4.4
_FONT = "dejavu"

_INK = (28, 30, 38)
_SOFT = (118, 122, 134)
_LINE = (222, 224, 230)
_BEFORE = (160, 164, 176)
_AFTER = (88, 80, 214)
_REDUCED = (214, 120, 52)
_GOOD = (24, 132, 88)
_BAD = (196, 52, 56)
_PAPER = (247, 247, 250)

_FIGURES = (
    ("Integrated", "integrated_lufs", "LUFS"),
    ("Loudness range", "loudness_range_lu", "LU"),
    ("Momentary max", "momentary_max_lufs", "LUFS"),
    ("Short-term max", "short_term_max_lufs", "LUFS"),
    ("True peak", "true_peak_dbtp", "dBTP"),
    ("Sample peak", "sample_peak_dbfs", "dBFS"),
)
_FAINTEST_LUFS = -60.0
_LOWEST_LEVEL_DB = -100.0
_MOST_POINTS = 700
_TITLE_SIZE, _LEAST_TITLE_SIZE = 19.0, 11.0
_MISSING = "\N{REPLACEMENT CHARACTER}"

Colour = tuple[int, int, int]


def page_of(report: Mapping[str, Any]) -> bytes:
    """The page of a report as ``master_report.report_of`` makes it."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    page = _Page()
    top = _head(page, report)
    below = max(_figures(page, report, top), _chain(page, report, top))
    curves = report.get("curves")
    if curves:
        below = _loudness(page, report, curves, below + 6.0)
        below = max(_reductions(page, curves, below + 6.0), _spectra(page, curves, below + 6.0))
    below = _proofs(page, report, below + 6.0)
    _foot(page, report, below + 4.0)
    return bytes(page.pdf.output())


class _Page:
    """A4 with places in millimetres from the top left, and a pen of its own for text and curves."""

    def __init__(self) -> None:
        self.pdf = FPDF("portrait", "mm", "A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            with as_file(resource("fonts", name)) as path:
                self.pdf.add_font(_FONT, style, path)
        self.pdf.set_title("Mastering report")
        self.pdf.set_creator("SonicForge Studio")
        self.pdf.add_page()

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 7.5,
        bold: bool = False,
        colour: Colour = _INK,
        width: float = 0.0,
        align: str = "L",
    ) -> float:
        """A line with its top at ``y``, cut off with an ellipsis where it is wider than ``width``; its width."""
        self.pdf.set_font(_FONT, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)
        words = self._printable(words)
        if width and self.pdf.get_string_width(words) > width:
            while words and self.pdf.get_string_width(words + "…") > width:
                words = words[:-1]
            words += "…"
        taken = self.pdf.get_string_width(words)
        if width:
            x += {"L": 0.0, "R": width - taken, "C": (width - taken) / 2}[align]
        self.pdf.text(x, y + size * 0.3528 * 0.8, words)
        return float(taken)

    def title(self, x: float, y: float, words: str, width: float) -> None:
        """As large as fits, within reason."""
        self.pdf.set_font(_FONT, "B", _TITLE_SIZE)
        taken = self.pdf.get_string_width(self._printable(words))
        size = min(_TITLE_SIZE, max(_LEAST_TITLE_SIZE, _TITLE_SIZE * width / max(taken, 1.0)))
        self.text(x, y + (_TITLE_SIZE - size) * 0.18, words, size=size, bold=True, width=width)

    def paragraph(self, x: float, y: float, width: float, words: str, *, size: float, colour: Colour) -> float:
        """Text over several lines; where it ends."""
        self.pdf.set_font(_FONT, "", size)
        self.pdf.set_text_color(*colour)
        self.pdf.set_xy(x, y)
        height = self.pdf.multi_cell(
            width, size * 0.3528 * 1.35, self._printable(words), output=MethodReturnValue.HEIGHT, align="L"
        )
        assert isinstance(height, float)
        return y + height

    def heading(self, x: float, y: float, words: str, width: float) -> float:
        """A section's name over a hairline; where its content begins."""
        self.text(x, y, words, size=7.0, bold=True, colour=_SOFT)
        self.line(x, y + 3.8, x + width, y + 3.8)
        return y + 5.6

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: Colour = _LINE, width: float = 0.2) -> None:
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(width)
        self.pdf.line(x, y, to_x, to_y)

    def curve(self, points: Sequence[tuple[float, float]], colour: Colour, width: float = 0.35) -> None:
        if len(points) > 1:
            self.pdf.set_draw_color(*colour)
            self.pdf.set_line_width(width)
            self.pdf.polyline(points)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self.pdf.set_fill_color(*colour)
        self.pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=1.2)

    def _printable(self, words: str) -> str:
        known = self.pdf.current_font.cmap  # type: ignore[union-attr]
        return "".join(letter if ord(letter) in known else _MISSING for letter in words if letter.isprintable())


def _head(page: _Page, report: Mapping[str, Any]) -> float:
    page.text(_MARGIN, 13.0, "MASTERING REPORT", size=7.0, bold=True, colour=_AFTER)
    made = datetime.fromisoformat(report["made_at"]).astimezone()
    page.text(_MARGIN, 13.0, f"{made:%Y-%m-%d %H:%M}", size=7.0, colour=_SOFT, width=_INNER, align="R")
    page.title(_MARGIN, 18.5, report["title"], _INNER - 36.0)
    passed = bool(report["passed"])
    page.box(_WIDTH - _MARGIN - 31.0, 18.0, 31.0, 8.0, _GOOD if passed else _BAD)
    words = "✓  PASSED" if passed else "✗  NOT PASSED"
    page.text(_WIDTH - _MARGIN - 31.0, 20.5, words, size=8.5, bold=True, colour=(255, 255, 255), width=31.0, align="C")
    target = report["target"]
    minutes, seconds = divmod(round(report["duration_seconds"]), 60)
    facts = (
        report["artist"],
        f"target {target['name']}: {_number(target['integrated_lufs'], 1)} LUFS, "
        f"{_number(target['ceiling_dbtp'], 1)} dBTP",
        f"{minutes}:{seconds:02d}",
        f"{report['sample_rate_hz'] / 1000:g} kHz",
        {1: "mono", 2: "stereo"}.get(report["channels"], f"{report['channels']} channels"),
        report["original"].replace("\\", "/").rpartition("/")[2],
    )
    page.text(_MARGIN, 28.0, "  ·  ".join(fact for fact in facts if fact), size=8.0, colour=_SOFT, width=_INNER)
    return 36.5


def _figures(page: _Page, report: Mapping[str, Any], top: float) -> float:
    y = page.heading(_MARGIN, top, "Loudness and peaks", _HALF)
    column = (_HALF - 30.0) / 3
    for index, (words, colour) in enumerate((("before", _SOFT), ("after", _AFTER), ("target", _SOFT))):
        page.text(_MARGIN + 30.0 + index * column, y, words, size=6.5, colour=colour, width=column, align="R")
    target = {
        "integrated_lufs": report["target"]["integrated_lufs"],
        "true_peak_dbtp": report["target"]["ceiling_dbtp"],
    }
    for name, field, unit in _FIGURES:
        y += _ROW
        page.text(_MARGIN, y, name)
        wanted = target.get(field)
        cells = (
            (_number(report["before"][field], 1), _SOFT, False),
            (_number(report["after"][field], 1), _INK, True),
            ("" if wanted is None else ("≤ " if field == "true_peak_dbtp" else "") + _number(wanted, 1), _SOFT, False),
        )
        for index, (words, colour, bold) in enumerate(cells):
            x = _MARGIN + 30.0 + index * column
            page.text(x, y, words, colour=colour, bold=bold, width=column - 8.5, align="R")
            if words:
                page.text(x + column - 7.5, y + 0.4, unit, size=5.5, colour=_SOFT)
    return y + _ROW


def _chain(page: _Page, report: Mapping[str, Any], top: float) -> float:
    x = _MARGIN + _HALF + _GAP
    y = page.heading(x, top, "What was done", _HALF)
    settings = report["settings"]
    rows = chain_in_short(settings["chain"]) if settings["amount"] > 0 else []
    rows.append(("gain", f"{report['gain_db']:+.1f} dB"))
    rows.append(("limiter", f"true peak at {_number(settings['target']['ceiling_dbtp'], 1)} dBTP"))
    if settings["amount"] < 1.0:
        rows.append(("amount", f"{100.0 * settings['amount']:.0f} %"))
    if settings.get("match"):
        rows.append(("references", "spectrum, width and dynamics of their own"))
    if settings["least_peak_to_loudness_lu"]:
        rows.append(("dynamics", f"at least {settings['least_peak_to_loudness_lu']:g} LU of peak over loudness kept"))
    for name, words in rows[:9]:
        page.text(x, y, name, colour=_SOFT, width=18.0)
        y = max(y + _ROW, page.paragraph(x + 19.0, y - 0.3, _HALF - 19.0, words, size=7.0, colour=_INK) + 0.9)
    return y


def _frame(
    page: _Page,
    place: tuple[float, float, float, float],
    levels: tuple[float, float],
    step: float,
) -> Callable[[float, float], tuple[float, float]]:
    """Level lines with their figures in the place ``(x, y, width, height)``; gives the point of a share and a level."""
    x, y, width, height = place
    low, high = levels

    def point(share: float, level: float) -> tuple[float, float]:
        inside = min(max(level, low), high)
        return x + 8.0 + (width - 8.0) * share, y + height * (high - inside) / (high - low)

    page.box(x + 8.0, y, width - 8.0, height, _PAPER)
    level = math.ceil(low / step) * step
    while level <= high + 1e-9:
        _, line_y = point(0.0, level)
        page.line(x + 8.0, line_y, x + width, line_y)
        page.text(x, line_y - 1.0, _number(level, 0), size=5.5, colour=_SOFT, width=6.8, align="R")
        level += step
    return point


def _loudness(page: _Page, report: Mapping[str, Any], curves: Mapping[str, Any], top: float) -> float:
    y = page.heading(_MARGIN, top, "Short-term loudness, LUFS", _INNER)
    _legend(page, top)
    before, after = curves["short_term_before_lufs"], curves["short_term_after_lufs"]
    if not any(value is not None for value in (*before, *after)):
        before, after = curves["momentary_before_lufs"], curves["momentary_after_lufs"]
    wanted = report["target"]["integrated_lufs"]
    heard = sorted(value for value in (*before, *after) if value is not None and value > _FAINTEST_LUFS)
    low = min(heard[len(heard) // 50], wanted) if heard else _FAINTEST_LUFS
    high = max(heard[-1], wanted) if heard else 0.0
    low, high = 6.0 * math.floor((low - 1.0) / 6.0), 6.0 * math.ceil((high + 1.0) / 6.0)
    point = _frame(page, (_MARGIN, y, _INNER, 33.0), (low, high), 6.0)
    page.pdf.set_dash_pattern(1.2, 1.0)
    page.line(*point(0.0, wanted), *point(1.0, wanted), colour=_GOOD, width=0.25)
    page.pdf.set_dash_pattern()
    for values, colour, width in ((before, _BEFORE, 0.3), (after, _AFTER, 0.45)):
        _draw(page, point, values, colour, width, low)
    _time_axis(page, y + 33.0, len(after) * curves["step_seconds"], _INNER)
    return y + 36.0


def _reductions(page: _Page, curves: Mapping[str, Any], top: float) -> float:
    y = page.heading(_MARGIN, top, "Gain reduction, dB", _HALF)
    curves_by_stage = [curve for curve in curves["reductions"] if any(curve["reduction_db"])][:6]
    deepest = min((min(curve["reduction_db"]) for curve in curves_by_stage), default=0.0)
    step = 3.0 if deepest > -12.0 else 6.0
    low = min(-step, step * math.floor(deepest / step))
    point = _frame(page, (_MARGIN, y, _HALF, 33.0), (low, 0.0), step)
    x = _MARGIN + _HALF
    for number, curve in enumerate(reversed(curves_by_stage)):
        share = number / max(1, len(curves_by_stage))
        colour = tuple(round(a + (b - a) * share) for a, b in zip(_REDUCED, _AFTER, strict=True))
        _draw(page, point, curve["reduction_db"], colour, 0.3, low, lowest=True)  # type: ignore[arg-type]
        width = page.text(0.0, -10.0, curve["name"], size=6.0)
        x -= width + 3.0
        page.text(x + 3.0, top + 0.2, curve["name"], size=6.0, colour=colour)  # type: ignore[arg-type]
    longest = max((len(curve["reduction_db"]) for curve in curves_by_stage), default=0)
    _time_axis(page, y + 33.0, longest * curves["step_seconds"], _HALF)
    return y + 36.0


def _spectra(page: _Page, curves: Mapping[str, Any], top: float) -> float:
    x = _MARGIN + _HALF + _GAP
    y = page.heading(x, top, "Spectrum in third octaves, dBFS", _HALF)
    centres, levels = curves["spectrum_hz"], (curves["spectrum_before_db"], curves["spectrum_after_db"])
    heard = [value for side in levels for value in side if value is not None and value > _LOWEST_LEVEL_DB]
    high = 10.0 * math.ceil((max(heard, default=0.0) + 1.0) / 10.0)
    low = max(high - 80.0, 10.0 * math.floor((min(heard, default=-80.0) - 1.0) / 10.0))
    point = _frame(page, (x, y, _HALF, 33.0), (low, high), 10.0 if high - low <= 50.0 else 20.0)
    for side, colour, width in ((levels[0], _BEFORE, 0.3), (levels[1], _AFTER, 0.45)):
        if len(side) == len(centres) > 1:
            places = [_octave_share(hz) for hz in centres]
            page.curve(
                [point(place, low if value is None else value) for place, value in zip(places, side, strict=True)],
                colour,
                width,
            )
    for hz, words in ((31.5, "31"), (125.0, "125"), (500.0, "500"), (2000.0, "2k"), (8000.0, "8k")):
        place, _ = point(_octave_share(hz), low)
        page.text(place - 5.0, y + 33.8, words, size=5.5, colour=_SOFT, width=10.0, align="C")
    return y + 36.0


def _octave_share(hz: float) -> float:
    return math.log(hz / 20.0) / math.log(1000.0)


def _draw(
    page: _Page,
    point: Callable[[float, float], tuple[float, float]],
    values: Sequence[float | None],
    colour: Colour,
    width: float,
    silent: float,
    *,
    lowest: bool = False,
) -> None:
    """A curve over time, of a long one the highest value (or ``lowest``) in each of ``_MOST_POINTS`` stretches."""
    known = [silent if value is None else value for value in values]
    stride = max(1, -(-len(known) // _MOST_POINTS))
    choose = min if lowest else max
    thinned = [choose(known[start : start + stride]) for start in range(0, len(known), stride)]
    last = max(1, len(thinned) - 1)
    page.curve([point(index / last, value) for index, value in enumerate(thinned)], colour, width)


def _legend(page: _Page, top: float) -> None:
    x = _MARGIN + _INNER
    for words, colour in (("target", _GOOD), ("after", _AFTER), ("before", _BEFORE)):
        x -= page.text(0.0, -10.0, words, size=6.0) + 3.0
        page.text(x + 3.0, top + 0.2, words, size=6.0, colour=colour)


def _time_axis(page: _Page, y: float, seconds: float, width: float) -> None:
    steps = 4 if width < _INNER else 8
    for index in range(steps + 1):
        at = seconds * index / steps
        words = f"{at:.1f} s" if seconds < 20.0 else f"{int(at) // 60}:{int(at) % 60:02d}"
        x = _MARGIN + 8.0 + (width - 8.0) * index / steps
        align = "L" if index == 0 else "R" if index == steps else "C"
        page.text(x - {"L": 0.0, "C": 6.0, "R": 12.0}[align], y + 0.8, words, size=5.5, colour=_SOFT, width=12.0,
                  align=align)  # fmt: skip


def _proofs(page: _Page, report: Mapping[str, Any], top: float) -> float:
    y = page.heading(_MARGIN, top, "Proof of delivery: encoded, decoded again, measured", _INNER)
    columns = (("format", 34.0), ("LUFS", 14.0), ("dBTP", 14.0), ("clipped", 13.0), ("kHz", 12.0), ("blake3", 27.0))
    x = _MARGIN + 5.0
    for name, width in columns:
        page.text(
            x, y, name, size=6.2, colour=_SOFT, width=width - 3.0, align="L" if name in ("format", "blake3") else "R"
        )
        x += width
    for index, proof in enumerate(report["proof"]):
        y += _ROW
        if index % 2 == 0:
            page.box(_MARGIN, y - 1.0, _INNER, _ROW, _PAPER)
        passed = proof["passed"]
        page.text(_MARGIN + 1.0, y, "✓" if passed else "✗", bold=True, colour=_GOOD if passed else _BAD)
        loudness = proof["loudness"]
        cells = (
            (proof["title"], _INK),
            (_number(loudness["integrated_lufs"], 2), _INK),
            (_number(loudness["true_peak_dbtp"], 2), _INK),
            (str(proof["clipped_samples"]), _INK),
            (f"{proof['sample_rate_hz'] / 1000:g}" if proof["sample_rate_hz"] else "–", _INK),
            (proof["content_hash"][:14], _SOFT),
        )
        x = _MARGIN + 5.0
        for (name, width), (words, colour) in zip(columns, cells, strict=True):
            align = "L" if name in ("format", "blake3") else "R"
            page.text(x, y, words, size=7.0, colour=colour, width=width - 3.0, align=align)
            x += width
        words = proof["reason"] or proof["note"]
        page.text(x, y, words, size=6.2, colour=_SOFT if passed else _BAD, width=_WIDTH - _MARGIN - x - 1.0)
    return y + _ROW


def _foot(page: _Page, report: Mapping[str, Any], top: float) -> None:
    written = report["proof"][0]
    y = top
    for name, digest in (("blake3 of the file", written["content_hash"]), ("of its samples", written["pcm_hash"])):
        page.text(_MARGIN, y, name, size=6.2, colour=_SOFT)
        page.text(_MARGIN + 27.0, y, digest, size=6.2)
        y += 3.4
    for note in report["notes"]:
        if y > _HEIGHT - 20.0:
            break
        y = page.paragraph(_MARGIN, y + 0.6, _INNER, note, size=6.8, colour=_INK)
    page.line(_MARGIN, _HEIGHT - 12.0, _WIDTH - _MARGIN, _HEIGHT - 12.0)
    page.text(_MARGIN, _HEIGHT - 10.5, f"SonicForge Studio {report['studio_version']}", size=6.2, colour=_SOFT)
    words = "Loudness to ITU-R BS.1770-5 and EBU R 128, peaks between samples included"
    page.text(_MARGIN, _HEIGHT - 10.5, words, size=6.2, colour=_SOFT, width=_INNER, align="R")


def _number(value: float | None, digits: int) -> str:
    """With the true minus; a dash where there is no reading."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")
