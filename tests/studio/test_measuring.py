"""What is measured once is known: after a rename, with new tags, in another process, after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import Tags, write_tags
from sonicforge_studio.domain import Cancelled, SilentProgress
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.jobs import HelperDied
from sonicforge_studio.studio import measuring
from sonicforge_studio.studio.measuring import Measurer
from tests.sounds import groove, tone, write

SILENT = SilentProgress()
_RUN = "from sonicforge_studio.cli.start import run; run()"


@pytest.fixture
def measurer(tmp_path: Path) -> Iterator[Measurer]:
    with Cache(tmp_path / "cache") as cache, TileCache(tmp_path / "drawn") as drawn:
        yield Measurer(cache, drawn)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write(tmp_path / "song.flac", groove(12.0, 120.0))


def _never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was decoded again")

    monkeypatch.setattr(measuring, "_measure", refuse)


def test_a_renamed_file_is_known(measurer: Measurer, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not measurer.knows(song)
    first = measurer.measure(song, SILENT)
    _never_again(monkeypatch)
    assert measurer.knows(song)
    assert measurer.measure(song, SILENT).analysis == first.analysis
    assert measurer.measure(song.rename(song.with_name("other.flac")), SILENT).analysis == first.analysis


def test_new_tags_measure_nothing_again(measurer: Measurer, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = measurer.measure(song, SILENT)
    write_tags(song, Tags(title="Another name"))
    _never_again(monkeypatch)
    second = measurer.measure(song, SILENT)
    assert second.tags.title == "Another name"
    assert second.analysis.content_hash != first.analysis.content_hash
    assert second.analysis.audio_hash == first.analysis.audio_hash
    assert second.analysis.tempo == first.analysis.tempo
    assert measurer.over_time(song, SILENT)[0].chromagram.shape[1] == 12


def test_what_a_damaged_file_gave_answers_for_no_other(
    measurer: Measurer, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song.write_bytes(song.read_bytes()[: song.stat().st_size // 2])
    assert measurer.measure(song, SILENT).analysis.warning
    monkeypatch.setattr(measuring, "payload_hash", lambda *_: "the same packets")
    with song.open("ab") as file:
        file.write(b"end")
    assert measurer.measure(song, SILENT).analysis.warning
    with song.open("ab") as file:
        file.write(b"another end")
    measured = []
    monkeypatch.setattr(measuring, "_measure", lambda *_: measured.append(1) or _stop())
    with pytest.raises(Cancelled):
        measurer.measure(song, SILENT)
    assert measured


def _stop() -> None:
    raise Cancelled()


def test_curves_and_waveform_come_from_the_cache_and_back(measurer: Measurer, song: Path, tmp_path: Path) -> None:
    curves, fresh = measurer.over_time(song, SILENT)
    assert fresh.duration_seconds == pytest.approx(12.0, abs=0.01)
    low, high = fresh.columns(0.0, 12.0, 100).T
    assert low.min() < -20
    assert high.max() > 20
    assert np.nanmax(curves.short_term_lufs) > -40.0
    with Cache(tmp_path / "empty") as cache:
        without = Measurer(cache).over_time(song, SILENT)[0]
    np.testing.assert_array_equal(without.chromagram, curves.chromagram)


def test_a_cancel_is_heard_at_once(measurer: Measurer, tmp_path: Path) -> None:
    long = write(tmp_path / "long.flac", groove(240.0, 120.0))

    class Stop:
        def __init__(self) -> None:
            self.asked = threading.Event()
            self.asked_at = self.heard_at = 0.0

        def step(self, done: float, total: float, note: str = "") -> None:
            if self.asked.is_set():
                self.heard_at = time.monotonic()
                raise Cancelled

    for after_seconds in (0.05, 0.3):
        stop = Stop()

        def ask(stop: Stop = stop, after_seconds: float = after_seconds) -> None:
            time.sleep(after_seconds)
            stop.asked_at = time.monotonic()
            stop.asked.set()

        asking = threading.Thread(target=ask)
        asking.start()
        with pytest.raises(Cancelled):
            measurer.measure(long, stop, force=True)
        asking.join()
        assert stop.heard_at - stop.asked_at < 1.0


def test_a_killed_batch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    first = write(folder / "0.flac", groove(8.0, 90.0))
    for number in range(1, 6):
        shutil.copy(first, folder / f"{number}.flac")
        write(folder / f"{number}.flac", groove(8.0, 90.0 + 10.0 * number))
    home = {**os.environ, "SONICFORGE_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", _RUN, "analyze", str(folder), "--json", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home, text=True) as killed:
        assert killed.stdout is not None
        told = [killed.stdout.readline() for _ in range(2)]
        killed.send_signal(signal.SIGKILL)
    assert all(line.startswith("{") for line in told)
    with Cache(tmp_path / "home" / "cache") as cache:
        known = [path for path in sorted(folder.iterdir()) if cache.get(f"place/{measuring._VERSION}/{path}")]
    assert 2 <= len(known) < 6
    again = subprocess.run(command, capture_output=True, env=home, text=True, check=True)
    assert len(again.stdout.splitlines()) == 6


def test_files_that_swap_their_names_are_told_apart(measurer: Measurer, tmp_path: Path) -> None:
    """As long, as old, and each under the other's name: unpacked stems are like that."""
    paths = [write(tmp_path / f"{hz}.wav", tone(hz=hz)) for hz in (220.0, 330.0)]
    for path in paths:
        os.utime(path, (1.6e9, 1.6e9))
    before = [measurer.measure(path, SILENT).analysis.content_hash for path in paths]
    paths[0].rename(tmp_path / "aside")
    paths[1].rename(paths[0])
    (tmp_path / "aside").rename(paths[1])
    assert [measurer.measure(path, SILENT).analysis.content_hash for path in paths] == before[::-1]


def test_helpers_measure_the_same(measurer: Measurer, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.flac", groove(4.0, 100.0 + number)) for number in range(8)]
    alone = [measurer.measure(path, SILENT, force=True).analysis for path in paths]
    with measurer.many(64, 2):
        helpers = measurer._helpers
        assert helpers is not None
        helpers._starts_at = 0
        deadline = time.monotonic() + 30.0
        helped = 0
        while helped < len(paths):
            assert time.monotonic() < deadline
            found = helpers.measure(paths[helped], alone[helped].content_hash, SILENT)
            if found is None:
                time.sleep(0.02)
                continue
            assert found.analysis == alone[helped]
            assert found.drawn is not None
            helped += 1
    assert measurer._helpers is None


def test_a_file_that_brings_a_helper_down_spoils_no_other(
    measurer: Measurer, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with measurer.many(64, 2):
        helpers = measurer._helpers
        assert helpers is not None
        monkeypatch.setattr(helpers._crew, "run", _raise_helper_died)
        with pytest.raises(HelperDied):
            measurer.measure(song, SILENT)
        monkeypatch.undo()
        assert measurer.measure(song, SILENT).analysis.duration_seconds == pytest.approx(12.0)


def _raise_helper_died(*_: object) -> None:
    raise HelperDied()


def test_few_files_start_no_helper(measurer: Measurer) -> None:
    for files, workers in ((23, 2), (1000, 1)):
        with measurer.many(files, workers):
            assert measurer._helpers is None
