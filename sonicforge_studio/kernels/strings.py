"""The plucked string: a delay line as long as the note's period, closed through a filter.

K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", Computer Music Journal 7 (1983),
doi 10.2307/3680062; with what D. Jaffe and J. Smith added in "Extensions of the Karplus-Strong Plucked-String
Algorithm", the same volume, doi 10.2307/3680063: a length that is no whole number of frames, a decay in seconds, the
place of the pluck, and a pluck that is brighter the harder it is.

Once round lasts a period exactly: the filter's own phase delay at the note's frequency is taken off the line, and the
rest of a frame is made by Lagrange interpolation over six points (T. Laakso et al., "Splitting the Unit Delay", IEEE
Signal Processing Magazine 13, 1996, doi 10.1109/79.482137).
"""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.synthesis import CONTROL_FRAMES, FADE_RELEASES, RELEASES, NoteShape

_MIDDLE_C_HZ = 261.63
_POINTS = 6
_SHORTEST_PERIOD = 5.0
"""Frames that the line needs to hold its filters: 8.8 kHz at 44.1 kHz, above any fretboard."""
_LOUDEST_LOOP = 0.99999
_RINGS = 1.25
"""A string is over after so many of its decays, 75 dB down, however long it is held."""
_LEVEL = 0.5
_BODY_RATIOS = (1.0, 2.05, 3.9)
_BODY_LEVELS = (1.0, 0.8, 0.5)
_BODY_DAMPING = 0.09
"""Air and wood: the reciprocal of the resonances' Q, about 11 as measured on guitars."""


class StringSettings(NamedTuple):
    """A sound of the plucked string. Levels are linear, times in seconds, every field a float."""

    decay: float = 4.0
    """How long the fundamental of middle C takes to fall by 60 dB."""
    decay_tracking: float = 0.5
    """1 halves the decay with each octave up, 0 leaves it."""
    damping_hz: float = 2500.0
    """Partials at this frequency lose twice as much as the lowest: losses grow with its square, as in air and gut."""
    position: float = 0.18
    """Where it is plucked, as a share of its length: partials with a node there are missing."""
    pick_hz: float = 2500.0
    """From here up the pluck itself has less and less: a fingertip is low, a plectrum high."""
    pick_tracking: float = 0.5
    velocity_octaves: float = 1.6
    """How far full velocity moves that up above the softest."""
    noise: float = 0.25
    """The share of noise in the pluck's energy, other noise at each stroke."""
    release: float = 0.1
    body: float = 0.0
    """How much of three resonances of air and wood is heard beside the string."""
    body_hz: float = 105.0
    detune_cents: float = 0.0
    """How far the two strings of a course lie from the note, one above and one below."""
    spread: float = 0.0
    """0 both in the middle, 1 one to each side; one string only where there is neither this nor a detuning."""


class _Loop(NamedTuple):
    """One way round: what the newest of six points is behind, their weights, and the damping filter's pole."""

    lag: int
    weights: NDArray[np.float64]
    """With the loop's gain and the filter's own."""
    pole: float
    period: float


def string_frames(gate_frames: int, frequency_hz: float, settings: StringSettings, sample_rate_hz: int) -> int:
    """How many frames such a note sounds: until it has been let go, or has died away."""
    held = gate_frames + int(settings.release * RELEASES * sample_rate_hz)
    ring = int(_RINGS * decay_seconds(frequency_hz, settings) * sample_rate_hz)
    return min(held, ring) + 256


def decay_seconds(frequency_hz: float, settings: StringSettings) -> float:
    """How long the fundamental of a held note takes to fall by 60 dB."""
    return float(settings.decay * (_MIDDLE_C_HZ / max(frequency_hz, 1.0)) ** settings.decay_tracking)


def add_string(out: NDArray[np.float32], note: NoteShape, settings: StringSettings, sample_rate_hz: int) -> None:
    """Add one plucked note to ``out``, shape ``(2, frames)``; what lies beyond its end is cut. Notes whose period is
    shorter than six frames are not played."""
    if note.frequency_hz <= 0 or sample_rate_hz / note.frequency_hz < _SHORTEST_PERIOD + 1:
        return
    total = string_frames(note.gate_frames, note.frequency_hz, settings, sample_rate_hz)
    room = min(total, out.shape[1] - note.first_frame)
    if room <= 0:
        return
    one_string = settings.detune_cents == 0.0 and settings.spread == 0.0
    cents = (0.0,) if one_string else (-settings.detune_cents, settings.detune_cents)
    loops = [_tuned_loop(note.frequency_hz * 2.0 ** (bend / 1200.0), settings, sample_rate_hz) for bend in cents]
    _add_string(
        out, room, total, note, settings,
        np.array([loop.lag for loop in loops]), np.array([loop.weights for loop in loops]),
        np.array([loop.pole for loop in loops]), np.array([loop.period for loop in loops]), float(sample_rate_hz),
    )  # fmt: skip


