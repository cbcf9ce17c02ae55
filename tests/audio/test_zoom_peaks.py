"""The waveform at every zoom."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.audio import ZoomPeaks, ZoomPeaksBuilder
from tests.sounds import groove

RATE_HZ = 44_100


def zoomed(samples: np.ndarray, block_frames: int) -> bytes:
    builder = ZoomPeaksBuilder(samples.shape[0], RATE_HZ)
    for start in range(0, samples.shape[1], block_frames):
        builder.add(samples[:, start : start + block_frames])
    return builder.finish()


def extremes(samples: np.ndarray, first: int, end: int) -> list[int]:
    part = samples[:, max(0, first) : max(0, end)]
    return [round(127 * float(part.min())), round(127 * float(part.max()))] if part.size else [0, 0]


@pytest.mark.parametrize("frames", [1, 255, 256, 257, 10_000, 100_000])
def test_the_finest_columns_hold_the_extremes_of_256_frames(frames: int) -> None:
    samples = groove(3.0)[:, :frames]
    columns = -(-frames // 256)
    expected = [extremes(samples, 256 * index, 256 * (index + 1)) for index in range(columns)]
    for block_frames in (frames, 4096, 100):
        peaks = ZoomPeaks.from_bytes(zoomed(samples, block_frames))
        assert peaks.columns(0.0, columns * 256 / RATE_HZ, columns).tolist() == expected


@pytest.mark.parametrize(("width", "cell"), [(256, 256), (1000, 256), (1024, 1024), (5000, 4096), (70_000, 65_536)])
def test_a_column_holds_its_frames_and_at_most_a_cell_beside_them(width: int, cell: int) -> None:
    samples = groove(12.0)
    peaks = ZoomPeaks.from_bytes(zoomed(samples, 8192))
    start, columns = 30_011, 6
    drawn = peaks.columns(start / RATE_HZ, (start + width * columns) / RATE_HZ, columns)
    for index, (low, high) in enumerate(drawn.tolist()):
        first, end = start + index * width, start + (index + 1) * width
        least, most = extremes(samples, first, end), extremes(samples, first - cell, end + cell)
        assert most[0] <= low <= least[0]
        assert least[1] <= high <= most[1]


def test_outside_the_audio_there_is_nothing() -> None:
    peaks = ZoomPeaks.from_bytes(zoomed(np.full((2, RATE_HZ), 0.5, np.float32), 5000))
    drawn = peaks.columns(-1.0, 3.0, 8)
    assert drawn[:2].tolist() == [[0, 0]] * 2
    assert drawn[2:4].tolist() == [[64, 64]] * 2
    assert drawn[5:].tolist() == [[0, 0]] * 3
    assert peaks.duration_seconds == pytest.approx(1.0, abs=256 / RATE_HZ)


def test_closer_than_256_frames_a_column_repeats() -> None:
    peaks = ZoomPeaks.from_bytes(zoomed(groove(1.0), 5000))
    close = peaks.columns(0.0, 1024 / RATE_HZ, 64)
    assert np.array_equal(close, np.repeat(peaks.columns(0.0, 1024 / RATE_HZ, 4), 16, axis=0))


def test_what_is_no_audio_is_silent_and_what_is_too_loud_clipped() -> None:
    samples = np.zeros((1, 512), np.float32)
    samples[0, [5, 300]] = np.nan, np.inf
    samples[0, [6, 301]] = -5.0, 5.0
    assert ZoomPeaks.from_bytes(zoomed(samples, 512)).columns(0.0, 512 / RATE_HZ, 2).tolist() == [[-127, 0], [0, 127]]


def test_nothing_is_drawn_as_nothing() -> None:
    peaks = ZoomPeaks.from_bytes(ZoomPeaksBuilder(2, RATE_HZ).finish())
    assert not peaks.columns(0.0, 1.0, 10).any()
    assert peaks.duration_seconds == 0.0


def test_bad_bytes_and_bad_questions_are_mistakes() -> None:
    packed = zoomed(groove(1.0), 5000)
    for broken in (b"", b"SFZ0" + packed[4:], packed[:-1], packed + b"00"):
        with pytest.raises(ValueError, match="waveform"):
            ZoomPeaks.from_bytes(broken)
    for stretch in ((1.0, 1.0, 5), (0.0, 1.0, 0), (0.0, float("nan"), 5)):
        with pytest.raises(ValueError, match="stretch"):
            ZoomPeaks.from_bytes(packed).columns(*stretch)
    with pytest.raises(ValueError, match="no audio"):
        ZoomPeaksBuilder(0, RATE_HZ)


def test_three_hours_are_small() -> None:
    builder = ZoomPeaksBuilder(2, RATE_HZ)
    block = np.zeros((2, 60 * RATE_HZ), np.float32)
    builder.add(block)
    assert len(builder.finish()) * 180 < 3.8e6
