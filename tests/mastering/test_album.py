"""An album keeps its tracks' relations and has its target's loudness as a whole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sonicforge_studio.audio import ClipSink, ClipSource, measure_loudness
from sonicforge_studio.domain import Clip, Loudness, MasterSettings, SilentProgress
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.mastering import AlbumTrack, album_lufs, album_targets, master, preset_named, target_named
from tests.sounds import groove

RATE_HZ = 44_100


def track(lufs: float, seconds: float = 200.0) -> AlbumTrack:
    return AlbumTrack(Loudness(lufs, 5.0, lufs + 3.0, lufs + 2.0, -3.0, -3.0), seconds)


def test_tracks_keep_their_differences() -> None:
    targets = album_targets([track(-20.0), track(-17.0), track(-23.0, 60.0)], target_named("spotify"))
    levels = [target.integrated_lufs for target in targets]
    assert levels[1] - levels[0] == pytest.approx(3.0)
    assert levels[2] - levels[0] == pytest.approx(-3.0)
    assert all(target.ceiling_dbtp == -1.0 for target in targets)
    assert album_lufs([track(level, seconds) for level, seconds in zip(levels, (200, 200, 60), strict=True)]) == (
        pytest.approx(-14.0, abs=1e-9)
    )


def test_a_track_without_a_loudness_has_the_albums_target() -> None:
    targets = album_targets([track(-math.inf), track(-17.0)], target_named("spotify"))
    assert [target.integrated_lufs for target in targets] == [-14.0, -14.0]
    assert album_targets([track(-math.inf)], target_named("club")) == (target_named("club"),)


def test_an_interlude_far_below_does_not_raise_the_rest() -> None:
    alone, beside = ([track(-16.0)], [track(-16.0), track(-45.0)])
    assert album_lufs(alone) == album_lufs(beside)


def test_no_tracks_are_no_album() -> None:
    with pytest.raises(BadSetting):
        album_targets([], target_named("spotify"))


def test_a_mastered_album_measures_as_it_should() -> None:
    clips = [Clip(level * groove(8.0, seed=seed), RATE_HZ) for seed, level in enumerate((0.2, 0.4, 0.1))]
    tracks = [AlbumTrack(measure_loudness(clip), clip.frames / RATE_HZ) for clip in clips]
    transparent = preset_named("transparent").chain
    made = []
    for clip, target in zip(clips, album_targets(tracks, target_named("apple-music")), strict=True):
        sink = ClipSink(RATE_HZ, 2)
        master(lambda clip=clip: ClipSource(clip), sink, MasterSettings(target, transparent), SilentProgress())
        made.append(sink.clip)
    before = np.diff([measure_loudness(clip).integrated_lufs for clip in clips])
    after = np.diff([measure_loudness(clip).integrated_lufs for clip in made])
    np.testing.assert_allclose(after, before, atol=0.1)
    whole = Clip(np.concatenate([clip.samples for clip in made], axis=1), RATE_HZ)
    assert measure_loudness(whole).integrated_lufs == pytest.approx(-16.0, abs=0.5)
