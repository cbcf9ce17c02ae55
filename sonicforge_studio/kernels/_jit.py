"""How every kernel is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile without the GIL, keep the machine code in the user's cache, divide by zero as NumPy does.

    Numba's cache watches the kernel's own file only: a kernel that calls one from another file is compiled anew when
    its own file changes, not when the other's does.
    """
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def fused_kernel(function: F) -> F:
    """As ``kernel``, and a sum takes a product in before it is rounded: more exact, and quicker where each value waits
    for the last one, as in recursive filters. The last bit depends on the processor."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})(function))


def fast_kernel(function: F) -> F:
    """As ``kernel``, and the sums may be reordered and vectorised: for measuring, where NaN cannot occur and the last
    bit does not matter. Never for a render that has to come again sample for sample."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=True)(function))


def spread_kernel(function: F) -> F:
    """As ``kernel``, and ``prange`` runs on several threads: for what is bound by memory or arithmetic and waits for
    nobody."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", parallel=True)(function))


def steady_kernel(function: F) -> F:
    """As ``fast_kernel``, with NaN and infinity as they are: sums are reordered when compiled, so that the same machine
    code gives the same bits each time."""
    flags = {"reassoc", "contract", "nsz", "arcp"}
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=flags)(function))
