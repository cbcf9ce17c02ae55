"""Masters: loudness and ceiling as ffmpeg sees them, the same samples whatever the way, and the odd inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from sonicforge_studio.audio import ClipSink, ClipSource, measure_loudness, open_source, read_clip
from sonicforge_studio.domain import ChainSettings, Clip, MasterSettings, Samples, SilentProgress
from sonicforge_studio.domain.chain import STAGES
from sonicforge_studio.domain.errors import Cancelled
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.mastering import MasterOutcome, master, own_target, preset_named, target_named
from sonicforge_studio.mastering._piece import Piece
from sonicforge_studio.mastering._shaping import ShapedStream
from sonicforge_studio.mastering.chain import limited
from tests.judges import ebur128
from tests.sounds import groove

RATE_HZ = 44_100
SILENT = SilentProgress()


def settings(target: str = "spotify", preset: str = "glue") -> MasterSettings:
    return replace(preset_named(preset), target=target_named(target))


def mastered(samples: NDArray[np.floating], used: MasterSettings, rate_hz: int = RATE_HZ) -> tuple[MasterOutcome, Clip]:
    clip = Clip(np.ascontiguousarray(samples, np.float32), rate_hz)
    sink = ClipSink(rate_hz, clip.channels)
    outcome = master(lambda: ClipSource(clip), sink, used, SILENT)
    result = sink.clip
    assert result.samples.shape == clip.samples.shape
    assert np.isfinite(result.samples).all()
    np.testing.assert_array_equal(np.rint(result.samples * 2**23) / 2**23, result.samples)
    return outcome, result


def pink(channels: int, frames: int, level: float = 0.5) -> NDArray[np.float64]:
    white = np.random.default_rng(9).standard_normal((channels, frames))
    spectrum = np.fft.rfft(white) / np.sqrt(1 + np.arange(frames // 2 + 1))
    wave: NDArray[np.float64] = np.fft.irfft(spectrum, frames)
    return wave / np.abs(wave).max() * level


def judge(tmp_path: Path, clip: Clip) -> tuple[float, float]:
    path = tmp_path / "master.wav"
    soundfile.write(path, clip.samples.T, clip.sample_rate_hz, subtype="PCM_24")
    heard = ebur128(path)
    return heard.integrated_lufs, heard.true_peak_dbtp


def fine_peak_db(clip: Clip) -> float:
    """With 32-fold oversampling."""
    padded = np.pad(clip.samples, ((0, 0), (2_000, 2_000))).T.astype(np.float64)
    return 20 * math.log10(max(np.abs(soxr.resample(padded[:, c], 1, 32, quality="VHQ")).max() for c in range(2)))


def time(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


TORTURE: dict[str, Callable[[], NDArray[np.floating]]] = {
    "square": lambda: np.sign(np.sin(2 * np.pi * 100.3 * time(5)))[None] * 0.3,
    "between the samples": lambda: 0.9 * np.sin(np.pi / 2 * np.arange(5 * RATE_HZ) + np.pi / 4)[None],
    "pink noise": lambda: pink(2, 6 * RATE_HZ),
    "clipped": lambda: np.clip(4 * groove(6), -0.99, 0.99),
    "six channels": lambda: pink(6, 4 * RATE_HZ, 0.2),
}


@pytest.mark.parametrize("target", ["spotify", "club"])
@pytest.mark.parametrize("name", TORTURE)
def test_torture_comes_to_its_target(name: str, target: str, tmp_path: Path) -> None:
    outcome, result = mastered(TORTURE[name](), settings(target))
    lufs, peak_db = judge(tmp_path, result)
    wanted = target_named(target)
    assert lufs == pytest.approx(wanted.integrated_lufs, abs=0.1)
    assert peak_db <= wanted.ceiling_dbtp
    assert outcome.after.integrated_lufs == pytest.approx(wanted.integrated_lufs, abs=0.05)
    assert outcome.after.true_peak_dbtp <= wanted.ceiling_dbtp
    assert outcome.notes == ()


@pytest.mark.parametrize("target", ["spotify", "club"])
def test_a_real_song_comes_to_its_target(test_data: Path, target: str, tmp_path: Path) -> None:
    whole = read_clip(test_data / "songs" / "mix-10_Amin_140bpm.ogg")
    clip = Clip(np.ascontiguousarray(whole.samples[:, : 10 * whole.sample_rate_hz]), whole.sample_rate_hz)
    outcome, result = mastered(clip.samples, settings(target), clip.sample_rate_hz)
    lufs, peak_db = judge(tmp_path, result)
    wanted = target_named(target)
    assert lufs == pytest.approx(wanted.integrated_lufs, abs=0.1)
    assert peak_db <= wanted.ceiling_dbtp
    assert fine_peak_db(result) <= wanted.ceiling_dbtp
    assert -2.5 < outcome.glue_db < -0.5
    assert outcome.before == measure_loudness(clip)
    assert outcome.after == measure_loudness(result)


def test_a_file_is_mastered_as_the_clip_it_holds(test_data: Path) -> None:
    path = test_data / "samples" / "loop_amen_full.flac"
    clip = read_clip(path)
    sink = ClipSink(clip.sample_rate_hz, clip.channels)
    master(lambda: open_source(path), sink, settings(), SILENT)
    np.testing.assert_array_equal(sink.clip.samples, mastered(clip.samples, settings(), clip.sample_rate_hz)[1].samples)


@pytest.mark.parametrize("level", [0.02, 0.9])
def test_the_glue_is_the_same_whatever_the_input_level(level: float) -> None:
    outcome, _ = mastered(level * groove(6), settings())
    assert -2.5 < outcome.glue_db < -0.5


def test_an_amount_of_nothing_is_a_chain_with_all_stages_off() -> None:
    samples = groove(4)
    off = ChainSettings(**{name: replace(getattr(ChainSettings(), name), on=False) for name in STAGES})
    without, result = mastered(samples, replace(settings(), chain=off))
    muted, same = mastered(samples, replace(settings(), amount=0.0))
    assert without.glue_db == muted.glue_db == 0.0
    np.testing.assert_array_equal(result.samples, same.samples)
    assert np.abs(result.samples - mastered(samples, settings())[1].samples).max() > 0.001


def test_a_piece_at_its_target_already_passes_bit_by_bit() -> None:
    tone = np.sin(2 * np.pi * 1000 * time(4))[None] * 10 ** (-20 / 20)
    on_grid = (np.rint(tone * 2**23) / 2**23).astype(np.float32)
    lufs = measure_loudness(Clip(on_grid, RATE_HZ)).integrated_lufs
    untouched = replace(settings(), amount=0.0, target=own_target(lufs, -1.0))
    _, result = mastered(on_grid, untouched)
    np.testing.assert_array_equal(result.samples, on_grid)


def test_the_same_piece_makes_the_same_samples() -> None:
    samples = groove(4)
    np.testing.assert_array_equal(mastered(samples, settings())[1].samples, mastered(samples, settings())[1].samples)


@pytest.mark.parametrize("block_frames", [64, 441, 4096])
def test_the_chain_knows_no_blocks(block_frames: int) -> None:
    samples = groove(1)

    def run(size: int) -> Samples:
        blocks = [samples[:, at : at + size] for at in range(0, samples.shape[1], size)]
        limiter = Limiter(RATE_HZ, 2, gain=3.0, ceiling=0.8)
        shaped = ShapedStream(RATE_HZ, 2, settings(), -20.0, delivered_rate_hz=RATE_HZ).run(blocks)
        return np.concatenate(list(limited(shaped, limiter, 2)), axis=1)

    whole = run(samples.shape[1])
    assert whole.shape == samples.shape
    np.testing.assert_array_equal(run(block_frames), whole)


def test_a_long_piece_is_read_anew_and_comes_out_the_same() -> None:
    clip = Clip(groove(5), RATE_HZ)
    opened: list[ClipSource] = []

    def source() -> ClipSource:
        opened.append(ClipSource(clip))
        return opened[-1]

    kept = Piece(source, settings(), SILENT)
    reread = Piece(source, settings(), SILENT, most_kept_samples=10_000)
    for _ in range(2):
        streams = [list(piece.shaped()) for piece in (kept, reread)]
        for part in (0, 1):
            joined = [np.concatenate([blocks[part] for blocks in stream], axis=-1) for stream in streams]
            np.testing.assert_array_equal(*joined)
    assert len(opened) == 4
    assert kept.mean_glue_db == reread.mean_glue_db < 0.0


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("rate_hz", [8_000, 96_000, 192_000])
def test_any_rate_and_channel_count(rate_hz: int, channels: int) -> None:
    outcome, _ = mastered(pink(channels, 2 * rate_hz, 0.05), settings(), rate_hz)
    assert outcome.after.integrated_lufs == pytest.approx(-14.0, abs=0.05)
    assert outcome.after.true_peak_dbtp <= -1.0


def test_channels_keep_their_balance() -> None:
    samples = np.stack([groove(4)[0], 0.25 * groove(4)[0]])
    _, result = mastered(samples, settings("club"))
    loud = np.abs(result.samples[0]) > 0.05
    np.testing.assert_allclose(result.samples[1][loud] / result.samples[0][loud], 0.25, rtol=1e-4)


def test_a_constant_offset_is_taken_away() -> None:
    _, result = mastered(0.3 * groove(4) + np.float32(0.4), settings())
    assert np.abs(result.samples[:, RATE_HZ:].mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("samples", [np.zeros((2, RATE_HZ)), np.zeros((1, 0)), np.zeros((2, 50))])
def test_silence_stays_silence(samples: NDArray[np.float64]) -> None:
    outcome, result = mastered(samples, settings())
    assert not result.samples.any()
    assert outcome.gain_db == 0.0
    assert "left at its level" in outcome.notes[0]


def test_what_is_too_short_is_brought_up_by_its_momentary_loudness() -> None:
    outcome, result = mastered(pink(2, RATE_HZ // 10, 0.1), settings())
    lengthened = np.pad(result.samples, ((0, 0), (0, round(0.4 * RATE_HZ) - result.frames)))
    assert measure_loudness(Clip(lengthened, RATE_HZ)).momentary_max_lufs == pytest.approx(-14.0, abs=0.05)
    assert outcome.after.integrated_lufs == -math.inf
    assert outcome.after.true_peak_dbtp <= -1.0
    assert "too short" in outcome.notes[0]


def test_the_gain_has_an_end() -> None:
    outcome, result = mastered(pink(2, 3 * RATE_HZ, 0.0005), settings())
    assert outcome.before.integrated_lufs == -math.inf
    assert outcome.gain_db == 40.0
    assert np.abs(result.samples).max() < 0.1
    assert any("40 dB" in note for note in outcome.notes)
    assert any("as near as it comes" in note for note in outcome.notes)


def test_clicks_over_quiet_music_are_held_down_for_it() -> None:
    samples = 0.1 * groove(8)
    samples[:, RATE_HZ // 2 :: RATE_HZ] = 0.95
    outcome, _ = mastered(samples, settings())
    assert outcome.after.integrated_lufs == pytest.approx(-14.0, abs=0.1)
    assert outcome.limiter_db < -12.0
    assert outcome.after.true_peak_dbtp <= -1.0


def test_what_cannot_be_so_loud_comes_near_and_says_so() -> None:
    """A sine of 40 Hz at full scale weighs less than −8 LUFS."""
    outcome, _ = mastered(np.sin(2 * np.pi * 40 * time(4))[None] * 0.5, settings("club"))
    assert -11.0 < outcome.after.integrated_lufs < -8.2
    assert outcome.gain_db < 30.0
    assert "as near as it comes" in outcome.notes[-1]


def test_what_is_no_audio_spoils_nothing() -> None:
    samples = groove(3)
    spoilt = samples.copy()
    spoilt[0, 1_000], spoilt[1, 50_000], spoilt[0, 90_000] = np.nan, np.inf, 1e20
    quiet = np.where(spoilt == samples, samples, np.float32(0.0))
    np.testing.assert_array_equal(mastered(spoilt, settings())[1].samples, mastered(quiet, settings())[1].samples)


def test_without_a_sink_it_is_measured_all_the_same() -> None:
    clip = Clip(groove(3), RATE_HZ)
    assert master(lambda: ClipSource(clip), None, settings(), SILENT) == mastered(clip.samples, settings())[0]


class Recording:
    """Keeps what it is told; raises ``Cancelled`` once it was told ``until`` times."""

    def __init__(self, until: int | None = None) -> None:
        self.told: list[float] = []
        self._until = until

    def step(self, done: float, total: float, note: str = "") -> None:
        self.told.append(done / total)
        assert note
        if len(self.told) == self._until:
            raise Cancelled()


def test_progress_rises_to_its_end() -> None:
    clip = Clip(groove(6), RATE_HZ)
    progress = Recording()
    master(lambda: ClipSource(clip), None, settings("club"), progress)
    assert progress.told == sorted(progress.told)
    assert progress.told[-1] == 1.0


class ClosingSource(ClipSource):
    """A source that remembers that it was closed."""

    open_ones = 0

    def __init__(self, clip: Clip) -> None:
        super().__init__(clip)
        ClosingSource.open_ones += 1

    def close(self) -> None:
        ClosingSource.open_ones -= 1


@pytest.mark.parametrize("until", [1, 5, 12, 20])
def test_cancelling_stops_at_once_and_closes_the_source(until: int) -> None:
    clip = Clip(groove(6), RATE_HZ)
    progress = Recording(until)
    with pytest.raises(Cancelled):
        master(lambda: ClosingSource(clip), ClipSink(RATE_HZ, 2), settings("club"), progress)
    assert len(progress.told) == until
    assert ClosingSource.open_ones == 0


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_memory_stays_flat_over_forty_minutes() -> None:
    """Forty minutes of stereo are 850 MB as one array."""
    import resource

    class Loop(ClipSource):
        """A minute of groove, over and over."""

        def __init__(self, clip: Clip) -> None:
            super().__init__(clip)
            self._rounds = 40

        def read(self, frames: int) -> Samples:
            block = super().read(frames)
            if not block.shape[1] and self._rounds > 1:
                self._rounds -= 1
                self.seek(0)
                return super().read(frames)
            return block

    minute = Clip(groove(60), RATE_HZ)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = master(lambda: Loop(minute), None, settings(), SILENT)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert outcome.after.integrated_lufs == pytest.approx(-14.0, abs=0.05)
    assert grown_mb < 300
