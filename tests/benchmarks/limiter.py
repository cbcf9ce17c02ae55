"""The limiter beside pedalboard's: how fast it is, how far peaks overshoot, and what it adds to tones it holds down."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pedalboard import Limiter as PedalboardLimiter
from rich.console import Console
from rich.table import Table

from sonicforge_studio.kernels.limiter import Limiter, Pace
from sonicforge_studio.kernels.true_peak import PeakEnvelope, TruePeak
from sonicforge_studio.mastering._aim import PACES
from tests.benchmarks.tables import in_turns
from tests.sounds import groove

RATE_HZ = 44_100
SECONDS = 30
CEILING_DBTP = -1.0
RELEASE_MS = 100.0
WINDOW = 1 << 16
AUDIBLE_HZ = 20_000.0
SWEEP_HZ = (997.0, 3_001.0, 6_007.0, 9_973.0, 14_983.0, 18_959.0)
"""None divides the sample rate: what is folded back falls beside the harmonics."""

Block = NDArray[np.float32]
Process = Callable[[Block], Block]


def run() -> None:
    limiters: dict[str, tuple[Process, Process]] = {}
    for drive_db in (6.0, 12.0):
        for number, pace in enumerate(PACES):
            limiters[f"ours, pace {number + 1}, +{drive_db:g} dB"] = (_ours(drive_db, pace), _pedalboard(drive_db))
    _show_speed()
    table = _table(
        "What limiters add, relative to the tones (ours beside pedalboard's): dB",
        ("Limiter", "60 Hz + 7 kHz (SMPTE)", "its", "19 + 20 kHz (CCIF)", "its", "Beside harmonics", "its"),
    )
    for name, (ours, theirs) in limiters.items():
        figures = [
            f"{measure(process):.1f}"
            for measure in (_smpte_db, _ccif_db, _worst_alias_db)
            for process in (ours, theirs)
        ]
        table.add_row(name, *figures)
    Console(width=150).print(table)


def _show_speed() -> None:
    music = groove(SECONDS)
    frames = music.shape[1]
    envelope = PeakEnvelope(RATE_HZ, 2)
    samples, levels = envelope.process(music)
    table = _table(
        f"{SECONDS} s of stereo, ceiling {CEILING_DBTP:g} dBTP: nanoseconds a frame, and true peak over the ceiling",
        (
            "Drive and pace",
            "Limiter alone",
            "With 4× peaks",
            "pedalboard",
            "Faster by",
            "Over, ours dB",
            "Over, its dB",
        ),
    )
    for drive_db in (-20.0, 6.0, 12.0):
        for number, pace in enumerate(PACES):
            ours, theirs = _ours(drive_db, pace), _pedalboard(drive_db)
            alone = _limiter(drive_db, pace)
            taken = in_turns(lambda alone=alone: alone.process(samples, levels), lambda theirs=theirs: theirs(music), 3)
            whole, _ = in_turns(lambda ours=ours: ours(music), lambda: None, 3)
            table.add_row(
                f"{drive_db:+g} dB, pace {number + 1}",
                *(f"{1e9 * seconds / frames:.1f}" for seconds in (taken[0], whole, taken[1])),
                f"{taken[1] / taken[0]:.2f}×",
                f"{taken[1] / whole:.2f}×",
                f"{_overshoot_db(ours(music)):+.2f}",
                f"{_overshoot_db(theirs(music)):+.2f}",
            )
    Console(width=150).print(table)


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, box=None, header_style="dim", title_justify="left")
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right")
    return table


def _gain(decibels: float) -> float:
    return math.pow(10.0, decibels / 20.0)


def _limiter(drive_db: float, pace: Pace) -> Limiter:
    return Limiter(RATE_HZ, 2, gain=_gain(drive_db), ceiling=_gain(CEILING_DBTP), pace=pace)


def _ours(drive_db: float, pace: Pace) -> Process:
    def process(samples: Block) -> Block:
        """As mastering does it: peaks between the samples, then the limiter."""
        envelope = PeakEnvelope(RATE_HZ, samples.shape[0])
        return _limiter(drive_db, pace).process(*envelope.process(samples))

    return process


def _pedalboard(drive_db: float) -> Process:
    def process(samples: Block) -> Block:
        limiter = PedalboardLimiter(threshold_db=CEILING_DBTP, release_ms=RELEASE_MS)
        out: Block = limiter.process(samples * np.float32(_gain(drive_db)), RATE_HZ)
        return out

    return process


def _overshoot_db(samples: Block) -> float:
    meter = TruePeak(RATE_HZ, samples.shape[0])
    meter.add(samples)
    meter.finish()
    return 20.0 * math.log10(meter.true_peak) - CEILING_DBTP


def _amplitudes(process: Process, tones: dict[float, float]) -> NDArray[np.float64]:
    """The spectrum of the last second and a half of three seconds of tones, full scale together."""
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    wave = sum(level * np.sin(2 * np.pi * hz * time) for hz, level in tones.items())
    out = process(np.stack([wave, wave]).astype(np.float32))[0, -WINDOW:].astype(np.float64)
    window = np.kaiser(WINDOW, 18.0)
    spectrum: NDArray[np.float64] = 2 * np.abs(np.fft.rfft(out * window)) / window.sum()
    return spectrum


def _at(spectrum: NDArray[np.float64], hz: float) -> float:
    middle = round(hz * WINDOW / RATE_HZ)
    return float(spectrum[middle - 6 : middle + 7].max())


def _decibels(share: float) -> float:
    return 20.0 * math.log10(share + 1e-9)


def _smpte_db(process: Process) -> float:
    """SMPTE RP 120: the sidebands of 7 kHz, 60 Hz being four times as strong."""
    spectrum = _amplitudes(process, {60.0: 0.8, 7_000.0: 0.2})
    sides = [_at(spectrum, 7_000.0 + order * side * 60.0) for order in (1, 2, 3) for side in (-1, 1)]
    return _decibels(math.hypot(*sides) / _at(spectrum, 7_000.0))


def _ccif_db(process: Process) -> float:
    """IEC 60268-3: the difference tone and those of third order."""
    spectrum = _amplitudes(process, {19_000.0: 0.5, 20_000.0: 0.5})
    products = [_at(spectrum, hz) for hz in (1_000.0, 18_000.0, 21_000.0)]
    return _decibels(math.hypot(*products) / (_at(spectrum, 19_000.0) + _at(spectrum, 20_000.0)))


def _worst_alias_db(process: Process) -> float:
    """Of a sine at six pitches: the strongest line that is no harmonic of it."""
    worst = 0.0
    for hz in SWEEP_HZ:
        spectrum = _amplitudes(process, {hz: 1.0})
        fundamental = _at(spectrum, hz)
        for harmonic in range(int(RATE_HZ / 2 / hz) + 1):
            middle = round(harmonic * hz * WINDOW / RATE_HZ)
            spectrum[max(0, middle - 12) : middle + 13] = 0.0
        worst = max(worst, float(spectrum[: round(AUDIBLE_HZ * WINDOW / RATE_HZ)].max()) / fundamental)
    return _decibels(worst)
