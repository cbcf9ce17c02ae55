"""Spectrograms in the background: what is wished for last comes first, and nothing is made twice or for nobody."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import sonicforge_studio.studio.spectrograms as spectrograms_module
from sonicforge_studio.audio import open_source
from sonicforge_studio.audio.spectrogram import OverviewMaker, level_db, make_tile
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.studio.spectrogram_drawing import Window, draw, level_at, levels_of
from sonicforge_studio.studio.spectrograms import Spectrograms, TrackSpectrogram
from tests.sounds import groove, tone, write

GREYS = np.arange(256, dtype=np.uint32)
SECONDS = 12.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "groove.wav", groove(SECONDS))


@pytest.fixture
def spectrograms(tmp_path: Path) -> Iterator[Spectrograms]:
    made = Spectrograms(TileCache(tmp_path / "tiles"))
    yield made
    made.close()


@pytest.fixture
def gate() -> threading.Event:
    """While it is not set, no tile is computed."""
    made = threading.Event()
    made.set()
    return made


@pytest.fixture
def made_tiles(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> list[tuple[int, int]]:
    """Every tile that is computed, in its order."""
    made: list[tuple[int, int]] = []

    def make(source: object, pyramid: object, hop: int, index: int, progress: object) -> object:
        made.append((hop, index))
        assert gate.wait(20.0)
        return make_tile(source, pyramid, hop, index, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(spectrograms_module, "make_tile", make)
    return made


def wait(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20.0
    while not happened():
        assert time.monotonic() < deadline, happened
        time.sleep(0.002)


def complete(track: TrackSpectrogram) -> bool:
    overview = track.state.overview
    return overview is not None and overview.complete


def opened(spectrograms: Spectrograms, path: Path) -> TrackSpectrogram:
    track = spectrograms.open(path, lambda: None)
    wait(lambda: complete(track))
    return track


def shown(track: TrackSpectrogram, window: Window, width: int = 800) -> np.ndarray:
    image = np.zeros((512, width), np.uint32)
    wait(lambda: draw(track, window, GREYS, image).finest)
    return image


def test_the_overview_is_that_of_the_file(spectrograms: Spectrograms, path: Path) -> None:
    told = threading.Event()
    track = spectrograms.open(path, told.set)
    assert told.wait(20.0)
    wait(lambda: complete(track))
    with open_source(path) as source:
        expected = OverviewMaker(source).make()
    overview = track.state.overview
    assert overview is not None
    assert np.array_equal(overview.columns, expected.columns)
    assert overview.pyramid == expected.pyramid
    assert track.state.fraction == 1.0
    image = shown(track, Window(0.0, SECONDS / 800))
    assert image.max() == expected.columns.max()


def test_a_zoom_shows_coarse_then_fine(spectrograms: Spectrograms, path: Path) -> None:
    track = opened(spectrograms, path)
    window = Window(3.0, 0.5 / 800)
    image = np.zeros((512, 800), np.uint32)
    first = draw(track, window, GREYS, image)
    assert not first.finest
    assert image.any()  # the overview, stretched
    fine = shown(track, window)
    with open_source(path) as source:
        pyramid = OverviewMaker(source).make().pyramid
        hop = pyramid.hop_for(window.seconds_per_pixel * 44_100)
        index, column = divmod(int(3.25 * 44_100) // hop, 256)
        tile = make_tile(source, pyramid, hop, index)
    assert hop == 32
    row = int(512 * math.log(440.0 / pyramid.low_hz) / math.log(pyramid.high_hz / pyramid.low_hz))
    assert level_at(track, window, 3.25, 440.0, 440.1) == level_db(tile[column, row])
    assert abs(int(fine[511 - row, 400]) - int(tile[column, row])) <= 4
    assert level_at(track, window, 99.0, 440.0, 450.0) is None
    frequencies, levels = levels_of(track, window, 800)
    assert frequencies.shape == (512,)
    assert levels.shape == (800, 512)
    assert np.allclose(levels.T[::-1], fine * 0.5 - 120.0)


def test_beyond_the_track_is_ground(spectrograms: Spectrograms, path: Path) -> None:
    track = opened(spectrograms, path)
    colours = GREYS + 1000
    image = np.zeros((512, 300), np.uint32)
    draw(track, Window(-SECONDS, 3 * SECONDS / 300), colours, image)
    assert (image[:, :100] == 1000).all()
    assert (image[:, 200:] == 1000).all()
    assert (image[:, 100:200] > 1000).any()


def test_what_scrolled_out_of_sight_is_not_made(
    spectrograms: Spectrograms, path: Path, made_tiles: list[tuple[int, int]], gate: threading.Event
) -> None:
    track = opened(spectrograms, path)
    gate.clear()
    for start in range(200):
        draw(track, Window(start * 0.05, 0.01 / 800), GREYS, np.zeros((64, 800), np.uint32))
    gate.set()
    shown(track, Window(11.0, 0.01 / 800))
    wait(lambda: not track.wishes)
    assert len(made_tiles) <= 10  # the first, and those of the last two windows with their neighbours
    assert len(made_tiles) == len(set(made_tiles))


def test_the_middle_comes_first(spectrograms: Spectrograms, path: Path, made_tiles: list[tuple[int, int]]) -> None:
    track = opened(spectrograms, path)
    shown(track, Window(2.0, 2.0 / 800))
    wait(lambda: not track.wishes)
    indices = [index for _, index in made_tiles]
    assert sorted(indices) != indices
    assert abs(indices[0] - (min(indices) + max(indices)) / 2) <= 1


def test_what_was_made_once_is_read_from_the_disk(
    tmp_path: Path, path: Path, made_tiles: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = []
    for turn in range(2):
        spectrograms = Spectrograms(TileCache(tmp_path / "tiles"))
        track = opened(spectrograms, path)
        pictures.append(shown(track, Window(3.0, 0.5 / 800)))
        wait(lambda track=track: not track.wishes)
        spectrograms.close()
        if turn == 0:
            first = len(made_tiles)
            monkeypatch.setattr(spectrograms_module, "OverviewMaker", None)
    assert first == len(made_tiles)
    assert np.array_equal(*pictures)


def test_a_moved_file_is_known_by_its_content(
    spectrograms: Spectrograms, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(spectrograms, path).close()
    moved = path.rename(path.with_name("elsewhere.wav"))
    monkeypatch.setattr(spectrograms_module, "OverviewMaker", None)
    assert opened(spectrograms, moved).state.error is None


def test_a_changed_file_gets_a_new_picture(spectrograms: Spectrograms, path: Path) -> None:
    track = opened(spectrograms, path)
    before = track.state.overview
    write(path, tone(5.0, 3000.0))
    os.utime(path, ns=(1, 1))
    image = np.zeros((64, 800), np.uint32)
    draw(track, Window(1.0, 0.1 / 800), GREYS, image)
    wait(lambda: complete(track) and track.state.overview is not before)
    assert track.state.overview is not None
    assert track.state.overview.pyramid.duration_seconds == 5.0
    assert shown(track, Window(1.0, 0.1 / 800)).any()


def test_the_newest_track_goes_first_and_a_closed_one_not_at_all(
    spectrograms: Spectrograms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write(tmp_path / f"{number}.wav", tone(1.0, 200.0 * (number + 1))) for number in range(4)]
    begun = threading.Event()
    go_on = threading.Event()
    order: list[str] = []

    def opening(path: Path) -> object:
        order.append(path.name)
        begun.set()
        assert go_on.wait(20.0)
        return open_source(path)

    monkeypatch.setattr(spectrograms_module, "open_source", opening)
    tracks = [spectrograms.open(paths[0], lambda: None)]
    assert begun.wait(20.0)
    tracks += [spectrograms.open(path, lambda: None) for path in paths[1:]]
    tracks[2].close()
    go_on.set()
    wait(lambda: all(complete(track) for track in tracks if not track.closed))
    assert order == ["0.wav", "3.wav", "1.wav"]
    assert tracks[2].state.overview is None


def test_closing_stops_at_once(spectrograms: Spectrograms, tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", np.tile(groove(12.0), 20))
    track = spectrograms.open(path, lambda: None)
    wait(lambda: track.state.fraction > 0.0)
    began = time.monotonic()
    spectrograms.close()
    assert time.monotonic() - began < 0.5
    assert not complete(track)
    with pytest.raises(RuntimeError, match="closed"):
        spectrograms.open(path, lambda: None)


@pytest.mark.parametrize("content", [None, b"", b"not music at all" * 100])
def test_what_cannot_be_read_is_one_error(spectrograms: Spectrograms, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    track = spectrograms.open(path, lambda: None)
    wait(lambda: track.state.error is not None)
    assert track.state.error is not None
    assert track.state.error.code in ("missing-path", "empty-file", "not-audio")
    draw(track, Window(0.0, 0.1), GREYS, np.zeros((4, 4), np.uint32))


def test_a_file_that_vanishes_keeps_its_overview(spectrograms: Spectrograms, path: Path) -> None:
    opened(spectrograms, path).close()
    wait(lambda: spectrograms._source is None)
    track = opened(spectrograms, path)  # from the cache: the file itself stays closed
    path.unlink()
    draw(track, Window(1.0, 0.1 / 800), GREYS, np.zeros((64, 800), np.uint32))
    wait(lambda: track.state.error is not None)
    assert not track.wishes
    image = np.zeros((64, 800), np.uint32)
    draw(track, Window(1.0, 0.1 / 800), GREYS, image)
    assert image.any()
    assert not track.wishes


def test_a_file_is_let_go_of_when_nobody_looks(spectrograms: Spectrograms, path: Path) -> None:
    track = opened(spectrograms, path)
    track.close()
    wait(lambda: spectrograms._source is None)
