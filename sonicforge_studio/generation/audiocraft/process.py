"""The process that makes a piece, from its order to its last sound; it ends with the one who listens."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonicforge_studio.domain import Progress, Samples, Span
from sonicforge_studio.generation.audiocraft.command import environment
from sonicforge_studio.generation.audiocraft.worker import READY, SOUND, STEP
from sonicforge_studio.generation.conversation import converse

_LOADED = 0.1
"""The share of the work that loading counts for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; this is what will come."""

    sample_rate_hz: int
    channels: int
    frames: int


def sound_of(
    command: Sequence[str], order: Mapping[str, Any], progress: Progress
) -> Generator[Ready | Samples, None, None]:
    """Run ``command`` and hand it ``order``: ``Ready`` first, then blocks of shape ``(channels, n)``.

    Raises what ``converse`` does, and ``Cancelled``; however it ends, the process is gone then.
    """
    at_work = Span(progress, _LOADED, 1.0)
    channels, done, total = 1, 0.0, 1.0
    with closing(converse(command, json.dumps(order).encode(), environment())) as messages:
        for message in messages:
            kind, content = message or (b"", b"")
            if kind == READY:
                told = json.loads(content)
                channels = told["channels"]
                yield Ready(told["rate"], channels, told["frames"])
            elif kind == SOUND:
                block: Samples = np.frombuffer(content, dtype="<f4").reshape(channels, -1).astype(np.float32)
                yield block
            else:
                done, total = json.loads(content) if kind == STEP else (done, total)
                at_work.step(done, total, "Making")
    at_work.step(1.0, 1.0, "Making")
