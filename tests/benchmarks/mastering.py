"""Mastering 180 s of stereo, beside Matchering and ffmpeg's loudnorm in two passes; matching to references; two hours.

Each runs in a process of its own, file to 24-bit file, once to warm up and then in turns. Matchering brings pandas and
statsmodels along, which nothing else here needs: it is installed into an environment of its own in the user's cache.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.mastering import Profile, profile_of, spectral_distance_db, target_named
from tests.judges import ebur128
from tests.sounds import groove

SECONDS, RATE_HZ, ROUNDS = 180, 44_100, 3
LONG_MINUTES = 120
MATCHERING = "matchering==2.0.6"
TARGET = target_named("spotify")
PAIRS = 6

_OURS = """
    from dataclasses import replace
    from pathlib import Path
    from sonicforge_studio.audio import open_sink, open_source
    from sonicforge_studio.domain import SilentProgress
    from sonicforge_studio.mastering import master, match_to, profile_of
    from tests.benchmarks.mastering import full_settings

    def work(given, reference, out):
        settings = full_settings() if not reference else transparent(given, reference)
        source = open_source(given)
        rate_hz, channels = source.sample_rate_hz, source.channels
        source.close()
        sink = open_sink(Path(out), format="wav", sample_rate_hz=rate_hz, channels=channels, overwrite=True)
        master(lambda: open_source(given), sink, settings, SilentProgress())
        sink.close()

    def transparent(given, reference):
        from sonicforge_studio.mastering import preset_named, target_of
        own, wanted = (profile_of(lambda: open_source(path), SilentProgress()) for path in (given, reference))
        match = match_to([(wanted, 1.0)], own, 1.0)
        return replace(preset_named("transparent"), match=match, target=target_of(wanted))
"""
_THEIRS = """
    import matchering

    def work(given, reference, out):
        matchering.process(given, reference, [matchering.pcm24(out)])
"""
_MEASURED = """
    import json, re, sys, time
    from pathlib import Path
    given, reference, out, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    seconds = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        work(given, reference, out)
        seconds.append(time.perf_counter() - began)
    # What getrusage says of a process begins with what its parent held.
    status = Path("/proc/self/status")
    peak_mb = int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) / 1024 if status.exists() else 0.0
    print(json.dumps({"seconds": min(seconds[1:] or seconds), "peak_mb": peak_mb}))
"""


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_mb: float
    out: Path


def full_settings():  # type: ignore[no-untyped-def]
    """Every stage on, and audible."""
    from sonicforge_studio.domain import ChainSettings, MasterSettings
    from sonicforge_studio.domain.chain import changed

    chain = ChainSettings()
    for place, value in {
        "repair.declip": 0.3,
        "repair.declick": 0.3,
        "repair.hum_hz": 50.0,
        "eq.tilt_db": 0.5,
        **{f"eq.bands.{band}.gain_db": (-1.0) ** band for band in range(8)},
        "de_esser.on": True,
        "multiband.on": True,
        **{f"multiband.bands.{band}.ratio": 1.8 for band in range(4)},
        "exciter.on": True,
        "exciter.amount": 0.2,
        "stereo.on": True,
        "stereo.widths": (0.9, 1.1, 1.2),
        "stereo.mono_below_hz": 110.0,
    }.items():
        chain = changed(chain, place, value)
    return MasterSettings(TARGET, chain)


def run() -> None:
    """Speed and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        track, reference = folder / "track.wav", folder / "reference.wav"
        _write(track, np.tile(groove(SECONDS / 9, 124.0), (1, 9)))
        _write(reference, np.tile(groove(SECONDS / 9, 96.0, seed=5), (1, 9)))
        _speed(Console(width=150), folder, track, reference, _matchering())


def run_references() -> None:
    with tempfile.TemporaryDirectory() as name:
        _references(Console(width=150), Path(name), _matchering())


def run_long() -> None:
    with tempfile.TemporaryDirectory() as name:
        _two_hours(Console(width=150), Path(name))


def _speed(console: Console, folder: Path, track: Path, reference: Path, python: str | None) -> None:
    table = _table(f"{SECONDS} s of stereo at {RATE_HZ / 1000:g} kHz, to a 24-bit WAV")
    runs = {"ours, every stage on": _python(sys.executable, _OURS, track, None, folder / "ours.wav", ROUNDS)}
    if python:
        runs["Matchering"] = _python(python, _THEIRS, track, reference, folder / "matchering.wav", ROUNDS)
    if shutil.which("ffmpeg"):
        runs["ffmpeg loudnorm, two passes"] = _loudnorm(track, folder / "loudnorm.wav")
    ours = runs["ours, every stage on"].seconds
    for name, done in runs.items():
        heard = ebur128(done.out)
        # Matchering aims at its reference, not at a target.
        off = "" if name == "Matchering" else f"{heard.integrated_lufs - TARGET.integrated_lufs:+.2f}"
        row = (f"{done.seconds:.2f}", f"{done.seconds / ours:.1f}", f"{done.peak_mb:.0f}", off)
        table.add_row(name, *row, f"{heard.true_peak_dbtp:.2f}")
    console.print(table)


