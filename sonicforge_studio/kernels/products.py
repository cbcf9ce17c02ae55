"""Products of 8-bit weights with states, exact in whole numbers: whatever stands beside a row changes no bit of it.

A step of a language model reads all of its weights once, so memory bounds it: 8 bits in place of 32 are a quarter of
the time. Weights keep one scale for each output, states 12 bits and one scale for each row (G. Xiao et al.,
"SmoothQuant", 2023, has both; 12 bits because products of 16-bit numbers cost no more than of 8-bit ones on processors
without VNNI). Sums stay below 2³¹ up to 8,192 inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel, spread_kernel

OUTPUTS, LANES = 4, 16
"""A tile: so many outputs by so many inputs lie side by side."""
LEVELS = 2047
"""States are whole numbers from −2047 to 2047."""
MOST_INPUTS = 8192
_STRETCH = 16
"""Tiles of outputs that one thread takes at a time."""


def pack(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A weight ``(outputs, inputs)`` as 8-bit numbers, shape ``(outputs/4, inputs/16, 4, 16)``, in the order in which
    they are read, and what one step of each output is worth, shape ``(outputs,)``.

    Raises ``ValueError`` where outputs are no multiple of 4, inputs none of 16, or more than 8,192.
    """
    outputs, inputs = weight.shape
    if outputs % OUTPUTS or inputs % LANES or inputs > MOST_INPUTS:
        raise ValueError(f"cannot pack {outputs} outputs of {inputs} inputs")
    tiles = np.empty((outputs // OUTPUTS, inputs // LANES, OUTPUTS, LANES), np.int8)
    scales = np.empty(outputs, np.float32)
    _pack(weight, tiles, scales)
    return tiles, scales


@kernel
def _pack(weight: NDArray[np.float32], tiles: NDArray[np.int8], scales: NDArray[np.float32]) -> None:
    for output in range(weight.shape[0]):
        peak = np.float32(1e-30)
        for index in range(weight.shape[1]):
            peak = max(peak, abs(weight[output, index]))
        scales[output] = peak / np.float32(127)
        steps = np.float32(127) / peak
        for part in range(weight.shape[1] // LANES):
            for lane in range(LANES):
                value = weight[output, part * LANES + lane] * steps
                tiles[output // OUTPUTS, part, output % OUTPUTS, lane] = np.int8(np.floor(value + np.float32(0.5)))


@kernel
def quantise(row: NDArray[np.float32], levels: NDArray[np.int16]) -> np.float32:
    """``row`` as whole numbers into ``levels``; what one step of them is worth."""
    peak = np.float32(1e-30)
    for index in range(row.size):
        peak = max(peak, abs(row[index]))
    steps = np.float32(LEVELS) / peak
    for index in range(row.size):
        levels[index] = np.int16(np.floor(row[index] * steps + np.float32(0.5)))
    return peak / np.float32(LEVELS)


def _tile_sums(rows: int) -> Callable[..., Any]:
    """Code for the sums of ``OUTPUTS`` outputs of ``rows`` rows.

    Written as vectors because no compiler finds the instruction in a loop that multiplies and adds neighbours at once
    (vpmaddwd, smlal): that is half of the speed.
    """

    @intrinsic
    def sums(typing: Any, weights: Any, first: Any, states: Any, start: Any, inputs: Any, out: Any) -> Any:
        signature = types.void(weights, types.intp, states, types.intp, types.intp, out)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            weight_at = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
            state_at = _pointer(context, builder, signature.args[2], arguments[2], arguments[3])
            out_at = _pointer(context, builder, signature.args[5], arguments[5], ir.Constant(_I64, 0))
            _emit_sums(builder, weight_at, state_at, arguments[4], out_at, rows)
            return context.get_dummy_value()

        return signature, generate

    return sums


_I32, _I64 = ir.IntType(32), ir.IntType(64)
_HALF = ir.VectorType(_I32, LANES // 2)
_WIDE = ir.VectorType(_I32, LANES)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def _emit_sums(builder: Any, weight_at: Any, state_at: Any, inputs: Any, out_at: Any, rows: int) -> None:
    """A loop over ``inputs``, ``LANES`` at a time; its sums into ``out_at``, output after output."""
    before = builder.block
    loop, behind = builder.append_basic_block("tile"), builder.append_basic_block("tiled")
    evens = ir.Constant(_HALF, list(range(0, LANES, 2)))
    odds = ir.Constant(_HALF, list(range(1, LANES, 2)))
    builder.branch(loop)

    builder.position_at_end(loop)
    place = builder.phi(_I64)
    place.add_incoming(ir.Constant(_I64, 0), before)
    sums = [builder.phi(_HALF) for _ in range(OUTPUTS * rows)]
    starts = [builder.add(place, builder.mul(inputs, ir.Constant(_I64, row))) for row in range(rows)]
    states = [_lanes(builder, state_at, start) for start in starts]
    first = builder.mul(place, ir.Constant(_I64, OUTPUTS))
    added = []
    for output in range(OUTPUTS):
        weight = _lanes(builder, weight_at, builder.add(first, ir.Constant(_I64, output * LANES)))
        for row in range(rows):
            product = builder.mul(weight, states[row])
            pairs = builder.add(
                builder.shuffle_vector(product, product, evens), builder.shuffle_vector(product, product, odds)
            )
            added.append(builder.add(sums[output * rows + row], pairs))
    following = builder.add(place, ir.Constant(_I64, LANES))
    place.add_incoming(following, loop)
    for total, new in zip(sums, added, strict=True):
        total.add_incoming(ir.Constant(_HALF, [0] * (LANES // 2)), before)
        total.add_incoming(new, loop)
    builder.cbranch(builder.icmp_signed("<", following, inputs), loop, behind)

    builder.position_at_end(behind)
    kind = ir.FunctionType(_I32, [_HALF])
    across: Any = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.add.v{LANES // 2}i32")  # type: ignore[no-untyped-call]
    for index, total in enumerate(added):
        builder.store(builder.call(across, [total]), builder.gep(out_at, [ir.Constant(_I64, index)]))


def _lanes(builder: Any, at: Any, offset: Any) -> Any:
    """``LANES`` whole numbers from there, as 32 bits each."""
    source = builder.gep(at, [offset])
    kind = ir.VectorType(source.type.pointee, LANES)
    loaded = builder.load(builder.bitcast(source, kind.as_pointer()))
    loaded.align = source.type.pointee.width // 8
    return builder.sext(loaded, _WIDE)


one_row = _tile_sums(1)
"""``one_row(tiles, first, levels, start, inputs, sums)``: the sums of one tile, whose numbers begin at ``first``, and
of the levels from ``start`` on, into ``sums`` (4,) of int32."""
_two_rows = _tile_sums(2)


@kernel
def _stretch(
    weights: NDArray[np.int8],
    scales: NDArray[np.float32],
    levels: NDArray[np.int16],
    steps: NDArray[np.float32],
    out: NDArray[np.float32],
    stretch: int,
) -> None:
    """The outputs of ``_STRETCH`` tiles: each tile stays in the nearest cache while all rows pass it."""
    rows, inputs = levels.shape
    sums = np.empty(2 * OUTPUTS, np.int32)
    for tile in range(stretch * _STRETCH, min(weights.shape[0], (stretch + 1) * _STRETCH)):
        first = tile * OUTPUTS * inputs
        for row in range(0, rows, 2):
            pair = min(2, rows - row)
            if pair == 2:
                _two_rows(weights, first, levels, row * inputs, inputs, sums)
            else:
                one_row(weights, first, levels, row * inputs, inputs, sums)
            for output in range(OUTPUTS):
                scale = scales[tile * OUTPUTS + output]
                for beside in range(pair):
                    total = np.float32(sums[output * pair + beside])
                    out[row + beside, tile * OUTPUTS + output] = total * scale * steps[row + beside]


@kernel
def product(
    weights: NDArray[np.int8],
    scales: NDArray[np.float32],
    levels: NDArray[np.int16],
    steps: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """``levels`` (rows, inputs), each step of a row worth ``steps`` (rows,), times packed weights, into ``out`` (rows,
    outputs). Arrays lie in C order."""
    for stretch in range((weights.shape[0] + _STRETCH - 1) // _STRETCH):
        _stretch(weights, scales, levels, steps, out, stretch)


@spread_kernel
def spread_product(
    weights: NDArray[np.int8],
    scales: NDArray[np.float32],
    levels: NDArray[np.int16],
    steps: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """``product`` on as many threads as ``numba.set_num_threads`` has them; the same bits."""
    for stretch in prange((weights.shape[0] + _STRETCH - 1) // _STRETCH):
        _stretch(weights, scales, levels, steps, out, stretch)
