"""Proof of delivery: a finished master in every wanted format, decoded again and measured."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sonicforge_studio.audio import (
    DELIVERY_FORMATS,
    FileSink,
    LoudnessMeter,
    PcmHasher,
    Tags,
    content_hash,
    open_sink,
    open_source,
)
from sonicforge_studio.domain import Loudness, Progress, Proof, Samples, Source, Span, StudioError, Target
from sonicforge_studio.domain.errors import UnknownFormat
from sonicforge_studio.jobs import run_many
from sonicforge_studio.studio.blocks import each_block

LOSSLESS_TOLERANCE_LU = 0.1
LOSSY_TOLERANCE_LU = 0.2
"""A codec leaves out the highest octave, which counts most in noise."""
_ROUNDING_LU = 0.005
_FULL_SCALE = 1.0 - 2.0**-15
"""The highest sample of 16 bits: one that stands there was clipped, or is about to be."""
_LONGEST_SLIP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Promise:
    """What a delivered file has to keep; a loudness of −inf asks for none."""

    integrated_lufs: float
    ceiling_dbtp: float
    seconds: float | None = None
    """How long it is to be; None where nobody knows."""

    @classmethod
    def of(cls, target: Target, seconds: float | None = None) -> Promise:
        return cls(target.integrated_lufs, target.ceiling_dbtp, seconds)


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as it decodes."""

    loudness: Loudness
    frames: int
    sample_rate_hz: int
    clipped_samples: int
    pcm_hash: str


def measure_written(path: Path, progress: Progress) -> Measured:
    """Decode a file and measure it. Raises what ``open_source`` raises, and ``Cancelled``."""
    with open_source(path) as source:
        meter = LoudnessMeter(source.sample_rate_hz, source.channels)
        hasher = PcmHasher()
        clipped = 0

        def use(block: Samples) -> None:
            nonlocal clipped
            meter.add(block)
            hasher.add(block)
            if max(block.max(), -block.min()) >= _FULL_SCALE:
                clipped += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))

        frames = each_block(source, progress, use, "Measuring the written file")
        return Measured(meter.finish(), frames, source.sample_rate_hz, clipped, hasher.finish())


def judged(format: str, measured: Measured, promise: Promise, *, content_hash: str = "", path: str = "") -> Proof:
    """Whether a delivered file keeps what was promised, and where not, why."""
    loudness = measured.loudness
    over_db = loudness.true_peak_dbtp - promise.ceiling_dbtp
    off_lu = loudness.integrated_lufs - promise.integrated_lufs
    tolerance_lu = LOSSY_TOLERANCE_LU if DELIVERY_FORMATS[format].lossy else LOSSLESS_TOLERANCE_LU
    slip_seconds = 0.0 if promise.seconds is None else measured.frames / measured.sample_rate_hz - promise.seconds
    failures = []
    if over_db > 0:
        failures.append(("ceiling", f"The true peak is {over_db:.2f} dB over the ceiling."))
    if measured.clipped_samples:
        failures.append(("clipping", f"{measured.clipped_samples} samples stand at full scale."))
    if loudness.integrated_lufs == -math.inf:
        failures.append(
            ("no-reading", "There is no loudness reading: the piece is silent or shorter than 0.4 s.")
        )  # fmt: skip
    elif abs(off_lu) > tolerance_lu + _ROUNDING_LU:
        failures.append(("loudness", f"The loudness is {off_lu:+.2f} LU from the target."))
    if abs(slip_seconds) > _LONGEST_SLIP_SECONDS:
        failures.append(("length", f"It is {1000.0 * slip_seconds:+.0f} ms longer than the master."))
    return Proof(
        format=format,
        path=path,
        loudness=loudness,
        passed=not failures,
        reason=" ".join(reason for _, reason in failures),
        failure=failures[0][0] if failures else "",
        clipped_samples=measured.clipped_samples,
        frames=measured.frames,
        sample_rate_hz=measured.sample_rate_hz,
        content_hash=content_hash,
        pcm_hash=measured.pcm_hash,
    )


def over_ceiling_db(proofs: Iterable[Proof], ceiling_dbtp: float) -> float:
    """By how much the worst of them is over the ceiling; 0 where none is."""
    return max((0.0, *(proof.loudness.true_peak_dbtp - ceiling_dbtp for proof in proofs)))


