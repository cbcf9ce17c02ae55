"""The live views as widgets, over the pictures of a real analyser that listens to a tone."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from sonicforge_studio.audio.live import LiveAnalyser, LiveSnapshot, warm_live_analysis
from sonicforge_studio.domain import Target
from sonicforge_studio.kernels import raster
from sonicforge_studio.kernels.stereo import add_points
from sonicforge_studio.ui.live.exports import save_csv, save_png
from sonicforge_studio.ui.live.frame_clock import FrameClock
from sonicforge_studio.ui.live.loudness_view import LoudnessView
from sonicforge_studio.ui.live.spectrum_view import SpectrumView
from sonicforge_studio.ui.live.vectorscope_view import VectorscopeView
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.live.waterfall_view import WaterfallView
from sonicforge_studio.ui.scope import Scope
from sonicforge_studio.ui.theme import Theme
from tests.ringing import QUICK, Ringing, until

SPOTIFY = Target("spotify", -14.0, -1.0)


@pytest.fixture(scope="module")
def snapshot() -> Iterator[LiveSnapshot]:
    """1 kHz at -6 dBFS on the left, 20 dB below on the right, for a second."""
    warm_live_analysis()
    ringing = Ringing(1000.0, 0.5)
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        ringing.sound()
        yield until(analyser, lambda now: now.loudness.measured_seconds > 0.9)


def views(theme: Theme) -> list[LiveView]:
    return [
        SpectrumView(theme),
        WaterfallView(theme),
        LoudnessView(theme, SPOTIFY),
        VectorscopeView(theme),
        Scope(theme),
    ]


@pytest.fixture(params=range(5), ids=["spectrum", "waterfall", "loudness", "vectorscope", "scope"])
def view(theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot, request: pytest.FixtureRequest) -> LiveView:
    made = views(theme)[request.param]
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    qtbot.waitExposed(made)
    made.look(snapshot)
    return made


def accent_share(picture: QImage, theme: Theme) -> float:
    """How much of a picture is near the accent's hue and bright."""
    wanted, count = QColor(theme.colour.accent).hue(), 0
    for y in range(0, picture.height(), 3):
        for x in range(0, picture.width(), 3):
            colour = picture.pixelColor(x, y)
            count += abs(colour.hue() - wanted) < 12 and colour.value() > 90 and colour.saturation() > 60
    return count / (picture.width() * picture.height() / 9)


def test_each_view_paints_the_sound(view: LiveView, theme: Theme, qtbot: QtBot) -> None:
    qtbot.wait(30)
    assert accent_share(view.picture(), theme) > 0.0002


def test_a_held_view_keeps_its_picture(view: LiveView, snapshot: LiveSnapshot, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_H)
    assert view.frozen
    view.snapshot = None
    view.look(snapshot)
    assert view.snapshot is None
    qtbot.keyClick(view, Qt.Key.Key_H)
    view.look(snapshot)
    assert view.snapshot is snapshot


def test_full_screen_and_the_cursor_have_keys(view: LiveView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.full_screen_wanted):
        qtbot.keyClick(view, Qt.Key.Key_F)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert any(mark in view.readout.text() for mark in ("dB", "LUFS"))


def test_every_view_is_exported_as_picture_and_figures(view: LiveView, tmp_path: Path) -> None:
    save_png(view.picture(), tmp_path / "view.png")
    assert not QImage(str(tmp_path / "view.png")).isNull()
    save_csv(view.table(), tmp_path / "view.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "view.csv").read_text(encoding="utf-8"))))
    assert len(rows) > 5
    assert len({len(row) for row in rows}) == 1
    assert all(value == "" or math.isfinite(float(value)) for row in rows[1:] for value in row)


def test_the_spectrum_is_read_in_hertz_note_cents_and_decibels(
    theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot
) -> None:
    view = SpectrumView(theme)
    qtbot.addWidget(view)
    view.show()
    view.look(snapshot)
    view.hover(QPointF(math.log10(1000.0), -20.0))
    assert view.readout.text().startswith("1.00 kHz · B5 +21 ct · −6.")
    table = view.table()
    loudest = max(table.rows, key=lambda row: float(str(row[1])))
    assert float(str(loudest[0])) == pytest.approx(1000.0, rel=0.03)
    view.hover(None)
    assert view.readout.text() == ""


def test_the_waterfall_reads_the_past(theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot) -> None:
    view = WaterfallView(theme)
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    qtbot.waitExposed(view)
    view.look(snapshot)
    view.hover(QPointF(math.log10(1000.0), 0.9))
    assert "−6." in view.readout.text()
    assert "1.00 kHz" in view.readout.text()
    assert view.readout.text().endswith(" s")


def test_the_loudness_figures_stand_beside_the_target(theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot) -> None:
    view = LoudnessView(theme, SPOTIFY)
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    view.look(snapshot)
    small = view.shown()
    # -6 dBFS on one side: -9 LUFS, and 0.04 LU from the other.
    assert small["integrated"] == small["momentary"] == "−9.0"
    assert small["short"] == "–"
    assert small["peak"] == "−6.0"
    view.show_target(Target("podcast", -9.0, -10.0))
    view.look(snapshot)
    assert view._figures["peak"].property("tone") == "over"
    assert view._large.property("tone") == "good"
    before = view._large.styleSheet()
    view.resize(1900, 1000)
    qtbot.wait(30)
    assert int(view._large.styleSheet().split()[1][:-2]) > 2 * int(before.split()[1][:-2])


def test_no_view_makes_the_window_wait_for_a_compiler(theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot) -> None:
    kernels = (raster.columns_from_bands, raster.paint_spectrum, raster.paint_row, raster.paint_density, add_points)
    warm_live_analysis()
    before = [len(kernel.overloads) for kernel in kernels]  # type: ignore[attr-defined]
    for view in views(theme):
        qtbot.addWidget(view)
        view.resize(600, 300)
        view.show()
        view.look(snapshot)
    assert [len(kernel.overloads) for kernel in kernels] == before  # type: ignore[attr-defined]


def test_a_view_of_a_few_pixels_and_an_empty_picture_do_no_harm(
    theme: Theme, qtbot: QtBot, snapshot: LiveSnapshot
) -> None:
    for view in views(theme):
        qtbot.addWidget(view)
        view.resize(1, 1)
        view.show()
        view.redraw()
        view.look(snapshot)
        assert view.table().columns


class Pictures:
    def __init__(self, snapshot: LiveSnapshot) -> None:
        self.snapshot = snapshot
        self.seen: list[int] = []

    def look(self, snapshot: LiveSnapshot) -> None:
        self.seen.append(snapshot.number)


def test_the_clock_runs_while_pictures_come_and_counts_what_it_lost(qtbot: QtBot) -> None:
    ringing = Ringing(1000.0, 1e-5)
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        pictures = Pictures(analyser.newest)  # type: ignore[arg-type]
        clock = FrameClock(lambda: analyser.newest)
        clock.watch(pictures.look)
        qtbot.waitUntil(lambda: bool(pictures.seen))
        assert not clock.running
        ringing.sound()
        clock.wake()
        count = len(pictures.seen)
        qtbot.waitUntil(lambda: len(pictures.seen) > count + 20)
        assert clock.running
        assert pictures.seen == sorted(set(pictures.seen))
        lost = clock.dropped_frames
        # The window is kept from drawing for a tenth of a second: five or six frames are lost, and counted.

        time.sleep(0.1)
        qtbot.wait(50)
        assert 4 <= clock.dropped_frames - lost <= 9
        ringing.stop()
        qtbot.waitUntil(lambda: not clock.running, timeout=10_000)
        clock.close()
