"""A master heard before it is made: equally loud as the original, and under the hand at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonicforge_studio.audio import Player, Version, measure_loudness, system_devices
from sonicforge_studio.domain import Clip, MasterSettings, Target
from sonicforge_studio.domain.chain import changed
from sonicforge_studio.studio.master_preview import MASTERED, ORIGINAL, MasterPreview
from tests.sound_server import SINK_RATE_HZ, SoundServer, sound_server
from tests.sounds import groove

__all__ = ["sound_server"]

SETTINGS = MasterSettings(Target("spotify", -14.0, -1.0))
ATTEMPTS = 3


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    path = tmp_path / "groove.wav"
    soundfile.write(path, 0.3 * groove(8).T, SINK_RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture
def preview(piece: Path) -> Iterator[MasterPreview]:
    samples = soundfile.read(piece, dtype="float32")[0].T
    loudness = measure_loudness(Clip(np.ascontiguousarray(samples), SINK_RATE_HZ))
    opened = MasterPreview(piece, "Groove", loudness, SETTINGS)
    yield opened
    opened.close()


def until(happened: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.005)


def lufs(version: Version) -> float:
    source = version.open_source()
    blocks = []
    while (block := source.read(4096)).shape[1]:
        blocks.append(block)
    source.close()
    gain = 10 ** (version.gain_db / 20)
    return measure_loudness(Clip(gain * np.concatenate(blocks, axis=1), SINK_RATE_HZ)).integrated_lufs


def test_both_are_equally_loud_and_the_master_reaches_its_target(preview: MasterPreview) -> None:
    until(lambda: preview.found)
    original, mastered = preview.versions()
    assert lufs(mastered) == pytest.approx(lufs(original), abs=0.1)
    assert lufs(preview.versions(matched=False)[MASTERED]) == pytest.approx(-14.0, abs=0.1)
    assert preview.gains_db[MASTERED] < preview.gains_db[ORIGINAL] == 0.0


def test_a_changed_chain_is_matched_anew(preview: MasterPreview) -> None:
    until(lambda: preview.found)
    harder = replace(SETTINGS, chain=changed(changed(SETTINGS.chain, "glue.ratio", 6.0), "glue.threshold_lu", -12.0))
    preview.set(harder)
    until(lambda: preview.found is not None and preview.found.settings == harder)
    original, mastered = preview.versions()
    assert lufs(mastered) == pytest.approx(lufs(original), abs=0.1)


@pytest.mark.sound
def test_a_knob_is_heard_within_100_ms_without_a_gap(preview: MasterPreview, sound_server: SoundServer) -> None:
    until(lambda: preview.found)
    quiet = replace(SETTINGS, target=replace(SETTINGS.target, ceiling_dbtp=-40.0))
    late_seconds = []
    for _ in range(ATTEMPTS):
        preview.set(SETTINGS)
        with Player(system_devices()) as player, sound_server.recording() as recording:
            player.compare(preview.versions(matched=False), version=MASTERED)
            until(lambda player=player: player.position_seconds > 1.0)
            before = recording.count
            preview.set(quiet, player)
            until(lambda player=player: player.position_seconds > 1.6)
            gaps = player.state.gaps
            player.stop()
        wave = np.abs(recording.frames[0, before:])
        # The loudest of each 5 ms: for good below what the ceiling was.
        loud = wave[: wave.size // 220 * 220].reshape(-1, 220).max(axis=1) > 0.02
        heard = 220 * (np.flatnonzero(loud)[-1] + 1) / SINK_RATE_HZ if loud.any() else 0.0
        late_seconds.append(heard)
        if heard < 0.1 and gaps == 0:
            return
    pytest.fail(f"heard after {late_seconds} s")
