"""The test signals of EBU Tech 3341 (table 1) and Tech 3342 (table 1), as far as the tables let one make them.

3341's cases 7 and 8 and 3342's 5 and 6 are recordings of the EBU. Sines are of 1 kHz, stereo and in phase, at 48 kHz.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio import LoudnessHistory, LoudnessMeter
from sonicforge_studio.domain import Loudness

RATE_HZ = 48_000
SILENCE = -math.inf
Block = NDArray[np.float32]
Steps = Sequence[tuple[float, float]]


def sine(steps: Steps, hz: float = 1000.0, channels: int = 2, rate_hz: int = RATE_HZ) -> Block:
    """A sine in steps of (peak level in dBFS, seconds), shape ``(channels, frames)``."""
    levels = np.concatenate([np.full(round(seconds * rate_hz), 10 ** (level / 20)) for level, seconds in steps])
    wave = levels * np.sin(2 * np.pi * hz * np.arange(levels.size) / rate_hz)
    return np.tile(wave.astype(np.float32), (channels, 1))


@dataclass(frozen=True)
class Case:
    """What is fed, which figure is read, and what the table says it must be.

    ``make`` gives the files, one signal each. Figures of ``Loudness`` are read at the end of every file and at each of
    ``marks_seconds``; ``momentary_lufs`` and ``short_term_lufs`` all the time from ``steady_after_seconds`` on.
    """

    name: str
    signal: str
    figures: tuple[str, ...]
    expected: tuple[float, ...]
    make: Callable[[], Iterator[Block]]
    below: float = 0.1
    above: float = 0.1
    marks_seconds: tuple[float, ...] = ()
    steady_after_seconds: float | None = None

    def holds(self, found: Sequence[float]) -> bool:
        """Whether what was read is within the table's tolerance."""
        return len(found) == len(self.expected) and all(
            expected - self.below <= value <= expected + self.above
            for value, expected in zip(found, self.expected, strict=True)
        )

    def marks(self, samples: Block) -> list[int]:
        return [round(seconds * RATE_HZ) for seconds in self.marks_seconds] or [samples.shape[1]]


@dataclass
class Found:
    """What a meter said of a case."""

    values: list[float] = field(default_factory=list)
    finals: list[Loudness] = field(default_factory=list)
    traces: list[Block] = field(default_factory=list)


def offline(case: Case) -> Found:
    """Each file in one block; a mark within a file is the end of a shorter file."""
    found = Found()
    for samples in case.make():
        if case.steady_after_seconds is not None:
            meter, history = LoudnessMeter(RATE_HZ, samples.shape[0]), LoudnessHistory(60)
            meter.add(samples)
            history.follow(meter)
            trace = history.read()
            level = trace.momentary_lufs if case.figures == ("momentary_lufs",) else trace.short_term_lufs
            steady = level[trace.end_seconds >= case.steady_after_seconds]
            found.values += [float(steady.min()), float(steady.max())]
        else:
            for mark in case.marks(samples):
                meter = LoudnessMeter(RATE_HZ, samples.shape[0])
                meter.add(samples[:, :mark])
                measured = meter.finish()
                found.values += [float(getattr(measured, figure)) for figure in case.figures]
        _keep_finals(meter, found)
    return found


def live(case: Case, block_frames: int) -> Found:
    """Fed in blocks, and read while it runs."""
    found = Found()
    for samples in case.make():
        meter = LoudnessMeter(RATE_HZ, samples.shape[0])
        marks = case.marks(samples)
        steady: list[float] = []
        for start in range(0, samples.shape[1], block_frames):
            meter.add(samples[:, start : start + block_frames])
            if case.steady_after_seconds is None:
                # A block may reach past the mark, as it would in a meter on a desk.
                if start + block_frames >= marks[0]:
                    del marks[0]
                    if "peak" in case.figures[0]:
                        meter.add(np.zeros((samples.shape[0], 24), np.float32))
                    reading = meter.reading()
                    found.values += [float(getattr(reading, figure)) for figure in case.figures]
                    marks = marks or [samples.shape[1] + block_frames + 1]
            elif start + block_frames >= case.steady_after_seconds * RATE_HZ:
                steady.append(float(getattr(meter, case.figures[0])))
        if steady:
            found.values += [min(steady), max(steady)]
        _keep_finals(meter, found)
    return found


