"""Overview, tiles and sections: the same levels whichever way they are come by, with flat memory, of any file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import ClipSource, open_source
from sonicforge_studio.audio._spectrogram_columns import JoinedColumns
from sonicforge_studio.audio.spectrogram import (
    MOST_COLUMNS,
    ROWS,
    TILE_COLUMNS,
    OverviewMaker,
    Section,
    axis_hz,
    draw_section,
    level_db,
    longest_step_frames,
    make_tile,
    top_level_db,
    window_frames,
)
from sonicforge_studio.domain import Cancelled, Clip, Samples
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio
from sonicforge_studio.kernels.spectrogram import row_frequencies
from tests.sounds import groove, tone, write

RATE_HZ = 44_100


class Endless:
    """A source of noise of any length that holds none of it."""

    def __init__(self, frames: int, known: bool = True) -> None:
        self.sample_rate_hz, self.channels = RATE_HZ, 2
        self.frames = frames if known else None
        self._frames = frames
        self._place = 0
        noise = np.random.default_rng(3).standard_normal((2, 65_536)).astype(np.float32) * 0.1
        self._noise = np.tile(noise, 2)

    def read(self, frames: int) -> Samples:
        count = max(0, min(frames, self._frames - self._place))
        begin = self._place % 65_536
        self._place += count
        return self._noise[:, begin : begin + count]

    def seek(self, frame: int) -> None:
        self._place = frame

    def close(self) -> None: ...


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self, done: float, total: float, note: str = "") -> None:
        assert 0 <= done <= total
        self.left -= 1
        if self.left < 0:
            raise Cancelled()


def source_of(samples: Samples, rate_hz: int = RATE_HZ) -> ClipSource:
    return ClipSource(Clip(samples, rate_hz))


def plain_column(samples: Samples, hop: int, column: int) -> NDArray[np.float64]:
    """The levels of one column's bins, dBFS, from the samples in memory."""
    window = window_frames(hop, RATE_HZ)
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    begin = column * hop + hop // 2 - window // 2
    padded = np.pad(samples, ((0, 0), (window, window)))[:, begin + window : begin + 2 * window]
    return 20 * np.log10(np.abs(np.fft.rfft(padded * shape * 2 / shape.sum())).max(axis=0) + 1e-12)


def test_every_level_shows_the_same_music() -> None:
    samples = groove(30.0)
    overview = OverviewMaker(source_of(samples)).make()
    pyramid = overview.pyramid
    assert (pyramid.frames, pyramid.hop_frames, pyramid.deepest_hop_frames) == (samples.shape[1], 2048, 8)
    assert overview.columns.shape == (pyramid.columns(2048), ROWS) == (646, ROWS)
    for hop in (1024, 256, 32, 8):
        index = pyramid.tiles(hop) // 2
        tile = make_tile(source_of(samples), pyramid, hop, index)
        assert tile.shape == (TILE_COLUMNS, ROWS)
        for column in (0, 100, 255):
            bins_db = plain_column(samples, hop, index * TILE_COLUMNS + column)
            assert level_db(tile[column]).max() == pytest.approx(bins_db.max(), abs=1.7)


def test_a_tile_of_the_overviews_level_is_the_overview() -> None:
    samples = groove(30.0)
    overview = OverviewMaker(source_of(samples)).make()
    for index in range(overview.pyramid.tiles(2048)):
        tile = make_tile(source_of(samples), overview.pyramid, 2048, index)
        assert np.array_equal(tile, overview.columns[index * TILE_COLUMNS :][:TILE_COLUMNS])


