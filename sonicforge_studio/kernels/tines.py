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
    CELL_MASK,
    CELL_SHARE,
    CELL_SHIFT,
    CONTROL_FRAMES,
    FADE_RELEASES,
    PHASE_MASK,
    PHASE_RANGE,
    RELEASES,
    NoteShape,
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


def add_tine(
    out: NDArray[np.float32], note: NoteShape, settings: TineSettings, sine: NDArray[np.float32], sample_rate_hz: int
) -> None:
    """Add one note of the FM voice to ``out``, shape ``(2, frames)``; what lies beyond its end is cut."""
    total = tine_frames(note.gate_frames, settings, sample_rate_hz)
    room = min(total, out.shape[1] - note.first_frame)
    if room <= 0 or note.frequency_hz <= 0 or note.frequency_hz > 0.45 * sample_rate_hz:
        return
    _add_tine(out, room, total, note, settings, sine, float(sample_rate_hz))


@kernel
def _add_tine(
    out: NDArray[np.float32], room: int, total: int, note: NoteShape, settings: TineSettings,
    sine: NDArray[np.float32], rate: float,
) -> None:  # fmt: skip
    detune = 2.0 ** (settings.detune_cents / 1200.0)
    tine_hz = note.frequency_hz * settings.tine_ratio
    tine_level = settings.tine_level * note.velocity * note.velocity
    if tine_hz > 0.4 * rate:
        tine_level = 0.0
    # Modulation widens the spectrum by about depth + 1 multiples: keep it under the Nyquist frequency.
    widest = max(0.0, 0.42 * rate / note.frequency_hz / max(settings.ratio, 1.0) - 2.0)
    depth_full = settings.depth * (1.0 - settings.velocity_depth * (1.0 - note.velocity)) * note.brightness
    depth_full = min(depth_full, widest * 0.5) / (2.0 * math.pi) * PHASE_RANGE
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
    depths = np.empty(CONTROL_FRAMES, dtype=np.float32)
    for start in range(0, room, CONTROL_FRAMES):
        count = min(CONTROL_FRAMES, room - start)
        if settings.tremolo > 0.0:
            sway = settings.tremolo * math.sin(2.0 * math.pi * settings.tremolo_hz * (note.first_frame + start) / rate)
            left_swell = 1.0 + sway
            right_swell = 1.0 - sway
        for i in range(count):
            depth *= depth_factor
            depths[i] = depth_full * (settings.depth_sustain + (1.0 - settings.depth_sustain) * depth)
            left_wave[i] = 0.0
            right_wave[i] = 0.0
        for pair in range(2):
            frequency = note.frequency_hz * detune if pair == 1 else note.frequency_hz / detune
            carrier_step = np.int64(frequency / rate * PHASE_RANGE)
            modulator_step = np.int64(frequency * settings.ratio / rate * PHASE_RANGE)
            to_left = near if pair == 0 else far
            to_right = far if pair == 0 else near
            for i in range(count):
                modulator = (modulator_step * (start + i)) & PHASE_MASK
                cell = modulator >> CELL_SHIFT
                low = sine[cell]
                bend = low + np.float32(modulator & CELL_MASK) * CELL_SHARE * (sine[cell + 1] - low)
                carrier = (carrier_step * (start + i) + np.int64(depths[i] * bend)) & PHASE_MASK
                cell = carrier >> CELL_SHIFT
                low = sine[cell]
                value = low + np.float32(carrier & CELL_MASK) * CELL_SHARE * (sine[cell + 1] - low)
                left_wave[i] += to_left * value
                right_wave[i] += to_right * value
        if tine_level * tine > 1e-5:
            carrier_step = np.int64(tine_hz / rate * PHASE_RANGE)
            modulator_step = np.int64(note.frequency_hz / rate * PHASE_RANGE)
            tine_depth = settings.tine_depth / (2.0 * math.pi) * PHASE_RANGE
            for i in range(count):
                tine *= tine_factor
                modulator = (modulator_step * (start + i)) & PHASE_MASK
                bend = sine[modulator >> CELL_SHIFT]
                carrier = (carrier_step * (start + i) + np.int64(tine_depth * bend)) & PHASE_MASK
                cell = carrier >> CELL_SHIFT
                low = sine[cell]
                value = low + np.float32(carrier & CELL_MASK) * CELL_SHARE * (sine[cell + 1] - low)
                left_wave[i] += tine_level * tine * value
                right_wave[i] += tine_level * tine * value
        for i in range(count):
            now = start + i
            body *= body_factor
            level = body
            if now < attack:
                level *= now / attack
            if now >= note.gate_frames:
                released *= release_factor
                level *= released
            if now >= total - fade:
                level *= (total - 1 - now) / fade
            left = left_wave[i] * level
            right = right_wave[i] * level
            if settings.drive > 0.0:
                x = min(max(left * drive, -3.0), 3.0)
                left = undrive * x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
                x = min(max(right * drive, -3.0), 3.0)
                right = undrive * x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
            out[0, note.first_frame + now] += left * pan_left * left_swell
            out[1, note.first_frame + now] += right * pan_right * right_swell