def _tuned_loop(frequency_hz: float, settings: StringSettings, sample_rate_hz: int) -> _Loop:
    """The way round that lasts a period at this frequency, and loses there what the decay asks for.

    The losses are those of a string, a constant and a part that grows with the frequency's square; the pole of the
    damping filter is chosen so that it takes the latter at ``damping_hz``.
    """
    period = sample_rate_hz / frequency_hz
    turn = 2 * math.pi / period
    lost = 3 * math.log(10) / decay_seconds(frequency_hz, settings) / frequency_hz
    damping = min(2 * math.pi * settings.damping_hz / sample_rate_hz, 0.9 * math.pi)
    constant = lost / (1.0 + (turn / damping) ** 2)
    # |1 - a|² / |1 - a·e^(-jw)|² = e^(-2·constant) at the damping frequency, solved for a.
    steepness = math.expm1(2 * constant) / (2 * (1 - math.cos(damping)))
    pole = 2 * steepness / (2 * steepness + 1 + math.sqrt(4 * steepness + 1))
    filtered = (1 - pole) / (1 - pole * cmath.exp(-1j * turn))
    line = period + cmath.phase(filtered) / turn
    lag = max(1, math.floor(line) - 2)
    wanted = line - lag
    delay = wanted
    for _ in range(3):
        response = _response(_lagrange(delay), turn)
        delay += wanted + cmath.phase(response) / turn
    weights = _lagrange(delay)
    gain = math.exp(-lost) / abs(filtered * _response(weights, turn))
    return _Loop(lag, weights * (min(gain, _LOUDEST_LOOP) * (1 - pole)), pole, period)


def _lagrange(delay: float) -> NDArray[np.float64]:
    """Weights of six points, the newest first, for what lies ``delay`` frames behind the newest."""
    weights = np.ones(_POINTS)
    for point in range(_POINTS):
        for other in range(_POINTS):
            if other != point:
                weights[point] *= (delay - other) / (point - other)
    return weights


def _response(weights: NDArray[np.float64], turn: float) -> complex:
    return complex(np.dot(weights, np.exp(-1j * turn * np.arange(_POINTS))))


