"""The spectrogram of a track on the screen: what it shows, and what hands do with it."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.studio.spectrogram_drawing import Window
from sonicforge_studio.studio.spectrograms import Spectrograms
from sonicforge_studio.ui.live.spectrogram_canvas import SHORTEST_SECONDS, Stretch
from sonicforge_studio.ui.live.spectrogram_image import SpectrogramImage
from sonicforge_studio.ui.live.spectrogram_view import SpectrogramView
from sonicforge_studio.ui.theme import Theme
from tests.sounds import groove, tone, write

SECONDS = 12.0


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[SpectrogramView]:
    spectrograms = Spectrograms(TileCache(tmp_path / "tiles"))
    made = SpectrogramView(theme, spectrograms)
    made.resize(900, 500)
    made.show()
    yield made
    made.close_down()
    spectrograms.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "groove.wav", groove(SECONDS))


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20.0
    while not happened():
        assert time.monotonic() < deadline, happened
        QApplication.processEvents()
        time.sleep(0.002)


def seen(view: SpectrogramView) -> tuple[float, float]:
    stretch = view.canvas.stretch
    assert stretch is not None
    return stretch.start_seconds, stretch.end_seconds


def place(view: SpectrogramView, across: float, up: float = 0.5) -> QPoint:
    plot = view.canvas.plot
    return QPoint(round(plot.left() + across * plot.width()), round(plot.bottom() - up * plot.height()))


def show(view: SpectrogramView, path: Path, seconds: float = SECONDS) -> None:
    view.show_track(path, "Groove", seconds)
    until(lambda: view.canvas.finest)


def turn_wheel(
    view: SpectrogramView,
    notches: float,
    across: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    at = QPointF(place(view, across))
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.canvas, event)


def picture(view: SpectrogramView) -> np.ndarray:
    """The pixels within the axes, ``(height, width, 4)``."""
    image = view.canvas.grab(view.canvas.plot).toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return pixels[:, : image.width()].astype(int)


def test_a_track_is_drawn_whole(view: SpectrogramView, tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav", tone(5.0, 1000.0))
    assert not view.export_button.isEnabled()
    show(view, path, 5.0)
    assert seen(view) == (0.0, 5.0)
    light = picture(view).sum(axis=2)
    plot = view.canvas.plot
    expected = (1 - np.log(1000 / 20) / np.log(22_050 / 20)) * plot.height()
    assert light.mean(axis=1).argmax() == pytest.approx(expected, abs=2)
    assert view.export_button.isEnabled()
    assert view.canvas.accessibleName()


def test_it_is_read_once_it_is_seen(view: SpectrogramView, path: Path) -> None:
    view.hide()
    view.show_track(path, "Groove", SECONDS)
    assert view._track is None
    view.show()
    until(lambda: view.canvas.finest)


def test_the_wheel_zooms_around_the_cursor_down_to_a_millisecond(view: SpectrogramView, path: Path) -> None:
    show(view, path)
    turn_wheel(view, 3, 0.25)
    start, end = seen(view)
    assert end - start == pytest.approx(SECONDS / 1.3**3)
    assert start + 0.25 * (end - start) == pytest.approx(0.25 * SECONDS, abs=0.02)
    turn_wheel(view, 200, 0.5)
    start, end = seen(view)
    assert end - start == pytest.approx(SHORTEST_SECONDS)
    until(lambda: view.canvas.finest)
    assert picture(view).any()
    turn_wheel(view, -400, 0.5)
    assert seen(view) == (0.0, SECONDS)


def test_coarse_is_shown_until_the_fine_is_there(view: SpectrogramView, path: Path) -> None:
    show(view, path)
    view.canvas.show_stretch(5.0, 5.2)
    first = picture(view)
    until(lambda: view.canvas.finest)
    fine = picture(view)
    assert first.std() > 5
    assert fine.std() > 5
    assert np.abs(first - fine).mean() > 1


def test_a_click_plays_from_there(view: SpectrogramView, path: Path, qtbot: QtBot) -> None:
    show(view, path)
    view.canvas.show_stretch(4.0, 6.0)
    with qtbot.waitSignal(view.sought) as signal:
        QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, 0.5))
    assert signal.args[0] == pytest.approx(5.0, abs=0.01)


def drag(
    view: SpectrogramView,
    first: float,
    last: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.mousePress(view.canvas, Qt.MouseButton.LeftButton, modifiers, place(view, first))
    for share in np.linspace(first, last, 5):
        QTest.mouseMove(view.canvas, place(view, share))
    QTest.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, modifiers, place(view, last))


def test_a_drag_moves_and_does_not_play(view: SpectrogramView, path: Path) -> None:
    show(view, path)
    view.canvas.show_stretch(4.0, 6.0)
    sought: list[float] = []
    view.sought.connect(sought.append)
    drag(view, 0.75, 0.25)
    assert seen(view)[0] == pytest.approx(5.0, abs=0.01)
    drag(view, 0.0, 1.0)
    drag(view, 0.0, 1.0)
    drag(view, 0.0, 1.0)
    assert seen(view) == (0.0, 2.0)
    turn_wheel(view, -2, 0.5, Qt.KeyboardModifier.ShiftModifier)
    assert seen(view) == (0.5, 2.5)
    assert not sought


def test_shift_and_a_drag_loop_and_escape_ends_it(view: SpectrogramView, path: Path, qtbot: QtBot) -> None:
    show(view, path)
    with qtbot.waitSignal(view.loop_wanted) as signal:
        drag(view, 0.75, 0.5, Qt.KeyboardModifier.ShiftModifier)
    assert signal.args == [pytest.approx(6.0, abs=0.05), pytest.approx(9.0, abs=0.05)]
    assert seen(view) == (0.0, SECONDS)
    outside, inside = picture(view)[:, :100].mean(), picture(view)[:, 500:580].mean()
    assert outside < inside
    with qtbot.waitSignal(view.loop_dropped):
        QTest.keyClick(view.canvas, Qt.Key.Key_Escape)


def test_the_keyboard_does_what_the_mouse_does(view: SpectrogramView, path: Path, qtbot: QtBot) -> None:
    show(view, path)
    QTest.keyClick(view.canvas, Qt.Key.Key_Plus)
    QTest.keyClick(view.canvas, Qt.Key.Key_Up)
    assert seen(view) == (pytest.approx(4.5), pytest.approx(7.5))
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert seen(view)[0] == pytest.approx(4.875)
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    QTest.keyClick(view.canvas, Qt.Key.Key_End)
    assert seen(view) == (pytest.approx(9.0), SECONDS)
    with qtbot.waitSignal(view.sought) as signal:
        QTest.keyClick(view.canvas, Qt.Key.Key_Return)
    assert signal.args[0] == pytest.approx(10.5, abs=0.05)
    QTest.keyClick(view.canvas, Qt.Key.Key_Home)
    assert seen(view)[0] == 0.0
    QTest.keyClick(view.canvas, Qt.Key.Key_Minus)
    QTest.keyClick(view.canvas, Qt.Key.Key_0)
    assert seen(view) == (0.0, SECONDS)
    with qtbot.waitSignal(view.full_screen_wanted):
        QTest.keyClick(view.canvas, Qt.Key.Key_F)


def test_the_play_head_is_where_the_music_is_and_turns_the_page(view: SpectrogramView, path: Path) -> None:
    show(view, path)
    view.show_position(3.0)
    column = picture(view)[:, round(0.25 * view.canvas.plot.width())]
    assert column.min() > 150
    view.canvas.show_stretch(2.0, 4.0)
    for position in np.arange(3.0, 4.2, 0.05):
        view.show_position(float(position))
    start, end = seen(view)
    assert start < 4.15 < end
    assert end - start == pytest.approx(2.0)
    view.show_position(11.0)  # sought, not played on to
    assert seen(view) == (start, end)


def test_the_cursor_reads_time_pitch_and_level(view: SpectrogramView, tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav", tone(8.0, 440.0))
    show(view, path, 8.0)
    up = np.log(440 / 20) / np.log(22_050 / 20)
    levels: list[float] = []
    for below in range(-1, 2):
        view.canvas.hover(QPointF(place(view, 0.5, up) + QPoint(0, below)))
        moment, hz, pitch, level = view.readout.text().split(" · ")
        assert moment in ("0:03.996", "0:04.000", "0:04.005")
        assert float(hz.removesuffix(" Hz")) == pytest.approx(440, rel=0.05)
        assert pitch.endswith(" ct")
        levels.append(float(level.removesuffix(" dB").replace("−", "-")))
    assert max(levels) == pytest.approx(-12, abs=0.6)
    view.canvas.hover(None)
    assert "zooms" in view.readout.text()


def test_a_file_that_cannot_be_read_says_so_and_may_be_tried_again(view: SpectrogramView, tmp_path: Path) -> None:
    path = tmp_path / "later.wav"
    view.show_track(path, "Later", 1.0)
    until(lambda: view._failed is not None)
    assert not view.canvas.isVisible()
    write(path, tone(1.0))
    view._try_again()
    until(lambda: view.canvas.finest)
    assert view.canvas.isVisible()
    view.clear()
    assert view._empty.isVisible()
    assert view.canvas.stretch is None
    assert view.readout.text() == ""


def test_a_length_that_was_not_known_is_learnt(view: SpectrogramView, path: Path) -> None:
    show(view, path, 0.0)
    assert seen(view) == (0.0, SECONDS)
    show(view, path, 3.0)
    assert seen(view)[1] == SECONDS


def test_the_view_goes_out_as_picture_and_figures(view: SpectrogramView, path: Path, tmp_path: Path) -> None:
    show(view, path)
    view.canvas.show_stretch(1.0, 2.0)
    until(lambda: view.canvas.finest)
    view.export_png(tmp_path / "view.png")
    assert QImage(str(tmp_path / "view.png")).width() == view.canvas.width()
    view.export_csv(tmp_path / "view.csv")
    with (tmp_path / "view.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert len(head) == 513
    assert head[0] == "seconds"
    assert len(rows) == view.canvas.plot.width()
    assert 1.0 < float(rows[0][0]) < 1.01
    levels = np.array(rows, float)[:, 1:]
    assert -120.0 <= levels.min() < levels.max() <= 7.5


def test_stretches_stay_within_the_track() -> None:
    whole = Stretch(0.0, 10.0, 10.0)
    assert whole.zoomed(0.5, 10.0) == Stretch(5.0, 5.0, 10.0)
    assert whole.zoomed(0.5, 10.0).zoomed(4.0, 3.0) == whole
    assert Stretch(5.0, 5.0, 10.0).moved(99.0).start_seconds == 5.0
    short = Stretch(0.0, 0.0001, 0.0001)
    assert short.zoomed(0.01, 0.0) == short


def test_a_dense_screen_gets_all_its_pixels(view: SpectrogramView, path: Path, theme: Theme) -> None:
    show(view, path)
    assert view._track is not None
    image = SpectrogramImage(theme)
    image.draw(view._track, Window(0.0, SECONDS / 400), QSize(200, 100), 2.0)
    assert (image.image.width(), image.image.height(), image.image.devicePixelRatio()) == (400, 200, 2.0)
