"""Waveforms as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.peaks import PeaksPainter, columns_of, share_at
from sonicforge_studio.ui.widgets.waveform import WaveformView


def _peaks(*pairs: tuple[int, int]) -> bytes:
    return np.array(pairs, np.int8).tobytes()


def test_folding_keeps_the_extremes() -> None:
    peaks = _peaks((-10, 5), (-127, 20), (-1, 127), (-3, 4))
    np.testing.assert_allclose(columns_of(peaks, 2), [[-1.0, 20 / 127], [-3 / 127, 1.0]], atol=1e-6)


@pytest.mark.parametrize("columns", [1, 3, 7, 160, 5000])
def test_any_number_of_columns_can_be_asked_for(columns: int) -> None:
    peaks = np.random.default_rng(1).integers(-127, 128, (2048, 2)).astype(np.int8).tobytes()
    folded = columns_of(peaks, columns)
    assert folded.shape == (columns, 2)
    assert np.abs(folded).max() <= 1.0


def _filled_rows(theme: Theme, peaks: bytes) -> int:
    picture = PeaksPainter(theme).pixmap(peaks, QSize(40, 20), theme.colour.wave, 1.0).toImage()
    return sum(picture.pixelColor(0, y).alpha() > 0 for y in range(picture.height()))


def test_the_louder_the_taller(theme: Theme) -> None:
    loud, soft = _filled_rows(theme, _peaks((-127, 127))), _filled_rows(theme, _peaks((-30, 30)))
    assert loud > 3 * soft > 0
    assert 1 <= _filled_rows(theme, b"") <= 2


def test_a_picture_is_drawn_once(theme: Theme) -> None:
    painter = PeaksPainter(theme)
    first = painter.pixmap(_peaks((-9, 9)), QSize(40, 20), theme.colour.wave, 1.0)
    assert painter.pixmap(_peaks((-9, 9)), QSize(40, 20), theme.colour.wave, 1.0) is first
    assert painter.pixmap(_peaks((-9, 9)), QSize(40, 20), theme.colour.wave, 2.0).width() == 80


def test_shares_stay_inside() -> None:
    assert [share_at(x, 100.0) for x in (-5.0, 25.0, 400.0)] == [0.0, 0.25, 1.0]
    assert share_at(3.0, 0.0) == 0.0


@pytest.fixture
def view(theme: Theme, qtbot: QtBot) -> WaveformView:
    made = WaveformView(theme, PeaksPainter(theme), "Waveform")
    qtbot.addWidget(made)
    made.resize(200, 40)
    made.show_track(_peaks(*[(-100, 100)] * 100), 60.0)
    made.show()
    return made


def test_a_click_seeks(view: WaveformView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.sought) as sought:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 20))
    assert sought.args[0] == pytest.approx(15.0, abs=0.5)


def test_a_drag_seeks_where_it_ends(view: WaveformView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.sought) as sought:
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        qtbot.mouseMove(view, QPoint(100, 20))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 20))
    assert sought.args[0] == pytest.approx(30.0, abs=0.5)


def test_the_arrow_keys_step(view: WaveformView, qtbot: QtBot) -> None:
    view.show_position(20.0)
    with qtbot.waitSignal(view.sought) as sought:
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert sought.args[0] == 25.0
    with qtbot.waitSignal(view.sought) as sought:
        qtbot.keyClick(view, Qt.Key.Key_Left)
    assert sought.args[0] == 15.0


def test_what_was_played_is_in_the_accent(view: WaveformView, theme: Theme) -> None:
    view.clearFocus()
    view.show_position(30.0)
    picture = view.grab().toImage()
    ratio = picture.devicePixelRatio()
    row = [QColor(picture.pixelColor(round(x * ratio), picture.height() // 2)).name() for x in range(0, 200)]
    accent, rest = theme.colour.accent.lower(), theme.colour.wave.lower()
    assert accent in row[:98]
    assert accent not in row[104:]
    assert rest in row[104:]
    assert rest not in row[:98]


def test_nothing_to_seek_in_without_a_track(theme: Theme, qtbot: QtBot) -> None:
    view = WaveformView(theme, PeaksPainter(theme), "Waveform")
    qtbot.addWidget(view)
    with qtbot.assertNotEmitted(view.sought):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 20))
        qtbot.keyClick(view, Qt.Key.Key_Right)
