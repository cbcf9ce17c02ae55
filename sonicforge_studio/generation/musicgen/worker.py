"""The process that a piece is made in. One order comes in by stdin; steps, sound and the end go out by stdout.

A message is its kind (one byte), its length (eight bytes, little-endian), and its content: JSON, or the number of a
piece (four bytes) and samples of it as float32, channel after channel.
"""

from __future__ import annotations

import base64
import json
import math
import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from sonicforge_studio.domain import StudioError
from sonicforge_studio.domain.errors import EngineUnavailable
from sonicforge_studio.domain.neural import Sampling
from sonicforge_studio.generation.audiocraft.worker import DONE, ERROR, FULL, HEAD, READY, SOUND, STEP, is_of_memory
from sonicforge_studio.generation.musicgen._behind import Behind

ROW = struct.Struct("<I")
_LEAD_SECONDS = 4.0
"""Of what is continued, so much is sounded before its end, for the codec to find into it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made."""

    folder: str
    prompt: str
    seeds: tuple[int, ...]
    """One for each piece; they are made together."""
    seconds: float
    precision: str = "float32"
    device: str = "cpu"
    sampling: Sampling = field(default_factory=Sampling)
    threads: int = 1
    tune: tuple[int, ...] = ()
    """For melody models: the pitch class of each place."""
    tail: bytes = b""
    """What the piece begins with, as samples stand in a message. Sound is sent back only from ``FADE_SECONDS`` before
    its end on."""

    @classmethod
    def read(cls, text: bytes) -> Order:
        """The inverse of ``write``."""
        told = json.loads(text)
        settled = {
            "sampling": Sampling(**told["sampling"]),
            "seeds": tuple(told["seeds"]),
            "tune": tuple(told["tune"]),
            "tail": base64.b64decode(told["tail"]),
        }
        return cls(**{**told, **settled})

    def write(self) -> bytes:
        return json.dumps({**asdict(self), "tail": base64.b64encode(self.tail).decode()}).encode()


def serve() -> None:
    """Make what stdin orders, and end."""
    # Ctrl-C reaches the whole group: it is the parent that says what then ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(2, 1)
    tell = _telling(answers)
    try:
        _make(Order.read(sys.stdin.buffer.read()), tell)
        tell(DONE, b"")
    except StudioError as error:
        tell(ERROR, json.dumps({"kind": type(error).__name__, **error.as_dict()}).encode())
    except Exception as error:
        if not is_of_memory(error):
            raise
        tell(FULL, b"")


def _make(order: Order, tell: Callable[[bytes, bytes], None]) -> None:
    import numpy as np
    import torch

    from sonicforge_studio.generation.musicgen.continuing import fade_frames
    from sonicforge_studio.generation.musicgen.loading import MusicGen
    from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
    from sonicforge_studio.generation.musicgen.pieces import write_piece

    folder = read_model_folder(Path(order.folder))
    if order.device == "cuda" and not torch.cuda.is_available():
        raise EngineUnavailable("PyTorch finds no CUDA device.", hint="Use --device cpu.")
    _use_threads(order.threads)
    model = MusicGen(folder, order.precision, order.device, spread=order.threads > 1)
    told = model.told([order.prompt] * len(order.seeds), order.tune)
    model.forget_texts()
    frames = max(1, math.ceil(order.seconds * folder.frame_rate_hz - 1e-6))
    length = max(1, round(order.seconds * folder.sample_rate_hz))
    before, unsent = None, 0
    if order.tail:
        tail = np.frombuffer(order.tail, dtype="<f4").astype(np.float32).reshape(folder.channels, -1)
        unsent = tail.shape[1] - fade_frames(folder.sample_rate_hz)
        before = model.codec.encode(tail).repeat(len(order.seeds), 1, 1)
    tell(READY, b"{}")
    soundings = [model.codec.sounding() for _ in order.seeds]
    written = 0 if before is None else max(0, before.shape[2] - round(_LEAD_SECONDS * folder.frame_rate_hz))
    given = [written * (folder.sample_rate_hz // folder.frame_rate_hz)] * len(order.seeds)

    def sound(codes: torch.Tensor) -> None:
        nonlocal written
        written += codes.shape[2]
        for row, sounding in enumerate(soundings):
            block = sounding.add(codes[row].cpu(), last=written == frames)[:, : length - given[row]]
            start = min(max(0, unsent - given[row]), block.shape[1])
            given[row] += block.shape[1]
            tell(SOUND, ROW.pack(row) + block[:, start:].astype("<f4", order="C").tobytes())

    dice = [torch.Generator().manual_seed(seed) for seed in order.seeds]
    # The codec has a thread of its own: codes become sound while the next ones are drawn.
    with Behind(sound) as behind:
        if before is not None:
            behind.add(before[:, :, written:])
        write_piece(
            model.decoder, told, frames, dice, order.sampling,
            frame_rate_hz=folder.frame_rate_hz, before=before, part=behind.add,
            step=lambda done, total: tell(STEP, json.dumps([done, total]).encode()),
        )  # fmt: skip


def _use_threads(count: int) -> None:
    import numba
    import torch

    torch.set_num_threads(count)
    numba.set_num_threads(min(count, numba.get_num_threads()))
    with suppress(OSError, AttributeError):
        # Whoever looks at the window or listens comes first.
        os.nice(5)


def _telling(answers: IO[bytes]) -> Callable[[bytes, bytes], None]:
    turn = threading.Lock()

    def tell(kind: bytes, content: bytes) -> None:
        try:
            with turn:
                answers.write(HEAD.pack(kind, len(content)) + content)
                answers.flush()
        except OSError:
            # Killed parents do not say good-bye.
            os._exit(1)

    return tell


if __name__ == "__main__":
    serve()
