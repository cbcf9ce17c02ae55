"""Products in 8 bits beside the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.products import LEVELS, pack, product, quantise, spread_product


def levels_of(state: NDArray[np.float32]) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    levels, steps = np.empty(state.shape, np.int16), np.empty(len(state), np.float32)
    for index, row in enumerate(state):
        steps[index] = quantise(row, levels[index])
    return levels, steps


def multiply(weight: NDArray[np.float32], state: NDArray[np.float32], by: object = product) -> NDArray[np.float32]:
    out = np.empty((len(state), len(weight)), np.float32)
    by(*pack(weight), *levels_of(state), out)  # type: ignore[operator]
    return out


def _case(seed: int, rows: int = 7, inputs: int = 64, outputs: int = 96) -> tuple[NDArray[np.float32], ...]:
    dice = np.random.default_rng(seed)
    return (
        (0.05 * dice.standard_normal((outputs, inputs))).astype(np.float32),
        dice.standard_normal((rows, inputs)).astype(np.float32),
    )


def test_the_product_is_that_of_the_rounded_numbers() -> None:
    weight, state = _case(0)
    scales = np.abs(weight).max(axis=1, keepdims=True) / 127
    levels, steps = levels_of(state)
    assert np.abs(levels).max() == LEVELS
    expected = (levels.astype(np.float64) * steps[:, None]) @ (np.floor(weight / scales + 0.5) * scales).T
    assert np.allclose(multiply(weight, state), expected, rtol=1e-6, atol=1e-6)


def test_it_is_near_the_exact_product() -> None:
    weight, state = _case(1)
    exact = state @ weight.T
    assert np.abs(multiply(weight, state) - exact).max() < 0.01 * np.abs(exact).max()


@pytest.mark.parametrize("rows", [1, 2, 3, 16])
def test_no_row_depends_on_those_beside_it(rows: int) -> None:
    weight, state = _case(2, rows)
    state[0] *= 1000.0
    together = multiply(weight, state)
    for row in range(rows):
        assert np.array_equal(multiply(weight, state[row : row + 1])[0], together[row])


def test_several_threads_give_the_same_bits() -> None:
    weight, state = _case(3, rows=5, inputs=128, outputs=1000)
    assert np.array_equal(multiply(weight, state, spread_product), multiply(weight, state))


def test_the_largest_sums_do_not_overflow() -> None:
    weight, state = np.ones((4, 8192), np.float32), np.ones((2, 8192), np.float32)
    assert np.allclose(multiply(weight, state), 8192, rtol=1e-6)
    assert np.allclose(multiply(-weight, state), -8192, rtol=1e-6)


def test_silence_stays_silence() -> None:
    weight, state = _case(4)
    assert not multiply(weight, 0 * state).any()
    assert not multiply(0 * weight, state).any()


@pytest.mark.parametrize("shape", [(6, 64), (8, 40), (4, 8208)])
def test_what_cannot_be_packed_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot pack"):
        pack(np.ones(shape, np.float32))
