"""References: a piece comes nearer to what it is matched to, and nothing is lifted out of nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import ClipSink, ClipSource, read_clip
from sonicforge_studio.domain import ChainSettings, Clip, MasterSettings, Match, SilentProgress, from_plain, to_plain
from sonicforge_studio.domain.chain import STAGES
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.mastering import master, target_named
from sonicforge_studio.mastering.matching import Profile, match_to, profile_of, spectral_distance_db, target_of
from sonicforge_studio.mastering.stages.match import MatchStage
from tests.sounds import groove

RATE_HZ = 44_100
SILENT = SilentProgress()
REST = ChainSettings(**{name: replace(getattr(ChainSettings(), name), on=False) for name in STAGES})


def profile(samples: NDArray[np.floating], rate_hz: int = RATE_HZ) -> Profile:
    clip = Clip(np.ascontiguousarray(samples, np.float32), rate_hz)
    return profile_of(lambda: ClipSource(clip), SILENT)


def matched(samples: NDArray[np.floating], match: Match, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    clip = Clip(np.ascontiguousarray(samples, np.float32), rate_hz)
    sink = ClipSink(rate_hz, clip.channels)
    master(lambda: ClipSource(clip), sink, MasterSettings(target_named("apple-music"), REST, match=match), SILENT)
    return sink.clip.samples


def filtered(samples: NDArray[np.floating], gains_db: dict[float, float]) -> NDArray[np.float64]:
    hz = np.fft.rfftfreq(samples.shape[1]) * RATE_HZ
    curve = np.interp(np.log(np.maximum(hz, 1.0)), np.log(list(gains_db)), list(gains_db.values()))
    turned: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples) * 10 ** (curve / 20), samples.shape[1])
    return turned


def noise(seconds: float = 12.0, seed: int = 3) -> NDArray[np.float64]:
    wave = np.random.default_rng(seed).standard_normal((2, round(seconds * RATE_HZ)))
    return 0.05 * filtered(wave, {20.0: 15.0, 20_000.0: -15.0})


BRIGHT = {20.0: -4.0, 200.0: -2.0, 2000.0: 0.0, 8000.0: 6.0, 20_000.0: 6.0}


def test_a_known_difference_is_found_and_done() -> None:
    own = noise()
    reference = filtered(noise(seed=4), BRIGHT)
    match = match_to([(profile(reference), 1.0)], profile(own), 1.0)
    at_8_khz, at_200_hz = match.curve_db[26], match.curve_db[10]
    assert at_8_khz - at_200_hz == pytest.approx(8.0, abs=0.7)
    before = spectral_distance_db(profile(own), profile(reference))
    after = spectral_distance_db(profile(matched(own, match)), profile(reference))
    assert before > 2.5
    assert after < 0.4


def test_half_the_share_goes_half_the_way() -> None:
    own, reference = profile(noise()), profile(filtered(noise(seed=4), BRIGHT))
    whole, half, none = (match_to([(reference, 1.0)], own, share) for share in (1.0, 0.5, 0.0))
    np.testing.assert_allclose(half.curve_db, 0.5 * np.array(whole.curve_db), atol=0.01)
    assert MatchStage.is_neutral(none)


def test_weights_lie_between_the_references() -> None:
    own, dark, bright = profile(noise()), profile(noise(seed=5)), profile(filtered(noise(seed=4), BRIGHT))
    one_sided = match_to([(dark, 1.0), (bright, 3.0)], own, 1.0)
    alone = [match_to([(each, 1.0)], own, 1.0) for each in (dark, bright)]
    wanted = 0.25 * np.array(alone[0].curve_db) + 0.75 * np.array(alone[1].curve_db)
    np.testing.assert_allclose(one_sided.curve_db, wanted, atol=0.3)


def test_the_piece_itself_as_reference_changes_nothing() -> None:
    own = profile(groove(8))
    assert MatchStage.is_neutral(match_to([(own, 1.0)], own, 1.0))


def test_a_silent_reference_is_refused_in_a_sentence() -> None:
    silent, own = profile(np.zeros((2, RATE_HZ))), profile(groove(4))
    for refused in (lambda: match_to([(silent, 1.0)], own, 1.0), lambda: target_of(silent)):
        with pytest.raises(BadSetting, match="silent"):
            refused()
    assert match_to([(own, 1.0)], silent, 1.0) == Match()


@pytest.mark.parametrize(("weight", "share"), [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (1.0, 1.5), (1.0, -0.1)])
def test_nonsense_is_refused(weight: float, share: float) -> None:
    own = profile(groove(2))
    with pytest.raises(BadSetting):
        match_to([(own, weight)], own, share)


def test_what_holds_no_treble_is_not_lifted_there() -> None:
    dull = filtered(noise(), {20.0: 0.0, 5000.0: 0.0, 7000.0: -120.0, 20_000.0: -120.0})
    match = match_to([(profile(noise(seed=4)), 1.0)], profile(dull), 1.0)
    assert max(match.curve_db[27:]) == 0.0


def test_width_goes_towards_the_reference() -> None:
    wide = noise()
    narrow = np.stack([wide[0] + 0.5 * wide[1], wide[1] + 0.5 * wide[0]])
    match = match_to([(profile(wide), 1.0)], profile(narrow), 1.0)
    result = profile(matched(narrow, match))

    def side_db(one: Profile) -> float:
        return float(np.mean(np.subtract(one.side_db, one.middle_db)[5:28]))

    assert side_db(profile(narrow)) < -9.0
    assert side_db(result) == pytest.approx(side_db(profile(wide)), abs=2.0)


def test_loud_and_quiet_passages_come_nearer_without_pumping() -> None:
    steps = np.repeat([0.1, 0.4, 0.1, 0.4], 15 * RATE_HZ)
    own = np.tile(noise(15.0), (1, 4)) * steps / 0.4
    match = Match(dynamics_lu=6.0)
    before, after = profile(own), profile(matched(own, match))
    assert after.loudness_spread_lu < before.loudness_spread_lu - 3.0
    stage = MatchStage(RATE_HZ, 1, match, -20.0)
    beat = np.where(np.arange(4 * RATE_HZ) % (RATE_HZ // 2) < RATE_HZ // 4, 0.2, 0.02).astype(np.float32)[None]
    ratio = stage.process(beat)[:, stage.latency_frames + RATE_HZ :] / beat[:, RATE_HZ : -stage.latency_frames]
    assert 20 * np.log10(ratio[ratio > 0].max() / ratio[ratio > 0].min()) < 2.5


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_stage_knows_no_blocks_and_is_as_late_as_it_says(channels: int) -> None:
    samples = np.random.default_rng(1).standard_normal((channels, 40_000)).astype(np.float32) * np.float32(0.1)
    match = Match(curve_db=tuple(np.linspace(-6, 6, 31)), side_db=(3.0,) * 31, dynamics_lu=3.0)

    def run(size: int) -> NDArray[np.float32]:
        stage = MatchStage(RATE_HZ, channels, match, -20.0)
        return np.concatenate([stage.process(samples[:, at : at + size]) for at in range(0, 40_000, size)], axis=1)

    whole = run(40_000)
    for size in (64, 441, 16_384):
        np.testing.assert_array_equal(run(size), whole)
    flat = MatchStage(RATE_HZ, channels, Match(curve_db=(0.0,) * 31, side_db=(0.0,) * 31), -20.0)
    out = flat.process(samples)
    late = flat.latency_frames
    np.testing.assert_allclose(out[:, late:], samples[:, : 40_000 - late], atol=1e-6)


def test_a_profile_goes_through_plain_data() -> None:
    own = profile(groove(3))
    assert from_plain(Profile, to_plain(own)) == own


def test_a_reference_is_as_loud_as_its_target() -> None:
    own = profile(groove(4))
    assert target_of(own).integrated_lufs == pytest.approx(own.loudness.integrated_lufs)


def test_real_songs_come_nearer_to_each_other(test_data: Path) -> None:
    songs = sorted((test_data / "songs").glob("mix-*.ogg"))[:3]
    clips = [read_clip(path) for path in songs]
    cuts = [clip.samples[:, : 20 * clip.sample_rate_hz] for clip in clips]
    profiles = [profile(cut, clip.sample_rate_hz) for cut, clip in zip(cuts, clips, strict=True)]
    for own, reference in itertools.permutations(range(3), 2):
        match = match_to([(profiles[reference], 1.0)], profiles[own], 1.0)
        result = profile(matched(cuts[own], match, clips[own].sample_rate_hz), clips[own].sample_rate_hz)
        before = spectral_distance_db(profiles[own], profiles[reference])
        after = spectral_distance_db(result, profiles[reference])
        assert after < 0.45 * before, (songs[own].name, songs[reference].name, before, after)
