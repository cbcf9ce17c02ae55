"""Room for a whole piece's blocks."""

from __future__ import annotations

import weakref

import numpy as np

from sonicforge_studio.mastering._arena import Arena

_BLOCK_SAMPLES = 3_000_000


def test_a_chunk_goes_when_its_last_block_does() -> None:
    room = Arena()
    block = np.arange(_BLOCK_SAMPLES, dtype=np.float32).reshape(2, -1)
    copies = [room.copy(block + number) for number in range(4)]
    for number, copied in enumerate(copies):
        np.testing.assert_array_equal(copied, block + number)
        assert copied.flags.c_contiguous
    first, last = weakref.ref(copies[0].base), weakref.ref(copies[3].base)
    del copies[0]
    assert first() is not None
    del copies[0], copied
    assert first() is None
    assert last() is not None


def test_a_block_larger_than_a_chunk_has_one_of_its_own() -> None:
    large = np.ones((1, 9_000_000), np.float32)
    np.testing.assert_array_equal(Arena().copy(large), large)
