"""Loudness and true peak: speed and results beside the libraries one would use instead, and the EBU's own cases."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyloudnorm
from rich.console import Console
from rich.table import Table

from sonicforge_studio.audio import LoudnessHistory, LoudnessMeter, measure_loudness, read_clip
from sonicforge_studio.domain import Clip
from tests.benchmarks.tables import Row, in_turns, show
from tests.judges import ebur128
from tests.loudness_cases import CASES, Case, live, offline
from tests.sounds import groove, write

SECONDS = 180
LIVE_BLOCK_FRAMES = 640
"""At 48 kHz some 75 blocks a second."""

MUSIC = (
    "music/Karissa_Hobbs_-_Lets_Go_Fishin.hq.ogg",
    "music/Kevin_MacLeod_-_Vibe_Ace.hq.ogg",
    "music/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).hq.ogg",
    "music/sorohanro_-_solo-trumpet-06.hq.ogg",
    "songs/mix-16_Fmin_90bpm.ogg",
    "songs/loop-super-disco_125_1920_15354_1920_1920_7676-drum.ogg",
    "samples/loop_amen_full.flac",
)


def run() -> None:
    clip = Clip(groove(SECONDS, 124.0), 44100)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "track.flac", clip.samples)
        rows = [_beside_pyloudnorm(clip), _beside_ffmpeg("the same, with decoding", path)]
    show(f"Loudness of {SECONDS} s of stereo at 44.1 kHz", rows)
    _show_live()
    data = os.environ.get("SONICFORGE_TEST_DATA")
    if data:
        files = [Path(data) / name for name in MUSIC if (Path(data) / name).is_file()]
        show("Music, with decoding", [_beside_ffmpeg(path.name[:48], path) for path in files])
    _show_cases()


def _beside_pyloudnorm(clip: Clip) -> Row:
    meter = pyloudnorm.Meter(clip.sample_rate_hz)
    frames = np.ascontiguousarray(clip.samples.T.astype(np.float64))
    times = in_turns(lambda: measure_loudness(clip), lambda: meter.integrated_loudness(frames), 3)
    off = measure_loudness(clip).integrated_lufs - meter.integrated_loudness(frames)
    return Row("loudness, range, true peak", times[0], "pyloudnorm: integrated only", times[1], f"{off:+.3f} LU")


def _beside_ffmpeg(name: str, path: Path) -> Row:
    times = in_turns(lambda: measure_loudness(read_clip(path)), lambda: ebur128(path), 3)
    ours, theirs = measure_loudness(read_clip(path)), ebur128(path)
    off_lu = ours.integrated_lufs - theirs.integrated_lufs
    off_db = ours.true_peak_dbtp - theirs.true_peak_dbtp
    difference = f"{off_lu:+.2f} LU, {off_db:+.2f} dBTP (its steps: 0.1)"
    return Row(name, times[0], "ffmpeg ebur128=peak=true", times[1], difference)


def _show_live() -> None:
    """What a frame of the live view pays for its meters: the block, the history, a reading."""
    table = Table(title="A live block", box=None, header_style="dim", title_justify="left")
    for name in ("What", "Median µs", "p99 µs", "Resident MB after 1, 10 and 60 min"):
        table.add_column(name, justify="right" if "µs" in name else "left")
    noise = (0.2 * np.random.default_rng(1).standard_normal((8, 48_000 * 8))).astype(np.float32)
    for channels, lasting in ((2, (1, 10, 60)), (8, (1, 10))):
        meter, history = LoudnessMeter(48_000, channels), LoudnessHistory()
        taken: list[float] = []
        resident: list[str] = []
        samples = noise[:channels]
        for minutes in lasting:
            while meter.reading().measured_seconds < 60 * minutes:
                for start in range(0, samples.shape[1] - LIVE_BLOCK_FRAMES, LIVE_BLOCK_FRAMES):
                    began = time.perf_counter()
                    meter.add(samples[:, start : start + LIVE_BLOCK_FRAMES])
                    history.follow(meter)
                    meter.reading()
                    taken.append(time.perf_counter() - began)
                del taken[:-20_000]
            resident.append(_resident_mb())
        name = f"{LIVE_BLOCK_FRAMES} frames at 48 kHz, {channels} channels: all figures"
        median, p99 = statistics.median(taken), float(np.quantile(taken, 0.99))
        table.add_row(name, f"{1e6 * median:.0f}", f"{1e6 * p99:.0f}", ", ".join(resident))
    Console(width=150).print(table)


def _resident_mb() -> str:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return "not told here"
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 2**20:.1f}"


def _show_cases() -> None:
    table = Table(title="EBU Tech 3341 and 3342", box=None, header_style="dim", title_justify="left")
    for name in ("Case", "Signal", "Read", "Expected", "Ours offline", "Ours live", "Within"):
        table.add_column(name, overflow="fold")
    for case in CASES.values():
        at_rest, running = offline(case).values, live(case, LIVE_BLOCK_FRAMES).values
        within = case.holds(at_rest) and case.holds(running)
        table.add_row(
            case.name,
            case.signal,
            ", ".join(figure.rsplit("_", 1)[0].replace("_", " ") for figure in case.figures),
            f"{_span(case.expected, 1)} {_tolerance(case)}",
            _span(at_rest, 2),
            _span(running, 2),
            "yes" if within else "NO",
        )
    Console(width=200).print(table)


def _span(values: tuple[float, ...] | list[float], digits: int) -> str:
    """One figure, or the lowest and the highest of several."""
    low, high = min(values), max(values)
    return f"{low:.{digits}f}" if round(low, digits) == round(high, digits) else f"{low:.{digits}f} … {high:.{digits}f}"


def _tolerance(case: Case) -> str:
    return f"±{case.above:g}" if case.above == case.below else f"+{case.above:g}/−{case.below:g}"


if __name__ == "__main__":
    began = time.perf_counter()
    run()
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
