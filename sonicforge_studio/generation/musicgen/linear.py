"""Products with the model's weights, in the precision that a machine is quickest with."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch.nn import functional

Linear = Callable[[torch.Tensor], torch.Tensor]


def plain(weight: torch.Tensor) -> Linear:
    """In the weight's own precision."""
    return lambda state: functional.linear(state, weight)


class Int8Linear:
    """Weights of shape ``(out, in)`` as 8-bit numbers with a scale for each output, states as 7-bit numbers (with 8 the
    sums of pairs overflow on processors without VNNI) with a scale for each row: a quarter of the memory that has to be
    read for each step, which is what bounds it on a CPU.

    The product of rows does not depend on what other rows stand beside them: each is brought to −1…1 by itself, and one
    more that spans just that keeps PyTorch's scale for all of them the same.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        weight = weight.detach().float()
        scales = (weight.abs().amax(dim=1) / 127).clamp_min(1e-8)
        zeros = torch.zeros(len(scales), dtype=torch.long)
        with warnings.catch_warnings():
            # PyTorch means to move these types into a package of its own; the operator that takes them stays.
            warnings.filterwarnings("ignore", message=".*quantiz.*", category=UserWarning)
            eight_bit = torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)
            self._packed = torch.ops.quantized.linear_prepack(eight_bit, None)
        self._span = torch.zeros(1, weight.shape[1])
        self._span[0, 0], self._span[0, 1] = 1.0, -1.0

    def __call__(self, state: torch.Tensor) -> torch.Tensor:
        rows = state.reshape(-1, state.shape[-1])
        peaks = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
        product = torch.ops.quantized.linear_dynamic(torch.cat([rows / peaks, self._span]), self._packed, True)
        scaled: torch.Tensor = (product[:-1] * peaks).view(*state.shape[:-1], -1)
        return scaled
