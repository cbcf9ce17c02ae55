"""What is hardly music: a sensible answer or a plain error, no warning, and nothing that stays behind for the next."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import Samples, StudioError, curves_to_bytes
from tests.analysis.played_patterns import RATE_HZ, chords, drums

NO_READING = (None, 0.0)


def measured(wave: Samples, rate_hz: int = RATE_HZ, block_frames: int = 1 << 16) -> Measured:
    """With whatever NumPy has to say as an error."""
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        analyser = TrackAnalyser(rate_hz, wave.shape[0])
        for start in range(0, wave.shape[1], block_frames):
            analyser.add(wave[:, start : start + block_frames])
        return analyser.finish()


def is_sensible(found: Measured, duration_seconds: float) -> bool:
    """Every figure is a number, and nothing lies outside the audio."""
    numbers = [*found.features.values(), *found.embedding, *(n for vector in found.vectors.values() for n in vector)]
    times = [*found.tempo.beats_seconds, *found.tempo.downbeats_seconds]
    times += [at for section in found.sections for at in (section.start_seconds, section.end_seconds)]
    times += [at for segment in found.key.segments for at in (segment.start_seconds, segment.end_seconds)]
    shares = np.concatenate((found.curves.chromagram.ravel(), found.curves.tempogram.ravel()))
    return bool(
        np.isfinite(numbers).all()
        and all(-0.05 <= at <= duration_seconds + 0.001 for at in times)
        and np.isfinite(shares).all()
        and (shares >= 0.0).all()
        and (shares <= 1.0).all()
        and curves_to_bytes(found.curves)
    )


def noise(channels: int, frames: int, level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(1).standard_normal((channels, frames))).astype(np.float32)


@pytest.mark.parametrize("frames", [0, 1, 2, 17, 100, 882, 5000, 44_100])
@pytest.mark.parametrize("rate_hz", [10, 100, 1999, 2000, 8000, 44_100, 384_000])
def test_almost_nothing_at_any_rate(rate_hz: int, frames: int) -> None:
    for wave in (np.zeros((2, frames), np.float32), np.full((1, frames), 0.5, np.float32), noise(3, frames)):
        found = measured(wave, rate_hz)
        assert is_sensible(found, frames / rate_hz)
        assert found.tempo.bpm is None or frames / rate_hz > 2.0


@pytest.mark.parametrize(
    "wave",
    [
        np.zeros((2, 20 * RATE_HZ), np.float32),
        np.full((2, 20 * RATE_HZ), 0.5, np.float32),
        np.full((1, 20 * RATE_HZ), np.nan, np.float32),
        np.full((2, 20 * RATE_HZ), np.inf, np.float32),
        np.full((2, 20 * RATE_HZ), 1e-30, np.float32),
        np.full((2, 20 * RATE_HZ), 1e-42, np.float32),
        np.tile(np.array([[3e38, -3e38]], np.float32), 10 * RATE_HZ),
        np.tile(np.array([[1.0, -1.0]], np.float32), 10 * RATE_HZ),
    ],
    ids=["silence", "DC", "NaN", "infinite", "faint", "denormal", "huge", "full scale"],
)
def test_twenty_seconds_that_are_no_music(wave: Samples) -> None:
    found = measured(wave)
    assert is_sensible(found, 20.0)
    assert (found.tempo.bpm, found.tempo.confidence) == NO_READING
    assert (found.key.key, found.key.confidence) == NO_READING


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 32), (384_000, 2), (10, 1), (11_025, 7)])
def test_unusual_formats(rate_hz: int, channels: int) -> None:
    seconds = min(20.0, 4_000_000 / rate_hz)
    assert is_sensible(measured(noise(channels, int(seconds * rate_hz)), rate_hz), seconds)


def test_eight_bits_at_8_khz_keep_their_tempo() -> None:
    wave = drums("house", 124.0, 20.0, 3)[:, ::3]
    found = measured((np.rint(wave * 127.0) / 127.0).astype(np.float32), RATE_HZ // 3)
    assert found.tempo.bpm == pytest.approx(124.0, abs=0.2)
    assert is_sensible(found, 20.0)


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.2, 0.5, 1.0])
def test_one_shots_have_levels_and_colour(seconds: float) -> None:
    time = np.arange(int(44_100 * seconds)) / 44_100
    wave = (0.8 * np.sin(2 * np.pi * 200 * time) * np.exp(-time / seconds))[np.newaxis].astype(np.float32)
    found = measured(wave, 44_100)
    assert is_sensible(found, seconds)
    assert found.tempo.bpm is None
    assert 150.0 < found.features["spectral_centroid_hz"] < 900.0
    assert -2.5 < found.loudness.true_peak_dbtp < -1.0
    assert found.features["crest_factor_db"] > 3.0


def test_clipping_is_counted_in_runs() -> None:
    wave = noise(2, RATE_HZ, 0.05)
    wave[0, 100:110] = 1.0
    wave[0, 500:504] = -1.0
    wave[1, 700:702] = 1.0  # a peak, no flat top
    features = measured(wave).features
    assert features["clipping_runs"] == 2
    assert features["clipped_samples"] == 14
    assert features["longest_clipping_samples"] == 10


def test_one_file_never_leaks_into_the_next() -> None:
    first = np.concatenate((chords(2, True, 1, seconds=20.0, with_drums=True), drums("rock", 100.0, 20.0, 2)))
    second = drums("house", 131.0, 20.0, 5)
    expected, other = measured(first), measured(second)
    assert measured(first) == expected
    results: dict[int, Measured] = {}

    def measure(place: int) -> None:
        results[place] = measured((first, second)[place % 2])

    threads = [threading.Thread(target=measure, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[place] for place in range(4)] == [expected, other] * 2
    assert curves_to_bytes(results[0].curves) == curves_to_bytes(expected.curves)


def test_the_odd_files_give_a_sensible_answer_or_a_plain_error(test_data: Path) -> None:
    answered = 0
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        for path in sorted((test_data / "odd").rglob("*.*")):
            frames = 0
            try:
                with open_source(path) as source:
                    analyser = TrackAnalyser(source.sample_rate_hz, source.channels)
                    while (block := source.read(1 << 16)).shape[1]:
                        frames += block.shape[1]
                        analyser.add(block)
                    found = analyser.finish()
            except StudioError:
                continue
            answered += 1
            assert is_sensible(found, frames / source.sample_rate_hz), path.name
    assert answered > 50


THREE_HOURS = """
from pathlib import Path
from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.domain import curves_to_bytes
from tests.sounds import groove

minute = groove(60.0, 126.0)
analyser = TrackAnalyser(44_100, 2)
for _ in range(180):
    for start in range(0, minute.shape[1], 1 << 16):
        analyser.add(minute[:, start : start + (1 << 16)])
found = analyser.finish()
# Of this program alone: what ``getrusage`` tells begins with its parent's.
(peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
peak_kilobytes = peak.split()[1]
print(found.tempo.bpm, found.key.key.tonic, len(found.embedding), len(curves_to_bytes(found.curves)), peak_kilobytes)
"""


@pytest.mark.soak
def test_three_hours_take_no_more_memory_than_600_mb() -> None:
    """Streamed in the blocks that a file is read in, by a process of its own; in memory it would be 3.8 GB."""
    ran = subprocess.run([sys.executable, "-c", THREE_HOURS], capture_output=True, text=True, check=True)
    bpm, tonic, embedding, curves, peak_kilobytes = map(float, ran.stdout.split())
    assert bpm == pytest.approx(126.0, abs=0.1)
    assert tonic == 9
    assert embedding == 128
    assert curves < 150 * 3 * 3600
    assert peak_kilobytes < 600_000
