"""The drum voice: one hit of a synthesised kit, every hit a little different.

A hit is a sum of four layers: a body (a sine that falls in pitch, with an overtone), a click, filtered noise (in one or
several bursts, as hands clap) and metal (six pulse waves at the frequencies of the TR-808's cymbal, high-passed).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.synthesis import (
    CELL_MASK,
    CELL_SHARE,
    CELL_SHIFT,
    PHASE_MASK,
    PHASE_RANGE,
    TABLE_FRAMES,
    table_number,
)

HALF_TURN = 0x80000000
_DECAYS = 6.5
"""A layer ends after so many time constants, at −56 dB."""
METAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""The six oscillators of the TR-808's cymbal circuit (service notes)."""


class DrumSettings(NamedTuple):
    """A drum. Levels are linear, times in seconds, every field a float."""

    body_level: float = 0.0
    body_hz: float = 50.0
    body_sweep_octaves: float = 2.0
    body_sweep: float = 0.03
    body_hold: float = 0.0
    body_decay: float = 0.2
    body_overtone: float = 0.0
    body_overtone_ratio: float = 1.8
    click_level: float = 0.0
    click_decay: float = 0.002
    noise_level: float = 0.0
    noise_attack: float = 0.0005
    noise_decay: float = 0.1
    noise_tail: float = 0.0
    """The share of the noise that dies four times slower: the room of a snare."""
    noise_hz: float = 4000.0
    noise_resonance: float = 0.2
    noise_shape: float = 1.0
    """0 low-pass, 1 band-pass, 2 high-pass"""
    bursts: float = 1.0
    burst_spacing: float = 0.011
    metal_level: float = 0.0
    metal_ratio: float = 1.0
    metal_decay: float = 0.05
    metal_hold: float = 0.0
    metal_high_pass_hz: float = 7000.0
    drive: float = 0.0
    spread: float = 0.0
    """0 mono, 1 noise and metal wholly different on both sides."""
    variation: float = 0.04
    """How far pitch, decay and colour differ from hit to hit."""


class HitShape(NamedTuple):
    """Where one hit lies in the buffer and how it is played."""

    first_frame: int
    velocity: float
    gain: float
    pan: float
    seed: int


def hit_frames(settings: DrumSettings, sample_rate_hz: int) -> int:
    """How many frames such a hit sounds."""
    longest = max(
        settings.body_hold + settings.body_decay * _DECAYS if settings.body_level > 0 else 0.0,
        _noise_seconds(settings) if settings.noise_level > 0 else 0.0,
        settings.metal_hold + settings.metal_decay * _DECAYS if settings.metal_level > 0 else 0.0,
        settings.click_decay * _DECAYS,
    )
    return int(longest * (1.0 + 2.0 * settings.variation) * sample_rate_hz) + 64


def _noise_seconds(settings: DrumSettings) -> float:
    burst = settings.noise_attack + settings.bursts * settings.burst_spacing
    tail = 4.0 * math.log(max(settings.noise_tail, 1e-9) * math.exp(_DECAYS))
    return burst + settings.noise_decay * max(_DECAYS, tail)


def add_hit(
    out: NDArray[np.float32], hit: HitShape, settings: DrumSettings, tables: NDArray[np.float32],
    sine: NDArray[np.float32], sample_rate_hz: int,
) -> None:  # fmt: skip
    """Add one hit to ``out``, shape ``(2, frames)``; what lies beyond its end is cut."""
    total = hit_frames(settings, sample_rate_hz)
    room = min(total, out.shape[1] - hit.first_frame)
    if room <= 0:
        return
    table = tables[table_number(METAL_HZ[-1] * settings.metal_ratio * 1.2, tables.shape[0])]
    _add_hit(out, room, total, hit, settings, table, sine, float(sample_rate_hz))


