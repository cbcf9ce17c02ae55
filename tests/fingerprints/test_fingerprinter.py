"""Our words against those of fpcalc and of the Chromaprint project's own tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import open_source, read_clip
from sonicforge_studio.domain import Clip
from sonicforge_studio.fingerprints import Fingerprint, Fingerprinter, fingerprint_clip, simhash
from tests.sounds import groove

SILENT_WORD = 627_964_279


def _fpcalc(path: Path) -> NDArray[np.uint32]:
    tool = shutil.which("fpcalc")
    if tool is None:
        pytest.skip("fpcalc is not installed")
    # Its exit code is 3 where FFmpeg reports the end of an Ogg file as an error; the fingerprint is whole all the same.
    told = subprocess.run([tool, "-length", "0", "-raw", str(path)], capture_output=True, text=True, check=False)
    return np.array(told.stdout.split("FINGERPRINT=")[1].split(","), dtype=np.uint32)


def _fingerprint_file(path: Path) -> Fingerprint:
    with open_source(path) as source:
        fingerprinter = Fingerprinter(source.sample_rate_hz, source.channels)
        while (block := source.read(65536)).shape[1]:
            fingerprinter.add(block)
    return fingerprinter.finish()


def _share_of_equal_bits(ours: NDArray[np.uint32], theirs: NDArray[np.uint32]) -> float:
    assert ours.size == theirs.size
    return 1.0 - float(np.bitwise_count(ours ^ theirs).sum()) / (32 * ours.size)


def _add_in_blocks(samples: NDArray[np.float32], rate_hz: int, sizes: list[int]) -> Fingerprint:
    fingerprinter = Fingerprinter(rate_hz, samples.shape[0])
    start = turn = 0
    while start < samples.shape[1]:
        fingerprinter.add(samples[:, start : start + sizes[turn % len(sizes)]])
        start += sizes[turn % len(sizes)]
        turn += 1
    return fingerprinter.finish()


def test_published_cases(test_data: Path) -> None:
    folder = test_data / "fingerprints"
    recording, raw, silence = json.loads((folder / "expected.json").read_text())["cases"]

    told = (folder / recording["expected_file"]).read_text().split("FINGERPRINT=")[1]
    ours = _fingerprint_file(folder / recording["input"])
    assert _share_of_equal_bits(ours.words, np.array(told.split(","), dtype=np.uint32)) >= 0.999
    assert ours.duration_seconds == pytest.approx(10.0, abs=0.1)

    samples = np.fromfile(folder / raw["input"], dtype="<i2").astype(np.float32)[np.newaxis] / 32768
    ours = fingerprint_clip(Clip(samples, 44_100))
    assert ours.text == raw["fingerprint"]
    assert simhash(ours.words) == raw["hash"]

    ours = fingerprint_clip(Clip(np.zeros((1, 130 * 1024), dtype=np.float32), 44_100))
    assert ours.text == silence["fingerprint"]
    assert ours.words.tolist() == silence["raw"] == [SILENT_WORD] * 3
    assert simhash(ours.words) == silence["hash"]


@pytest.mark.parametrize(
    "name",
    [
        "music/Kevin_MacLeod_-_Vibe_Ace.hq.ogg",
        "music/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).ogg",
        "music/5703-47212-0000.hq.ogg",
        "music/glacier-bay-humpback.hq.ogg",
        "songs/mix-13_Emaj_103bpm.ogg",
        "samples/loop_tabla.flac",
        "odd/flac/subset/37 - 20 bit per sample.flac",
        "odd/flac/subset/41 - 6 channels (5.1).flac",
        "odd/flac/subset/43 - 8 channels (7.1).flac",
        "odd/wavefile/RF64-16bit-8kHz-stereo-reaper.wav",
    ],
)
def test_real_files_as_fpcalc_has_them(test_data: Path, name: str) -> None:
    assert _share_of_equal_bits(_fingerprint_file(test_data / name).words, _fpcalc(test_data / name)) >= 0.999


@pytest.mark.parametrize(
    ("rate_hz", "channels"),
    [(8_000, 1), (11_025, 2), (16_000, 3), (22_050, 1), (32_000, 2), (44_056, 1), (48_000, 4), (48_000, 5),
     (48_000, 7), (88_200, 1), (96_000, 6), (176_400, 2), (192_000, 2)],
)  # fmt: skip
def test_any_rate_and_channels_as_fpcalc_has_them(tmp_path: Path, rate_hz: int, channels: int) -> None:
    random = np.random.default_rng(rate_hz + channels)
    time = np.arange(int(rate_hz * random.uniform(5.0, 7.0))) / rate_hz
    samples = np.empty((channels, time.size), dtype=np.float32)
    for row in samples:
        row[:] = random.standard_normal(time.size) * 0.01
        for hz, sway in zip(random.uniform(60, 3000, 6), random.uniform(0.1, 2.0, 6), strict=True):
            row += 0.08 * np.sin(2 * np.pi * hz * time + 3 * np.sin(2 * np.pi * sway * time))
    path = tmp_path / "tones.flac"
    soundfile.write(path, samples.T, rate_hz, subtype="PCM_16")
    assert _share_of_equal_bits(fingerprint_clip(read_clip(path)).words, _fpcalc(path)) >= 0.999


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 96_000])
def test_the_size_of_blocks_changes_nothing(rate_hz: int) -> None:
    samples = groove(6.0, rate_hz=rate_hz)
    whole = _add_in_blocks(samples, rate_hz, [samples.shape[1]])
    assert whole.words.size > 20
    for sizes in ([1, 4096, 7], [333], [65536]):
        assert _add_in_blocks(samples, rate_hz, sizes).text == whole.text


def test_memory_stays_flat() -> None:
    fingerprinter = Fingerprinter(48_000, 2)
    random = np.random.default_rng(2)
    held = []
    for _ in range(60):
        fingerprinter.add(random.standard_normal((2, 65536), dtype=np.float32))
        arrays = (fingerprinter._mono, fingerprinter._resampled, fingerprinter._rows)
        held.append(sum(array.nbytes for array in arrays) + sum(array.nbytes for array in fingerprinter._gathered))
    assert max(held) < 200_000


def test_too_short_for_a_word() -> None:
    assert fingerprint_clip(Clip(groove(2.6), 44_100)).text == "AQAAAA"
    assert fingerprint_clip(Clip(groove(2.8), 44_100)).words.size == 1
    empty = fingerprint_clip(Clip(np.zeros((2, 0), dtype=np.float32), 44_100))
    assert (empty.text, empty.duration_seconds) == ("AQAAAA", 0.0)


@pytest.mark.parametrize("rate_hz", [1, 1000, 2_147_483_647])
def test_rates_nobody_hears_have_no_words(rate_hz: int) -> None:
    fingerprint = fingerprint_clip(Clip(np.ones((1, 5000), dtype=np.float32), rate_hz))
    assert fingerprint.words.size == 0
    assert fingerprint.duration_seconds == pytest.approx(5000 / rate_hz)


def test_what_is_no_number_counts_as_silence() -> None:
    broken = groove(5.0)
    clean = broken.copy()
    broken[:, 1000:1100] = np.nan
    broken[:, 90_000] = np.inf
    clean[:, 1000:1100] = 0.0
    clean[:, 90_000] = 0.0
    assert fingerprint_clip(Clip(broken, 44_100)).text == fingerprint_clip(Clip(clean, 44_100)).text
    loud = np.full((2, 200_000), 3e38, dtype=np.float32)
    assert fingerprint_clip(Clip(loud, 44_100)).words.size > 0


def test_a_text_that_was_kept_is_the_same_fingerprint() -> None:
    made = fingerprint_clip(Clip(groove(5.0), 44_100))
    kept = Fingerprint.from_text(made.text, made.duration_seconds)
    np.testing.assert_array_equal(kept.words, made.words)


def test_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="positive"):
        Fingerprinter(0, 2)
    with pytest.raises(ValueError, match="positive"):
        Fingerprinter(44_100, 0)
    with pytest.raises(ValueError, match="shape"):
        Fingerprinter(44_100, 2).add(np.zeros((1, 10), dtype=np.float32))
