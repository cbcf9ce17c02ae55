"""Two or four float64 side by side, as one value inside a kernel: the compiler keeps them in one register.

A recursive filter waits for its own last value, so that one stream leaves most of the processor idle; several streams
(channels, or bands of them) take the same time. Numba vectorises loops only, and here frames follow upon each other.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

LANES = 4
PAIR = 2

_DOUBLE, _INDEX = ir.DoubleType(), ir.IntType(32)


class _Lanes(types.Type):
    """So many float64 in one register."""

    def __init__(self, count: int) -> None:
        self.vector = ir.VectorType(_DOUBLE, count)
        super().__init__(f"Lanes{count}")


_LANES, _PAIR = _Lanes(LANES), _Lanes(PAIR)


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)  # type: ignore[no-untyped-call]


def _pointer(context: Any, builder: Any, kind: Any, vector: Any, array: Any, offset: Any) -> Any:
    place = builder.gep(context.make_array(kind)(context, builder, array).data, [offset])
    return builder.bitcast(place, vector.as_pointer())


def _loading(lanes: Any) -> Any:
    def typed(typing: Any, array: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _pointer(context, builder, signature.args[0], lanes.vector, *arguments)
            return builder.load(place, align=8)

        return lanes(array, types.intp), generate

    return typed


def _store(typing: Any, array: Any, offset: Any, lanes: Any) -> Any:
    """Write the lanes from ``offset`` on into a contiguous float64 array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], lanes.vector, *arguments[:2])
        builder.store(arguments[2], place, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


def _mul(typing: Any, a: Any, b: Any) -> Any:
    """``a·b``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(arguments[0], arguments[1], flags=("contract",))

    return a(a, b), generate


def _add(typing: Any, a: Any, b: Any) -> Any:
    """``a + b``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(arguments[0], arguments[1], flags=("contract",))

    return a(a, b), generate


def _mul_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """``a·b + c``, rounded once where the processor can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.fmul(arguments[0], arguments[1], flags=("contract",))
        return builder.fadd(product, arguments[2], flags=("contract",))

    return a(a, b, c), generate


def _sub_mul(typing: Any, c: Any, a: Any, b: Any) -> Any:
    """``c − a·b``, rounded once where the processor can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.fmul(arguments[1], arguments[2], flags=("contract",))
        return builder.fsub(arguments[0], product, flags=("contract",))

    return c(c, a, b), generate


def _pair_of(typing: Any, first: Any, second: Any) -> Any:
    """Two numbers as lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = ir.Constant(_PAIR.vector, ir.Undefined)
        for place, number in enumerate(arguments):
            value = builder.insert_element(value, number, ir.Constant(_INDEX, place))
        return value

    return _PAIR(types.float64, types.float64), generate


def _lane(typing: Any, lanes: Any, number: Any) -> Any:
    """One of the four."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.extract_element(arguments[0], builder.trunc(arguments[1], _INDEX))

    return types.float64(lanes, types.intp), generate


def _shuffled(places: tuple[int, ...]) -> Any:
    def typed(typing: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            mask = ir.Constant(ir.VectorType(_INDEX, LANES), list(places))
            return builder.shuffle_vector(arguments[0], ir.Constant(_LANES.vector, ir.Undefined), mask)

        return _LANES(lanes), generate

    return typed


# The names are Any: what Numba makes of the functions takes other arguments than they do.
load: Any = intrinsic(_loading(_LANES))
"""The four numbers from an offset on of a contiguous float64 array."""
load_pair: Any = intrinsic(_loading(_PAIR))
"""The two numbers from an offset on."""
store: Any = intrinsic(_store)
mul: Any = intrinsic(_mul)
add: Any = intrinsic(_add)
mul_add: Any = intrinsic(_mul_add)
sub_mul: Any = intrinsic(_sub_mul)
pair_of: Any = intrinsic(_pair_of)
lane: Any = intrinsic(_lane)
lower_twice: Any = intrinsic(_shuffled((0, 1, 0, 1)))
"""The first two lanes, twice."""
upper_twice: Any = intrinsic(_shuffled((2, 3, 2, 3)))
"""The last two lanes, twice."""
