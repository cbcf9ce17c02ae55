"""One step of a transformer decoder over weights of 8 bits, as one call.

The arrangement is that of MusicGen's decoder (J. Copet et al., "Simple and Controllable Music Generation", 2023):
attention to what was written, attention to the text, two wide products with GELU between, each behind a layer norm.
What was written is remembered as 8-bit numbers with a scale for each head and place: in full precision a window of
30 seconds would be more to read than all the weights. No row's result depends on another's.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel, spread_kernel, steady_kernel
from sonicforge_studio.kernels.products import LANES, OUTPUTS, one_row, pack, product, quantise, spread_product

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]

_EPSILON = np.float32(1e-5)
_FINEST, _LARGEST_SUM = 32767, 16_500_000
"""Of whole-number shares of attention: the largest of 16 bits, and what all together may come to, 127 times which is
below 2³¹."""
_LOG2_E = np.float32(1 / math.log(2))
_GELU_RANGE, _GELU_STEPS = 8.0, 256
_GELU = np.array(
    [0.5 * (1 + math.erf(x / math.sqrt(2))) for x in np.arange(-_GELU_RANGE, _GELU_RANGE + 1e-9, 1 / _GELU_STEPS)],
    dtype=np.float32,
)
"""The normal distribution's integral, which GELU multiplies by: read between two entries it is exact to 5e-7."""


class Weights(NamedTuple):
    """Of all layers, the layer first; products packed as ``products.pack`` does it, each with its scales."""

    own_norm: Floats
    """Layer norms have the shape ``(layers, 2, hidden)``: weight and bias."""
    own_in: Bytes
    own_in_scales: Floats
    own_out: Bytes
    own_out_scales: Floats
    text_norm: Floats
    text_in: Bytes
    text_in_scales: Floats
    text_out: Bytes
    text_out_scales: Floats
    wide_norm: Floats
    widen: Bytes
    widen_scales: Floats
    narrow: Bytes
    narrow_scales: Floats


class Memory(NamedTuple):
    """What was written so far, and what the text says."""

    keys: Bytes
    """Shape ``(layers, rows, heads, places/4, width/16, 4, 16)``: packed as weights are, a place for each output."""
    values: Bytes
    """Shape ``(layers, rows, heads, width/4, places/16, 4, 16)``: packed as weights are, a place for each input."""
    scales: Floats
    """Shape ``(layers, rows, heads, places, 2)``: what a step of a place's key and of its value is worth."""
    text_keys: Floats
    """Shape ``(layers, told rows, heads, words, width)``, as the values."""
    text_values: Floats
    words: NDArray[np.int64]
    """How many each told row has; what lies behind them is not looked at."""


@steady_kernel
def _normalise(row: Floats, norm: Floats, out: Floats) -> None:
    """A layer norm with its weight and bias."""
    count = np.float32(row.size)
    mean = np.float32(0)
    for index in range(row.size):
        mean += row[index]
    mean /= count
    square = np.float32(0)
    for index in range(row.size):
        square += (row[index] - mean) ** 2
    factor = np.float32(1) / np.sqrt(square / count + _EPSILON)
    for index in range(row.size):
        out[index] = (row[index] - mean) * factor * norm[0, index] + norm[1, index]


@kernel
def normalised_levels(state: Floats, norm: Floats, levels: NDArray[np.int16], steps: Floats) -> None:
    """Each row of ``state`` (rows, hidden) through a layer norm (2, hidden), ready for a product."""
    normal = np.empty(state.shape[1], np.float32)
    for row in range(state.shape[0]):
        _normalise(state[row], norm, normal)
        steps[row] = quantise(normal, levels[row])


@kernel
def levels_of(state: Floats, levels: NDArray[np.int16], steps: Floats) -> None:
    """Each row of ``state`` (rows, inputs), ready for a product."""
    for row in range(state.shape[0]):
        steps[row] = quantise(state[row], levels[row])


