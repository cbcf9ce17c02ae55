"""The FM voice: struck tines, as in the electric pianos of the 1980s.

Two modulator and carrier pairs, a little apart in pitch, and a short bright pair for the tine's stroke: J. Chowning,
"The Synthesis of Complex Audio Spectra by Means of Frequency Modulation", JAES 21 (1973). The modulation's depth is
held back where its side bands would pass the Nyquist frequency.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.synthesis import (
    CONTROL_FRAMES,
    FADE_RELEASES,
    RELEASES,
    NoteShape,
    mix_in,
    overdrive,
)


class TineSettings(NamedTuple):
    """A sound of the FM voice. Levels are linear, times in seconds, every field a float."""

    ratio: float = 1.0
    depth: float = 1.2
    depth_decay: float = 0.9
    depth_sustain: float = 0.25
    tine_ratio: float = 14.0
    tine_depth: float = 0.6
    tine_level: float = 0.18
    tine_decay: float = 0.12
    attack: float = 0.002
    decay: float = 2.2
    """The time constant of middle C; higher notes die faster."""
    release: float = 0.12
    tremolo_hz: float = 4.6
    tremolo: float = 0.0
    detune_cents: float = 3.0
    spread: float = 0.5
    velocity_depth: float = 0.8
    drive: float = 0.0


def tine_frames(gate_frames: int, settings: TineSettings, sample_rate_hz: int) -> int:
    return gate_frames + int(settings.release * RELEASES * sample_rate_hz) + 256


def add_tine(out: NDArray[np.float32], note: NoteShape, settings: TineSettings, sample_rate_hz: int) -> None:
    """Add one note of the FM voice to ``out``, shape ``(2, frames)``; what lies beyond its end is cut."""
    total = tine_frames(note.gate_frames, settings, sample_rate_hz)
    room = min(total, out.shape[1] - note.first_frame)
    if room <= 0 or note.frequency_hz <= 0 or note.frequency_hz > 0.45 * sample_rate_hz:
        return
    _add_tine(out, room, total, note, settings, float(sample_rate_hz))


@kernel
def _add_tine(
    out: NDArray[np.float32], room: int, total: int, note: NoteShape, settings: TineSettings, rate: float
) -> None:  # fmt: skip
    detune = 2.0 ** (settings.detune_cents / 1200.0)
    tine_hz = note.frequency_hz * settings.tine_ratio
    tine_level = settings.tine_level * note.velocity * note.velocity
    if tine_hz > 0.4 * rate:
        tine_level = 0.0
    # Modulation widens the spectrum by about depth + 1 multiples: keep it under the Nyquist frequency.
    widest = max(0.0, 0.42 * rate / note.frequency_hz / max(settings.ratio, 1.0) - 2.0)
    depth_full = settings.depth * (1.0 - settings.velocity_depth * (1.0 - note.velocity)) * note.brightness
    depth_full = min(depth_full, widest * 0.5) / (2.0 * math.pi)
    speed = 2.0 ** (0.5 * math.log2(note.frequency_hz / 261.63))
    body_factor = math.exp(-speed / max(settings.decay * rate, 1.0))
    depth_factor = math.exp(-speed / max(settings.depth_decay * rate, 1.0))
    tine_factor = math.exp(-1.0 / max(settings.tine_decay * rate, 1.0))
    release_factor = math.exp(-1.0 / max(settings.release * rate, 1.0))
    attack = max(settings.attack * rate, 32.0)
    fade = max(256.0, FADE_RELEASES * settings.release * rate)
    loudness = note.gain * 1.4142135 * (0.12 + 0.88 * note.velocity * note.velocity)
    pan_left = math.cos((note.pan + 1.0) * math.pi / 4.0) * loudness
    pan_right = math.sin((note.pan + 1.0) * math.pi / 4.0) * loudness
    near = np.float32(0.7 * (0.5 + 0.5 * settings.spread))
    far = np.float32(0.7) - near
    drive = 1.0 + 5.0 * settings.drive
    undrive = 1.0 / drive**0.7
    body = 1.0
    depth = 1.0
    tine = 1.0
    released = 1.0
    left_swell = 1.0
    right_swell = 1.0
    left_wave = np.empty(CONTROL_FRAMES, dtype=np.float32)
    right_wave = np.empty(CONTROL_FRAMES, dtype=np.float32)
    places = np.empty(CONTROL_FRAMES)
    depths = np.empty(CONTROL_FRAMES)
    levels = np.empty(CONTROL_FRAMES, dtype=np.float32)
    bodies = np.empty(CONTROL_FRAMES)
    tines = np.empty(CONTROL_FRAMES)
    releases = np.empty(CONTROL_FRAMES)
    deepenings = np.empty(CONTROL_FRAMES)
    for i in range(CONTROL_FRAMES):
        bodies[i] = body_factor ** (i + 1)
        tines[i] = tine_factor ** (i + 1)
        releases[i] = release_factor ** (i + 1)
        deepenings[i] = depth_factor ** (i + 1)
    for start in range(0, room, CONTROL_FRAMES):
        count = min(CONTROL_FRAMES, room - start)
        if settings.tremolo > 0.0:
            sway = settings.tremolo * math.sin(2.0 * math.pi * settings.tremolo_hz * (note.first_frame + start) / rate)
            left_swell = 1.0 + sway
            right_swell = 1.0 - sway
        for i in range(count):
            places[i] = start + i
        for i in range(count):
            depths[i] = depth_full * (settings.depth_sustain + (1.0 - settings.depth_sustain) * depth * deepenings[i])
            left_wave[i] = 0.0
            right_wave[i] = 0.0
        depth *= deepenings[count - 1]
        for pair in range(2):
            frequency = note.frequency_hz * detune if pair == 1 else note.frequency_hz / detune
            carrier_step = frequency / rate
            modulator_step = frequency * settings.ratio / rate
            to_left = near if pair == 0 else far
            to_right = far if pair == 0 else near
            for i in range(count):
                bend = _sine(modulator_step * places[i])
                value = np.float32(_sine(carrier_step * places[i] + depths[i] * bend))
                left_wave[i] += to_left * value
                right_wave[i] += to_right * value
        if tine_level * tine > 1e-5:
            carrier_step = tine_hz / rate
            modulator_step = note.frequency_hz / rate
            tine_depth = settings.tine_depth / (2.0 * math.pi)
            for i in range(count):
                bend = _sine(modulator_step * places[i])
                value = np.float32(tine_level * tine * tines[i] * _sine(carrier_step * places[i] + tine_depth * bend))
                left_wave[i] += value
                right_wave[i] += value
            tine *= tines[count - 1]
        for i in range(count):
            levels[i] = body * bodies[i]
        body *= bodies[count - 1]
        if start < attack:
            for i in range(count):
                levels[i] *= min(1.0, (start + i) / attack)
        if start + count > note.gate_frames:
            let_go = max(0, note.gate_frames - start)
            for i in range(let_go, count):
                levels[i] *= released * releases[i - let_go]
            released *= releases[count - let_go - 1]
        if start + count > total - fade:
            for i in range(count):
                levels[i] *= min(1.0, (total - 1 - (start + i)) / fade)
        if settings.drive > 0.0:
            for i in range(count):
                left_wave[i] *= levels[i]
                right_wave[i] *= levels[i]
                levels[i] = 1.0
            overdrive(left_wave, np.float32(drive), np.float32(undrive))
            overdrive(right_wave, np.float32(drive), np.float32(undrive))
        at_frame = note.first_frame + start
        mix_in(out[0, at_frame : at_frame + count], left_wave, levels, np.float32(pan_left * left_swell))
        mix_in(out[1, at_frame : at_frame + count], right_wave, levels, np.float32(pan_right * right_swell))


@kernel
def _sine(turns: float) -> float:
    """The sine of so many turns within 6e-8, by its series around 0: whole vectors, where a table is read one by one.
    The halves of the turn beyond a quarter are folded back."""
    x = turns - float(np.floor(turns + 0.5))
    x = max(min(x, 0.5 - x), -0.5 - x)
    square = x * x
    return x * (
        6.283185307179586
        + square * (-41.34170224039975 + square * (81.60524927607504 + square * (
            -76.70585975306136 + square * (42.05869394489765 - square * 15.094642576822984)
        )))
    )  # fmt: skip