@kernel
def _add_hit(
    out: NDArray[np.float32], room: int, total: int, hit: HitShape, settings: DrumSettings,
    table: NDArray[np.float32], sine: NDArray[np.float32], rate: float,
) -> None:  # fmt: skip
    random = np.uint64(hit.seed) * np.uint64(2862933555777941757) + np.uint64(3037000493)
    chance = np.empty(12)
    for k in range(12):
        random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        chance[k] = float(random >> np.uint64(40)) / 8388608.0 - 1.0
    pan_left = math.cos((hit.pan + 1.0) * math.pi / 4.0) * 1.4142135 * hit.gain
    pan_right = math.sin((hit.pan + 1.0) * math.pi / 4.0) * 1.4142135 * hit.gain
    vary = settings.variation
    force = hit.velocity
    loudness = force**1.6
    body_hz = settings.body_hz * 2.0 ** (0.3 * vary * chance[0])
    body_seconds = settings.body_decay * (1.0 + vary * chance[1])
    body_factor = math.exp(-1.0 / max(body_seconds * rate, 1.0))
    sweep_factor = math.exp(-4.0 / max(settings.body_sweep * rate, 1.0))
    click_factor = math.exp(-1.0 / max(settings.click_decay * rate, 1.0))
    noise_seconds = settings.noise_decay * (1.0 + 2.0 * vary * chance[2]) * (0.55 + 0.45 * force)
    noise_factor = math.exp(-1.0 / max(noise_seconds * rate, 1.0))
    tail_factor = math.exp(-1.0 / max(noise_seconds * 4.0 * rate, 1.0))
    metal_seconds = settings.metal_decay * (1.0 + 2.0 * vary * chance[3]) * (0.6 + 0.4 * force)
    metal_factor = math.exp(-1.0 / max(metal_seconds * rate, 1.0))
    noise_hz = settings.noise_hz * 2.0 ** (vary * chance[4] + 0.7 * (force - 0.85))
    noise_g = math.tan(math.pi * min(noise_hz, 0.42 * rate) / rate)
    noise_k = 2.0 - 2.0 * min(settings.noise_resonance, 0.97)
    na1 = 1.0 / (1.0 + noise_g * (noise_g + noise_k))
    na2 = noise_g * na1
    na3 = noise_g * na2
    metal_g = math.tan(math.pi * min(settings.metal_high_pass_hz * 2.0 ** (vary * chance[5]), 0.42 * rate) / rate)
    metal_k = 1.2
    ma1 = 1.0 / (1.0 + metal_g * (metal_g + metal_k))
    ma2 = metal_g * ma1
    ma3 = metal_g * ma2
    drive = 1.0 + 5.0 * settings.drive
    undrive = 1.0 / drive**0.65
    burst_frames = int(settings.burst_spacing * rate)
    bursts = int(settings.bursts)
    attack_frames = max(settings.noise_attack * rate, 1.0)
    body_hold = int(settings.body_hold * rate)
    metal_hold = int(settings.metal_hold * rate)
    low_mix = 1.0 if settings.noise_shape < 0.5 else 0.0
    band_mix = noise_k if 0.5 <= settings.noise_shape < 1.5 else 0.0
    high_mix = 1.0 if settings.noise_shape >= 1.5 else 0.0
    left_wave = np.zeros(room, dtype=np.float32)
    right_wave = np.zeros(room, dtype=np.float32)
    if settings.body_level > 0.0:
        length = min(room, body_hold + int(body_seconds * _DECAYS * rate) + 1)
        body_phase = 0.0
        over_phase = 0.0
        sweep = settings.body_sweep_octaves * (0.7 + 0.3 * force)
        step = 0.0
        body = settings.body_level
        for i in range(length):
            if i % 4 == 0:
                step = body_hz * 2.0**sweep / rate
                sweep *= sweep_factor
            if i > body_hold:
                body *= body_factor
            body_phase += step
            body_phase -= math.floor(body_phase)
            position = body_phase * TABLE_FRAMES
            cell = int(position)
            value = sine[cell] + (position - cell) * (sine[cell + 1] - sine[cell])
            if settings.body_overtone > 0.0:
                over_phase += step * settings.body_overtone_ratio
                over_phase -= math.floor(over_phase)
                position = over_phase * TABLE_FRAMES
                cell = int(position)
                value += settings.body_overtone * (sine[cell] + (position - cell) * (sine[cell + 1] - sine[cell]))
            value *= body * min(1.0, i / 20.0)
            left_wave[i] = value
            right_wave[i] = value
    if settings.click_level > 0.0:
        length = min(room, int(settings.click_decay * _DECAYS * rate) + 1)
        click = settings.click_level * force
        state = 0.0
        for i in range(length):
            click *= click_factor
            random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            white = float(random >> np.uint64(40)) / 8388608.0 - 1.0
            state += 0.45 * (white + (1.0 if i < 8 else 0.0) - state)
            left_wave[i] += click * state
            right_wave[i] += click * state
    if settings.noise_level > 0.0:
        l1 = l2 = r1 = r2 = 0.0
        noise = 1.0
        tail = settings.noise_tail
        next_burst = 0
        burst_start = 0
        bursts_done = 0
        for i in range(room):
            random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            white_left = float(random >> np.uint64(40)) / 8388608.0 - 1.0
            random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            white_right = float(random >> np.uint64(40)) / 8388608.0 - 1.0
            white_right = white_left + settings.spread * (white_right - white_left)
            if i == next_burst and bursts_done < bursts:
                bursts_done += 1
                burst_start = i
                noise = 1.0
                next_burst = i + max(1, int(burst_frames * (1.0 + 2.0 * vary * chance[bursts_done % 12])))
            elif i - burst_start >= attack_frames:
                noise *= 0.995 if bursts_done < bursts else noise_factor
            tail *= tail_factor
            level = settings.noise_level * (noise + tail)
            if i - burst_start < attack_frames:
                level *= (i - burst_start) / attack_frames
            v3 = white_left - l2
            v1 = na1 * l1 + na2 * v3
            v2 = l2 + na2 * l1 + na3 * v3
            l1 = 2.0 * v1 - l1
            l2 = 2.0 * v2 - l2
            left_wave[i] += level * (low_mix * v2 + band_mix * v1 + high_mix * (white_left - noise_k * v1 - v2))
            v3 = white_right - r2
            v1 = na1 * r1 + na2 * v3
            v2 = r2 + na2 * r1 + na3 * v3
            r1 = 2.0 * v1 - r1
            r2 = 2.0 * v2 - r2
            right_wave[i] += level * (low_mix * v2 + band_mix * v1 + high_mix * (white_right - noise_k * v1 - v2))
    if settings.metal_level > 0.0:
        length = min(room, metal_hold + int(metal_seconds * _DECAYS * rate) + 1)
        metal_left = np.zeros(length, dtype=np.float32)
        metal_right = np.zeros(length, dtype=np.float32)
        for k in range(6):
            at = np.int64((0.5 + 0.5 * chance[6 + k]) * PHASE_RANGE)
            ratio = settings.metal_ratio * 2.0 ** (0.15 * vary * chance[k])
            stride = np.int64(METAL_HZ[k] * ratio / rate * PHASE_RANGE)
            lean = settings.spread * (0.5 if k % 2 == 0 else -0.5)
            to_left = np.float32(0.25 * (1.0 + lean))
            to_right = np.float32(0.25 * (1.0 - lean))
            for i in range(length):
                place = (at + stride * i) & PHASE_MASK
                row = place >> CELL_SHIFT
                low = table[row]
                value = low + np.float32(place & CELL_MASK) * CELL_SHARE * (table[row + 1] - low)
                place = (place + HALF_TURN) & PHASE_MASK
                row = place >> CELL_SHIFT
                low = table[row]
                value -= low + np.float32(place & CELL_MASK) * CELL_SHARE * (table[row + 1] - low)
                metal_left[i] += to_left * value
                metal_right[i] += to_right * value
        l1 = l2 = r1 = r2 = 0.0
        metal = settings.metal_level
        for i in range(length):
            if i > metal_hold:
                metal *= metal_factor
            v3 = metal_left[i] - l2
            v1 = ma1 * l1 + ma2 * v3
            v2 = l2 + ma2 * l1 + ma3 * v3
            l1 = 2.0 * v1 - l1
            l2 = 2.0 * v2 - l2
            left_wave[i] += metal * (metal_left[i] - metal_k * v1 - v2)
            v3 = metal_right[i] - r2
            v1 = ma1 * r1 + ma2 * v3
            v2 = r2 + ma2 * r1 + ma3 * v3
            r1 = 2.0 * v1 - r1
            r2 = 2.0 * v2 - r2
            right_wave[i] += metal * (metal_right[i] - metal_k * v1 - v2)
    fade = 64.0
    for i in range(room):
        left = float(left_wave[i])
        right = float(right_wave[i])
        if settings.drive > 0.0:
            x = min(max(left * drive, -3.0), 3.0)
            left = undrive * x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
            x = min(max(right * drive, -3.0), 3.0)
            right = undrive * x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
        scale = loudness
        if i >= total - fade:
            scale *= (total - 1 - i) / fade
        out[0, hit.first_frame + i] += left * scale * pan_left
        out[1, hit.first_frame + i] += right * scale * pan_right
