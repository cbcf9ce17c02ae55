"""Effects that work block by block: strip equaliser, ducking, delay, reverb, modulated delay, vinyl, bus level.

Each effect keeps its state in arrays that the caller owns, so that the cutting into blocks is not heard.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Block = NDArray[np.float32]
State = NDArray[np.float64]

REVERB_LINES = 8
_LINE_SECONDS = (0.03571, 0.04013, 0.04463, 0.05087, 0.05639, 0.06131, 0.06733, 0.07307)
"""Mutually prime in frames at the usual rates; the longest below the ear's flutter of about 80 ms."""
_STRETCH_FRAMES = 32
_DIFFUSER_SECONDS = (0.00477, 0.00359, 0.01273, 0.00931)


def equalise(block: Block, coefficients: NDArray[np.float64], state: State, drive: float, gain: float) -> None:
    """Filter, saturate and scale ``block`` (2, n) in place.

    ``coefficients`` has a row ``b0 b1 b2 a1 a2`` per biquad, ``state`` the shape ``(2, biquads, 2)``; drive 0 is clean.
    """
    _equalise(block, coefficients, state, float(drive), float(gain))


def duck(block: Block, position: int, hits: NDArray[np.int64], depth: float, release_frames: float) -> None:
    """Turn ``block`` (2, n), which starts at frame ``position``, down after each hit (frames, sorted), in place."""
    _duck(block, position, hits, float(depth), float(release_frames))


def delay_lines(seconds: float, sample_rate_hz: int) -> Block:
    """The empty lines of a ping-pong delay."""
    return np.zeros((2, max(1, round(seconds * sample_rate_hz))), dtype=np.float32)


def ping_pong(
    send: Block, out: Block, lines: Block, state: State, position: int, feedback: float, colour: float
) -> None:
    """Add the echoes of ``send`` (2, n) to ``out``: first left, then right. ``state`` has 4 places; ``colour`` (0..1)
    is how much treble each echo keeps."""
    _ping_pong(send, out, lines, state, position % lines.shape[1], float(feedback), float(colour))


def reverb_lines(sample_rate_hz: int, size: float) -> tuple[Block, NDArray[np.int64]]:
    """The empty lines of a reverb, shape ``(8 lines + 4 diffusers + predelay, frames)``, and each one's length."""
    lengths = [round(seconds * size * sample_rate_hz) | 1 for seconds in _LINE_SECONDS]
    lengths += [round(seconds * sample_rate_hz) | 1 for seconds in _DIFFUSER_SECONDS]
    lengths += [round(0.018 * sample_rate_hz)]
    # A power of two, so that places wrap by a mask.
    rows = 1 << (max(lengths) + 32).bit_length()
    return np.zeros((len(lengths), rows), dtype=np.float32), np.array(lengths, dtype=np.int64)


def reverberate(
    send: Block, out: Block, lines: Block, lengths: NDArray[np.int64], state: State, seconds: float, damping: float,
    sample_rate_hz: int,
) -> None:  # fmt: skip
    """Add the room's answer to ``send`` (2, n) to ``out``: a feedback delay network of eight lines.

    J.-M. Jot and A. Chaigne, "Digital Delay Networks for Designing Artificial Reverberators", AES 90 (1991), with a
    Householder matrix. ``seconds`` is the time in which it falls by 60 dB, ``damping`` (0..1) how much faster the
    treble does; ``state`` has 32 places.
    """
    falls = -3.0 * lengths[:REVERB_LINES].astype(np.float64) / (max(seconds, 0.05) * sample_rate_hz)
    gains: State = np.power(10.0, falls)
    _reverberate(send, out, lines, lengths, gains, state, float(damping), float(sample_rate_hz))