def test_a_click_stands_at_its_place_at_every_level() -> None:
    samples = np.zeros((1, 10 * RATE_HZ), np.float32)
    click = 123_456
    samples[0, click] = 1.0
    overview = OverviewMaker(source_of(samples)).make()
    hop = overview.pyramid.hop_frames
    while hop >= overview.pyramid.deepest_hop_frames:
        index, column = divmod(click // hop, TILE_COLUMNS)
        tile = make_tile(source_of(samples), overview.pyramid, hop, index)
        loudest = np.flatnonzero(tile.max(axis=1) == tile.max())
        assert abs(loudest.mean() - column) <= 1.5, hop
        hop //= 2


def test_however_long_a_file_is_memory_holds_its_columns() -> None:
    frames = 10 * 60 * RATE_HZ  # the columns are joined once
    tracemalloc.start()
    overview = OverviewMaker(Endless(frames)).make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert overview.pyramid.hop_frames == 4096
    assert MOST_COLUMNS // 2 < len(overview.columns) <= MOST_COLUMNS
    assert len(overview.columns) == overview.pyramid.columns(4096)
    assert peak < 24 << 20
    # What is joined is the highest of both, as a tile of that level has it.
    tile = make_tile(Endless(frames), overview.pyramid, 4096, 3)
    assert np.array_equal(tile, overview.columns[3 * TILE_COLUMNS :][:TILE_COLUMNS])


def test_columns_are_joined_in_pairs_however_they_come() -> None:
    columns = np.random.default_rng(5).integers(0, 256, (1000, 3), np.uint8)
    for sizes in ([1000], [1] * 1000, [7, 300, 1, 250, 442]):
        joined = JoinedColumns(128, 3)
        start = 0
        for size in sizes:
            joined.add(columns[start : start + size])
            start += size
        assert joined.per_column == 8
        padded = np.concatenate([columns, np.zeros((0, 3), np.uint8)]).reshape(125, 8, 3).max(axis=1)
        assert np.array_equal(joined.so_far(), padded)


@pytest.mark.parametrize("rate_hz", [100, 8_000, 11_025, 44_100, 48_000, 96_000, 192_000, 384_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_rate_and_any_number_of_channels(rate_hz: int, channels: int) -> None:
    frames = max(2048, rate_hz // 2)
    samples = np.zeros((channels, frames), np.float32)
    samples[-1] = 0.5 * np.sin(2 * np.pi * 0.11 * np.arange(frames))
    overview = OverviewMaker(source_of(samples, rate_hz)).make()
    low_hz, high_hz = axis_hz(rate_hz)
    assert high_hz == rate_hz / 2
    tile = make_tile(source_of(samples, rate_hz), overview.pyramid, overview.pyramid.deepest_hop_frames, 0)
    for columns in (overview.columns, tile):
        middle = columns[len(columns) // 2]
        hz = row_frequencies(ROWS, low_hz, high_hz)[int(middle.argmax())]
        assert level_db(middle).max() == pytest.approx(-6.0, abs=2.0)
        assert hz == pytest.approx(0.11 * rate_hz, rel=0.15)


def test_windows_grow_with_the_columns() -> None:
    assert [window_frames(hop, 48_000) for hop in (8, 16, 32, 64, 256, 2048, 65_536)] == [
        256, 512, 1024, 2048, 4096, 4096, 4096,
    ]  # fmt: skip
    assert window_frames(65_536, 192_000) == 16_384
    assert longest_step_frames(8_000) == 256


@pytest.mark.parametrize("frames", [1, 2, 255, 4096, 65_537])
def test_short_and_odd_lengths(frames: int) -> None:
    samples = np.ones((2, frames), np.float32)
    overview = OverviewMaker(source_of(samples)).make()
    assert overview.pyramid.frames == frames
    hop = overview.pyramid.deepest_hop_frames
    last = overview.pyramid.tiles(hop) - 1
    tile = make_tile(source_of(samples), overview.pyramid, hop, last)
    assert len(tile) == overview.pyramid.columns(hop) - last * TILE_COLUMNS
    assert len(draw_section(source_of(samples), Section(400, 64)).columns) >= 1


def test_silence_and_nonsense(tmp_path: Path) -> None:
    silence = OverviewMaker(source_of(np.zeros((2, RATE_HZ), np.float32))).make()
    assert not silence.columns.any()
    assert top_level_db(silence.columns) == 0.0
    path = tmp_path / "broken.wav"
    samples = np.full((RATE_HZ, 2), np.nan, np.float32)
    samples[::3] = np.inf
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    with open_source(path) as source:
        assert not OverviewMaker(source).make().columns.any()
    with pytest.raises(EmptyAudio):
        OverviewMaker(Endless(0)).make()


def test_a_file_that_breaks_off_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", groove(8.0), subtype="PCM_16")
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with open_source(cut) as source:
        overview = OverviewMaker(source).make()
        assert 0.3 < overview.pyramid.duration_seconds / 8.0 < 0.7
        assert overview.warning is not None
        tile = make_tile(source, overview.pyramid, 512, overview.pyramid.tiles(512) - 1)
        assert tile.any()
    with open_source(whole) as source:
        full = OverviewMaker(source).make()
    same = len(overview.columns) - 3
    assert np.array_equal(full.columns[:same], overview.columns[:same])


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "wav"])
def test_a_tile_is_read_from_its_section_alone(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"track.{suffix}"
    samples = groove(9.0)
    soundfile.write(path, samples.T, RATE_HZ)
    with open_source(path) as source:
        pyramid = OverviewMaker(source).make().pyramid
        late = make_tile(source, pyramid, 256, pyramid.tiles(256) - 2)
    straight = make_tile(source_of(samples), pyramid, 256, pyramid.tiles(256) - 2)
    loud = straight > 120  # −60 dBFS: what a lossy codec keeps
    assert np.abs(late.astype(int) - straight)[loud].mean() < (4 if suffix in ("mp3", "ogg") else 1)


def test_cancelling_stops_at_the_next_block() -> None:
    with pytest.raises(Cancelled):
        OverviewMaker(Endless(RATE_HZ * 3600)).make(StopAfter(3))
    pyramid = OverviewMaker(Endless(RATE_HZ * 60)).make().pyramid
    with pytest.raises(Cancelled):
        make_tile(Endless(RATE_HZ * 60), pyramid, 2048, 0, StopAfter(1))
    with pytest.raises(Cancelled):
        draw_section(Endless(RATE_HZ * 3600), Section(800), StopAfter(3))


def test_the_level_for_a_zoom() -> None:
    pyramid = OverviewMaker(Endless(RATE_HZ * 30)).make().pyramid
    assert [pyramid.hop_for(frames) for frames in (1e6, 2048, 1025, 1024, 9, 8, 0.01)] == [
        2048, 2048, 2048, 1024, 16, 8, 8,
    ]  # fmt: skip


class TestSection:
    def test_a_tone_stands_where_it_belongs(self) -> None:
        samples = tone(10.0, 1000.0)
        samples[:, : 5 * RATE_HZ] = 0.0
        drawn = draw_section(source_of(samples), Section(500, 300, 2.0, 8.0, low_hz=500.0, high_hz=2000.0))
        assert (drawn.start_seconds, drawn.end_seconds) == (2.0, 8.0)
        columns = len(drawn.columns)
        assert drawn.columns_per_pixel * 500 == pytest.approx(columns, rel=0.01)
        began = int(np.argmax(drawn.columns.max(axis=1) > 200)) / columns * 6.0 + 2.0
        assert began == pytest.approx(5.0, abs=0.1)
        assert int(drawn.columns[-5].argmax()) == pytest.approx(150, abs=1)
        assert level_db(drawn.columns[-5]).max() == pytest.approx(-12.0, abs=0.6)

    @pytest.mark.parametrize("fft_size", [64, 1024, 65_536])
    def test_the_window_may_be_chosen(self, fft_size: int) -> None:
        drawn = draw_section(source_of(tone(3.0, 6000.0)), Section(300, 200, fft_size=fft_size))
        assert drawn.window_frames == fft_size
        assert level_db(drawn.columns).max() == pytest.approx(-12.0, abs=1.6)

    def test_a_length_that_nobody_told(self) -> None:
        drawn = draw_section(Endless(RATE_HZ * 120, known=False), Section(200, 64))
        assert drawn.end_seconds == 120.0
        assert len(drawn.columns) <= 400
        assert drawn.columns_per_pixel * 200 == pytest.approx(len(drawn.columns), abs=1)

    @pytest.mark.parametrize(
        "section",
        [
            Section(100, start_seconds=99.0),
            Section(100, start_seconds=2.0, end_seconds=2.0),
            Section(100, low_hz=5000.0, high_hz=100.0),
            Section(100, low_hz=30_000.0),
            Section(100, low_hz=-1.0),
            Section(100, low_hz=0.0),
        ],
    )
    def test_what_cannot_be_drawn_is_said(self, section: Section) -> None:
        with pytest.raises(BadSetting):
            draw_section(source_of(tone(3.0)), section)

    def test_an_end_behind_the_end_is_the_end(self) -> None:
        assert draw_section(source_of(tone(3.0)), Section(100, end_seconds=50.0)).end_seconds == 3.0
