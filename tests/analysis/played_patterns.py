"""Music with a tempo and a key that are known because it is made here: drum patterns and chord progressions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050
Wave = NDArray[np.float32]

# Kick, snare and hat on sixteenths (twelfths of a bar for three beats or shuffle), and how many make a beat.
PATTERNS: dict[str, tuple[str, str, str, int]] = {
    "house": ("x...x...x...x...", "....x.......x...", "..x...x...x...x.", 4),
    "rock": ("x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x.", 4),
    "hip-hop": ("x..x....x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x.", 4),
    "drum-and-bass": ("x.........x.....", "....x.......x...", "x.x.x.x.x.x.x.x.", 4),
    "breakbeat": ("x.x.......xx....", "....x..x.x..x..x", "x.x.x.x.x.x.x.x.", 4),
    "disco": ("x...x...x...x...", "....x.......x...", "xxx.xxx.xxx.xxx.", 4),
    "trap": ("x......x..x.....", "........x.......", "x.x.x.xxx.x.xxxx", 4),
    "waltz": ("x...........", "....x...x...", "x...x...x...", 4),
    "shuffle": ("x.....x.....", "...x.....x..", "x.xx.xx.xx.x", 3),
}


def struck(random: np.random.Generator) -> tuple[Wave, Wave, Wave]:
    time = np.arange(RATE_HZ // 3) / RATE_HZ
    sweep = random.uniform(45, 60) * time + random.uniform(2, 6) * (1 - np.exp(-random.uniform(25, 50) * time))
    kick = np.sin(2 * np.pi * sweep) * np.exp(-time * random.uniform(12, 30))
    noise = random.standard_normal(time.size)
    snare = (0.5 * noise + 0.5 * np.sin(2 * np.pi * random.uniform(170, 230) * time)) * np.exp(-time * 28)
    hat = 0.3 * np.diff(random.standard_normal(time.size + 1)) * np.exp(-time * random.uniform(60, 110))
    return kick.astype(np.float32), snare.astype(np.float32), hat.astype(np.float32)


def drums(name: str, bpm: float, seconds: float, seed: int, *, swing: float = 0.0, lead_seconds: float = 0.0) -> Wave:
    """A played drum pattern with small errors of time and force, some noise, and ``lead_seconds`` before it."""
    random = np.random.default_rng(seed)
    *hits, steps = PATTERNS[name]
    step_seconds = 60.0 / bpm / steps
    mix = np.zeros(round(seconds * RATE_HZ) + RATE_HZ)
    for wave, pattern in zip(struck(random), hits, strict=True):
        for index in range(int(seconds / step_seconds)):
            if pattern[index % len(pattern)] == "x":
                late = swing * step_seconds * (index % 2) + random.normal(0, 0.003) + lead_seconds
                start = max(0, round((index * step_seconds + late) * RATE_HZ))
                mix[start : start + wave.size] += wave[: mix.size - start] * random.uniform(0.7, 1.0)
    mix += 0.003 * random.standard_normal(mix.size)
    return (0.4 * mix[None, : round(seconds * RATE_HZ)]).astype(np.float32)


def chords(
    tonic: int, minor: bool, seed: int, *, cents: float = 0.0, seconds: float = 9.2, with_drums: bool = False
) -> Wave:
    """A progression that names its key: tonic, subdominant or its relative, dominant, tonic, in random inversions."""
    random = np.random.default_rng(seed)
    # Semitones above the tonic, and whether the chord is minor.
    songs = (
        [(0, True), (5, True), (7, False), (0, True)], [(0, True), (8, False), (10, False), (0, True)],
    ) if minor else (
        [(0, False), (5, False), (7, False), (0, False)], [(0, False), (9, True), (5, False), (7, False)],
    )  # fmt: skip
    song = songs[int(random.integers(len(songs)))]
    mix = np.zeros(round(seconds * RATE_HZ))
    bar = round(1.8 * RATE_HZ)
    time = np.arange(bar) / RATE_HZ
    brightness = random.uniform(0.8, 1.6)
    for index, start in enumerate(range(0, mix.size - bar, bar)):
        root, is_minor = song[index % 4]
        third = 3 if is_minor else 4
        pitches = [48 + (tonic + root + step) % 12 + 12 * int(random.integers(2)) for step in (0, third, 7)]
        for pitch in (*pitches, 36 + (tonic + root) % 12):
            hz = 440.0 * 2 ** ((pitch - 69 + cents / 100) / 12)
            turn = np.exp(2j * np.pi * hz * time)
            harmonics = np.cumprod(np.broadcast_to(turn, (5, bar)), axis=0).imag
            tone = np.arange(1.0, 6.0) ** -brightness @ harmonics
            mix[start : start + bar] += tone * np.exp(-time * random.uniform(0.5, 2.0))
    wave = (0.08 * mix[None]).astype(np.float32)
    return wave + drums("rock", 100.0, seconds, seed)[:, : wave.shape[1]] if with_drums else wave


def babble(seconds: float, seed: int) -> Wave:
    """Syllables of changing pitch and length: as busy as speech, and as unsteady."""
    random = np.random.default_rng(seed)
    mix = np.zeros(round(seconds * RATE_HZ))
    start = 0
    while start < mix.size:
        frames = int(random.gamma(4, 0.045) * RATE_HZ) + 200
        pitch = random.uniform(90, 220) * (1 + random.uniform(-0.2, 0.2) * np.linspace(0, 1, frames))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
        voiced = sum(np.sin(h * phase) / h for h in range(1, 12))
        syllable = (voiced if random.random() < 0.65 else random.standard_normal(frames)) * np.hanning(frames)
        end = min(mix.size, start + frames)
        mix[start:end] += syllable[: end - start] * random.uniform(0.2, 1.0)
        start += int(frames * random.uniform(0.6, 1.0)) + (random.random() < 0.12) * int(
            random.uniform(0.2, 0.9) * RATE_HZ
        )
    return (0.2 * mix[None]).astype(np.float32)
