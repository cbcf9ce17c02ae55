"""Which sound it is, and which file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from sonicforge_studio.audio import PcmHasher, Tags, content_hash, on_24_bit_grid, read_clip, write_clip, write_tags
from sonicforge_studio.domain import Cancelled, Clip
from sonicforge_studio.domain.errors import InputError, MissingPath
from tests.sounds import groove, tone


def pcm_hash(samples: np.ndarray, block_frames: int = 10**9) -> str:
    hasher = PcmHasher()
    for start in range(0, samples.shape[1], block_frames):
        hasher.add(samples[:, start : start + block_frames])
    return hasher.finish()


def test_it_is_blake3_of_interleaved_little_endian_floats_for_any_blocks() -> None:
    samples = groove(0.5)
    expected = blake3(np.ascontiguousarray(samples.T).astype("<f4").tobytes()).hexdigest()
    for block_frames in (10**9, 1000, 7):
        assert pcm_hash(samples, block_frames) == expected
    assert pcm_hash(samples[:, ::2][:, ::-1]) != expected
    assert pcm_hash(samples[:1]) == blake3(samples[0].tobytes()).hexdigest()


def test_24_bit_files_have_the_hash_of_what_was_put_on_the_grid(tmp_path: Path) -> None:
    samples = on_24_bit_grid(groove(0.5) * np.float32(1.7))
    for format in ("wav", "flac"):
        write_clip(tmp_path / f"x.{format}", Clip(samples, 44100), format=format)
        assert pcm_hash(read_clip(tmp_path / f"x.{format}").samples) == pcm_hash(samples)


def test_a_tag_changes_the_file_and_not_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    write_clip(path, Clip(tone(0.5), 44100), format="mp3")
    sound, content = pcm_hash(read_clip(path).samples), content_hash(path)
    write_tags(path, Tags(title="T"))
    assert pcm_hash(read_clip(path).samples) == sound
    assert content_hash(path) != content
    assert content_hash(path) == blake3(path.read_bytes()).hexdigest()


def test_hashing_a_file_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(5 << 20))
    seen = []

    class Stop:
        def step(self, done: float, total: float, note: str = "") -> None:
            seen.append((done, total))
            if done >= 2 << 20:
                raise Cancelled

    with pytest.raises(Cancelled):
        content_hash(tmp_path / "big", Stop())
    assert seen == [(1 << 20, 5 << 20), (2 << 20, 5 << 20)]
    with pytest.raises(MissingPath):
        content_hash(tmp_path / "nothing")
    with pytest.raises(InputError):
        content_hash(tmp_path)