def _keep_finals(meter: LoudnessMeter, found: Found) -> None:
    found.traces.append(meter.trace(max(0, meter.steps - 600)))
    found.finals.append(meter.finish())


def _one(steps: Steps) -> Callable[[], Iterator[Block]]:
    return lambda: iter([sine(steps)])


def _five_channels(order: Sequence[float]) -> Callable[[], Iterator[Block]]:
    def make() -> Iterator[Block]:
        yield sine([(0.0, 20.0)], channels=len(order)) * (10 ** (np.array(order) / 20))[:, None].astype(np.float32)

    return make


def _shifted(count: int, shift_seconds: float, tone_seconds: float) -> Callable[[], Iterator[Block]]:
    def make() -> Iterator[Block]:
        for i in range(count):
            yield sine([(SILENCE, i * shift_seconds), (-23.0, tone_seconds), (SILENCE, 1.0)])

    return make


def _rising(shift_seconds: float, tone_seconds: float) -> Callable[[], Iterator[Block]]:
    steps: list[tuple[float, float]] = []
    for i in range(20):
        wait = i * shift_seconds
        steps += [(SILENCE, wait), (-38.0 + i, tone_seconds), (SILENCE, tone_seconds - wait)]
    return _one(steps)


def _tapered_sine(divisor: int, degrees: float, level: float) -> Callable[[], Iterator[Block]]:
    """Faded in and out: a sine that begins inside a period has a peak of its own there."""

    def make() -> Iterator[Block]:
        time = np.arange(RATE_HZ)
        fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 2_000)
        wave = level * fade * np.sin(2 * np.pi * time / divisor + math.radians(degrees))
        yield np.tile(wave.astype(np.float32), (2, 1))

    return make


def _single_period(offset: int) -> Callable[[], Iterator[Block]]:
    """One period of fs/4 at full scale amid fs/6 at half of it: made at four times the rate, then every fourth sample
    behind a low-pass, from ``offset`` on."""

    def make() -> Iterator[Block]:
        fine = np.arange(4 * 12_000) / 4
        wave = 0.5 * np.sin(2 * np.pi * fine / 6)
        period = slice(4 * 6_000, 4 * 6_000 + 16)
        wave[period] = np.sin(2 * np.pi * (fine[period] - fine[period][0]) / 4)
        reach = 128
        low_pass = np.sinc(np.arange(-reach, reach + 1) / 4) * np.kaiser(2 * reach + 1, 8.0) / 4
        fade = np.minimum(1.0, np.minimum(fine, fine[::-1]) / 500)
        lowered = (np.convolve(wave, low_pass, "same") * fade)[offset::4]
        yield np.tile(lowered.astype(np.float32), (2, 1))

    return make


_ALL_THREE = ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs")
_INTEGRATED = ("integrated_lufs",)
_SHORT_TERM_MAX, _MOMENTARY_MAX = ("short_term_max_lufs",), ("momentary_max_lufs",)
_SUCCESSIVE = tuple(-38.0 + i for i in range(20))