@kernel
def _add_string(
    out: NDArray[np.float32], room: int, total: int, note: NoteShape, settings: StringSettings,
    lags: NDArray[np.int64], weights: NDArray[np.float64], poles: NDArray[np.float64], periods: NDArray[np.float64],
    rate: float,
) -> None:  # fmt: skip
    strings = lags.size
    size = 64
    while size < periods.max() + _POINTS + 2:
        size *= 2
    mask = size - 1
    rings = np.zeros((strings, size))
    filtered = np.zeros(strings)
    random = np.uint64(note.seed) * np.uint64(2862933555777941757) + np.uint64(3037000493)
    cutoff = settings.pick_hz * note.brightness * 2.0 ** (
        settings.velocity_octaves * (note.velocity - 0.7)
        + settings.pick_tracking * math.log2(note.frequency_hz / _MIDDLE_C_HZ)
    )  # fmt: skip
    soft = math.exp(-2.0 * math.pi * min(max(cutoff, 20.0), 0.4 * rate) / rate)
    position = min(max(settings.position, 0.02), 0.5)
    longest = int(periods.max() * (1.0 + position)) + int(20.0 / (1.0 - soft)) + 4
    plucks = np.empty((strings, longest))
    for string in range(strings):
        random = _pluck(plucks[string], periods[string], position, soft, settings.noise, random)
    near = 0.5 * (1.0 + settings.spread) if strings == 2 else 1.0
    far = 1.0 - near if strings == 2 else 1.0
    loudness = _LEVEL * note.gain * 1.4142135 * (0.12 + 0.88 * note.velocity * note.velocity)
    pan_left = math.cos((note.pan + 1.0) * math.pi / 4.0) * loudness
    pan_right = math.sin((note.pan + 1.0) * math.pi / 4.0) * loudness
    release_factor = math.exp(-1.0 / max(settings.release * rate, 1.0))
    fade = max(256.0, FADE_RELEASES * settings.release * rate)
    body = np.empty((len(_BODY_RATIOS), 3))
    for number in range(len(_BODY_RATIOS)):
        g = math.tan(math.pi * min(settings.body_hz * _BODY_RATIOS[number], 0.4 * rate) / rate)
        first = 1.0 / (1.0 + g * (g + _BODY_DAMPING))
        body[number, 0], body[number, 1], body[number, 2] = first, g * first, g * (g * first)
    resonating = np.zeros((len(_BODY_RATIOS), 2))
    released = 1.0
    left_wave = np.empty(CONTROL_FRAMES)
    right_wave = np.empty(CONTROL_FRAMES)
    for start in range(0, room, CONTROL_FRAMES):
        count = min(CONTROL_FRAMES, room - start)
        left_wave[:] = 0.0
        right_wave[:] = 0.0
        for string in range(strings):
            to_left = near if string == 0 else far
            to_right = far if string == 0 else near
            ring, weight, pluck = rings[string], weights[string], plucks[string]
            pole, newest = poles[string], start - lags[string]
            value = filtered[string]
            for i in range(count):
                at = newest + i
                value = pole * value + (
                    weight[0] * ring[at & mask]
                    + weight[1] * ring[(at - 1) & mask]
                    + weight[2] * ring[(at - 2) & mask]
                    + weight[3] * ring[(at - 3) & mask]
                    + weight[4] * ring[(at - 4) & mask]
                    + weight[5] * ring[(at - 5) & mask]
                )
                now = start + i
                heard = value + pluck[now] if now < longest else value
                ring[now & mask] = heard
                left_wave[i] += to_left * heard
                right_wave[i] += to_right * heard
            filtered[string] = value
        if settings.body > 0.0:
            _resonate(left_wave, right_wave, count, body, resonating, settings.body)
        for i in range(count):
            now = start + i
            level = 1.0
            if now >= note.gate_frames:
                released *= release_factor
                level = released
            if now >= total - fade:
                level *= (total - 1 - now) / fade
            out[0, note.first_frame + now] += left_wave[i] * level * pan_left
            out[1, note.first_frame + now] += right_wave[i] * level * pan_right


@kernel
def _pluck(
    out: NDArray[np.float64], period: float, position: float, soft: float, noise: float, random: np.uint64
) -> np.uint64:
    """What sets the string going: an impulse and a period of noise, both softened twice, less the same a way behind.

    The way is that from the pluck to the bridge and back. Scaled to an RMS value of 1 over the period, with no mean:
    the line would keep it longer than anything else. Gives the dice back as they lie.
    """
    struck = math.sqrt(max(0.0, 1.0 - noise) * period)
    rough = math.sqrt(3.0 * max(0.0, noise))
    softened = np.empty(out.size)
    once = twice = 0.0
    for i in range(out.size):
        value = struck if i == 0 else 0.0
        if i < period:
            random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            value += rough * (float(random >> np.uint64(40)) / 8388608.0 - 1.0)
        once = value + soft * (once - value)
        twice = once + soft * (twice - once)
        softened[i] = twice
    behind = max(1.0, position * period)
    whole = int(behind)
    share = behind - whole
    mean = 0.0
    for i in range(out.size):
        value = softened[i]
        if i >= whole:
            value -= (1.0 - share) * softened[i - whole]
        if i >= whole + 1:
            value -= share * softened[i - whole - 1]
        out[i] = value
        mean += value / out.size
    energy = 0.0
    for i in range(out.size):
        out[i] -= mean
        energy += out[i] * out[i]
    scale = math.sqrt(period / max(energy, 1e-12))
    for i in range(out.size):
        out[i] *= scale
    return random


@kernel
def _resonate(
    left: NDArray[np.float64], right: NDArray[np.float64], count: int, body: NDArray[np.float64],
    memory: NDArray[np.float64], amount: float,
) -> None:  # fmt: skip
    """The instrument's body beside its strings, the same to both sides: the band-pass of Simper's filter (2013)."""
    for number in range(len(_BODY_RATIOS)):
        a1, a2, a3 = body[number, 0], body[number, 1], body[number, 2]
        first, second = memory[number, 0], memory[number, 1]
        gain = amount * _BODY_LEVELS[number] * _BODY_DAMPING
        for i in range(count):
            v3 = 0.5 * (left[i] + right[i]) - second
            v1 = a1 * first + a2 * v3
            v2 = second + a2 * first + a3 * v3
            first = 2.0 * v1 - first
            second = 2.0 * v2 - second
            left[i] += gain * v1
            right[i] += gain * v1
        memory[number, 0], memory[number, 1] = first, second
