"""Independent judges: programs and libraries that are not ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ebur128:
    """What ffmpeg's ebur128 filter says of a file."""

    integrated_lufs: float
    true_peak_dbtp: float


def ebur128(path: Path | str) -> Ebur128:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    summary = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    summary = summary.rsplit("Summary:", 1)[1]
    integrated = re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    assert integrated is not None
    assert peak is not None
    return Ebur128(float(integrated[1]), float(peak[1]))


def essentia_tempo_and_key(path: Path | str) -> tuple[float, str]:
    """Essentia's RhythmExtractor2013 and KeyExtractor."""
    essentia = pytest.importorskip("essentia")
    essentia.log.infoActive = False
    standard = pytest.importorskip("essentia.standard")
    mono = standard.MonoLoader(filename=str(path), sampleRate=44100)()
    bpm = standard.RhythmExtractor2013(method="multifeature")(mono)[0]
    key, scale, _ = standard.KeyExtractor()(mono)
    flats = {"Ab": "G#", "Bb": "A#", "Cb": "B", "Db": "C#", "Eb": "D#", "Fb": "E", "Gb": "F#"}
    return float(bpm), f"{flats.get(key, key)} {scale}"
