"""Products in 8 bits beside the plain ones."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from sonicforge_studio.generation.musicgen.linear import Int8Linear, plain  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _weights(seed: int = 0) -> tuple[object, object]:
    dice = torch.Generator().manual_seed(seed)
    return torch.randn(96, 64, generator=dice) * 0.05, torch.randn(7, 64, generator=dice)


def test_eight_bits_are_near_the_plain_product() -> None:
    weight, state = _weights()
    near, exact = Int8Linear(weight)(state), plain(weight)(state)
    assert torch.nn.functional.cosine_similarity(near, exact, dim=-1).min() > 0.999
    assert (near - exact).abs().max() < 0.02 * exact.abs().max()


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    weight, state = _weights(1)
    product = Int8Linear(weight)
    loud = torch.cat([state, 1000.0 * state])
    for row in range(7):
        assert torch.equal(product(state[row : row + 1])[0], product(loud)[row])


def test_any_shape_and_silence() -> None:
    weight, state = _weights(2)
    product = Int8Linear(weight)
    assert torch.equal(product(state.view(1, 7, 64))[0], product(state))
    assert not product(torch.zeros(3, 64)).any()