def modulated_lines(sample_rate_hz: int) -> Block:
    return np.zeros((2, 1 << (sample_rate_hz // 40).bit_length()), dtype=np.float32)


def modulate(
    block: Block, lines: Block, position: int, wet: float, depth_seconds: float, rate_hz: float, sample_rate_hz: int
) -> None:
    """Chorus (``wet`` about 0.5) or tape wow (``wet`` 1): ``block`` (2, n) through a delay that sways, in place."""
    _modulate(block, lines, position, float(wet), float(depth_seconds), float(rate_hz), float(sample_rate_hz))


def add_vinyl(
    out: Block, state: NDArray[np.uint64], memory: State, crackles_per_second: float, gain: float, sample_rate_hz: int
) -> None:
    """Add a worn record's surface to ``out``: hiss, dust and the odd pop. ``state`` has 1 place, ``memory`` 8."""
    _add_vinyl(out, state, memory, float(crackles_per_second), float(gain), float(sample_rate_hz))


def level_bus(
    mix: Block, gains: NDArray[np.float32], look_ahead: int, state: State, held: State,
    threshold: float, ratio: float, ceiling: float, sample_rate_hz: int,
) -> None:  # fmt: skip
    """The gain of the bus for ``mix`` (2, n + look_ahead), into ``gains`` (n): a slow compressor, then a peak limiter.

    The limiter looks ahead: the gain for frame i holds for all peaks up to ``i + look_ahead``, and falls smoothly
    because it is the mean of ``look_ahead`` such minima. ``state`` has 4 places (fill with 1), ``held`` has
    ``look_ahead`` places (fill with 1). The same gain on every stem keeps their sum equal to the mix.
    """
    _level_bus(
        mix, gains, look_ahead, state, held, float(threshold), float(ratio), float(ceiling), float(sample_rate_hz)
    )


@kernel
def _settled(value: float) -> float:
    """Without what no ear and no float32 knows of: such numbers take many times as long."""
    return value if abs(value) > 1e-15 else 0.0


@kernel
def _equalise(block: Block, coefficients: NDArray[np.float64], state: State, drive: float, gain: float) -> None:
    boost = 1.0 + 6.0 * drive
    restore = gain / boost**0.65
    left, right = block[0], block[1]
    for stage in range(coefficients.shape[0]):
        b0, b1, b2 = coefficients[stage, 0], coefficients[stage, 1], coefficients[stage, 2]
        a1, a2 = coefficients[stage, 3], coefficients[stage, 4]
        # The next states straight from these: without the output in between each frame waits a third less.
        c1, c2 = b1 - a1 * b0, b2 - a2 * b0
        l1, l2 = state[0, stage, 0], state[0, stage, 1]
        r1, r2 = state[1, stage, 0], state[1, stage, 1]
        # Both channels in one loop: each frame waits for the last one, and the other side's fills the time.
        for i in range(block.shape[1]):
            x = float(left[i])
            other = float(right[i])
            left[i] = b0 * x + l1
            right[i] = b0 * other + r1
            l1, l2 = (c1 * x + l2) - a1 * l1, c2 * x - a2 * l1
            r1, r2 = (c1 * other + r2) - a1 * r1, c2 * other - a2 * r1
        state[0, stage, 0], state[0, stage, 1] = _settled(l1), _settled(l2)
        state[1, stage, 0], state[1, stage, 1] = _settled(r1), _settled(r2)
    for channel in range(2):
        if drive > 0.0:
            for i in range(block.shape[1]):
                x = min(max(float(block[channel, i]) * boost, -3.0), 3.0)
                block[channel, i] = restore * x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
        elif gain != 1.0:
            for i in range(block.shape[1]):
                block[channel, i] *= gain


@kernel
def _duck(block: Block, position: int, hits: NDArray[np.int64], depth: float, release_frames: float) -> None:
    attack = 96.0
    current = np.searchsorted(hits, position, side="right") - 1
    for i in range(block.shape[1]):
        now = position + i
        while current + 1 < hits.shape[0] and hits[current + 1] <= now:
            current += 1
        if current < 0:
            continue
        since = now - hits[current]
        before = 0.0
        if current > 0:
            gone = min(1.0, (hits[current] - hits[current - 1]) / release_frames)
            before = (1.0 - gone) * (1.0 - gone)
        if since < attack:
            amount = before + (1.0 - before) * since / attack
        else:
            gone = min(1.0, (since - attack) / release_frames)
            amount = (1.0 - gone) * (1.0 - gone)
        gain = 1.0 - depth * amount
        block[0, i] *= gain
        block[1, i] *= gain


@kernel
def _ping_pong(send: Block, out: Block, lines: Block, state: State, place: int, feedback: float, colour: float) -> None:
    length = lines.shape[1]
    for i in range(send.shape[1]):
        left = float(lines[0, place])
        right = float(lines[1, place])
        out[0, i] += left
        out[1, i] += right
        # One pole takes treble from each repeat, another takes the bass that would pile up.
        state[0] += colour * (left - state[0])
        state[1] += colour * (right - state[1])
        state[2] += 0.02 * (state[0] - state[2])
        state[3] += 0.02 * (state[1] - state[3])
        into_left = 0.5 * (float(send[0, i]) + float(send[1, i])) + feedback * (state[1] - state[3])
        into_right = feedback * (state[0] - state[2])
        lines[0, place] = into_left if abs(into_left) > 1e-15 else 0.0
        lines[1, place] = into_right if abs(into_right) > 1e-15 else 0.0
        place += 1
        if place == length:
            place = 0


@kernel
def _reverberate(
    send: Block, out: Block, lines: Block, lengths: NDArray[np.int64], gains: NDArray[np.float64], state: State,
    damping: float, rate: float,
) -> None:  # fmt: skip
    time = int(state[24])
    sway = state[25]
    keep = 1.0 - 0.85 * damping
    mask = lines.shape[1] - 1
    # No line is as short as such a stretch: all of it is read before any of it is written.
    inside = np.empty(_STRETCH_FRAMES)
    total = np.empty(_STRETCH_FRAMES)
    left = np.empty(_STRETCH_FRAMES)
    right = np.empty(_STRETCH_FRAMES)
    heard = np.empty((_STRETCH_FRAMES, REVERB_LINES))
    damped = state[:REVERB_LINES].copy()
    low_left, low_right = state[16], state[17]
    start = 0
    while start < send.shape[1]:
        count = min(_STRETCH_FRAMES - time % _STRETCH_FRAMES, send.shape[1] - start)
        if time % _STRETCH_FRAMES == 0:
            sway = math.sin(2.0 * math.pi * 0.6 * time / rate)
        for i in range(count):
            inside[i] = 0.5 * float(lines[12, (time + i - lengths[12]) & mask])
            lines[12, (time + i) & mask] = send[0, start + i] + send[1, start + i]
        for k in range(8, 12):
            for i in range(count):
                stored = float(lines[k, (time + i - lengths[k]) & mask])
                into = inside[i] + 0.6 * stored
                lines[k, (time + i) & mask] = into if abs(into) > 1e-15 else 0.0
                inside[i] = stored - 0.6 * into
        for k in range(REVERB_LINES):
            late = 12.0 + (6.0 if k % 2 == 0 else -6.0) * sway
            whole = int(late)
            share = late - whole
            at = time - lengths[k] + whole
            for i in range(count):
                first = float(lines[k, (at + i) & mask])
                second = float(lines[k, (at + i + 1) & mask])
                heard[i, k] = first + share * (second - first)
        for i in range(count):
            # All lines side by side: each one's damping waits for its last frame only.
            for k in range(REVERB_LINES):
                damped[k] += keep * (heard[i, k] - damped[k])
                heard[i, k] = damped[k] * gains[k]
        for i in range(count):
            h = heard[i]
            total[i] = (2.0 / REVERB_LINES) * (((h[0] + h[1]) + (h[2] + h[3])) + ((h[4] + h[5]) + (h[6] + h[7])))
            left[i] = (h[0] - h[2]) + (h[4] - h[6])
            right[i] = (h[1] - h[3]) + (h[5] - h[7])
        for k in range(REVERB_LINES):
            sign = 1.0 if k % 2 == 0 else -1.0
            for i in range(count):
                into = heard[i, k] - total[i] + sign * inside[i]
                lines[k, (time + i) & mask] = into if abs(into) > 1e-15 else 0.0
        for i in range(count):
            # What the damping lets run into the lowest octave would only blur the bass.
            low_left += 0.025 * (left[i] - low_left)
            low_right += 0.025 * (right[i] - low_right)
            out[0, start + i] += left[i] - low_left
            out[1, start + i] += right[i] - low_right
        time += count
        start += count
    state[:REVERB_LINES] = damped
    state[16], state[17] = low_left, low_right
    state[24], state[25] = float(time), sway


@kernel
def _modulate(
    block: Block, lines: Block, position: int, wet: float, depth_seconds: float, rate_hz: float, rate: float
) -> None:
    mask = lines.shape[1] - 1
    centre = min(depth_seconds * rate * 1.2 + 8.0, lines.shape[1] - 8.0)
    depth = min(depth_seconds * rate, centre - 4.0)
    chorus = wet < 0.99
    dry = 1.0 - 0.5 * wet if chorus else 0.0
    count = block.shape[1]
    for channel in range(2):
        for start in range(0, count, 32):
            # The sway is a line between places 32 frames apart, counted from the block's start.
            end = min(start + 32, count)
            late = centre + depth * _sway(position + start, rate_hz / rate, chorus and channel == 1)
            later = centre + depth * _sway(position + end, rate_hz / rate, chorus and channel == 1)
            slope = (later - late) / (end - start)
            for i in range(start, end):
                now = position + i
                lines[channel, now & mask] = block[channel, i]
                whole = int(late)
                share = late - whole
                first = float(lines[channel, (now - whole) & mask])
                second = float(lines[channel, (now - whole - 1) & mask])
                block[channel, i] = dry * block[channel, i] + wet * (first + share * (second - first))
                late += slope


@kernel
def _sway(frame: int, turns_per_frame: float, other: bool) -> float:
    """A slow sway with a second, incommensurate one in it, so that the ear does not count the first."""
    turn = 2.0 * math.pi * turns_per_frame * frame
    if other:
        return 0.75 * math.cos(turn) + 0.25 * math.sin(0.6180339 * turn + 2.5)
    return 0.75 * math.sin(turn) + 0.25 * math.sin(0.6180339 * turn + 1.0)


@kernel
def _add_vinyl(
    out: Block, state: NDArray[np.uint64], memory: State, crackles_per_second: float, gain: float, rate: float
) -> None:
    random = state[0]
    chance = crackles_per_second / rate
    for i in range(out.shape[1]):
        random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        roll = float(random >> np.uint64(40)) / 16777216.0
        random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        white = float(random >> np.uint64(40)) / 8388608.0 - 1.0
        if roll < chance:
            # Most are dust; the size falls steeply, so that a pop is rare.
            size = 0.12 + 0.9 * abs(white) ** 6.0
            memory[0] += size * (1.0 if white > 0 else -1.0)
            memory[6] = 0.5 + 0.5 * math.sin(roll / chance * 6.2831853)
        memory[0] *= 0.72
        memory[1] += 0.5 * (memory[0] - memory[1])
        memory[2] += 0.22 * (white - memory[2])
        memory[3] += 0.006 * (memory[2] - memory[3])
        hiss = 0.03 * (memory[2] - memory[3])
        memory[4] += 0.01 * (memory[1] - memory[4])
        dust = memory[1] - memory[4]
        out[0, i] += gain * (hiss + dust * memory[6])
        out[1, i] += gain * (0.8 * hiss - 0.2 * 0.03 * memory[2] + dust * (1.0 - memory[6]))
    state[0] = random


@kernel
def _level_bus(
    mix: Block, gains: NDArray[np.float32], look_ahead: int, state: State, held: State,
    threshold: float, ratio: float, ceiling: float, rate: float,
) -> None:  # fmt: skip
    count = gains.shape[0]
    wanted = np.empty(count + look_ahead)
    for i in range(count + look_ahead):
        peak = max(abs(float(mix[0, i])), abs(float(mix[1, i])))
        wanted[i] = min(1.0, ceiling / peak) if peak > 0.0 else 1.0
    attack = 1.0 - math.exp(-1.0 / (0.02 * rate))
    release = 1.0 - math.exp(-1.0 / (0.18 * rate))
    limiter_release = 1.0 - math.exp(-1.0 / (0.06 * rate))
    follower = state[0]
    limiter = state[1]
    place = int(state[2])
    total = 0.0
    for k in range(look_ahead):
        total += held[k]
    power = state[3]
    # The minimum over the window that starts at i, walked from the back with a monotone queue.
    queue = np.empty(count + look_ahead, dtype=np.int64)
    head = 0
    tail = 0
    filled = 0
    for i in range(count):
        while filled < i + look_ahead:
            while tail > head and wanted[queue[tail - 1]] >= wanted[filled]:
                tail -= 1
            queue[tail] = filled
            tail += 1
            filled += 1
        while queue[head] < i:
            head += 1
        lowest = wanted[queue[head]]
        limiter = min(lowest, limiter + limiter_release * (1.0 - limiter))
        total += limiter - held[place]
        held[place] = limiter
        place += 1
        if place == look_ahead:
            place = 0
        smooth = total / look_ahead
        energy = float(mix[0, i]) ** 2 + float(mix[1, i]) ** 2
        power += (attack if energy > power else release) * (energy - power)
        level = math.sqrt(0.5 * power)
        target = (threshold / level) ** (1.0 - 1.0 / ratio) if level > threshold else 1.0
        follower += (attack if target < follower else release) * (target - follower)
        gains[i] = follower * smooth
    state[0] = follower
    state[1] = limiter
    state[2] = float(place)
    state[3] = power