@dataclass(frozen=True, slots=True)
class Copy:
    """A format's file, finished and without its name, and what was found of it; no file where there can be none."""

    proof: Proof
    sink: FileSink | None


class ProvingRoom:
    """Encodes and judges copies of one master, several at once; those that are not published are removed at its end.

    A context manager. Copies are hidden files in ``folder``.
    """

    def __init__(self, open_master: Callable[[], Source], promise: Promise, folder: Path, stem: str) -> None:
        self._open_master = open_master
        self._promise = promise
        self._folder = folder
        self._stem = stem
        self._sinks: list[FileSink] = []
        self._lock = threading.Lock()

    def __enter__(self) -> ProvingRoom:
        return self

    def __exit__(self, *_: object) -> None:
        for sink in self._sinks:
            sink.abandon()

    def prove_in_turn(
        self, first: Sequence[str], formats: Sequence[str], tags: Tags, to_the_end: bool, progress: Progress
    ) -> dict[str, Copy]:
        """Copies by their formats: those of ``first`` before the others, which are left out, unless ``to_the_end``,
        where one of them is over the ceiling: the master will be made anew, and an encoder is the slowest part."""
        copies: dict[str, Copy] = {}
        rest = tuple(name for name in formats if name not in first)
        share = len(first) / max(1, len(formats))
        for names, stage in ((first, Span(progress, 0.0, share)), (rest, Span(progress, share, 1.0))):
            for copy in self.prove(names, tags, stage) if names else ():
                copies[copy.proof.format] = copy
            proofs = [copy.proof for copy in copies.values()]
            if not to_the_end and over_ceiling_db(proofs, self._promise.ceiling_dbtp) > 0:
                break
        return copies

    def publish(self, copy: Copy) -> Proof:
        """Put a copy under its name; its proof with its place."""
        if copy.sink is None:
            return copy.proof
        copy.sink.publish()
        return replace(copy.proof, path=str(copy.sink.path))

    def prove(self, formats: Sequence[str], tags: Tags, progress: Progress) -> Iterator[Copy]:
        """A copy in each format, as they are done. Raises ``DiskFull`` and its kin, and ``Cancelled``: nothing is left
        then. That a format cannot hold the master stands in its proof."""
        workers = min(len(formats), os.cpu_count() or 1)
        with closing(
            run_many(formats, lambda name, step: self._one(name, tags, step), workers=workers, progress=progress)
        ) as results:
            for _, result in results:
                if isinstance(result, StudioError):
                    raise result
                yield result

    def _one(self, name: str, tags: Tags, progress: Progress) -> Copy:
        format = DELIVERY_FORMATS[name]
        path = self._folder / f"{self._stem} ({format.name}).{format.suffix}"
        began = time.perf_counter()
        with closing(self._open_master()) as master:
            try:
                sink = open_sink(
                    path,
                    format=name,
                    sample_rate_hz=master.sample_rate_hz,
                    channels=master.channels,
                    tags=tags,
                    numbered=True,
                )
            except UnknownFormat as error:
                return Copy(_impossible(name, error), None)
            with self._lock:
                self._sinks.append(sink)
            each_block(master, Span(progress, 0.0, 0.8), sink.write, f"Encoding {format.title}")
            sink.finish()
            rate_hz = master.sample_rate_hz
        encoded = time.perf_counter()
        measured = measure_written(sink.part, Span(progress, 0.8, 1.0))
        proof = judged(name, measured, self._promise, content_hash=content_hash(sink.part, Span(progress, 1.0, 1.0)))
        note = (
            "" if measured.sample_rate_hz == rate_hz else f"Resampled from {rate_hz} to {measured.sample_rate_hz} Hz."
        )
        return Copy(
            replace(
                proof,
                note=note,
                encoder_seconds=encoded - began,
                check_seconds=time.perf_counter() - encoded,
            ),
            sink,
        )


def _impossible(format: str, error: StudioError) -> Proof:
    silent = Loudness(*(-math.inf,) * 6)
    return Proof(format, "", silent, False, f"{error.message} {error.hint}", failure="not-possible")
