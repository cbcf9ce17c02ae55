"""Tempo, beats and key against the truth, beside Essentia and librosa.

Tempo accuracy 1 and 2 within 4 % (F. Gouyon et al., "An experimental comparison of audio tempo induction algorithms",
IEEE TASLP 14, 2006), the MIREX key score and the beat F-measure within 70 ms (C. Raffel et al., "mir_eval", ISMIR
2014). An answer that was not given counts as wrong.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.domain import Key, SilentProgress
from sonicforge_studio.generation import SynthEngine, compose, genre_book
from tests import truth

RENDERS = 66
"""Three of each genre that has a beat; `SONICFORGE_BENCH_RENDERS=300` asks for more."""
FIRST_SEED = 20_000
RENDER_SECONDS = 30.0
WITHIN = 0.04
CLOSELY_WITHIN = 0.01
MULTIPLES = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)
FLATS = {"Ab": "G#", "Bb": "A#", "Cb": "B", "Db": "C#", "Eb": "D#", "Fb": "E", "Gb": "F#"}
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""C. L. Krumhansl and E. J. Kessler, "Tracing the dynamic changes in perceived tonal organization", 1982."""

Float64 = NDArray[np.float64]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """What is known of one piece. ``file`` of a render is empty, ``genre`` and ``seed`` tell how to play it."""

    file: str
    bpm: float | None
    key: str | None
    beats_known: bool
    held_out: bool = False
    genre: str = ""
    seed: int = 0

    @property
    def rendered(self) -> bool:
        return bool(self.genre)


@dataclass(frozen=True)
class Answer:
    """What one program says of one piece: how near, and how long it took. NaN where the truth is not known."""

    program: str
    tempo_ratio: float
    key_score: float
    beat_f: float
    seconds: float


Estimate = tuple[float | None, Float64, str | None]
"""Tempo, beats in seconds, key as "C# minor"."""


def run() -> None:
    began = time.perf_counter()
    folder = os.environ.get("SONICFORGE_TEST_DATA", "")
    pieces = _renders(int(os.environ.get("SONICFORGE_BENCH_RENDERS", RENDERS)))
    if folder:
        pieces += _recordings(Path(folder))
    # Compiled here, once: two processes that write librosa's part of Numba's cache at the same time ruin it.
    _librosa(np.tile(np.eye(1, 11025, dtype=np.float32)[0], 8))
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(_answers, pieces, [folder] * len(pieces)))
    table = Table(title="Tempo, beats and key", box=None, header_style="dim", title_justify="left")
    table.add_column("Of what")
    table.add_column("By")
    for name in ("Acc1", "in 1 %", "Acc2", "Beat F", "Key score", "Key exact", "Its s"):
        table.add_column(name, justify="right")
    sets: list[tuple[str, Callable[[Piece], bool]]] = [("renders", lambda piece: piece.rendered)]
    if folder:
        sets = [
            ("held-out third of the recordings", lambda piece: piece.held_out),
            ("all recordings", lambda piece: not piece.rendered),
            *sets,
        ]
    for title, belongs in sets:
        chosen = [given for piece, given in zip(pieces, answers, strict=True) if belongs(piece)]
        for index, by_program in enumerate(zip(*chosen, strict=True)):
            of_what = f"{len(chosen)} {title}" if index == 0 else _counts(by_program) if index == 1 else ""
            table.add_row(of_what, by_program[0].program, *_figures(by_program))
    Console(width=130).print(table)
    judges = ", ".join(f"{name} {version(name)}" for name in ("mir_eval", "numpy", "soxr"))
    print(f"{judges}; {time.perf_counter() - began:.0f} s; renders: SONICFORGE_BENCH_RENDERS={RENDERS} unless told")
    if not folder:
        print("SONICFORGE_TEST_DATA names no folder of recordings.")


def _known(values: Iterable[float]) -> Float64:
    figures = np.array([value for value in values if value == value])
    return figures if figures.size else np.array([np.nan])


def _counts(answers: tuple[Answer, ...]) -> str:
    known = [
        sum(value == value for value in column) for column in zip(*(_columns(one) for one in answers), strict=True)
    ]
    return "  tempo of {}, beats of {}, key of {}".format(*known)


def _columns(answer: Answer) -> tuple[float, float, float]:
    return answer.tempo_ratio, answer.beat_f, answer.key_score


def _figures(answers: tuple[Answer, ...]) -> list[str]:
    ratios = _known(one.tempo_ratio for one in answers)
    nearest = np.abs(ratios[:, None] / np.array(MULTIPLES) - 1.0).min(axis=1)
    keys = _known(one.key_score for one in answers)
    shares = (
        np.mean(np.abs(ratios - 1.0) <= WITHIN),
        np.mean(np.abs(ratios - 1.0) <= CLOSELY_WITHIN),
        np.mean(nearest <= WITHIN),
        _known(one.beat_f for one in answers).mean(),
        keys.mean(),
        np.mean(keys == 1.0),
    )
    return [*(f"{share:.1%}" for share in shares), f"{sum(one.seconds for one in answers):.1f}"]


