"""Sound on the disk while it is worked on: what goes in comes out, to every reader, and nothing is left."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import GridSource, GrowingClip, Spool, on_24_bit_grid
from sonicforge_studio.audio._spool_file import SpoolFile
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import DiskFull, OutputNotWritable

RATE_HZ = 8000


def noise(channels: int, frames: int) -> Samples:
    samples: NDArray[np.float32] = np.random.default_rng(frames).normal(0, 0.4, (channels, frames)).astype(np.float32)
    return samples


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_what_goes_in_comes_out(channels: int, tmp_path: Path) -> None:
    spool, wave = Spool(RATE_HZ, channels, tmp_path), noise(channels, 10_000)
    wave[0, :3] = np.nan, np.inf, -0.0
    for start, end in ((0, 1), (1, 1), (1, 4097), (4097, 10_000)):
        spool.write(wave[:, start:end])
    assert (spool.frames, spool.clip().sample_rate_hz) == (10_000, RATE_HZ)
    assert spool.clip().samples.tobytes() == wave.tobytes()
    assert spool.part(9_990, 100).tobytes() == wave[:, 9_990:].tobytes()
    assert spool.part(10_000, 5).shape == spool.part(99_999, 5).shape == (channels, 0)
    first, second = spool.open_source(), spool.open_source()
    assert (first.sample_rate_hz, first.channels, first.frames) == (RATE_HZ, channels, 10_000)
    second.seek(5_000)
    for place in range(0, 5_000, 500):
        assert first.read(500).tobytes() == wave[:, place : place + 500].tobytes()
        assert second.read(500).tobytes() == wave[:, 5_000 + place : 5_500 + place].tobytes()
    assert second.read(500).shape == (channels, 0)


def test_it_has_no_name_and_is_gone_with_its_last_reader(tmp_path: Path) -> None:
    before = open_files()
    spool = Spool(RATE_HZ, 1, tmp_path)
    spool.write(np.ones((1, 100), np.float32))
    assert list(tmp_path.iterdir()) == []
    source = spool.open_source()
    del spool
    assert source.read(200).shape == (1, 100)
    assert open_files() == before + 1
    del source
    assert open_files() == before


@pytest.mark.parametrize("one_position", [False, True])
def test_a_file_is_read_by_several_while_it_is_written(one_position: bool, tmp_path: Path) -> None:
    file = SpoolFile(tmp_path, one_position=one_position)
    whole = np.arange(200_000, dtype=np.uint32).tobytes()
    size, written, wrong = 4_000, 0, []

    def check() -> None:
        random = np.random.default_rng(threading.get_ident())
        while (there := written) < len(whole):
            at = int(random.integers(0, max(1, there)))
            wrong.extend([at] if file.read_at(at, there - at) != whole[at:there] else [])

    readers = [threading.Thread(target=check) for _ in range(3)]
    for reader in readers:
        reader.start()
    for at in range(0, len(whole), size):
        file.write_at(at, memoryview(whole)[at : at + size])
        written = at + size
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_full_disk_is_told_and_its_room_given_back(small_disk: Path) -> None:
    free = os.statvfs(small_disk).f_bfree
    spool, wave = Spool(RATE_HZ, 2, small_disk), noise(2, 10_000)
    spool.write(wave)
    with pytest.raises(DiskFull):
        spool.write(noise(2, 100_000))
    assert spool.clip().samples.tobytes() == wave.tobytes()
    spool.abandon()
    assert (spool.frames, spool.clip().frames) == (0, 0)
    assert os.statvfs(small_disk).f_bfree == free
    spool.write(wave)
    assert spool.clip().samples.tobytes() == wave.tobytes()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable):
        Spool(RATE_HZ, 2, tmp_path / "gone")


def test_a_full_disk_ends_what_is_listened_to_and_not_what_is_made(small_disk: Path) -> None:
    clip = GrowingClip(RATE_HZ, 2, folder=small_disk)
    source = clip.open_source()
    clip.write(noise(2, 10_000))
    for _ in range(20):
        clip.write(noise(2, 10_000))
    assert clip.over
    assert clip.written == source.frames
    assert source.read(1_000_000).shape == (2, clip.written)
    with pytest.raises(DiskFull):
        source.read(1)


def test_the_grid_is_that_of_the_whole_wherever_it_is_read() -> None:
    spool, wave = Spool(RATE_HZ, 2), noise(2, 5_000) * np.float32(3.0)
    spool.write(wave)
    source = GridSource(spool.open_source())
    assert (source.sample_rate_hz, source.channels, source.frames) == (RATE_HZ, 2, 5_000)
    source.seek(1_234)
    assert source.read(10_000).tobytes() == on_24_bit_grid(wave)[:, 1_234:].tobytes()
    source.close()
