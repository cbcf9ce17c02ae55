"""The subtractive voice: detuned unison oscillators, a resonant low-pass and envelopes.

Oscillators read band-limited tables (a third of an octave apart, so that no harmonic passes the Nyquist frequency);
the filter is the zero-delay-feedback state-variable filter of A. Simper, "Solving the continuous SVF equations using
trapezoidal integration" (2013), as in V. Zavalishin, "The Art of VA Filter Design", ch. 4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

TABLE_FRAMES = 4096
_TABLES_PER_OCTAVE = 3
_LOWEST_HZ = 20.0
CONTROL_FRAMES = 64
"""Envelopes and sways of pitch and filter move once in so many frames; the filter's coefficients glide between."""
PHASE_RANGE = 4294967296.0
"""Phases are counted in 2^-32 of a period: they wrap by a mask, and the next ones do not wait for the last."""
PHASE_MASK = 0xFFFFFFFF
CELL_SHIFT = 20
CELL_MASK = 0xFFFFF
CELL_SHARE = np.float32(1.0 / 1048576.0)
RELEASES = 4.5
"""A note ends so many time constants after it is let go (−39 dB), and fades over the last of them."""
FADE_RELEASES = 2.0
_MOST_VOICES = 9


class ToneSettings(NamedTuple):
    """A sound of the subtractive voice. Levels are linear, times in seconds, every field a float."""

    saw: float = 1.0
    pulse: float = 0.0
    pulse_width: float = 0.5
    sine: float = 0.0
    sub: float = 0.0
    """A sine one octave below, in the middle of the picture."""
    noise: float = 0.0
    voices: float = 1.0
    detune_cents: float = 0.0
    spread: float = 0.0
    """0 all voices in the middle, 1 from hard left to hard right."""
    cutoff_hz: float = 18000.0
    resonance: float = 0.1
    key_tracking: float = 0.0
    slope: float = 1.0
    """1 for 12 dB an octave, 2 for 24."""
    filter_octaves: float = 0.0
    filter_attack: float = 0.003
    filter_decay: float = 0.3
    filter_sustain: float = 0.0
    velocity_octaves: float = 1.0
    """How far full velocity opens the filter above the softest."""
    attack: float = 0.003
    decay: float = 0.3
    sustain: float = 0.7
    release: float = 0.08
    vibrato_hz: float = 5.0
    vibrato_cents: float = 0.0
    vibrato_delay: float = 0.25
    sweep_hz: float = 0.0
    sweep_octaves: float = 0.0
    glide: float = 0.0
    drive: float = 0.0


class NoteShape(NamedTuple):
    """Where one note lies in the buffer and how it is played."""

    first_frame: int
    gate_frames: int
    frequency_hz: float
    from_hz: float
    """Where a glide starts; the frequency itself for none."""
    velocity: float
    """0..1"""
    gain: float
    pan: float
    """−1 left … 1 right"""
    brightness: float
    """Factor on the filter's cutoff or the modulation's depth."""
    seed: int