@kernel
def _activate(state: Floats) -> None:
    """GELU, in place."""
    for row in range(state.shape[0]):
        for index in range(state.shape[1]):
            value = state[row, index]
            place = min(
                max((value + np.float32(_GELU_RANGE)) * np.float32(_GELU_STEPS), np.float32(0)),
                np.float32(2 * _GELU_RANGE * _GELU_STEPS) - np.float32(1e-3),
            )
            entry = int(place)
            below = _GELU[entry]
            state[row, index] = value * (below + (_GELU[entry + 1] - below) * (place - np.float32(entry)))


@kernel
def _round(row: Floats, out: Bytes) -> np.float32:
    """``row`` as 8-bit numbers; what one step of them is worth."""
    peak = np.float32(1e-30)
    for index in range(row.size):
        peak = max(peak, abs(row[index]))
    steps = np.float32(127) / peak
    for index in range(row.size):
        out[index] = np.int8(np.floor(row[index] * steps + np.float32(0.5)))
    return peak / np.float32(127)


@steady_kernel
def _softmax(scores: Floats, powers: NDArray[np.int32], count: int) -> None:
    """In place; 2^x is a polynomial times a power of two whose bits are set directly (error below 2e-7)."""
    peak = np.float32(-3e38)
    for index in range(count):
        peak = max(peak, scores[index])
    for index in range(count):
        exponent = max((scores[index] - peak) * _LOG2_E, np.float32(-126))
        whole = np.floor(exponent)
        part = exponent - whole
        powers[index] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        sum_5 = np.float32(0.0018775767) * part + np.float32(0.0089893397)
        sum_3 = (sum_5 * part + np.float32(0.055826318)) * part + np.float32(0.24015361)
        scores[index] = (sum_3 * part + np.float32(0.69315308)) * part + np.float32(0.99999994)
    floats = powers.view(np.float32)
    total = np.float32(0)
    for index in range(count):
        scores[index] *= floats[index]
        total += scores[index]
    factor = np.float32(1) / total
    for index in range(count):
        scores[index] *= factor


