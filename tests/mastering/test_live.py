"""The chain under the hand: in its place, the same as an export, and changed without a click."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sonicforge_studio.audio import ClipSource
from sonicforge_studio.domain import Clip, MasterSettings, Match, Samples, Target
from sonicforge_studio.domain.chain import changed
from sonicforge_studio.kernels.limiter import Limiter, Pace
from sonicforge_studio.mastering._shaping import ShapedStream
from sonicforge_studio.mastering.chain import limited
from sonicforge_studio.mastering.live import LIMITER, LiveMaster, LiveMeters, LiveSettings
from tests.sounds import groove

RATE_HZ = 44_100
LOUDNESS_LUFS = -18.0
SETTINGS = LiveSettings(MasterSettings(Target("spotify", -14.0, -1.0)), gain_db=9.0, ceiling_dbtp=-1.3)


class Desk:
    """A live master over a groove, with its settings at hand."""

    def __init__(self, samples: Samples, settings: LiveSettings = SETTINGS) -> None:
        self.settings = settings
        self.meters: list[LiveMeters] = []
        self.live = LiveMaster(
            ClipSource(Clip(samples, RATE_HZ)), lambda: self.settings, LOUDNESS_LUFS, self.meters.append
        )

    def read(self, frames: int) -> Samples:
        blocks = [np.empty((self.live.channels, 0), np.float32)]
        while frames and (block := self.live.read(min(frames, 2205))).shape[1]:
            blocks.append(block)
            frames -= block.shape[1]
        return np.concatenate(blocks, axis=1)


def exported(samples: Samples, settings: LiveSettings = SETTINGS) -> Samples:
    gain, ceiling = 10 ** (settings.gain_db / 20), 10 ** (settings.ceiling_dbtp / 20)
    limiter = Limiter(RATE_HZ, 2, gain=gain, ceiling=ceiling)
    shaped = ShapedStream(RATE_HZ, 2, settings.master, LOUDNESS_LUFS, delivered_rate_hz=RATE_HZ).run([samples])
    return np.concatenate(list(limited(shaped, limiter, 2)), axis=1)


def everything_on() -> LiveSettings:
    chain = SETTINGS.master.chain
    places: dict[str, Any] = {
        "repair.declick": 0.5,
        "de_esser.on": True,
        "exciter.on": True,
        "exciter.amount": 0.3,
        "stereo.on": True,
        "stereo.widths": (0.8, 1.0, 1.2),
        "eq.bands.3.gain_db": -3.0,
        "multiband.on": True,
        "multiband.bands.0.ratio": 2.0,
    }
    for place, value in places.items():
        chain = changed(chain, place, value)
    match = Match(tuple(np.linspace(-3.0, 3.0, 31).tolist()), (), 2.0)
    return replace(SETTINGS, master=replace(SETTINGS.master, chain=chain, match=match))


@pytest.mark.parametrize("settings", [SETTINGS, everything_on()], ids=["usual", "everything"])
def test_what_is_heard_is_what_is_exported(settings: LiveSettings) -> None:
    samples = groove(4)
    heard = Desk(samples, settings).read(samples.shape[1] + 1000)
    assert heard.shape == samples.shape
    apart = np.abs(heard - exported(samples, settings)).max(axis=0)
    # At the very end an export's filters ring into silence, stage by stage; a preview's ring on into each other.
    assert apart[:-200].max() <= 2.0**-22
    assert apart.max() <= 1e-3


def test_going_back_with_everything_on_is_as_if_one_had_never_left() -> None:
    samples = groove(4)
    straight = Desk(samples, everything_on()).read(samples.shape[1])
    desk = Desk(samples, everything_on())
    desk.read(80_000)
    desk.live.seek(65_001)
    np.testing.assert_array_equal(desk.read(50_000), straight[:, 65_001:115_001])


def test_going_back_a_moment_is_as_if_one_had_never_left() -> None:
    samples = groove(4)
    straight = Desk(samples).read(samples.shape[1])
    desk = Desk(samples)
    desk.read(80_000)
    desk.live.seek(65_001)
    np.testing.assert_array_equal(desk.read(50_000), straight[:, 65_001:115_001])


@pytest.mark.parametrize("frame", [0, 100, 120_000])
def test_a_seek_to_anywhere_soon_sounds_as_if_played_from_the_start(frame: int) -> None:
    samples = groove(4)
    straight = Desk(samples).read(samples.shape[1])
    desk = Desk(samples)
    desk.read(30_000)
    desk.live.seek(frame)
    assert np.abs(desk.read(20_000) - straight[:, frame : frame + 20_000]).max() < 0.06


def test_a_changed_setting_is_heard_from_the_next_frame_and_nothing_before_it_changes() -> None:
    samples = groove(4)
    straight = Desk(samples).read(samples.shape[1])
    desk = Desk(samples)
    before = desk.read(50_000)
    desk.settings = replace(SETTINGS, gain_db=3.0)
    after = desk.read(60_000)
    np.testing.assert_array_equal(before, straight[:, :50_000])
    tail = slice(10_000, 60_000)
    level = np.sqrt(np.mean(after[:, tail] ** 2) / np.mean(exported(samples)[:, 50_000:110_000][:, tail] ** 2))
    assert 20 * np.log10(level) < -3.0


def test_a_gain_glides() -> None:
    tone = (0.1 * np.sin(2 * np.pi * 100 * np.arange(3 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    desk = Desk(np.stack([tone, tone]), replace(SETTINGS, gain_db=0.0))
    before = desk.read(RATE_HZ)
    desk.settings = replace(SETTINGS, gain_db=12.0)
    heard = np.concatenate([before, desk.read(RATE_HZ)], axis=1)[0, 1000:]
    # At once it would be a jump of up to 0.3.
    assert np.abs(np.diff(heard)).max() < 1.2 * 0.1 * 10 ** (12 / 20) * 2 * np.pi * 100 / RATE_HZ


@pytest.mark.parametrize(
    "other",
    [
        replace(SETTINGS, pace=Pace(0.0015, 0.003, 0.015, 0.045)),
        replace(SETTINGS, ceiling_dbtp=-9.0),
        replace(
            SETTINGS, master=replace(SETTINGS.master, chain=changed(SETTINGS.master.chain, "eq.bands.0.gain_db", 6.0))
        ),
    ],
    ids=["pace", "ceiling", "a stage that comes"],
)
def test_what_needs_another_chain_or_limiter_does_not_click(other: LiveSettings) -> None:
    tone = (0.2 * np.sin(2 * np.pi * 100 * np.arange(3 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    desk = Desk(np.stack([tone, tone]))
    before = desk.read(RATE_HZ + 137)
    desk.settings = other
    heard = np.concatenate([before, desk.read(RATE_HZ // 2)], axis=1)[0, RATE_HZ // 2 :]
    steps = np.abs(np.diff(heard))
    steady = max(steps[: RATE_HZ // 2].max(), steps[-RATE_HZ // 4 :].max())
    assert steps.max() < 1.3 * steady


def test_each_stage_can_be_heard_alone_and_with_the_rest_it_is_the_whole() -> None:
    samples = groove(3)
    whole = Desk(samples).read(samples.shape[1])
    taken = Desk(samples, replace(SETTINGS, alone=LIMITER)).read(samples.shape[1])
    loud = Desk(samples, replace(SETTINGS, ceiling_dbtp=0.0, gain_db=-20.0)).read(samples.shape[1])
    rebuilt = whole + taken
    factor = 10 ** (29.0 / 20.0)
    assert np.abs(rebuilt - loud * factor).max() < 1e-4
    assert np.abs(taken).max() > 0.01


def test_of_a_stage_that_changes_nothing_nothing_is_heard_alone() -> None:
    assert not Desk(groove(1), replace(SETTINGS, alone="exciter")).read(20_000).any()


def test_the_meters_tell_what_the_stages_do() -> None:
    desk = Desk(groove(3))
    desk.read(2 * RATE_HZ)
    meters = desk.meters[-1]
    assert 1.9 < meters.second < 2.0
    assert meters.stages["glue"].reductions_db[0] < 0.0
    assert min(entry.limiter_db for entry in desk.meters) < -0.5


def test_a_stage_is_switched_off_while_it_plays() -> None:
    samples = groove(4)
    desk = Desk(samples)
    desk.read(50_000)
    off = changed(changed(SETTINGS.master.chain, "glue.on", False), "repair.on", False)
    desk.settings = replace(SETTINGS, master=replace(SETTINGS.master, chain=off))
    after = desk.read(60_000)[:, 20_000:]
    bare = exported(samples, desk.settings)[:, 70_000:110_000]
    assert np.abs(after - bare).max() < 0.02


def test_the_end_and_silence_behind_it() -> None:
    desk = Desk(groove(1))
    assert desk.read(10 * RATE_HZ).shape[1] == groove(1).shape[1]
    assert desk.live.read(100).shape == (2, 0)
    desk.live.seek(groove(1).shape[1] + 5)
    assert desk.live.read(100).shape == (2, 0)
