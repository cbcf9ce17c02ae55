"""Families: real recordings, each with copies as people make them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import open_source
from sonicforge_studio.fingerprints import Fingerprint, Fingerprinter

RECORDINGS = {
    "vibe": "music/Kevin_MacLeod_-_Vibe_Ace.hq.ogg",
    "sugar plum": "music/Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.hq.ogg",
    "hungarian": "music/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).hq.ogg",
    "humpback": "music/glacier-bay-humpback.hq.ogg",
    "speech": "music/5703-47212-0000.hq.ogg",
    "mix": "songs/mix-10_Amin_140bpm.ogg",
}

# Copy: FFmpeg's options, the suffix, and where the copy begins in the original, in seconds.
COPIES: dict[str, tuple[list[str], str, float]] = {
    "as it is": (["-c:a", "pcm_s16le"], "wav", 0.0),
    "mp3 128": (["-b:a", "128k"], "mp3", 0.0),
    "mp3 64": (["-b:a", "64k"], "mp3", 0.0),
    "opus": (["-b:a", "64k", "-compression_level", "2"], "opus", 0.0),
    "m4a": (["-b:a", "96k", "-aac_coder", "fast"], "m4a", 0.0),
    "quieter": (["-af", "volume=-6dB"], "wav", 0.0),
    "without 3 s": (["-af", "atrim=start=3.06"], "wav", 3.06),
    "after 1 s": (["-af", "adelay=1000:all=1"], "wav", -1.0),
    "mono 22 kHz": (["-ac", "1", "-ar", "22050"], "wav", 0.0),
}


@dataclass(frozen=True)
class Copy:
    recording: str
    treatment: str
    fingerprint: Fingerprint

    @property
    def begins_seconds(self) -> float:
        return COPIES[self.treatment][2]


def fingerprint_file(path: Path) -> Fingerprint:
    with open_source(path) as source:
        fingerprinter = Fingerprinter(source.sample_rate_hz, source.channels)
        while (block := source.read(65536)).shape[1]:
            fingerprinter.add(block)
    return fingerprinter.finish()


def tune(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """Stereo at 44.1 kHz; unlike ``tests.sounds.groove``, no bar of it comes twice."""
    random = np.random.default_rng(seed)
    length = 44_100 // 4
    time = np.arange(length) / 44_100
    notes = []
    for _ in range(-(-round(seconds * 44_100) // length)):
        hz = 110.0 * 2 ** (random.integers(0, 36, 3) / 12)
        notes.append((np.sin(2 * np.pi * hz * time[:, None]).sum(axis=1) * np.exp(-3 * time)).astype(np.float32))
    wave = 0.2 * np.concatenate(notes)[: round(seconds * 44_100)]
    return np.stack([wave, np.roll(wave, 5)])


@pytest.fixture(scope="session")
def copies(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Copy]:
    """Every recording's first 15 seconds in every copy."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    folder = tmp_path_factory.mktemp("families")
    made = []
    for number, (recording, name) in enumerate(RECORDINGS.items()):
        command = [ffmpeg, "-v", "error", "-t", "15", "-i", str(test_data / name)]
        paths = {}
        for treatment, (options, suffix, _) in COPIES.items():
            paths[treatment] = folder / f"{number} {treatment}.{suffix}"
            command += ["-map", "0:a", *options, str(paths[treatment])]
        subprocess.run(command, check=True)
        for treatment, path in paths.items():
            made.append(Copy(recording, treatment, fingerprint_file(path)))
            path.unlink()
    return made