def saw_tables(sample_rate_hz: int) -> NDArray[np.float32]:
    """One period of a saw for each third of an octave from 20 Hz, shape ``(tables, TABLE_FRAMES + 1)``."""
    count = math.ceil(_TABLES_PER_OCTAVE * math.log2(sample_rate_hz / 2 / _LOWEST_HZ)) + 1
    tables = np.empty((count, TABLE_FRAMES + 1), dtype=np.float32)
    for index in range(count):
        highest_hz = _LOWEST_HZ * 2.0 ** ((index + 1) / _TABLES_PER_OCTAVE)
        harmonics = max(1, min(int(0.48 * sample_rate_hz / highest_hz), TABLE_FRAMES // 4))
        spectrum = np.zeros(TABLE_FRAMES // 2 + 1, dtype=np.complex128)
        numbers = np.arange(1, harmonics + 1)
        spectrum[1 : harmonics + 1] = -1j * TABLE_FRAMES / (np.pi * numbers)
        tables[index, :-1] = np.fft.irfft(spectrum, TABLE_FRAMES)
        tables[index, -1] = tables[index, 0]
    return tables


def sine_table() -> NDArray[np.float32]:
    """One period of a sine, shape ``(TABLE_FRAMES + 1,)``."""
    return np.sin(2 * np.pi * np.arange(TABLE_FRAMES + 1) / TABLE_FRAMES).astype(np.float32)


def table_number(frequency_hz: float, tables: int) -> int:
    """Which table of ``saw_tables`` a note that never rises above this frequency may read."""
    position = math.ceil(_TABLES_PER_OCTAVE * math.log2(max(frequency_hz, _LOWEST_HZ) / _LOWEST_HZ) - 1e-9) - 1
    return int(min(max(position, 0), tables - 1))


def tone_frames(gate_frames: int, settings: ToneSettings, sample_rate_hz: int) -> int:
    """How many frames such a note sounds, its release included."""
    return gate_frames + int(settings.release * RELEASES * sample_rate_hz) + 256


def add_tone(
    out: NDArray[np.float32], note: NoteShape, settings: ToneSettings, tables: NDArray[np.float32],
    sine: NDArray[np.float32], sample_rate_hz: int,
) -> None:  # fmt: skip
    """Add one note of the subtractive voice to ``out``, shape ``(2, frames)``; what lies beyond its end is cut."""
    total = tone_frames(note.gate_frames, settings, sample_rate_hz)
    room = min(total, out.shape[1] - note.first_frame)
    if room <= 0 or note.frequency_hz <= 0 or note.frequency_hz > 0.45 * sample_rate_hz:
        return
    top_hz = max(note.frequency_hz, note.from_hz) * 2.0 ** ((settings.detune_cents + settings.vibrato_cents) / 1200)
    table = tables[table_number(top_hz, tables.shape[0])]
    _add_tone(out, room, total, note, settings, table, sine, float(sample_rate_hz))


@kernel
def _add_tone(
    out: NDArray[np.float32], room: int, total: int, note: NoteShape, settings: ToneSettings,
    table: NDArray[np.float32], sine: NDArray[np.float32], rate: float,
) -> None:  # fmt: skip
    voices = min(max(int(settings.voices), 1), _MOST_VOICES)
    random = np.uint64(note.seed) * np.uint64(2862933555777941757) + np.uint64(3037000493)
    phase = np.empty(voices, dtype=np.int64)
    step = np.empty(voices)
    left_gain = np.empty(voices, dtype=np.float32)
    right_gain = np.empty(voices, dtype=np.float32)
    share = 1.0 / math.sqrt(voices)
    for voice in range(voices):
        random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        phase[voice] = np.int64(random >> np.uint64(32))
        place = 0.0 if voices == 1 else 2.0 * voice / (voices - 1) - 1.0
        step[voice] = note.frequency_hz / rate * 2.0 ** (settings.detune_cents * place / 1200.0)
        # Neighbours in pitch go to opposite sides, so that neither side is the sharp one.
        side = place * settings.spread * (1.0 if voice % 2 == 0 else -1.0)
        left_gain[voice] = share * math.sqrt(1.0 - side)
        right_gain[voice] = share * math.sqrt(1.0 + side)
    if voices == 1:
        phase[0] = 0
    loudness = note.gain * 1.4142135 * (0.25 + 0.75 * note.velocity * note.velocity)
    pan_left = math.cos((note.pan + 1.0) * math.pi / 4.0) * loudness
    pan_right = math.sin((note.pan + 1.0) * math.pi / 4.0) * loudness
    sine_phase = np.int64(0)
    sub_phase = np.int64(0)
    sweep_start = phase[0] / PHASE_RANGE
    glide_octaves = math.log2(note.from_hz / note.frequency_hz) if note.from_hz > 0 else 0.0
    base_octaves = (
        settings.velocity_octaves * (note.velocity - 0.7)
        + settings.key_tracking * math.log2(note.frequency_hz / 261.63)
        + math.log2(max(note.brightness, 0.01))
    )
    damping = 2.0 - 2.0 * min(max(settings.resonance, 0.0), 0.97)
    wave, slopes = _one_period(table, settings.saw, settings.pulse, min(max(settings.pulse_width, 0.05), 0.95))
    values = np.empty(CONTROL_FRAMES, dtype=np.float32)
    drive = 1.0 + 6.0 * settings.drive
    undrive = 1.0 / drive**0.6
    attack = max(settings.attack * rate, 32.0)
    decays = np.empty(CONTROL_FRAMES)
    releases = np.empty(CONTROL_FRAMES)
    for i in range(CONTROL_FRAMES):
        decays[i] = math.exp(-(i + 1.0) / max(settings.decay * rate, 1.0))
        releases[i] = math.exp(-(i + 1.0) / max(settings.release * rate, 1.0))
    decaying = 1.0
    released = 1.0
    stages = 2 if settings.slope > 1.5 else 1
    coefficients = np.zeros((stages, 3))
    wanted = np.zeros((stages, 3))
    memory = np.zeros((stages, 4))
    levels = np.empty(CONTROL_FRAMES, dtype=np.float32)
    vibrato_frames = settings.vibrato_delay * rate
    fade = max(256.0, FADE_RELEASES * settings.release * rate)
    left_wave = np.empty(CONTROL_FRAMES, dtype=np.float32)
    right_wave = np.empty(CONTROL_FRAMES, dtype=np.float32)
    middle_wave = np.empty(CONTROL_FRAMES, dtype=np.float32)
    for start in range(0, room, CONTROL_FRAMES):
        count = min(CONTROL_FRAMES, room - start)
        seconds = start / rate
        if seconds < settings.filter_attack:
            envelope = seconds / settings.filter_attack
        else:
            envelope = settings.filter_sustain + (1.0 - settings.filter_sustain) * math.exp(
                -(seconds - settings.filter_attack) / max(settings.filter_decay, 1e-3)
            )
        if start > note.gate_frames:
            envelope *= math.exp(-(start - note.gate_frames) / rate / max(settings.release, 1e-3))
        octaves = base_octaves + settings.filter_octaves * envelope
        if settings.sweep_octaves != 0.0:
            octaves += settings.sweep_octaves * math.sin(2.0 * math.pi * (sweep_start + seconds * settings.sweep_hz))
        cutoff = min(max(settings.cutoff_hz * 2.0**octaves, 20.0), 0.42 * rate)
        g = math.tan(math.pi * cutoff / rate)
        for stage in range(stages):
            # The second stage has Butterworth's damping: the resonance is the first one's.
            first = 1.0 / (1.0 + g * (g + (damping if stage == 0 else 1.4142)))
            wanted[stage, 0], wanted[stage, 1], wanted[stage, 2] = first, g * first, g * (g * first)
        if start == 0:
            coefficients[:] = wanted
        steps = (wanted - coefficients) / CONTROL_FRAMES
        bend = 0.0
        if settings.vibrato_cents > 0.0 and start > vibrato_frames:
            depth = min(1.0, (start - vibrato_frames) / (0.3 * rate))
            bend = settings.vibrato_cents / 1200.0 * depth * math.sin(2.0 * math.pi * settings.vibrato_hz * seconds)
        if settings.glide > 0.0:
            bend += glide_octaves * math.exp(-seconds / settings.glide)
        scale = PHASE_RANGE if bend == 0.0 else 2.0**bend * PHASE_RANGE
        for i in range(count):
            left_wave[i] = 0.0
            right_wave[i] = 0.0
            middle_wave[i] = 0.0
        if settings.saw != 0.0 or settings.pulse != 0.0:
            for voice in range(voices):
                stride = np.int64(step[voice] * scale)
                at = phase[voice]
                left_share, right_share = left_gain[voice], right_gain[voice]
                for i in range(count):
                    position = (at + stride * (i + 1)) & PHASE_MASK
                    cell = position >> CELL_SHIFT
                    values[i] = wave[cell] + np.float32(position & CELL_MASK) * slopes[cell]
                # A loop of its own: whole vectors.
                for i in range(count):
                    left_wave[i] += left_share * values[i]
                    right_wave[i] += right_share * values[i]
                phase[voice] = (at + stride * count) & PHASE_MASK
        if settings.sine != 0.0:
            stride = np.int64(note.frequency_hz / rate * scale)
            gain = np.float32(settings.sine)
            for i in range(count):
                position = (sine_phase + stride * (i + 1)) & PHASE_MASK
                cell = position >> CELL_SHIFT
                low = sine[cell]
                value = low + np.float32(position & CELL_MASK) * CELL_SHARE * (sine[cell + 1] - low)
                left_wave[i] += gain * value
                right_wave[i] += gain * value
            sine_phase = (sine_phase + stride * count) & PHASE_MASK
        if settings.noise != 0.0:
            for i in range(count):
                random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                left_wave[i] += settings.noise * (float(random >> np.uint64(40)) / 8388608.0 - 1.0)
                random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                right_wave[i] += settings.noise * (float(random >> np.uint64(40)) / 8388608.0 - 1.0)
        if settings.sub != 0.0:
            stride = np.int64(0.5 * note.frequency_hz / rate * scale)
            gain = np.float32(settings.sub)
            for i in range(count):
                position = (sub_phase + stride * (i + 1)) & PHASE_MASK
                cell = position >> CELL_SHIFT
                low = sine[cell]
                value = low + np.float32(position & CELL_MASK) * CELL_SHARE * (sine[cell + 1] - low)
                middle_wave[i] = gain * value
            sub_phase = (sub_phase + stride * count) & PHASE_MASK
        for stage in range(stages):
            _low_pass(left_wave, right_wave, count, coefficients[stage], steps[stage], memory[stage])
        if settings.sub != 0.0:
            for i in range(count):
                left_wave[i] += middle_wave[i]
                right_wave[i] += middle_wave[i]
        if settings.drive > 0.0:
            overdrive(left_wave, np.float32(drive), np.float32(undrive))
            overdrive(right_wave, np.float32(drive), np.float32(undrive))
        if start >= attack and (start >= note.gate_frames or start + count <= note.gate_frames):
            # Neither the attack nor the gate ends in this stretch: whole vectors.
            for i in range(count):
                levels[i] = settings.sustain + (1.0 - settings.sustain) * decaying * decays[i]
            decaying *= decays[count - 1]
            if start >= note.gate_frames:
                for i in range(count):
                    levels[i] *= released * releases[i]
                released *= releases[count - 1]
        else:
            for i in range(count):
                now = start + i
                if now < attack:
                    level = now / attack
                    level = level * level * (3.0 - 2.0 * level)
                else:
                    decaying *= decays[0]
                    level = settings.sustain + (1.0 - settings.sustain) * decaying
                if now >= note.gate_frames:
                    released *= releases[0]
                    level *= released
                levels[i] = level
        if start + count > total - fade:
            for i in range(count):
                levels[i] *= min(1.0, (total - 1 - (start + i)) / fade)
        at_frame = note.first_frame + start
        mix_in(out[0, at_frame : at_frame + count], left_wave, levels, np.float32(pan_left))
        mix_in(out[1, at_frame : at_frame + count], right_wave, levels, np.float32(pan_right))


@kernel
def _one_period(
    table: NDArray[np.float32], saw: float, pulse: float, width: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the oscillators of a note read: a saw, and a pulse, which is a saw less another one so far behind it; and
    how much it rises in each cell for each count of the phase."""
    wave = np.empty(TABLE_FRAMES + 1, dtype=np.float32)
    slopes = np.empty(TABLE_FRAMES, dtype=np.float32)
    shift = width * TABLE_FRAMES
    whole = int(shift)
    share = np.float32(shift - whole)
    both, less = np.float32(saw + pulse), np.float32(pulse)
    for i in range(TABLE_FRAMES):
        cell = (i + whole) & (TABLE_FRAMES - 1)
        behind = table[cell] + share * (table[cell + 1] - table[cell])
        wave[i] = both * table[i] - less * behind
    wave[TABLE_FRAMES] = wave[0]
    for i in range(TABLE_FRAMES):
        slopes[i] = (wave[i + 1] - wave[i]) * CELL_SHARE
    return wave, slopes


@kernel
def _low_pass(
    left: NDArray[np.float32], right: NDArray[np.float32], count: int, a: NDArray[np.float64],
    step: NDArray[np.float64], memory: NDArray[np.float64],
) -> None:  # fmt: skip
    """One stage of the filter, in place; its coefficients ``a`` glide by ``step`` a frame.

    Simper's equations, solved for the next two states: three operations from one frame to the next instead of five, and
    each frame waits for these. The output is the mean of the old and the new state of the low-pass.
    """
    kept, crossed, taken = 2.0 * a[0] - 1.0, 2.0 * a[1], 2.0 * a[2]
    kept_step, crossed_step, taken_step = 2.0 * step[0], 2.0 * step[1], 2.0 * step[2]
    l1, l2, r1, r2 = memory[0], memory[1], memory[2], memory[3]
    for i in range(count):
        kept += kept_step
        crossed += crossed_step
        taken += taken_step
        stays = 1.0 - taken
        x = float(left[i])
        next_1 = kept * l1 - crossed * l2 + crossed * x
        next_2 = crossed * l1 + stays * l2 + taken * x
        left[i] = 0.5 * (l2 + next_2)
        l1, l2 = next_1, next_2
        x = float(right[i])
        next_1 = kept * r1 - crossed * r2 + crossed * x
        next_2 = crossed * r1 + stays * r2 + taken * x
        right[i] = 0.5 * (r2 + next_2)
        r1, r2 = next_1, next_2
    a[0], a[1], a[2] = 0.5 * (kept + 1.0), 0.5 * crossed, 0.5 * taken
    memory[0], memory[1], memory[2], memory[3] = l1, l2, r1, r2


@kernel
def overdrive(wave: NDArray[np.float32], drive: np.float32, undrive: np.float32) -> None:
    limit, much, nine = np.float32(3.0), np.float32(27.0), np.float32(9.0)
    for i in range(wave.size):
        x = min(max(wave[i] * drive, -limit), limit)
        square = x * x
        wave[i] = undrive * x * (much + square) / (much + nine * square)


@kernel
def mix_in(out: NDArray[np.float32], wave: NDArray[np.float32], levels: NDArray[np.float32], gain: np.float32) -> None:
    for i in range(out.size):
        out[i] += wave[i] * levels[i] * gain
