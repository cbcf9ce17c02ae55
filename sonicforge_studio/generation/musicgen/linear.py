"""Products with the model's weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

Linear = Callable[[torch.Tensor], torch.Tensor]


def plain(weight: torch.Tensor) -> Linear:
    """In the weight's own precision."""
    return lambda state: functional.linear(state, weight)