@kernel
def _remember(mixed: Floats, memory: Memory, layer: int, position: int, count: int) -> None:
    """Keys and values of ``mixed`` (rows · count, 3 · hidden) to their places."""
    heads = memory.keys.shape[2]
    hidden = mixed.shape[1] // 3
    width = hidden // heads
    rounded = np.empty(width, np.int8)
    for line in range(mixed.shape[0]):
        row, place = line // count, position + line % count
        for head in range(heads):
            start = hidden + head * width
            memory.scales[layer, row, head, place, 0] = _round(mixed[line, start : start + width], rounded)
            keys = memory.keys[layer, row, head, place // OUTPUTS, :, place % OUTPUTS]
            for index in range(width):
                keys[index // LANES, index % LANES] = rounded[index]
            start += hidden
            memory.scales[layer, row, head, place, 1] = _round(mixed[line, start : start + width], rounded)
            values = memory.values[layer, row, head, :, place // LANES, :, place % LANES]
            for index in range(width):
                values[index // OUTPUTS, index % OUTPUTS] = rounded[index]


@kernel
def _answers(query: Floats, keys: Bytes, scales: Floats, known: int, scores: Floats) -> None:
    """How well each place answers a query (width,)."""
    inputs = keys.shape[1] * LANES
    levels, sums = np.zeros(inputs, np.int16), np.empty(OUTPUTS, np.int32)
    step = quantise(query, levels[: query.size]) / np.sqrt(np.float32(query.size))
    for tile in range((known + OUTPUTS - 1) // OUTPUTS):
        one_row(keys, tile * OUTPUTS * inputs, levels, 0, inputs, sums)
        for output in range(min(OUTPUTS, known - tile * OUTPUTS)):
            place = tile * OUTPUTS + output
            scores[place] = np.float32(sums[output]) * step * scales[place, 0]


@kernel
def _weigh(shares: Floats, values: Bytes, scales: Floats, known: int, out: Floats) -> None:
    """The sum of the values, each by its share of the attention, which becomes a whole number, too: as fine as sums
    below 2³¹ allow."""
    room = (known + LANES - 1) // LANES * LANES
    levels, sums = np.zeros(room, np.int16), np.empty(OUTPUTS, np.int32)
    peak, total = np.float32(1e-30), np.float32(0)
    for place in range(known):
        shares[place] *= scales[place, 1]
        peak = max(peak, shares[place])
        total += shares[place]
    steps = min(np.float32(_FINEST) / peak, np.float32(_LARGEST_SUM) / total)
    for place in range(known):
        levels[place] = np.int16(np.floor(shares[place] * steps + np.float32(0.5)))
    stride = values.shape[1] * OUTPUTS * LANES
    for tile in range(values.shape[0]):
        one_row(values, tile * stride, levels, 0, room, sums)
        for output in range(OUTPUTS):
            out[tile * OUTPUTS + output] = np.float32(sums[output]) / steps


@kernel
def _attend_head(
    mixed: Floats, memory: Memory, layer: int, position: int, count: int, heard: Floats, task: int
) -> None:
    heads = memory.keys.shape[2]
    width = heard.shape[1] // heads
    line, head = task // heads, task % heads
    row, known = line // count, position + line % count + 1
    scores, powers = np.empty(known, np.float32), np.empty(known, np.int32)
    start, scales = head * width, memory.scales[layer, row, head]
    _answers(mixed[line, start : start + width], memory.keys[layer, row, head], scales, known, scores)
    _softmax(scores, powers, known)
    _weigh(scores, memory.values[layer, row, head], scales, known, heard[line, start : start + width])


@kernel
def _attend(mixed: Floats, memory: Memory, layer: int, position: int, count: int, heard: Floats) -> None:
    for task in range(mixed.shape[0] * memory.keys.shape[2]):
        _attend_head(mixed, memory, layer, position, count, heard, task)


@spread_kernel
def _spread_attend(mixed: Floats, memory: Memory, layer: int, position: int, count: int, heard: Floats) -> None:
    for task in prange(mixed.shape[0] * memory.keys.shape[2]):
        _attend_head(mixed, memory, layer, position, count, heard, task)


@steady_kernel
def _attend_text(queries: Floats, memory: Memory, layer: int, count: int, heard: Floats) -> None:
    """What the text says to each line of ``queries`` (told rows · count, hidden)."""
    heads, most, width = memory.text_keys.shape[2], memory.text_keys.shape[3], memory.text_keys.shape[4]
    root = np.float32(1) / np.sqrt(np.float32(width))
    scores, powers = np.empty(most, np.float32), np.empty(most, np.int32)
    for line in range(queries.shape[0]):
        row = line // count
        words = memory.words[row]
        for head in range(heads):
            start = head * width
            for word in range(words):
                total = np.float32(0)
                for index in range(width):
                    total += queries[line, start + index] * memory.text_keys[layer, row, head, word, index]
                scores[word] = total * root
            _softmax(scores, powers, words)
            for index in range(width):
                heard[line, start + index] = 0
            for word in range(words):
                for index in range(width):
                    heard[line, start + index] += scores[word] * memory.text_values[layer, row, head, word, index]


@kernel
def _multiply(
    weights: Bytes, scales: Floats, levels: NDArray[np.int16], steps: Floats, out: Floats, spread: bool
) -> None:
    if spread:
        spread_product(weights, scales, levels, steps, out)
    else:
        product(weights, scales, levels, steps, out)


@kernel
def _add(state: Floats, more: Floats) -> None:
    for row in range(more.shape[0]):
        for index in range(more.shape[1]):
            state[row, index] += more[row, index]


@kernel
def run_layers(
    weights: Weights, memory: Memory, state: Floats, position: int, count: int, told: int, spread: bool
) -> None:
    """``state`` (rows · count, hidden) through all layers, in place: ``count`` places of each row, the first of them at
    ``position``. The first ``told`` rows hear the text. ``spread`` uses several threads; the bits are the same."""
    lines, hidden = state.shape
    wide = weights.widen_scales.shape[1]
    levels, steps = np.empty((lines, hidden), np.int16), np.empty(lines, np.float32)
    wide_levels = np.empty((lines, wide), np.int16)
    mixed = np.empty((lines, 3 * hidden), np.float32)
    heard, widened = np.empty((lines, hidden), np.float32), np.empty((lines, wide), np.float32)
    hearing = told * count
    for layer in range(weights.own_norm.shape[0]):
        normalised_levels(state, weights.own_norm[layer], levels, steps)
        _multiply(weights.own_in[layer], weights.own_in_scales[layer], levels, steps, mixed, spread)
        _remember(mixed, memory, layer, position, count)
        if spread:
            _spread_attend(mixed, memory, layer, position, count, heard)
        else:
            _attend(mixed, memory, layer, position, count, heard)
        levels_of(heard, levels, steps)
        _multiply(weights.own_out[layer], weights.own_out_scales[layer], levels, steps, heard, spread)
        _add(state, heard)
        if hearing:
            normalised_levels(state[:hearing], weights.text_norm[layer], levels, steps)
            queries = mixed[:hearing, :hidden].copy()
            _multiply(weights.text_in[layer], weights.text_in_scales[layer], levels[:hearing], steps, queries, spread)
            _attend_text(queries, memory, layer, count, heard)
            said = heard[:hearing]
            levels_of(said, levels, steps)
            _multiply(weights.text_out[layer], weights.text_out_scales[layer], levels[:hearing], steps, said, spread)
            _add(state, said)
        normalised_levels(state, weights.wide_norm[layer], levels, steps)
        _multiply(weights.widen[layer], weights.widen_scales[layer], levels, steps, widened, spread)
        _activate(widened)
        levels_of(widened, wide_levels, steps)
        _multiply(weights.narrow[layer], weights.narrow_scales[layer], wide_levels, steps, heard, spread)
        _add(state, heard)


def warm_transformer() -> None:
    """Compile, or take from the cache, what a step needs."""
    parts: dict[str, Any] = {}
    for name, shape in _SMALL.items():
        tiles, scales = pack(np.ones(shape, np.float32))
        parts[name], parts[f"{name}_scales"] = tiles[None], scales[None]
    norms = np.ones((1, 2, LANES), np.float32)
    text = np.zeros((1, 1, 1, 1, LANES), np.float32)
    memory = Memory(
        keys=np.zeros((1, 2, 1, LANES // OUTPUTS, 1, OUTPUTS, LANES), np.int8),
        values=np.zeros((1, 2, 1, LANES // OUTPUTS, 1, OUTPUTS, LANES), np.int8),
        scales=np.zeros((1, 2, 1, LANES, 2), np.float32),
        text_keys=text, text_values=text, words=np.ones(1, np.int64),
    )  # fmt: skip
    weights = Weights(own_norm=norms, text_norm=norms, wide_norm=norms, **parts)
    for spread in (False, True):
        run_layers(weights, memory, np.ones((2, LANES), np.float32), 0, 1, 1, spread)
    levels, steps = np.empty((2, LANES), np.int16), np.empty(2, np.float32)
    normalised_levels(np.ones((2, LANES), np.float32), norms[0], levels, steps)


_SMALL = {
    "own_in": (3 * LANES, LANES), "own_out": (LANES, LANES), "text_in": (LANES, LANES), "text_out": (LANES, LANES),
    "widen": (2 * LANES, LANES), "narrow": (LANES, 2 * LANES),
}  # fmt: skip
