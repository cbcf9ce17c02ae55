"""The transport bar as a view."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.transport import Transport
from sonicforge_studio.ui.widgets.controls import Button, IconButton
from sonicforge_studio.ui.widgets.peaks import PeaksPainter
from sonicforge_studio.ui.widgets.waveform import WaveformView


@pytest.fixture
def transport(theme: Theme, qtbot: QtBot) -> Transport:
    made = Transport(theme, PeaksPainter(theme))
    qtbot.addWidget(made)
    made.resize(1200, 76)
    made.show()
    return made


def _button(transport: Transport, name: str) -> IconButton:
    return next(button for button in transport.findChildren(IconButton) if button.accessibleName() == name)


def _says(transport: Transport) -> str:
    return " | ".join(label.text() for label in transport.findChildren(QLabel) if not label.isHidden())


def test_nothing_to_play_is_said(transport: Transport) -> None:
    assert "Nothing playing" in _says(transport)
    assert not _button(transport, "Play").isEnabled()


def test_a_track_is_shown_with_its_place(transport: Transport, qtbot: QtBot) -> None:
    transport.show_track("Night Bus", "174 BPM", bytes([200, 50] * 64), 243.0)
    transport.show_playback(playing=True, position_seconds=65.0)
    said = _says(transport)
    assert all(text in said for text in ("Night Bus", "174 BPM", "1:05", "4:03"))
    assert "0 gaps" in said
    assert "0 frames dropped" in said
    with qtbot.waitSignal(transport.toggle_wanted):
        _button(transport, "Pause").click()


def test_gaps_and_dropped_frames_are_always_told(transport: Transport) -> None:
    transport.show_counts(2, 1)
    assert "2 gaps" in _says(transport)
    assert "1 frame dropped" in _says(transport)
    counter = next(label for label in transport.findChildren(QLabel) if "gaps" in label.text())
    assert counter.property("tone") == "over"
    transport.show_counts(0, 1)
    assert counter.property("tone") == ""


def test_a_missing_device_is_a_chip_that_tries_again(transport: Transport, qtbot: QtBot) -> None:
    chip = next(button for button in transport.findChildren(Button) if "sound device" in button.text())
    assert chip.isHidden()
    transport.show_device(present=False)
    assert chip.isVisible()
    with qtbot.waitSignal(transport.device_wanted):
        chip.click()


def test_volume_and_mute(transport: Transport, qtbot: QtBot) -> None:
    slider = transport.findChild(QSlider)
    assert isinstance(slider, QSlider)
    with qtbot.waitSignal(transport.volume_wanted) as wanted:
        slider.setValue(40)
    assert wanted.args == [0.4]
    with qtbot.assertNotEmitted(transport.volume_wanted):
        transport.show_volume(0.7, muted=True)
    assert slider.value() == 70
    with qtbot.waitSignal(transport.mute_wanted) as muted:
        _button(transport, "Unmute").click()
    assert muted.args == [False]


def test_trouble_is_a_sentence(transport: Transport) -> None:
    transport.show_track("Night Bus", "174 BPM", b"", 243.0)
    transport.show_trouble("The sound device went away. Connect it again.")
    assert any(
        "went away" in label.toolTip() or "went away" in label.text() for label in transport.findChildren(QLabel)
    )
    transport.show_track("Tidewater", "70 BPM", b"", 10.0)
    assert "70 BPM" in _says(transport)


def test_a_part_is_looped_by_shift_and_a_drag(transport: Transport, qtbot: QtBot) -> None:
    transport.show_track("Night Bus", "", bytes([200, 50] * 64), 100.0)
    wave = transport.findChild(WaveformView)
    assert isinstance(wave, WaveformView)
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    quarter, half = (QPoint(round(wave.width() * share), 10) for share in (0.25, 0.5))
    with qtbot.waitSignal(transport.loop_wanted) as wanted, qtbot.assertNotEmitted(transport.seek_wanted):
        qtbot.mousePress(wave, left, shift, half)
        qtbot.mouseMove(wave, quarter)
        qtbot.mouseRelease(wave, left, shift, quarter)
    assert wanted.args == pytest.approx([25.0, 50.0], abs=0.5)
    transport.show_loop((25.0, 50.0))
    with qtbot.waitSignal(transport.loop_dropped):
        qtbot.keyClick(wave, Qt.Key.Key_Escape)
    with qtbot.waitSignal(transport.loop_dropped):
        qtbot.mouseClick(wave, left, shift, half)


def test_waiting_for_music_that_is_being_made_is_said(transport: Transport) -> None:
    transport.show_track("Night Bus", "174 BPM", b"", 243.0)
    transport.show_waiting(waiting=True)
    assert "Waiting for what" in _says(transport)
    transport.show_waiting(waiting=False)
    assert "174 BPM" in _says(transport)
