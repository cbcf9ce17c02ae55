"""The built-in engine before judges that are not ours: 60 prompts in 3 takes each, and how fast it plays.

Tempo and key are asked of Essentia; tempo counts where an octave is allowed, the key from a MIREX score of 0.5 on.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sonicforge_studio.domain import Concept, SilentProgress
from sonicforge_studio.fingerprints import decompress, fingerprint_clip
from sonicforge_studio.generation import SynthEngine, compose, genre_book
from sonicforge_studio.generation.synth.performance import BLOCK_FRAMES
from tests.benchmarks.genre_sound import show_genre_sound

PROMPTS = int(os.environ.get("SONICFORGE_BENCH_PROMPTS", "60"))
SEEDS = (1, 2, 3)
SECONDS = 30.0
WITHIN = 0.04
OCTAVES = (0.5, 1.0, 2.0)
LEAST_KEY_SCORE = 0.5
KEYS = ("A minor", "F minor", "C major", "E minor", "D major", "G minor", "B minor", "F# minor", "Eb major")
WORDS = ("", "dark", "dreamy", "happy", "energetic", "calm", "warm", "aggressive")
ATONAL = frozenset({"drone"})
"""Held fifths have no third to tell a key by."""
FLATS = {"Ab": "G#", "Bb": "A#", "Cb": "B", "Db": "C#", "Eb": "D#", "Fb": "E", "Gb": "F#"}


@dataclass(frozen=True)
class Heard:
    """What is known of one take."""

    genre: str
    prompt: str
    seed: int
    length_error_ms: float
    clipped: int
    join: float
    """How large the steps between blocks are, against those around them."""
    tempo_right: bool
    key_right: bool
    words: NDArray[np.uint32]


def run() -> None:
    prompts = _prompts(PROMPTS)
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        takes = list(pool.map(_heard, [(prompt, seed) for prompt in prompts for seed in SEEDS], chunksize=3))
        show_genre_sound(pool)
    _show_genres(takes)
    _show_whole(takes, len(prompts))
    _show_speed()


def _prompts(count: int) -> list[str]:
    """One genre after another, with changing moods, keys and tempi inside the genre's range."""
    random = np.random.default_rng(7)
    genres = sorted(genre_book().values(), key=lambda genre: genre.id)
    prompts = []
    for index in range(count):
        genre = genres[index % len(genres)]
        bpm = round(random.uniform(genre.tempo_low_bpm, genre.tempo_high_bpm))
        parts = [genre.aliases[0], WORDS[index % len(WORDS)], f"{bpm} bpm", KEYS[index % len(KEYS)]]
        prompts.append(", ".join(part for part in parts if part))
    return prompts


def _heard(wanted: tuple[str, int]) -> Heard:
    prompt, seed = wanted
    concept = compose(prompt, seed=seed, duration_seconds=SECONDS)
    clip = SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
    tempo_right, key_right = _judged(clip.mono(), concept)
    return Heard(
        concept.genre,
        prompt,
        seed,
        1000.0 * abs(clip.duration_seconds - SECONDS),
        int(np.count_nonzero(np.abs(clip.samples) >= 1.0)),
        _joins(clip.samples),
        tempo_right,
        key_right,
        np.asarray(decompress(fingerprint_clip(clip).text)),
    )


def _judged(mono: NDArray[np.float32], concept: Concept) -> tuple[bool, bool]:
    import essentia
    import essentia.standard
    import mir_eval

    essentia.log.infoActive = essentia.log.warningActive = False
    bpm = float(essentia.standard.RhythmExtractor2013(method="multifeature")(mono)[0])
    tonic, mode, _ = essentia.standard.KeyExtractor()(mono)
    score = mir_eval.key.weighted_score(str(concept.key), f"{FLATS.get(tonic, tonic)} {mode}")
    tempo_right = min(abs(bpm / (concept.tempo_bpm * octave) - 1.0) for octave in OCTAVES) <= WITHIN
    return tempo_right, score >= LEAST_KEY_SCORE


def _joins(samples: NDArray[np.float32]) -> float:
    """The mean step across the engine's blocks over the mean step of all samples: 1 where nobody hears a join."""
    steps = np.abs(np.diff(samples, axis=1)).mean(axis=0)
    return float(steps[BLOCK_FRAMES - 1 :: BLOCK_FRAMES].mean() / max(1e-12, steps.mean()))