TECH_3341 = (
    Case("3341-1", "−23 dBFS, 20 s", _ALL_THREE, (-23.0,) * 3, _one([(-23.0, 20.0)])),
    Case("3341-2", "−33 dBFS, 20 s", _ALL_THREE, (-33.0,) * 3, _one([(-33.0, 20.0)])),
    Case("3341-3", "−36, −23, −36 dBFS", _INTEGRATED, (-23.0,), _one([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)])),
    Case(
        "3341-4",
        "−72, −36, −23, −36, −72 dBFS",
        _INTEGRATED,
        (-23.0,),
        _one([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)]),
    ),
    Case("3341-5", "−26, −20, −26 dBFS", _INTEGRATED, (-23.0,), _one([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)])),
    Case("3341-6", "five channels", _INTEGRATED, (-23.0,), _five_channels([-28.0, -28.0, -24.0, -30.0, -30.0])),
    Case(
        "3341-6 (5.1)",
        "the same beside a silent LFE",
        _INTEGRATED,
        (-23.0,),
        _five_channels([-28.0, -28.0, -24.0, SILENCE, -30.0, -30.0]),
    ),
    Case(
        "3341-9",
        "1.34 s of −20, 1.66 s of −30 dBFS, 5 times: lowest and highest S after 3 s",
        ("short_term_lufs",),
        (-23.0,) * 2,
        _one([(-20.0, 1.34), (-30.0, 1.66)] * 5),
        steady_after_seconds=3.0,
    ),
    Case("3341-10", "3 s of −23 dBFS, 20 shifts of 0.15 s", _SHORT_TERM_MAX, (-23.0,) * 20, _shifted(20, 0.15, 3.0)),
    Case(
        "3341-11",
        "3 s of −38 … −19 dBFS in segments of 6 s, shifts of 0.15 s",
        _SHORT_TERM_MAX,
        _SUCCESSIVE,
        _rising(0.15, 3.0),
        marks_seconds=tuple(6.0 * (i + 1) for i in range(20)),
    ),
    Case(
        "3341-12",
        "0.18 s of −20, 0.22 s of −30 dBFS, 25 times: lowest and highest M after 1 s",
        ("momentary_lufs",),
        (-23.0,) * 2,
        _one([(-20.0, 0.18), (-30.0, 0.22)] * 25),
        steady_after_seconds=1.0,
    ),
    Case("3341-13", "0.4 s of −23 dBFS, 20 shifts of 20 ms", _MOMENTARY_MAX, (-23.0,) * 20, _shifted(20, 0.02, 0.4)),
    Case(
        "3341-14",
        "0.4 s of −38 … −19 dBFS in segments of 0.8 s, shifts of 20 ms",
        _MOMENTARY_MAX,
        _SUCCESSIVE,
        _rising(0.02, 0.4),
        marks_seconds=tuple(0.8 * (i + 1) for i in range(20)),
    ),
    *(
        Case(
            f"3341-{number}",
            f"fs/{divisor}, {degrees:g}°, {level:g} FFS",
            ("true_peak_dbtp",),
            (expected,),
            _tapered_sine(divisor, degrees, level),
            below=0.4,
            above=0.2,
        )
        for number, divisor, degrees, level, expected in (
            (15, 4, 0.0, 0.50, -6.0),
            (16, 4, 45.0, 0.50, -6.0),
            (17, 6, 60.0, 0.50, -6.0),
            (18, 8, 67.5, 0.50, -6.0),
            (19, 4, 45.0, 1.41, 3.0),
        )
    ),
    *(
        Case(
            f"3341-{20 + offset}",
            f"a period of fs/4 amid fs/6, offset {offset} of 4",
            ("true_peak_dbtp",),
            (0.0,),
            _single_period(offset),
            below=0.4,
            above=0.2,
        )
        for offset in range(4)
    ),
)

TECH_3342 = tuple(
    Case(
        f"3342-{number}",
        ", ".join(f"{level:g}" for level, _ in steps) + " dBFS, 20 s each",
        ("loudness_range_lu",),
        (expected,),
        _one(steps),
        below=1.0,
        above=1.0,
    )
    for number, expected, steps in (
        (1, 10.0, [(-20.0, 20.0), (-30.0, 20.0)]),
        (2, 5.0, [(-20.0, 20.0), (-15.0, 20.0)]),
        (3, 20.0, [(-40.0, 20.0), (-20.0, 20.0)]),
        (4, 15.0, [(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)]),
    )
)

CASES = {case.name: case for case in TECH_3341 + TECH_3342}