def _table(title: str) -> Table:
    table = Table(title=title, box=None, header_style="dim", title_justify="left")
    for heading in ("What", "s", "times ours", "MB", "LU off", "dBTP"):
        table.add_column(heading, justify="left" if heading == "What" else "right")
    return table


def _references(console: Console, folder: Path, python: str | None) -> None:
    """Third-octave distance to the reference on the same pairs of real songs."""
    data = os.environ.get("SONICFORGE_TEST_DATA")
    if not data or not python:
        console.print("References need SONICFORGE_TEST_DATA and Matchering.")
        return
    songs = sorted((Path(data) / "songs").glob("mix-*.ogg"))[:4]
    cuts = []
    for song in songs:
        samples, rate_hz = soundfile.read(song, dtype="float32", always_2d=True, frames=60 * 48_000)
        cuts.append(folder / f"{song.stem}.wav")
        soundfile.write(cuts[-1], samples, rate_hz, subtype="PCM_24")
    table = Table(title="To a reference: dB between third octaves", box=None, title_justify="left")
    for heading in ("Pair", "before", "ours", "Matchering", "our dBTP", "its dBTP"):
        table.add_column(heading, justify="left" if heading == "Pair" else "right")
    for own, reference in list(itertools.permutations(cuts, 2))[:PAIRS]:
        wanted = _profile(reference)
        ours = _python(sys.executable, _OURS, own, reference, folder / "our match.wav", 0)
        theirs = _python(python, _THEIRS, own, reference, folder / "its match.wav", 0)
        distances = [spectral_distance_db(_profile(path), wanted) for path in (own, ours.out, theirs.out)]
        peaks = [ebur128(done.out).true_peak_dbtp for done in (ours, theirs)]
        pair = f"{own.stem} to {reference.stem}"
        table.add_row(pair, *(f"{each:.2f}" for each in distances), *(f"{each:+.2f}" for each in peaks))
    console.print(table)


def _two_hours(console: Console, folder: Path) -> None:
    path = folder / "long.wav"
    minute = groove(60.0, 120.0).T
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
        for _ in range(LONG_MINUTES):
            file.write(minute)
    done = _python(sys.executable, _OURS, path, None, folder / "long master.wav", 0)
    console.print(f"{LONG_MINUTES} min of stereo, every stage on: {done.seconds:.0f} s, {done.peak_mb:.0f} MB at most")


def _python(python: str, code: str, given: Path, reference: Path | None, out: Path, rounds: int) -> Run:
    program = textwrap.dedent(code) + textwrap.dedent(_MEASURED)
    arguments = [str(given), str(reference or ""), str(out), str(rounds)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])} if python == sys.executable else None
    done = subprocess.run([python, "-c", program, *arguments], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Run(told["seconds"], told["peak_mb"], out)


def _loudnorm(track: Path, out: Path) -> Run:
    """Both passes, each a process; the second is told what the first one measured."""
    aim = f"loudnorm=I={TARGET.integrated_lufs}:TP={TARGET.ceiling_dbtp}:LRA=11"
    program = textwrap.dedent("""
        import json, re, resource, subprocess, sys, time
        track, aim, out, rate = sys.argv[1:]
        began = time.perf_counter()
        command = ["ffmpeg", "-nostdin", "-hide_banner", "-y", "-i", track, "-af"]
        first = [*command, aim + ":print_format=json", "-f", "null", "-"]
        heard = subprocess.run(first, capture_output=True, text=True)
        told = json.loads(re.findall(r"\\{[^}]*\\}", heard.stderr)[-1])
        known = "".join(f":measured_{a}={told['input_' + b]}" for a, b in
                        (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh")))
        second = aim + known + f":offset={told['target_offset']}:linear=true"
        subprocess.run([*command, second, "-ar", rate, "-c:a", "pcm_s24le", out], capture_output=True, check=True)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(json.dumps({"seconds": time.perf_counter() - began, "peak_mb": peak_mb}))
    """)
    command = [sys.executable, "-c", program, str(track), aim, str(out), str(RATE_HZ)]
    runs = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(ROUNDS)
    ]
    return Run(min(each["seconds"] for each in runs), runs[0]["peak_mb"], out)


def _matchering() -> str | None:
    """The Python of an environment with Matchering in it; None where it cannot be had."""
    home = user_cache_path("sonicforge-bench") / re.sub(r"\W", "-", MATCHERING)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(home, with_pip=True)
    installed = subprocess.run([python, "-m", "pip", "install", "-q", MATCHERING], capture_output=True, text=True)
    if installed.returncode:
        print(f"Matchering could not be installed: {installed.stderr[-300:]}", file=sys.stderr)
        return None
    return str(python)


def _write(path: Path, samples: np.ndarray) -> None:
    soundfile.write(path, samples.T, RATE_HZ, subtype="PCM_24")


def _profile(path: Path) -> Profile:
    return profile_of(lambda: open_source(path), SilentProgress())