def _show_genres(takes: Sequence[Heard]) -> None:
    table = Table(title="Heard by Essentia, genre by genre", box=None, header_style="dim", title_justify="left")
    table.add_column("Genre")
    for name in ("Takes", "Tempo", "Key"):
        table.add_column(name, justify="right")
    for genre in sorted({take.genre for take in takes}):
        own = [take for take in takes if take.genre == genre]
        shares = (f"{np.mean([getattr(take, name) for take in own]):.0%}" for name in ("tempo_right", "key_right"))
        table.add_row(genre, str(len(own)), *shares)
    Console(width=130).print(table)


def _show_whole(takes: Sequence[Heard], prompts: int) -> None:
    tonal = [take for take in takes if take.genre not in ATONAL]
    beaten = [take for take in takes if genre_book()[take.genre].patterns]
    alike, between = _likeness(takes)
    rows = [
        (f"tempo heard by Essentia, {len(beaten)} takes with a beat", f"{_share(beaten, 'tempo_right')}", "≥ 95 %"),
        (f"tempo heard by Essentia, all {len(takes)}", f"{_share(takes, 'tempo_right')}", ""),
        (f"key heard by Essentia, {len(tonal)} tonal takes", f"{_share(tonal, 'key_right')}", "≥ 90 %"),
        ("greatest error of the length", f"{max(take.length_error_ms for take in takes):.1f} ms", "≤ 50 ms"),
        ("clipped samples", str(sum(take.clipped for take in takes)), "0"),
        ("steps between blocks against all", f"{max(take.join for take in takes):.2f}× at most", "about 1"),
        (f"fingerprints of any two of {prompts} prompts", f"{between:.0%} of bits differ at least", "> 15 %"),
        ("fingerprints of any two seeds of one prompt", f"{alike:.0%} of bits differ at least", "> 0"),
    ]
    table = Table(title=f"{prompts} prompts × {len(SEEDS)} seeds", box=None, header_style="dim", title_justify="left")
    for name in ("What", "Measured", "Wanted"):
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)
    missed = [f"{take.prompt} (seed {take.seed})" for take in tonal if not take.key_right]
    print(f"Keys that were heard otherwise: {'; '.join(missed[:12]) or 'none'}")


def _share(takes: Sequence[Heard], name: str) -> str:
    return f"{np.mean([getattr(take, name) for take in takes]):.1%}"


def _likeness(takes: Sequence[Heard]) -> tuple[float, float]:
    """The least share of bits that differ: between seeds of one prompt, and between prompts."""
    count = min(take.words.size for take in takes)
    words = np.stack([take.words[:count] for take in takes])
    same_prompt, other_prompt = 1.0, 1.0
    for index, take in enumerate(takes):
        differs = np.bitwise_count(words[index + 1 :] ^ words[index]).sum(axis=1) / (32.0 * count)
        for other, share in zip(takes[index + 1 :], differs, strict=True):
            if other.prompt == take.prompt:
                same_prompt = min(same_prompt, float(share))
            else:
                other_prompt = min(other_prompt, float(share))
    return same_prompt, other_prompt


def _show_speed() -> None:
    """One process for each: what it takes of time and memory to make some minutes and an hour; the best of three runs
    of the shorter ones, since a shared machine is only ever slower than it can be."""
    table = Table(title="One core", box=None, header_style="dim", title_justify="left")
    for name in ("What", "Times real time", "Peak memory", "Wanted"):
        table.add_column(name)
    wanted = (("house", 180.0, "≥ 40×"), ("liquid drum and bass", 180.0, "≥ 40×"), ("ambient", 3600.0, "< 450 MB"))
    for prompt, seconds, aim in wanted:
        command = [sys.executable, "-m", "tests.benchmarks.generation", prompt, str(seconds)]
        runs = 1 if seconds > 600 else 3
        said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(runs)]
        taken = min(float(run[0]) for run in said)
        table.add_row(f"{prompt}, {seconds:.0f} s", f"{seconds / taken:.0f}×", f"{said[0][1]} MB", aim)
    Console(width=130).print(table)


def _alone(prompt: str, seconds: float) -> None:
    SynthEngine().render(compose(prompt, duration_seconds=2.0), 1, SilentProgress())  # compiled
    concept = compose(prompt, duration_seconds=seconds)
    began = time.perf_counter()
    SynthEngine().render(concept, 1, SilentProgress())
    taken = time.perf_counter() - began
    print(f"{taken:.3f} {_peak_megabytes()}")


def _peak_megabytes() -> int:
    """Of this program alone: what the system calls ``ru_maxrss`` begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _alone(sys.argv[1], float(sys.argv[2]))
    else:
        run()
