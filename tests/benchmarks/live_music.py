"""Live key and tempo at the end of each piece, beside the truth, our own analysis of the whole, and Essentia's."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import essentia
import essentia.standard
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.analysis.live import LiveMusic
from sonicforge_studio.domain import Clip, SilentProgress
from sonicforge_studio.generation import SynthEngine, compose
from tests.benchmarks.tables import Row, show

LONGEST_SECONDS = 40.0
SHORTEST_SECONDS = 10.0
STEP_SECONDS = 0.1
OWN = (("house", 124.0, 3), ("liquid drum and bass", 172.0, 4), ("techno", 132.0, 2), ("hip-hop", 90.0, 5))


@dataclass(frozen=True)
class Piece:
    name: str
    bpm: float | None
    key: str | None
    clip: Clip


Told = tuple[float | None, str]


@dataclass(frozen=True)
class Heard:
    """``settled_seconds`` is when the tempo was right for good; the costs are CPU seconds a second of music."""

    told: Told
    settled_seconds: float | None
    cost: float


def run() -> None:
    essentia.log.infoActive = False
    pieces = [*_own(), *_real()]
    table = Table(title="Key and tempo: the live reading at the end of each piece", box=None, title_justify="left")
    for name in ("Piece", "Truth", "Live", "right after", "Ours, offline", "Essentia"):
        table.add_column(name, justify="right" if name == "right after" else "left")
    right = {"live": [0, 0], "ours, offline": [0, 0], "Essentia": [0, 0]}
    costs: tuple[list[float], list[float]] = ([], [])
    for piece in pieces:
        heard = _live(piece)
        began = time.thread_time()
        theirs = _essentia(piece.clip)
        costs[0].append(heard.cost)
        costs[1].append((time.thread_time() - began) / (piece.clip.frames / piece.clip.sample_rate_hz))
        answers = (heard.told, _offline(piece.clip), theirs)
        for counted, told in zip(right.values(), answers, strict=True):
            counted[0] += _right_tempo(piece, told[0])
            counted[1] += piece.key is not None and told[1] == piece.key
        settled = "–" if heard.settled_seconds is None else f"{heard.settled_seconds:.1f} s"
        table.add_row(
            piece.name, _text((piece.bpm, piece.key or "")), _text(heard.told), settled, *map(_text, answers[1:])
        )
    Console(width=150).print(table)
    tempi, keys = sum(piece.bpm is not None for piece in pieces), sum(piece.key is not None for piece in pieces)
    for name, (tempo, key) in right.items():
        print(f"{name}: {tempo} of {tempi} tempi within 1 %, {key} of {keys} keys exact")
    difference = f"{max(costs[0]):.2%} of a core at most"
    ours, reference = float(np.median(costs[0])), float(np.median(costs[1]))
    row = Row("chroma, key, tempo and beat, live", ours, "Essentia, afterwards: key, tempo", reference, difference)
    show("CPU time for a second of music", [row])


def _own() -> Iterator[Piece]:
    for genre, bpm, seed in OWN:
        concept = compose(genre, seed=seed, duration_seconds=20.0, tempo_bpm=bpm)
        yield Piece(
            f"our {genre}", bpm, str(concept.key), SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
        )


def _real() -> Iterator[Piece]:
    named = os.environ.get("SONICFORGE_TEST_DATA")
    if not named:
        return
    with (Path(named) / "truth.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        bpm = float(row["truth_bpm"]) if row["bpm_grade"] == "A" else None
        key = row["truth_key"] if row["key_grade"] == "A" else None
        if (bpm is None and key is None) or float(row["duration_s"]) < SHORTEST_SECONDS:
            continue
        path = Path(named) / row["file"]
        frames = round(LONGEST_SECONDS * soundfile.info(path).samplerate)
        samples, rate_hz = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
        yield Piece(path.stem[:40], bpm, key, Clip(np.ascontiguousarray(samples.T), rate_hz))


def _live(piece: Piece) -> Heard:
    clip = piece.clip
    music = LiveMusic(clip.sample_rate_hz, clip.channels)
    step = round(STEP_SECONDS * clip.sample_rate_hz)
    settled: float | None = None
    began = time.thread_time()
    for start in range(0, clip.frames, step):
        music.add(clip.samples[:, start : start + step])
        reading = music.reading()
        if not _right_tempo(piece, reading.tempo_bpm):
            settled = None
        elif settled is None:
            settled = reading.heard_seconds
    cost = (time.thread_time() - began) / (clip.frames / clip.sample_rate_hz)
    return Heard((reading.tempo_bpm, str(reading.key)), settled, cost)


def _offline(clip: Clip) -> Told:
    analyser = TrackAnalyser(clip.sample_rate_hz, clip.channels)
    analyser.add(clip.samples)
    measured = analyser.finish()
    return measured.tempo.bpm, str(measured.key.key)


def _essentia(clip: Clip) -> Told:
    mono = essentia.standard.Resample(inputSampleRate=clip.sample_rate_hz)(clip.mono())
    bpm = essentia.standard.RhythmExtractor2013(method="multifeature")(mono)[0]
    key, scale, _ = essentia.standard.KeyExtractor()(mono)
    sharps = {"Ab": "G#", "Bb": "A#", "Eb": "D#", "Db": "C#", "Gb": "F#"}
    return float(bpm), f"{sharps.get(key, key)} {scale}"


def _right_tempo(piece: Piece, bpm: float | None) -> bool:
    return piece.bpm is not None and bpm is not None and abs(bpm / piece.bpm - 1.0) < 0.01


def _text(told: tuple[float | None, str]) -> str:
    bpm, key = told
    return f"{'–' if bpm is None else f'{bpm:.1f}'}  {key}"


if __name__ == "__main__":
    run()
