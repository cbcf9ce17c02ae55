"""The transport bar and the scope as views."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.transport import Transport
from sonicforge_studio.ui.widgets.controls import Button, IconButton
from sonicforge_studio.ui.widgets.peaks import PeaksPainter


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
    transport.show_playback(playing=True, position_seconds=65.0, gaps=0)
    said = _says(transport)
    assert all(text in said for text in ("Night Bus", "174 BPM", "1:05", "4:03"))
    assert "gap" not in said
    with qtbot.waitSignal(transport.toggle_wanted):
        _button(transport, "Pause").click()


def test_gaps_are_told(transport: Transport) -> None:
    transport.show_track("Night Bus", "", b"", 243.0)
    transport.show_playback(playing=True, position_seconds=1.0, gaps=2)
    assert "2 gaps" in _says(transport)


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


class _Snapshots:
    """What the analyser would leave: a peak at 1 kHz."""

    def __init__(self) -> None:
        from sonicforge_studio.studio import SpectrumSnapshot

        hz = np.geomspace(20, 20_000, 240)
        levels = np.where(np.abs(np.log2(hz / 1000)) < 0.1, -12.0, -70.0).astype(np.float32)
        two = np.stack([levels, levels])
        self.snapshot = SpectrumSnapshot(hz, levels, levels + 3, two, two + 3, np.zeros(2), np.zeros(2), 0.0, 44_100)
        self.taken = 0

    def take(self) -> object:
        self.taken += 1
        return self.snapshot


def test_the_scope_looks_only_while_something_plays_and_it_is_seen(theme: Theme, qtbot: QtBot) -> None:
    from sonicforge_studio.ui.scope import FLOOR_DB, Scope

    source = _Snapshots()
    scope = Scope(theme, source.take)
    qtbot.addWidget(scope)
    scope.resize(1200, 168)
    scope.show()
    qtbot.wait(120)
    assert source.taken == 0
    assert scope.sleeping()
    scope.wake(playing=True)
    qtbot.waitUntil(lambda: source.taken > 3)
    shown_hz, shown_db = scope.shown()
    assert 10 ** shown_hz[int(np.argmax(shown_db))] == pytest.approx(1000, rel=0.08)
    assert shown_db.max() == pytest.approx(-12, abs=0.5)
    scope.hide()
    taken = source.taken
    qtbot.wait(120)
    assert source.taken == taken
    scope.show()
    source.snapshot = None
    scope.wake(playing=False)
    qtbot.waitUntil(scope.sleeping, timeout=8000)
    assert scope.shown()[1].max() <= FLOOR_DB + 1


def test_the_cursor_reads_hertz_note_and_level(theme: Theme, qtbot: QtBot) -> None:
    from sonicforge_studio.ui.scope import Scope

    scope = Scope(theme, _Snapshots().take)
    qtbot.addWidget(scope)
    scope.show()
    scope.wake(playing=True)
    qtbot.waitUntil(lambda: scope.shown()[1].max() > -20)
    scope.hover(QPointF(math.log10(1000.0), -20.0))
    said = " ".join(label.text() for label in scope.findChildren(QLabel))
    assert "1.00 kHz · B5 · −12" in said
    assert Qt.FocusPolicy.NoFocus == scope.focusPolicy()
    scope.wake(playing=False)
    scope.hide()
