"""The small waveform."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.audio import PeaksBuilder
from tests.sounds import groove


def peaks_of(samples: np.ndarray, block_frames: int) -> np.ndarray:
    builder = PeaksBuilder(samples.shape[0])
    for start in range(0, samples.shape[1], block_frames):
        builder.add(samples[:, start : start + block_frames])
    return np.frombuffer(builder.finish(), np.int8).reshape(-1, 2)


@pytest.mark.parametrize("frames", [1, 500, 2048, 2049, 4097, 100_000, 529_200])
def test_columns_hold_the_extremes_of_their_frames(frames: int) -> None:
    samples = groove(12.0)[:, :frames]
    width = 1
    while -(-frames // width) > 2048:
        width *= 2
    columns = -(-frames // width)
    low = [samples[:, index * width : (index + 1) * width].min() for index in range(columns)]
    high = [samples[:, index * width : (index + 1) * width].max() for index in range(columns)]
    expected = np.rint(np.stack([low, high], axis=1).clip(-1, 1) * 127)
    for block_frames in (frames, 4096, 999):
        assert np.array_equal(peaks_of(samples, block_frames), expected)
    assert columns <= 2048
    assert frames < 2048 or columns > 1024


def test_odd_samples_are_clipped_or_silent() -> None:
    samples = np.array([[np.nan, 5.0, -5.0, np.inf]], np.float32)
    assert peaks_of(samples, 2).tolist() == [[0, 0], [127, 127], [-127, -127], [0, 0]]


def test_nothing_gives_nothing() -> None:
    builder = PeaksBuilder(2)
    builder.add(np.empty((2, 0), np.float32))
    assert builder.finish() == b""
    with pytest.raises(ValueError, match="channel"):
        PeaksBuilder(0)
