"""The transform beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels._transform import room_for, transform, turns_for


@pytest.mark.parametrize("size", [16, 32, 64, 128, 1024, 2048, 8192, 32_768])
def test_it_equals_numpys(size: int) -> None:
    wave = np.random.default_rng(size).standard_normal((2, size)).astype(np.float32)
    room = room_for(size)
    room[:2, :size] = wave
    at = transform(room, turns_for(size))
    expected = np.fft.fft(wave[0].astype(np.float64) + 1j * wave[1])
    np.testing.assert_allclose(room[at, :size], expected.real, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_allclose(room[at + 1, :size], expected.imag, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("size", [0, 8, 48, 1000])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        turns_for(size)
