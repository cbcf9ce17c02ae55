"""What plays as the window sees it, with a real player on a real sound server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from sonicforge_studio.audio import Player, system_devices
from sonicforge_studio.ui.listening import Listening, Piece
from sonicforge_studio.ui.theme import Theme
from tests.sound_server import SoundServer, sound_server
from tests.ui.conftest import write_tone

__all__ = ["sound_server"]


@pytest.fixture
def listening(sound_server: SoundServer, theme: Theme) -> Iterator[Listening]:
    with Player(system_devices()) as player:
        listening = Listening(player, theme.motion)
        yield listening
        listening.close()


def piece(folder: Path, name: str, seconds: float) -> Piece:
    return Piece(str(write_tone(folder / f"{name}.wav", seconds)), name, "", b"", seconds)


@pytest.mark.sound
def test_what_follows_is_told_when_it_is_heard(listening: Listening, qtbot: QtBot, tmp_path: Path) -> None:
    told: list[Piece] = []
    listening.loaded.connect(told.append)
    first, second, third = (piece(tmp_path, name, seconds) for name, seconds in (("a", 0.6), ("b", 0.3), ("c", 0.2)))
    gone = Piece(str(tmp_path / "gone.wav"), "gone", "", b"", 1.0)
    listening.queue(first)
    for following in (gone, third):
        listening.queue(following)
    listening.play_next(second)
    qtbot.waitUntil(lambda: listening.state is not None and listening.state.queued >= 2)
    assert told == [first]
    qtbot.waitUntil(lambda: listening.state is not None and listening.state.status == "ended", timeout=10_000)
    assert told == [first, second, third]
    assert listening.piece == third


@pytest.mark.sound
def test_versions_and_devices_are_chosen(listening: Listening, qtbot: QtBot, tmp_path: Path) -> None:
    pieces = [piece(tmp_path, name, 5.0) for name in ("a", "b")]
    listening.compare(pieces, (0.0, -3.0), 1, from_seconds=1.0)
    qtbot.waitUntil(lambda: listening.state is not None and listening.state.position_seconds > 1.1)
    assert (listening.piece, listening.compared, listening.state.version) == (pieces[1], tuple(pieces), 1)  # type: ignore[union-attr]
    listening.choose_version(0)
    assert listening.piece == pieces[0]
    qtbot.waitUntil(lambda: listening.state is not None and listening.state.version == 0)
    listening.match_versions((0.0, 0.0))
    with qtbot.waitSignal(listening.devices_found) as found:
        listening.look_for_devices()
    devices = found.args[0]
    other = next(device for device in devices if listening.state and device.name != listening.state.device)
    listening.choose_device(other)
    qtbot.waitUntil(lambda: listening.state is not None and listening.state.device == other.name)
    listening.stop()