def _recordings(folder: Path) -> list[Piece]:
    tempo = {row["file"]: float(row["truth_bpm"]) for row in truth.trusted(folder, "truth_bpm", "bpm_grade")}
    # Where the truth names a tonic alone there is nothing to score.
    keys = {row["file"]: row["truth_key"] for row in truth.trusted(folder, "truth_key", "key_grade")}
    keys = {file: key for file, key in keys.items() if " " in key}
    return [
        Piece(file, tempo.get(file), keys.get(file), file in tempo and _is_whole(folder / file, tempo[file]), held)
        for file in sorted({*tempo, *keys})
        for held in (truth.held_out(file),)
    ]


def _is_whole(path: Path, bpm: float) -> bool:
    """Whether a file is a whole number of beats long, and its beats therefore known: it was cut where one falls."""
    beats = soundfile.info(path).duration * bpm / 60.0
    return abs(beats - round(beats)) < 0.05


def _renders(count: int) -> list[Piece]:
    random = np.random.default_rng(FIRST_SEED)
    names = sorted(genre.id for genre in genre_book().values() if genre.patterns)
    pieces = []
    for index in range(count):
        genre, seed = names[index % len(names)], FIRST_SEED + index
        key = str(Key(int(random.integers(12)), str(random.choice(["major", "minor"]))))
        usual = compose(genre, seed=seed, duration_seconds=RENDER_SECONDS).tempo_bpm
        pieces.append(Piece("", round(usual * random.uniform(0.96, 1.04), 1), key, True, genre=genre, seed=seed))
    return pieces


def _answers(piece: Piece, folder: str) -> list[Answer]:
    samples, rate_hz = _sound(piece, folder)
    mono = samples.mean(axis=0)
    at_44100, at_22050 = (np.asarray(soxr.resample(mono, rate_hz, rate), np.float32) for rate in (44100, 22050))
    programs: list[tuple[str, Callable[[], Estimate]]] = [
        ("SonicForge", lambda: _ours(samples, rate_hz)),
        (f"Essentia {version('essentia')}", lambda: _essentia(at_44100)),
        (f"librosa {version('librosa')}", lambda: _librosa(at_22050)),
    ]
    return [_judged(piece, name, estimate, mono.size / rate_hz) for name, estimate in programs]


def _sound(piece: Piece, folder: str) -> tuple[Samples, int]:
    if not piece.rendered:
        samples, rate_hz = soundfile.read(Path(folder) / piece.file, dtype="float32", always_2d=True)
        return np.ascontiguousarray(samples.T), rate_hz
    assert piece.key is not None
    tonic, mode = piece.key.split()
    key = Key(NOTES.index(tonic), mode)
    concept = compose(piece.genre, seed=piece.seed, duration_seconds=RENDER_SECONDS, key=key, tempo_bpm=piece.bpm)
    mix = SynthEngine().render(concept, piece.seed, SilentProgress()).mix.clip()
    return np.clip(mix.samples, -1.0, 1.0), mix.sample_rate_hz


NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def _ours(samples: Samples, rate_hz: int) -> Estimate:
    analyser = TrackAnalyser(rate_hz, samples.shape[0])
    analyser.add(samples)
    found = analyser.finish()
    key = found.key.key
    return found.tempo.bpm, np.array(found.tempo.beats_seconds), None if key is None else str(key)


def _essentia(mono: Samples) -> Estimate:
    import essentia
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    bpm, ticks, *_ = essentia.standard.RhythmExtractor2013(method="multifeature")(mono)
    tonic, mode, _ = essentia.standard.KeyExtractor()(mono)
    return float(bpm), np.asarray(ticks, np.float64), f"{FLATS.get(tonic, tonic)} {mode}"


def _librosa(mono: Samples) -> Estimate:
    import librosa

    # A loop can be shorter than the lowest octaves' window.
    warnings.filterwarnings("ignore", message="n_fft=", category=UserWarning)
    bpm, beats = librosa.beat.beat_track(y=mono, sr=22050, units="time")
    chroma = librosa.feature.chroma_cqt(y=mono, sr=22050, tuning=None).mean(axis=1)
    profiles = {"major": MAJOR_PROFILE, "minor": MINOR_PROFILE}
    match = {
        f"{NOTES[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for mode, profile in profiles.items()
        for tonic in range(12)
    }
    return float(np.ravel(bpm)[0]), beats, max(match, key=lambda key: match[key])


def _judged(piece: Piece, program: str, estimate: Callable[[], Estimate], duration_seconds: float) -> Answer:
    import mir_eval

    began = time.perf_counter()
    bpm, beats, key = estimate()
    seconds = time.perf_counter() - began
    tempo_ratio = (bpm or 0.0) / piece.bpm if piece.bpm else np.nan
    key_score = np.nan
    if piece.key:
        key_score = 0.0 if key is None else float(mir_eval.key.weighted_score(piece.key, key))
    beat_f = np.nan
    if piece.beats_known and piece.bpm:
        # At the end of a loop its first beat would come again.
        grid = np.arange(0.0, duration_seconds - 0.03, 60.0 / piece.bpm)
        beat_f = float(mir_eval.beat.f_measure(grid, beats)) if beats.size else 0.0
    return Answer(program, tempo_ratio, key_score, beat_f, seconds)


if __name__ == "__main__":
    run()
    sys.exit(0)
